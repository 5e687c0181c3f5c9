/**
 * The import table, executed over the tree, and proof that the alarm rings: a small tree in which every rule is broken
 * once. The cruiser passes silently over TypeScript when it finds no compiler it can use, hence the first test.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

interface Cruise {
  readonly modules: readonly {
    readonly source: string
    readonly dependencies: readonly { readonly resolved: string; readonly dependencyTypes: readonly string[] }[]
  }[]
  readonly summary: {
    readonly violations: readonly {
      readonly from: string
      readonly to: string
      readonly rule: { readonly name: string }
    }[]
  }
}

const root = resolve(import.meta.dirname, '../..')
const cruiser = join(root, 'node_modules/.bin/depcruise')

/** Runs the cruiser as `npm run check:layers` does. JSON output exits with 0 whatever it finds. */
const cruise = (tree: string): Cruise => {
  const folders = ['src', 'machines', 'projections'].filter(each => existsSync(join(tree, each)))
  const args = [cruiser, '--config', join(root, '.dependency-cruiser.cjs'), '--output-type', 'json', ...folders]
  return JSON.parse(execFileSync(process.execPath, args, { cwd: tree, encoding: 'utf8', maxBuffer: 64 << 20 }))
}
const findings = ({ summary }: Cruise) =>
  summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)

/** What a sentence forbids, the file that does it, its text, and the rules that must say so. */
const plants: readonly (readonly [sentence: string, file: string, text: string, rules: readonly string[]])[] = [
  ['the grammar knows no kind', 'machines/grammar.ts', "import './quota.ts'", ['grammar-imports']],
  ['refusals know no kind', 'machines/refusals.ts', "import './volume.ts'", ['refusals-imports']],
  ['a kind knows no other kind', 'machines/instance.ts', "import './volume.ts'", ['kind-imports']],
  [
    'nor the types of one',
    'machines/lease.ts',
    "import type { V } from './volume.ts'\nexport type X = V",
    ['kind-imports'],
  ],
  ['nor one whose name begins alike', 'machines/vol.ts', "import './volume.ts'", ['kind-imports']],
  ['a machine reaches no node module', 'machines/host.ts', "import 'node:fs'", ['kind-imports']],
  ['nor the engine', 'machines/pool.ts', "import '../src/runtime/step.ts'", ['kind-imports']],
  ['the catalogue of kinds knows only kinds', 'machines/index.ts', "import 'kysely'", ['catalogue-of-kinds-imports']],
  [
    'the contract of views knows machines as types',
    'projections/contract.ts',
    "import '../machines/volume.ts'",
    ['view-contract-types-only'],
  ],
  ['a view too', 'projections/usage.ts', "import '../machines/volume.ts'", ['view-types-only']],
  ['a view knows no other view', 'projections/limits.ts', "import './lineage.ts'", ['view-imports']],
  ['a view reaches no node module', 'projections/capacity.ts', "import 'node:crypto'", ['view-imports']],
  [
    'the catalogue of views knows only views',
    'projections/index.ts',
    "import '../src/runtime/step.ts'",
    ['catalogue-of-views-imports'],
  ],
  ['the runtime names no kind', 'src/runtime/a.ts', "import '../../machines/volume.ts'", ['runtime-imports']],
  [
    'the runtime reaches no node module',
    'src/runtime/b.ts',
    "import { setTimeout } from 'node:timers'\nsetTimeout",
    ['runtime-imports'],
  ],
  ['the runtime knows no database', 'src/runtime/c.ts', "import '../store/sqlite/tables.ts'", ['runtime-imports']],
  [
    'the runtime knows the contract of views as types',
    'src/runtime/d.ts',
    "import '../../projections/contract.ts'",
    ['runtime-types-only'],
  ],
  ['a store knows no runtime', 'src/store/a.ts', "import '../runtime/step.ts'", ['store-imports']],
  ['a store knows the grammar as types', 'src/store/b.ts', "import '../../machines/grammar.ts'", ['store-types-only']],
  [
    'effects know the contract of drivers, not a driver',
    'src/effects/a.ts',
    "import '../drivers/qemu/index.ts'",
    ['effects-imports'],
  ],
  ['what reads the log again reaches no node module', 'src/replay/a.ts', "import 'node:fs'", ['replay-imports']],
  ['and knows no driver', 'src/replay/b.ts', "import '../drivers/qemu/index.ts'", ['replay-imports']],
  ['a driver knows no runtime', 'src/drivers/lab/a.ts', "import '../../runtime/step.ts'", ['driver-imports']],
  ['a driver knows no store', 'src/drivers/lab/b.ts', "import '../../store/store.ts'", ['driver-imports']],
  [
    'a driver knows the grammar as types',
    'src/drivers/lab/c.ts',
    "import '../../../machines/grammar.ts'",
    ['driver-types-only'],
  ],
  ['a driver knows no other driver', 'src/drivers/lab/d.ts', "import '../qemu/index.ts'", ['providers-are-strangers']],
  ['rendering is behind the contract of drivers too', 'src/render/a.ts', "import '../engine.ts'", ['driver-imports']],
  ['the system knows the runtime as types', 'src/system/a.ts', "import '../runtime/step.ts'", ['system-types-only']],
  [
    'only the composition roots take the real clock',
    'src/effects/b.ts',
    "import '../system/clock.ts'",
    ['effects-imports', 'system-is-given'],
  ],
  ['the engine names no kind', 'src/engine.ts', "import '../machines/volume.ts'", ['engine-imports']],
  [
    'the index opens no door, and shows types and errors of the runtime only',
    'src/index.ts',
    "import './doors/native/server.ts'\nimport './runtime/step.ts'",
    ['index-imports', 'index-stays-light', 'index-types-only'],
  ],
  ['testing opens no door', 'src/testing/a.ts', "import '../cli/table.ts'", ['testing-imports']],
  ['a door goes through the index', 'src/doors/native/a.ts', "import '../../runtime/step.ts'", ['door-imports']],
  ['the cli too', 'src/cli/a.ts', "import '../store/store.ts'", ['cli-imports']],
  ['every file is in a layer', 'src/drawer/a.ts', "import '../runtime/step.ts'", ['no-layer']],
  ['two files never need each other', 'src/runtime/egg.ts', "import './hen.ts'", ['no-cycle']],
  [
    'nor do two files of a kind load each other',
    'machines/snapshot.commands.ts',
    "import './snapshot.ts'",
    ['no-cycle-in-a-kind'],
  ],
  ['what is imported exists', 'src/runtime/e.ts', "import './nowhere.ts'", ['unresolved']],
  ['users get every package the code loads', 'src/drivers/lab/e.ts', "import 'fast-check'", ['undeclared-package']],
]
/** What the plants import, and what is allowed: none of these may be found. */
const neighbours: Readonly<Record<string, string>> = {
  'machines/quota.ts': 'export {}',
  'machines/volume.ts':
    "import { setup } from 'xstate'\nimport { needs } from './grammar.ts'\nexport type V = 1\nsetup; needs",
  'machines/volume.commands.ts': "import './volume.ts'\nimport './refusals.ts'\nimport 'zod'",
  'machines/snapshot.ts': "import './snapshot.commands.ts'",
  'machines/image.ts': "import './image.wants.ts'\nexport type Image = 1",
  'machines/image.wants.ts': "import type { Image } from './image.ts'\nexport type I = Image",
  'projections/lineage.ts': "import type { V } from '../machines/volume.ts'\nimport './contract.ts'\nexport type W = V",
  'src/runtime/step.ts': "import 'xstate'\nimport '../store/store.ts'",
  'src/runtime/hen.ts': "import type {} from './egg.ts'",
  'src/store/store.ts': "import type { V } from '../../projections/contract.ts'\nexport type W = V",
  'src/store/sqlite/tables.ts': "import 'kysely'\nimport 'better-sqlite3'\nimport 'node:fs'",
  'src/drivers/qemu/index.ts': "import '../driver.ts'\nimport 'node:net'",
  'src/drivers/driver.ts': "import 'zod'",
  'src/system/clock.ts': "import 'node:perf_hooks'",
  'src/doors/native/server.ts':
    "import 'fastify'\nimport '../../drivers/qemu/index.ts'\nimport '../../system/clock.ts'",
  'src/cli/table.ts': "import 'commander'\nimport '../doors/native/server.ts'",
}

describe('the layers', () => {
  it('of this tree keep to the table', () => {
    const found = cruise(root)
    const contract = found.modules.find(each => each.source === 'projections/contract.ts')
    expect(contract?.dependencies, 'the cruiser reads TypeScript, type-only imports too').toContainEqual(
      expect.objectContaining({
        resolved: 'machines/grammar.ts',
        dependencyTypes: expect.arrayContaining(['type-only']),
      }),
    )
    expect(findings(found)).toEqual([])
  })

  describe('ring when broken:', () => {
    const tree = mkdtempSync(join(tmpdir(), 'stemma-layers-'))
    let rung: Cruise

    beforeAll(() => {
      symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
      symlinkSync(join(root, 'package.json'), join(tree, 'package.json'))
      const texts = { ...neighbours, ...Object.fromEntries(plants.map(([, file, text]) => [file, text])) }
      for (const [file, text] of Object.entries(texts)) {
        mkdirSync(dirname(join(tree, file)), { recursive: true })
        writeFileSync(join(tree, file), `${text}\n`)
      }
      rung = cruise(tree)
    })
    afterAll(() => rmSync(tree, { recursive: true }))

    it.each(plants)('%s', (_, file, __, rules) => {
      const names = rung.summary.violations.filter(each => each.from === file).map(each => each.rule.name)
      expect([...new Set(names)].sort()).toEqual([...rules].sort())
    })

    it('and are silent about what the table allows', () => {
      expect(
        findings(rung).filter(line => Object.keys(neighbours).some(file => line.includes(`: ${file} ->`))),
      ).toEqual([])
    })
  })
})
