/** The style of this house as pure functions: a file's text in, findings out, each `path:line says what is wrong`. */
import { basename, dirname } from 'node:path'
import ts from 'typescript'
import { calledName, isCode, lineOf, nodes, parse, type SourceFile, standsAlone } from './source.ts'

export type Findings = readonly string[]

/** Where time, identity and chance enter only as data. */
export const isPure = (path: string) => isCode(path) && /^(machines|projections|src\/runtime)\//.test(path)

const impureGlobals = new Set([
  ...['process', 'performance', 'crypto', 'fetch', 'globalThis', 'require'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
])

/** No clock, no randomness, no environment, no network, no node module. */
export function impurities(file: SourceFile): Findings {
  const tree = parse(file)
  const found = (node: ts.Node, what: string) =>
    `${file.path}:${lineOf(tree, node)} uses ${what}; time, identity and chance enter this folder as data`
  return [...nodes(tree)].flatMap(node => {
    if (ts.isNewExpression(node) && node.expression.getText(tree) === 'Date') return [found(node, 'new Date')]
    if (ts.isPropertyAccessExpression(node) && ['Date.now', 'Math.random'].includes(node.getText(tree)))
      return [found(node, node.getText(tree))]
    if (ts.isStringLiteral(node) && node.text.startsWith('node:') && !ts.isPropertyAssignment(node.parent))
      return [found(node, node.text)]
    if (ts.isIdentifier(node) && impureGlobals.has(node.text) && standsAlone(node)) return [found(node, node.text)]
    return []
  })
}

const drawers = new Set(['util', 'utils', 'helper', 'helpers', 'manager', 'managers', 'common', 'misc'])

/** Names that say nothing: a file is named for the one thing it is about. */
export function drawerNames({ path }: SourceFile): Findings {
  const words = path
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[/.\-_]/)
  const drawer = words.find(word => drawers.has(word))
  return drawer ? [`${path} is named '${drawer}'; name it for the one thing it is about`] : []
}

const linesMax = 500

/** One lifecycle kept whole may be long; over 500 lines it is two things. */
export function longFiles({ path, text }: SourceFile): Findings {
  const lines = text.split('\n').length - 1
  return isCode(path) && lines > linesMax
    ? [`${path} has ${lines} lines, over ${linesMax}; find the two things in it`]
    : []
}

const suites = new Set(['it', 'test', 'describe', 'bench'])
const explained = (lines: readonly string[], line: number) =>
  /\/\/|\*\//.test(lines[line - 1] ?? '') || /^\s*(\/\/|\*)/.test(lines[line - 2] ?? '')

/** `only` hides all other tests; a test that is skipped says why, on its line or the line before. */
export function silencedTests(file: SourceFile): Findings {
  const tree = parse(file)
  const lines = file.text.split('\n')
  return [...nodes(tree)].flatMap(node => {
    if (!ts.isPropertyAccessExpression(node) || !suites.has(node.expression.getText(tree))) return []
    const line = lineOf(tree, node)
    const how = node.name.text
    if (how === 'only') return [`${file.path}:${line} runs only this test`]
    const silent = ['skip', 'todo', 'fails', 'skipIf', 'runIf'].includes(how) && !explained(lines, line)
    return silent ? [`${file.path}:${line} is .${how} and does not say why`] : []
  })
}

/** What is left to do is an issue, not a mark in the code. */
export const leftovers = ({ path, text }: SourceFile): Findings =>
  linesWith(text, /\b(?:TO(?:DO)|FIX(?:ME)|X(?:XX)|HA(?:CK))\b/).map(
    ({ line, match }) => `${path}:${line} left a ${match}`,
  )

/** Addresses of package registries and paths of one machine mean nothing elsewhere. */
export const machinePaths =
  (root: string) =>
  ({ path, text }: SourceFile): Findings => [
    ...linesWith(text, /(?<![\w.~$}])\/(?:work|home|root|Users)\/[\w.-]+/).map(
      ({ line, match }) => `${path}:${line} names ${match}, a path of one machine`,
    ),
    ...(root.split('/').length > 2 ? linesWith(text, literally(root)) : []).map(
      ({ line }) => `${path}:${line} names the folder this checkout is in`,
    ),
    ...linesWith(text, /(?:https?|git\+\w+):\/\/[^\s"'`)]*(?:registry|npmjs|\.tgz|\.git\b)[^\s"'`)]*/).map(
      ({ line, match }) => `${path}:${line} names ${match}, where packages come from is each machine's own business`,
    ),
  ]

/** A lockfile that works with any registry records versions and digests, never download addresses. */
export function lockedAddresses({ path, text }: SourceFile): Findings {
  const { packages } = JSON.parse(text) as { packages: Record<string, { resolved?: string }> }
  return Object.entries(packages)
    .filter(([, { resolved }]) => resolved !== undefined)
    .map(([name]) => `${path} resolves ${name} to an address; set omit-lockfile-registry-resolved and make it anew`)
}

/** Every package users get with this one is there for a reason that somebody wrote down. */
export function unexplainedDependencies(manifest: SourceFile, decisions: readonly SourceFile[]): Findings {
  const { dependencies = {} } = JSON.parse(manifest.text) as { dependencies?: Record<string, string> }
  return Object.keys(dependencies)
    .filter(name => !decisions.some(({ text }) => text.includes(`\`${name}\``)))
    .map(name => `${manifest.path} depends on ${name}, and no line of docs/decisions says why`)
}

const sqlStart = /^\s*(select|insert into|insert or|update \w+ set|delete from|create |drop |alter |pragma |with \w+)/i

/**
 * Values reach SQL as parameters. Constants of the same file may stand in it anywhere; in a store also the results of
 * the functions listed in `spliced`, which quote names of the store's own making.
 */
export const splicedSql =
  (spliced: ReadonlySet<string>) =>
  (file: SourceFile): Findings => {
    const tree = parse(file)
    const constants = literalConstants(tree)
    const mayStay = (part: ts.Expression) => {
      const name = ts.isCallExpression(part) ? calledName(part) : part.getText(tree)
      return constants.has(name ?? '') || (file.path.startsWith('src/store/') && spliced.has(name ?? ''))
    }
    return [...nodes(tree)].flatMap(node => {
      if (!isSqlText(node)) return []
      const strange = partsOf(node).filter(part => !mayStay(part))
      return strange.map(
        part => `${file.path}:${lineOf(tree, part)} splices ${part.getText(tree)} into SQL; pass it as a parameter`,
      )
    })
  }

/** Names this file gives to plain numbers and texts: `const BUSY_MS = 5000`. */
const literalConstants = (tree: ts.SourceFile): ReadonlySet<string> =>
  new Set(
    [...nodes(tree)].flatMap(node => {
      if (!ts.isVariableDeclaration(node) || !node.initializer || !(node.parent.flags & ts.NodeFlags.Const)) return []
      const plain = ts.isNumericLiteral(node.initializer) || ts.isStringLiteralLike(node.initializer)
      return plain ? [node.name.getText(tree)] : []
    }),
  )

/** A text with holes, or pieced together by `+`, that is handed to `prepare` or `exec`, or begins like a statement. */
const isSqlText = (node: ts.Node): node is ts.TemplateExpression | ts.BinaryExpression => {
  const pieced = ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken
  if (!pieced && !ts.isTemplateExpression(node)) return false
  if (ts.isTaggedTemplateExpression(node.parent) || ts.isBinaryExpression(node.parent)) return false
  const handedOver =
    ts.isCallExpression(node.parent) &&
    node.parent.arguments[0] === node &&
    ts.isPropertyAccessExpression(node.parent.expression) &&
    ['prepare', 'exec'].includes(node.parent.expression.name.text)
  return (
    handedOver || sqlStart.test(ts.isTemplateExpression(node) ? node.head.text : headOf(node as ts.BinaryExpression))
  )
}
const headOf = (node: ts.Expression): string => {
  if (ts.isBinaryExpression(node)) return headOf(node.left)
  return ts.isStringLiteralLike(node) ? node.text : ts.isTemplateExpression(node) ? node.head.text : ''
}
const partsOf = (node: ts.Expression): ts.Expression[] => {
  if (ts.isBinaryExpression(node)) return [...partsOf(node.left), ...partsOf(node.right)]
  if (ts.isStringLiteralLike(node)) return []
  return ts.isTemplateExpression(node) ? node.templateSpans.map(span => span.expression) : [node]
}

/** Relative links of a page lead to a file of the repository, and `#…` to a heading of it. */
export function brokenLinks(page: SourceFile, texts: ReadonlyMap<string, string>): Findings {
  const prose = page.text
    .replace(/^(```|~~~)[\s\S]*?^\1/gm, block => block.replace(/[^\n]/g, ' '))
    .replace(/`[^`\n]*`/g, '')
  return linesWith(prose, /\[[^\]]*\]\(\s*<?([^)\s>]+)/g).flatMap(({ line, match }) => {
    const target = match.slice(match.indexOf('](') + 2).replace(/^\s*<?/, '')
    if (/^[a-z][a-z+.-]*:/i.test(target)) return []
    const [path = '', anchor] = decodeURIComponent(target).split('#')
    const file =
      path === '' ? page.path : normal(path.startsWith('/') ? path.slice(1) : `${dirname(page.path)}/${path}`)
    const found = texts.get(file)
    if (found === undefined && ![...texts.keys()].some(each => file === '' || each.startsWith(`${file}/`)))
      return [`${page.path}:${line} links to ${target}, which is not here`]
    if (anchor && found !== undefined && file.endsWith('.md') && !headings(found).has(anchor))
      return [`${page.path}:${line} links to ${target}, and ${basename(file)} has no such heading`]
    return []
  })
}
const normal = (path: string) => {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}
/** Headings as anchors: lower case, spaces as dashes, punctuation dropped; repeated ones are numbered. */
const headings = (text: string): ReadonlySet<string> => {
  const seen = new Map<string, number>()
  const anchors = [...text.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)].map(([, title = '']) => {
    const anchor = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-')
    const times = seen.get(anchor) ?? 0
    seen.set(anchor, times + 1)
    return times ? `${anchor}-${times}` : anchor
  })
  return new Set(anchors)
}

const literally = (text: string) => new RegExp(`(?<![\\w.])${text.replace(/[^\w/-]/g, '\\$&')}(?![\\w-])`)

const linesWith = (text: string, pattern: RegExp) =>
  text
    .split('\n')
    .flatMap((content, index) =>
      [...content.matchAll(new RegExp(pattern, 'g'))].map(([match]) => ({ line: index + 1, match })),
    )
