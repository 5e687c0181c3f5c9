/**
 * Why this test? What users install is not this checkout. The package is packed, installed into an empty project, and
 * the program of the README and one with a kind, a driver and a view of its own are type-checked under strict and run.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'stemma-package-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (command: string, args: string[], cwd = folder) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const node = (...args: string[]) => run(process.execPath, args)

beforeAll(() => {
  const packed = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], root).replace(/^[^[{]*/, ''))
  const { filename } = Array.isArray(packed) ? packed[0] : (Object.values(packed)[0] as { filename: string })
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'es2024',
    outDir: 'out',
    skipLibCheck: false,
    types: ['node'],
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'embedder', type: 'module', private: true }))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  for (const program of ['embedding.ts', 'own-parts.ts'])
    cpSync(join(import.meta.dirname, 'programs', program), join(folder, program))
  const tools = ['typescript', '@typescript/native', '@types/node', 'undici-types']
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, filename)])
  // The compiler is this project's own: what is tried here is the package, not the newest compiler.
  for (const tool of tools)
    cpSync(join(root, 'node_modules', tool), join(folder, 'node_modules', tool), { recursive: true, force: true })
}, 900_000)

describe('the package in an empty project', () => {
  it('type-checks under strict and builds', () => {
    run(join(root, 'node_modules/.bin/tsc'), ['-p', folder])
  })

  it('runs the embedding program of the README', () => {
    expect(node('out/embedding.js').trim().split('\n')).toEqual([
      'running',
      'stopped',
      'instance.launchRequested instance.volumeReady instance.created instance.stopRequested instance.stopped',
    ])
  })

  it('runs a kind, a driver and a view of its own', () => {
    expect(node('out/own-parts.js').trim().split('\n')).toEqual(['open', '{"id":"door-…","opened":1}', 'locked'])
  })

  it('loads no HTTP server, command line, logger or XML with the library', () => {
    const script = `import { registerHooks } from 'node:module'
const loaded = []
registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context) } })
await import('stemma')
console.log(JSON.stringify(loaded.filter(url => /node_modules\\/(fastify|commander|pino|cli-|prom-client|@aws-sdk|@smithy)/.test(url) || /src\\/(doors|cli)\\//.test(url))))`
    writeFileSync(join(folder, 'loaded.mjs'), script)
    expect(JSON.parse(node('loaded.mjs'))).toEqual([])
  })

  it('brings the stemma command', () => {
    expect(node('node_modules/stemma/dist/src/cli/main.js', '--version').trim()).toMatch(/^\d+\.\d+\.\d+$/)
  })
})
