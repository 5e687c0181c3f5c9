/** Why this test? Whoever reads while a view is made anew must not be able to tell: no half of it, and nothing too old. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { live, openCloud, step } from '../replay/cloud.ts'
import { rest } from './clock.ts'
import { lamp } from './light.ts'
import { inventory, open, openWith } from './setting.ts'
import { wrapped } from './wrapped.ts'

const kinds = { lamp }
const projections = { inventory }
const make = { kind: 'lamp', command: 'make', input: { label: 'desk' } }
const unfinished = "select name from sqlite_schema where name glob '_next_*'"

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stemma-rebuild-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'cloud.db')
}

/** Lets a rebuild fold a few events at a time, so that others come in between: `meanwhile` hears how many it has. */
const slowly = (store: ReturnType<typeof sqlite>, meanwhile: (count: number) => unknown = rest) =>
  wrapped(store, ({ byResource }) => ({
    async byResource() {
      const whole = (await byResource!.call(store))!
      let count = 0
      return wrapped(whole, ({ next }) => ({
        async next(limit) {
          await meanwhile(count)
          const chunk = await next.call(whole, Math.min(limit, 20))
          count += chunk.length
          return chunk
        },
      }))
    },
  }))

describe('a rebuild', () => {
  it('gives the tables that were kept live, byte for byte, whatever happened, all views in one pass', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (script, isForgetful) => {
        const cloud = await openCloud()
        await live(cloud, script)
        if (isForgetful) {
          cloud.shift.ms += 1_000
          await cloud.engine.prune()
        }
        await cloud.engine.flush()
        const tables = () =>
          Object.fromEntries(Object.keys(cloud.engine.views).map(name => [name, rowsIn(cloud.database, name)]))
        const kept = tables()
        expect(await cloud.engine.rebuild()).toBe(cloud.engine.health().position)
        expect(tables()).toEqual(kept)
        await cloud.engine.close()
      }),
      { numRuns: 15 },
    )
  })

  it('is seen by no reader of the file, neither within the process nor beside it, while others write', async () => {
    const path = file()
    const { engine, acme } = await openWith({ kinds, projections, between: () => slowly(sqlite(path)) })
    await acme.submit(Array(200).fill(make))
    await engine.flush()
    const beside = new Database(path, { readonly: true })
    const count = beside.prepare('select count(*) from inventory').pluck()
    let isDone = false
    const rebuilding = (async () => {
      for (let round = 0; round < 3; round += 1) await engine.rebuild('inventory')
      isDone = true
    })()
    let made = 200
    let reads = 0
    for (; !isDone; reads += 1) {
      await rest()
      const { id } = await acme.lamp.make({ label: `lamp ${made}` })
      made += 1
      expect(await acme.get(id)).toMatchObject({ id, version: 1 })
      // The engine has written this one behind by now: no reader ever sees less.
      expect(count.get()).toBe(made)
    }
    await rebuilding
    expect(reads).toBeGreaterThan(10)
    expect(count.get()).toBe(made)
    beside.close()
    await engine.close()
  })

  it('has what is forgotten meanwhile no more', async () => {
    const database = new Database(':memory:')
    const retentionMs = { lamp: 0 }
    const roster = { inventory: { ...inventory, perResource: true } }
    const meanwhile = { prune: async (): Promise<unknown> => undefined }
    const { engine, acme, clock } = await openWith({
      ...{ kinds, projections: roster, retentionMs, database },
      // By then it has folded the end of the lamp, and its row is among those to be written.
      between: store => slowly(store, count => count > 60 && meanwhile.prune()),
    })
    const ids: string[] = []
    for (let n = 0; n < 30; n += 1) ids.push((await acme.lamp.make({ label: `${n}` })).id)
    await acme.lamp.break(ids[3]!)
    await acme.submit(Array(100).fill(make))
    await engine.flush()
    await clock.pass(1)
    const pruned: number[] = []
    meanwhile.prune = async () => pruned.push(await engine.prune())
    await engine.rebuild('inventory')
    expect(pruned[0]).toBe(1)
    meanwhile.prune = async () => undefined
    expect(rowsIn(database, 'inventory')).toHaveLength(129)
    await engine.rebuild('inventory')
    expect(rowsIn(database, 'inventory')).toHaveLength(129)
  })

  it('that dies in the middle leaves the old view in use, and nothing of the new one', async () => {
    const path = file()
    const { engine, acme } = await openWith({ kinds, projections, between: () => sqlite(path) })
    await acme.submit(Array(1_500).fill(make))
    await engine.close()
    const child = spawn(process.execPath, [join(import.meta.dirname, 'killed-rebuild.ts'), path], { stdio: 'pipe' })
    let said = ''
    child.stderr.on('data', text => {
      said += text
    })
    const [code, signal] = await once(child, 'exit')
    expect([code, signal], said).toEqual([null, 'SIGKILL'])
    const left = new Database(path, { readonly: true })
    expect(left.prepare(unfinished).all()).toHaveLength(1)
    left.close()
    const after = await openWith({ kinds, projections, between: () => sqlite(path) })
    expect(after.engine.recovery).toMatchObject({ views: [], events: 0 })
    expect((await after.acme.list('lamp', { limit: 3 })).items).toHaveLength(3)
    await after.engine.close()
    const whole = new Database(path)
    expect(whole.prepare(unfinished).all()).toEqual([])
    expect(rowsIn(whole, 'inventory')).toHaveLength(1_500)
    whole.close()
  })

  it('keeps the indexes of its view, and can be made again and again', async () => {
    const { engine, acme, rows } = await open()
    await acme.lamp.make({ label: 'desk' })
    for (let round = 0; round < 3; round += 1) {
      await engine.rebuild('inventory')
      expect(rows("select tbl_name from sqlite_schema where name like 'inventoryBy%'")).toHaveLength(1)
    }
    expect((await acme.list('lamp')).items).toHaveLength(1)
  })
})

const rowsIn = (database: Database.Database, view: string): string[] =>
  database
    .prepare(`select * from ${view}`)
    .all()
    .map(row => JSON.stringify({ ...(row as object), revision: undefined }))
    .sort()
