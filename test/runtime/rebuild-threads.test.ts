/** Why this test? However many threads fold the log, and whatever becomes of them, a rebuild ends as it does in one. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FoldingThreads } from '../../src/engine/folding-threads.ts'
import type { ThreadOptions } from '../../src/engine/options.ts'
import { kinds, projections, rulesModule } from '../../src/index.ts'
import { Catalogue } from '../../src/runtime/catalogue.ts'
import type { KindMap } from '../../src/runtime/client.ts'
import type { ViewMap } from '../../src/runtime/listing.ts'
import { Refilling } from '../../src/runtime/refilling.ts'
import { Residence } from '../../src/runtime/residence.ts'
import { Retention } from '../../src/runtime/retention.ts'
import type { Elsewhere } from '../../src/runtime/stream-folding.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { sha256 } from '../../src/system/hash.ts'
import { live, openCloud, step } from '../replay/cloud.ts'
import { rest } from './clock.ts'
import * as lamps from './lamps.ts'
import { openWith } from './setting.ts'

const lampsModule = pathToFileURL(join(import.meta.dirname, 'lamps.ts'))
const make = (label: string) => ({ kind: 'lamp', command: 'make', input: { label } })
const anyLog = { count: 3, eventsMin: 1 }

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stemma-threads-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'cloud.db')
}
const annexesOf = (path: string) =>
  readdirSync(dirname(path)).filter(name => name.startsWith(`${basename(path)}.annex-`))

/** The tables of the views as they are on the disk. */
function tablesIn(path: string, views: ViewMap): Record<string, string[]> {
  const database = new Database(path, { readonly: true })
  const rowsIn = (view: string) =>
    database
      .prepare(`select * from ${view}`)
      .all()
      .map(row => JSON.stringify({ ...(row as object), revision: undefined }))
      .sort()
  const tables = Object.fromEntries(Object.keys(views).map(name => [name, rowsIn(name)]))
  database.close()
  return tables
}

/** Folds the views of a file that nobody has open anew, in threads only as far as they do it; tells who failed. */
async function refold(path: string, rules: { kinds: KindMap; projections: ViewMap }, options: ThreadOptions) {
  const views = Object.values(rules.projections)
  const store = sqlite(path)
  const { horizons, position } = await store.open(views)
  const catalogue = new Catalogue(Object.values(rules.kinds))
  const residence = new Residence(store, catalogue, sha256, 100, new Retention(catalogue, horizons))
  const threads = new FoldingThreads(options, rules.kinds, rules.projections)
  const failures: unknown[] = []
  threads.failed = error => failures.push(error)
  let absorbed = 0
  const tables = await store.refill(views.map(({ name }) => name))
  const { absorb } = tables
  tables.absorb = async annex => {
    const more = await absorb!.call(tables, annex)
    absorbed += more ? 1 : 0
    return more
  }
  const elsewhere: Elsewhere = {
    isFor: events => threads.isFor(events),
    rangeCount: threads.rangeCount,
    begin: asked => ({ ...threads.begin(asked), take: () => undefined }),
  }
  const refilling = new Refilling({ store, residence, catalogue, elsewhere }, tables, views)
  await refilling.begin()
  await refilling.byResource(async () => {})
  await refilling.upTo(position, async () => {})
  await refilling.swap()
  await store.close()
  expect(refilling.count).toBe(position)
  return { failures, absorbed, failed: refilling.failed, contained: [...residence.contained.keys()] }
}

describe('a rebuild in threads', () => {
  it('gives the tables that were kept live, byte for byte, whatever happened', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), fc.boolean(), async (script, isForgetful) => {
        const path = file()
        const cloud = await openCloud(undefined, 0, false, { store: sqlite(path) })
        await live(cloud, script)
        if (isForgetful) {
          cloud.shift.ms += 1_000
          await cloud.engine.prune()
        }
        await cloud.engine.close()
        const kept = tablesIn(path, projections)
        const { failures, absorbed } = await refold(path, { kinds, projections }, { module: rulesModule, ...anyLog })
        expect(failures).toEqual([])
        expect(absorbed).toBeGreaterThan(0)
        expect(tablesIn(path, projections)).toEqual(kept)
        expect(annexesOf(path)).toEqual([])
      }),
      { numRuns: 4 },
    )
  })

  it('goes on while the engine is used, and takes what came meanwhile along', async () => {
    const path = file()
    const threads = { module: rulesModule, ...anyLog }
    const cloud = await openCloud(undefined, 0, false, { store: sqlite(path), threads })
    const faults: unknown[] = []
    cloud.engine.on('fault', error => faults.push(error))
    await live(cloud, fc.sample(step, { seed: 7, numRuns: 30 }))
    let isDone = false
    const rebuilding = cloud.engine.rebuild().finally(() => {
      isDone = true
    })
    for (let n = 0; !isDone; n += 1) await live(cloud, fc.sample(step, { seed: n, numRuns: 3 }), `image ${n}`)
    await rebuilding
    await cloud.engine.close()
    const rebuilt = tablesIn(path, projections)
    expect(await refold(path, { kinds, projections }, { ...threads, count: 1 })).toMatchObject({ absorbed: 0 })
    expect(tablesIn(path, projections)).toEqual(rebuilt)
    expect(faults).toEqual([])
  })

  it('is done by the engine alone where the module has other rules, which is told', async () => {
    const path = file()
    const store = sqlite(path)
    const { engine, acme } = await openWith({
      ...{ kinds: lamps.kinds, projections: lamps.projections, between: () => store },
      threads: { module: rulesModule, ...anyLog },
    })
    const faults: [unknown, string][] = []
    engine.on('fault', (...fault) => faults.push(fault))
    await acme.submit([make('desk'), make('shelf')])
    expect(await engine.rebuild()).toBe(2)
    expect(faults).toHaveLength(2)
    expect(faults[0]).toMatchObject([
      { message: expect.stringContaining('has not the kinds and projections') },
      /thread/,
    ])
    expect((await acme.list('lamp')).items).toHaveLength(2)
    await engine.close()
  })

  it('leaves a view whose fold throws as it was, and says why, as one thread does', async () => {
    const path = file()
    const { engine, acme } = await openWith({ ...lamps, between: () => sqlite(path) })
    await acme.submit([make('desk'), make('cracked'), make('shelf')])
    await engine.close()
    const { failures, failed } = await refold(path, lamps, { module: lampsModule, ...anyLog })
    expect(failures).toMatchObject([{ message: expect.stringContaining('is cracked') }])
    expect([...failed]).toMatchObject([['brittle', { message: expect.stringContaining('is cracked') }]])
    expect(tablesIn(path, lamps.projections)).toMatchObject({ inventory: { length: 3 }, brittle: { length: 0 } })
  })

  it('contains a resource whose history is damaged, and has all others', async () => {
    const path = file()
    const { engine, acme } = await openWith({
      ...{ kinds: lamps.kinds, projections: { inventory: lamps.projections.inventory } },
      between: () => sqlite(path),
    })
    const made = await acme.submit(['desk', 'shelf', 'floor', 'hall'].map(make))
    await engine.close()
    const database = new Database(path)
    database.prepare("update events set text = 'torn' where position = 2").run()
    database.close()
    const rules = { kinds: lamps.kinds, projections: { inventory: lamps.projections.inventory } }
    const { failures, contained } = await refold(path, rules, { module: lampsModule, ...anyLog })
    expect(failures).toHaveLength(1)
    expect(contained).toEqual([made[1]!.id])
    expect(tablesIn(path, rules.projections).inventory).toHaveLength(3)
  })

  it('is ended by closing, and leaves nothing', async () => {
    const path = file()
    const threads = { module: rulesModule, ...anyLog }
    const cloud = await openCloud(undefined, 0, false, { store: sqlite(path), threads })
    const faults: unknown[] = []
    cloud.engine.on('fault', error => faults.push(error))
    await live(cloud, fc.sample(step, { seed: 7, numRuns: 20 }))
    await cloud.engine.flush()
    const kept = tablesIn(path, projections)
    const refused = expect(cloud.engine.rebuild()).rejects.toMatchObject({ code: 'closed' })
    await cloud.engine.close()
    await refused
    expect(annexesOf(path)).toEqual([])
    expect(tablesIn(path, projections)).toEqual(kept)
    expect(faults).toEqual([])
  })

  it('is ended by closing also where a thread never answers', async () => {
    const module = pathToFileURL(join(import.meta.dirname, 'never.ts'))
    const threads = { module, ...anyLog }
    const { engine, acme } = await openWith({ ...lamps, between: () => sqlite(file()), threads })
    await acme.submit([make('desk')])
    const refused = expect(engine.rebuild()).rejects.toMatchObject({ code: 'closed' })
    // By then its own part is done, and it waits for the thread's.
    for (let turn = 0; turn < 200; turn += 1) await rest()
    await engine.close()
    await refused
  })

  it('that died leaves files which the next one to open the data file removes, and no others', async () => {
    const path = file()
    const store = sqlite(path)
    await store.open([])
    await store.close()
    const others = [`${path}.annex-b`, `${path}.annexes`, join(dirname(path), 'other.db.annex-0')]
    for (const each of [`${path}.annex-0`, `${path}.annex-12`, ...others]) writeFileSync(each, 'left')
    await store.open([])
    expect(annexesOf(path)).toEqual([basename(others[0]!)])
    expect(others.map(each => existsSync(each))).toEqual([true, true, true])
    await store.close()
  })
})
