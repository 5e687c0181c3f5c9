/**
 * Why this test? Checkpoints on the disk outlive the rules, and the log, that they were made of. The answer of a past must
 * be the same with them, without them, and with one that is stale, damaged, or of another log.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, describe, expect, it } from 'vitest'
import type { Envelope } from '../../machines/grammar.ts'
import { kinds } from '../../machines/index.ts'
import { type Projection, projection, type ViewRow } from '../../projections/contract.ts'
import { projections } from '../../projections/index.ts'
import { checkStore } from '../../src/replay/check/index.ts'
import { Timeline } from '../../src/replay/past/timeline.ts'
import { Catalogue } from '../../src/runtime/catalogue.ts'
import { sqliteCheckpoints } from '../../src/store/sqlite/checkpoints.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { StoredEvent } from '../../src/store/store.ts'
import { sha256 as hash } from '../../src/system/hash.ts'
import { furnish, GiB, live, logOf, openCloud } from './cloud.ts'

const folder = mkdtempSync(join(tmpdir(), 'stemma-kept-'))
afterAll(() => rmSync(folder, { recursive: true }))
let count = 0
const newPath = () => {
  count += 1
  return join(folder, `${count}.past`)
}

async function recorded(volumes: number): Promise<StoredEvent[]> {
  const cloud = await openCloud()
  await furnish(cloud)
  await live(cloud, [
    { who: 'acme', which: 0, does: 'launch' },
    { who: 'acme', which: 0, does: 'terminate' },
  ])
  for (let each = 0; each < volumes; each += 1) await cloud.acme.volume.create({ sizeBytes: GiB })
  await cloud.engine.idle()
  const log = await logOf(cloud)
  await cloud.engine.close()
  return log
}

/** A view over a log that is a list, in a process of its own. */
function timelineOver(log: readonly StoredEvent[], path: string, view: Projection, rules = kinds as object): Timeline {
  const store = {
    log: async (after: number, limit: number) => log.filter(({ position }) => position > after).slice(0, limit),
    stream: async () => [],
  }
  const residence = { contained: new Map(), contain() {} }
  const catalogue = new Catalogue(Object.values(rules))
  const checkpoints = sqliteCheckpoints(path)
  return new Timeline(view, { store, catalogue, residence, pause: async () => {}, checkpoints }, 5)
}
const inventory = projections.inventory as unknown as Projection
const rowsAt = async (timeline: Timeline, position: number) => {
  const { rows, ended } = await timeline.at(position)
  return JSON.stringify([[...rows.merged()].sort(), [...ended.merged()].sort()])
}
const truth = (log: readonly StoredEvent[], position: number, view = inventory) =>
  rowsAt(timelineOver(log, newPath(), view), position)

describe('a past', () => {
  it('goes on in one process where another one has been, at every position', async () => {
    const log = await recorded(20)
    const path = newPath()
    const first = timelineOver(log, path, inventory)
    await rowsAt(first, 40)
    expect(first.folded).toBe(40)
    const second = timelineOver(log, path, inventory)
    expect(await rowsAt(second, 45)).toBe(await truth(log, 45))
    expect(second.folded).toBe(5)
    for (let position = 0; position <= log.length; position += 3)
      expect(await rowsAt(timelineOver(log, path, inventory), position)).toBe(await truth(log, position))
  })

  it('takes no notice of a checkpoint of other rules, of another version of its view, or of another log', async () => {
    const log = await recorded(20)
    const other = await recorded(20)
    const path = newPath()
    const again = async (each: readonly StoredEvent[], view = inventory, rules: object = kinds) => {
      const timeline = timelineOver(each, path, view, rules)
      expect(await rowsAt(timeline, 50)).toBe(await truth(each, 50, view))
      return timeline.folded
    }
    expect(await again(log)).toBe(50)
    expect(await again(log)).toBe(0)
    expect(await again(other)).toBe(50)
    expect(await again(log)).toBe(50)
    expect(await again(log, inventory, { ...kinds, volume: { ...kinds.volume, rules: 99 } })).toBe(50)
    expect(await again(log)).toBe(50)
    const later = projection({
      ...(projections.inventory as object),
      version: 99,
      fold: (row: ViewRow | undefined, event: Envelope) => ({ ...inventory.fold(row, event, ''), state: 'changed' }),
    } as never)
    expect(await again(log, later as never)).toBe(50)
    // A log that is shorter than the checkpoint.
    expect(await again(log)).toBe(50)
    expect(await rowsAt(timelineOver(log.slice(0, 45), path, inventory), 45)).toBe(await truth(log, 45))
  })

  it('folds anew where a checkpoint is damaged', async () => {
    const log = await recorded(20)
    const path = newPath()
    await rowsAt(timelineOver(log, path, inventory), 50)
    const database = new Database(path)
    expect(
      database.prepare("update lists set data = zeroblob(length(data)) where view = 'inventory'").run().changes,
    ).toBe(1)
    database.close()
    const timeline = timelineOver(log, path, inventory)
    expect(await rowsAt(timeline, 50)).toBe(await truth(log, 50))
    expect(timeline.folded).toBe(50)
    expect(await rowsAt(timelineOver(log, path, inventory), 50)).toBe(await truth(log, 50))
  })
})

describe('a check', () => {
  it('compares the checkpoints beside a file, and names a row that is not what the log says', async () => {
    const data = join(folder, 'cloud.db')
    const database = new Database(data)
    const cloud = await openCloud(database, 3_600_000)
    await furnish(cloud)
    for (let each = 0; each < 20; each += 1) await cloud.acme.volume.create({ sizeBytes: GiB })
    await cloud.engine.idle()
    await cloud.engine.close()
    database.close()
    const check = async () => {
      const store = sqlite({ path: data, readOnly: true })
      const opened = await store.open(Object.values(projections))
      const report = await checkStore(store, opened, { kinds, projections, hash, pause: async () => {} })
      await store.close()
      return report
    }
    expect(await check()).toMatchObject({ isSound: true, checkpoints: 0 })
    const store = sqlite({ path: data, readOnly: true })
    await store.open([])
    const log = await store.log(0, 10_000)
    await store.close()
    await rowsAt(timelineOver(log, `${data}.past`, inventory), 30)
    expect(await check()).toMatchObject({ isSound: true, checkpoints: 1, findings: [] })
    // One that was written whole, of rows that never were.
    const file = sqliteCheckpoints(`${data}.past`)
    const [head] = file.heads('inventory')
    const entries = file.read(head!) as [string, string, { state: string }][]
    const volume = entries.find(([, key]) => key.startsWith('vol-'))!
    volume[2].state = 'forged'
    await file.write(head!, [entries], async () => {})
    expect(await check()).toMatchObject({
      isSound: false,
      checkpoints: 1,
      findings: [{ in: 'checkpoint', name: 'inventory at 30', key: volume[1], stored: { state: 'forged' } }],
    })
    // One that is stale is never used, and so is none.
    sqliteCheckpoints(`${data}.past`).remove(head!)
    await file.write({ ...head!, lineage: 'another log' }, [entries], async () => {})
    expect(await check()).toMatchObject({ isSound: true, checkpoints: 0 })
  })
})
