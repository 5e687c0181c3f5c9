/**
 * The style of this house, executed. Each rule reads every file it is about, and each is shown a bad sample first: a
 * rule that cannot fail says nothing about the tree.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  brokenLinks,
  drawerNames,
  type Findings,
  impurities,
  isPure,
  leftovers,
  lockedAddresses,
  longFiles,
  machinePaths,
  silencedTests,
  splicedSql,
  unexplainedDependencies,
} from './house/rules.ts'
import { isCode, isTest, type SourceFile } from './house/source.ts'

const root = resolve(import.meta.dirname, '..')
const isPage = (path: string) => path.endsWith('.md')

/** What a store may splice into SQL: its own quoting of names it made itself, and lists of placeholders. */
const spliced = new Set(['quoted', 'columnList', 'placeholders'])

/** Tracked files and new ones that git does not ignore; binary ones aside. */
const readTree = (): SourceFile[] =>
  execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter(path => path && existsSync(join(root, path)) && statSync(join(root, path)).isFile())
    .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') }))
    .filter(({ text }) => !text.includes('\0'))

interface Rule {
  readonly sentence: string
  readonly about: (path: string) => boolean
  readonly rule: (file: SourceFile) => Findings
  /** One bad sample a line; each must be found on its own. */
  readonly bad: readonly SourceFile[]
  /** What looks alike and is fine. */
  readonly good: readonly SourceFile[]
}
const samples = (path: string, ...texts: string[]): SourceFile[] => texts.map(text => ({ path, text }))
const joined = (...parts: string[]) => parts.join('')

const rules: readonly Rule[] = [
  {
    sentence: 'machines, projections and the runtime reach no clock, no chance and no environment',
    about: isPure,
    rule: impurities,
    bad: samples(
      'machines/a.ts',
      'const at = Date.now()',
      'const at = new Date()',
      'const at = new Date(event.at)',
      'const at = performance.now()',
      'const chance = Math.random()',
      'const id = crypto.randomUUID()',
      'const home = process.env.HOME',
      'setTimeout(run, 10)',
      'setInterval(run, 10)',
      'setImmediate(run)',
      'const later = { run: setTimeout }',
      'globalThis.setTimeout(run, 10)',
      "await fetch('http://provider')",
      "import { readFileSync } from 'node:fs'",
      "const fs = await import('node:fs')",
      "export * from 'node:path'",
    ),
    good: samples(
      'src/runtime/a.ts',
      '// The process may die here; Date.now() would lie.',
      "const sentence = 'setTimeout waits, process.env and Date.now() say so'",
      'clock.setTimeout(run, 10)',
      'interface Row { process: string }',
      'const day = Date.UTC(2026, 0, 1)',
    ),
  },
  {
    sentence: 'every file is named for the one thing it is about',
    about: () => true,
    rule: drawerNames,
    bad: ['src/utils/a.ts', 'src/store/helpers.ts', 'src/leaseManager.ts', 'test/common.ts', 'docs/misc-notes.md'].map(
      path => ({ path, text: '' }),
    ),
    good: samples('src/runtime/commonality.ts', ''),
  },
  {
    sentence: 'no source file is over 500 lines',
    about: isCode,
    rule: longFiles,
    bad: samples('src/a.ts', 'x\n'.repeat(501)),
    good: samples('src/a.ts', 'x\n'.repeat(500)),
  },
  {
    sentence: 'every test runs, or says why it does not',
    about: path => isCode(path) && isTest(path),
    rule: silencedTests,
    bad: samples(
      'test/a.test.ts',
      "it.only('x')",
      "describe.only('x')",
      "test.skip('x')",
      "it.todo('x')",
      'it.skipIf(y)()',
    ),
    good: samples('test/a.test.ts', '// The kernel here has no namespaces.\nit.skipIf(y)()', "it('only one is left')"),
  },
  {
    sentence: 'nothing is left to do in the code',
    about: () => true,
    rule: leftovers,
    bad: samples('src/a.ts', `// ${joined('TO', 'DO')}: later`, `// ${joined('FIX', 'ME')}`),
    good: samples('src/a.ts', '// what is to do'),
  },
  {
    sentence: 'no file names a registry or a path of one machine',
    about: () => true,
    rule: machinePaths(root),
    bad: samples(
      'docs/a.md',
      joined('cd /wo', 'rk/stemma'),
      joined('"file:///ho', 'me/me/stemma"'),
      joined('https://regis', 'try.npmjs.org/xstate'),
      joined('http://10.0.0.1:4873/xstate-5.0.0.t', 'gz'),
      joined('"git+ss', 'h://git@example.org/a.git"'),
    ),
    good: samples('docs/a.md', 'https://stately.ai/docs', 'src/work/home.ts', 'GET /v1/instances', '/var/lib/stemma'),
  },
  {
    sentence: 'values reach SQL as parameters only',
    about: path => isCode(path) && !isTest(path),
    rule: splicedSql(spliced),
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: the samples are sources
    bad: samples(
      'src/store/sqlite/a.ts',
      'db.prepare(`select * from event where id = ${id}`)',
      'db.exec(`${statement}`)',
      'let busyMs = 5000\ndb.exec(`pragma busy_timeout = ${busyMs}`)',
      "db.prepare('select * from event where id = ' + id)",
      'const text = `delete from ask where token = ${token}`',
    ),
    good: samples(
      'src/store/sqlite/a.ts',
      "db.prepare('select * from event where id = ?')",
      'const BUSY_MS = 5000\ndb.exec(`pragma busy_timeout = ${BUSY_MS}`)',
      'db.prepare(`select ${columnList(view)} from ${quoted(view.name)}`)',
      'const row = sql`select ${id}`',
      'throw new Error(`there is no ${name}`)',
    ),
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: the samples are sources
  },
  {
    sentence: 'the lockfile resolves nothing to an address',
    about: path => path.endsWith('package-lock.json'),
    rule: lockedAddresses,
    bad: samples('package-lock.json', '{ "packages": { "node_modules/a": { "resolved": "http://x/a" } } }'),
    good: samples('package-lock.json', '{ "packages": { "node_modules/a": { "version": "1.0.0" } } }'),
  },
]

describe('the house', () => {
  let tree: SourceFile[]
  beforeAll(() => {
    tree = readTree()
  })

  describe.each(rules)('$sentence', ({ about, rule, bad, good }) => {
    it('everywhere', () => {
      const files = tree.filter(({ path }) => about(path))
      expect(files.length, 'files the rule reads').toBeGreaterThan(0)
      expect(files.flatMap(rule)).toEqual([])
    })
    it('and the rule rings for what breaks it, and for nothing else', () => {
      expect(bad.filter(sample => rule(sample).length === 0)).toEqual([])
      expect(good.flatMap(rule)).toEqual([])
    })
  })

  it('is not named by the folder it is checked out in', () => {
    const rule = machinePaths('/builds/a7/stemma')
    expect(rule({ path: 'docs/a.md', text: 'cd /builds/a7/stemma/src' })).toHaveLength(1)
    expect(rule({ path: 'docs/a.md', text: 'cd ../builds/a7/stemma' })).toEqual([])
  })

  describe('every run-time dependency has its reason in docs/decisions', () => {
    it('here', () => {
      const manifest = tree.find(({ path }) => path === 'package.json') as SourceFile
      const decisions = tree.filter(({ path }) => path.startsWith('docs/decisions/') && isPage(path))
      expect(unexplainedDependencies(manifest, decisions)).toEqual([])
    })
    it('and the rule rings for one that has none', () => {
      const manifest = { path: 'package.json', text: '{ "dependencies": { "left-pad": "1", "xstate": "5" } }' }
      const decisions = samples(
        'docs/decisions/1.md',
        '`xstate` runs the machines. left-pad is mentioned, not explained.',
      )
      expect(unexplainedDependencies(manifest, decisions)).toHaveLength(1)
    })
  })

  describe('relative links of every page lead somewhere', () => {
    const texts = (files: readonly SourceFile[]) => new Map(files.map(({ path, text }) => [path, text]))

    it('here', () => {
      const all = texts(tree)
      expect(tree.filter(({ path }) => isPage(path)).flatMap(page => brokenLinks(page, all))).toEqual([])
    })
    it('and the rule rings for a file or a heading that is not there', () => {
      const page = (text: string): SourceFile => ({ path: 'docs/a.md', text })
      const all = texts([
        page('# One thing'),
        { path: 'docs/b/c.md', text: '## Two: things?' },
        { path: 'src/x.ts', text: '' },
      ])
      for (const bad of ['[x](nowhere.md)', '[x](../src/y.ts)', '[x](#two)', '[x](b/c.md#three)', '![x](b/d.png)'])
        expect(brokenLinks(page(bad), all), bad).toHaveLength(1)
      for (const good of [
        '[x](b/c.md#two-things)',
        '[x](../src/x.ts)',
        '[x](b)',
        '[x](https://nowhere.example)',
        '`[x](y.md)`',
      ])
        expect(brokenLinks(page(good), all), good).toEqual([])
    })
  })
})
