/** A source file as the rules of this house read it: through the compiler's syntax tree, never by pattern alone. */
import { extname } from 'node:path'
import ts from 'typescript'

/** A tracked file: path from the root of the repository, with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

export const isCode = (path: string) => ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'].includes(extname(path))
export const isTest = (path: string) => path.startsWith('test/')

export const parse = ({ path, text }: SourceFile): ts.SourceFile =>
  ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)

export const lineOf = (tree: ts.SourceFile, node: ts.Node): number =>
  tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1

/** Every node of the tree, parents before children. */
export function* nodes(node: ts.Node): Generator<ts.Node> {
  yield node
  const children: ts.Node[] = []
  ts.forEachChild(node, child => {
    children.push(child)
  })
  for (const child of children) yield* nodes(child)
}

/** The name a call goes by: `prepare` for `db.prepare(…)`, `fetch` for `fetch(…)`; undefined for anything else. */
export const calledName = (call: ts.CallExpression): string | undefined => {
  if (ts.isIdentifier(call.expression)) return call.expression.text
  return ts.isPropertyAccessExpression(call.expression) ? call.expression.name.text : undefined
}

/** Is this identifier the thing itself, rather than a property, a member's name, or part of a type? */
export const standsAlone = (node: ts.Identifier): boolean => {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node
  if (ts.isTypeReferenceNode(parent) || ts.isQualifiedName(parent) || ts.isTypeElement(parent)) return false
  return !(ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent) || ts.isBindingElement(parent))
}
