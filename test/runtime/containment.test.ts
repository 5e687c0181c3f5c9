import type Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { projection } from '../../projections/contract.ts'
import { lamp } from './light.ts'
import { contentOf, copyOf, historyOf, inventory, open, openWith, outcomeOf, rest } from './setting.ts'

type Setting = Awaited<ReturnType<typeof open>>

/** Turns one bit of a stored text: what a disk does. `inside` says where, as a part of the text. */
function flip(database: Database.Database, table: 'events' | 'snapshots', where: string, inside: string): void {
  const { place, text } = database.prepare(`select rowid as place, text from ${table} where ${where}`).get() as {
    place: number
    text: string
  }
  const at = text.indexOf(inside)
  if (at < 0) throw new Error(`${text} has no ${inside}`)
  const flipped = String.fromCharCode(text.charCodeAt(at) ^ 1)
  const damaged = text.slice(0, at) + flipped + text.slice(at + 1)
  database.prepare(`update ${table} set text = ? where rowid = ?`).run(damaged, place)
}

/** Two lamps that burn and one that is locked, all written. */
async function threeLamps(): Promise<Setting & { ids: [string, string, string] }> {
  const setting = await open()
  const { acme, engine } = setting
  const ids: string[] = []
  for (const label of ['desk', 'shelf', 'hall']) ids.push((await acme.lamp.make({ label })).id)
  await acme.lamp.light(ids[0]!)
  await acme.lamp.light(ids[1]!)
  await acme.lamp.lock(ids[2]!, { locked: true })
  await engine.idle()
  return { ...setting, ids: ids as [string, string, string] }
}
/** What an engine finds that has to fold everything again. */
const withoutSnapshots = (database: Database.Database) => {
  const copy = copyOf(database)
  copy.exec(`delete from snapshots; update watermarks set position = 0 where view = 'snapshots'`)
  return copy
}

describe('a damaged snapshot row', () => {
  it('is folded again from the events, and nobody notices', async () => {
    const { engine, database, ids, acme } = await threeLamps()
    const rows = await Promise.all(ids.map(id => acme.get(id)))
    await engine.close()
    const sound = contentOf(database, 'snapshots')
    flip(database, 'snapshots', `resource = '${ids[0]}'`, 'bright')
    flip(database, 'snapshots', `resource = '${ids[2]}'`, '"locked":true')
    const after = await open({ database })
    await expect(after.acme.lamp.light(ids[2])).rejects.toMatchObject({ code: 'locked' })
    expect(await after.acme.lamp.break(ids[0])).toMatchObject({ previousState: 'burning', version: 4 })
    expect(await Promise.all(ids.slice(1).map(id => after.acme.get(id)))).toEqual(rows.slice(1))
    expect(after.engine.health()).toMatchObject({ contained: [], stalledViews: [] })
    await after.engine.close()
    expect(contentOf(database, 'snapshots').snapshots![2]).toEqual(sound.snapshots![2])
  })

  it('of an older version of the rules is folded again too', async () => {
    const { engine, database, ids } = await threeLamps()
    await engine.close()
    const before = contentOf(database, 'snapshots').snapshots!
    const after = await openWith({ kinds: { lamp: { ...lamp, rules: 2 } }, projections: { inventory }, database })
    await expect(after.acme.lamp.light(ids[2])).rejects.toMatchObject({ code: 'locked' })
    await after.engine.close()
    const rules = (database.prepare('select rules from snapshots where resource = ?').get(ids[2]) as { rules: number })
      .rules
    expect(rules).toBe(2)
    expect(contentOf(database, 'snapshots').snapshots).toHaveLength(before.length)
  })
})

describe('a damaged event', () => {
  const damages: [string, string][] = [
    ['that is no JSON any more', '{"account"'],
    ['whose data says something else', 'desk'],
    ['that names another position', '"position":1'],
    ['that names another resource', '"resource":"lamp'],
  ]
  it.each(damages)('%s sets its resource aside and nobody else, and says where it is', async (_, inside) => {
    const { database, ids, engine } = await threeLamps()
    await engine.flush()
    const damaged = withoutSnapshots(database)
    const where = `position = 1`
    flip(damaged, 'events', where, inside === '"position":1' ? '1,"region"' : inside)
    const after = await open({ database: damaged })
    const { error } = await outcomeOf(after.acme.lamp.break(ids[0]))
    expect(error).toMatchObject({
      code: 'contained',
      resource: ids[0],
      position: 1,
      cause: { code: 'damaged', position: 1 },
    })
    expect(after.engine.health().contained).toEqual([
      { resource: ids[0], position: 1, cause: expect.stringContaining(ids[0]) },
    ])
    expect(await after.acme.lamp.break(ids[1])).toMatchObject({ previousState: 'burning', version: 4 })
    expect(await after.acme.settled(ids[1])).toBe('broken')
    await expect(after.acme.lamp.light(ids[2])).rejects.toMatchObject({ code: 'locked' })
    await expect(after.acme.get(ids[0])).rejects.toMatchObject({ code: 'contained' })
    expect(await after.acme.get(ids[1])).toMatchObject({ state: 'broken' })
  })

  it('refuses the batch it is in for its own resource only', async () => {
    const { database, ids } = await threeLamps()
    const damaged = withoutSnapshots(database)
    flip(damaged, 'events', 'position = 1', 'desk')
    const after = await open({ database: damaged })
    const outcomes = await Promise.all(ids.map(id => outcomeOf(after.acme.lamp.lock(id, { locked: false }))))
    expect(outcomes.map(({ error }) => error?.code)).toEqual(['contained', undefined, undefined])
    const both = after.acme.submit(ids.slice(0, 2).map(id => ({ kind: 'lamp', command: 'break', id })))
    await expect(both).rejects.toMatchObject({ code: 'contained', resource: ids[0] })
    expect(await after.acme.get(ids[1])).toMatchObject({ state: 'burning' })
  })

  it('holds up neither the asks nor the timers of others', async () => {
    const before = await open()
    before.bench.always('instanceEnsure', () => new Promise(() => {}))
    const ids: string[] = []
    for (const label of ['desk', 'shelf']) ids.push((await before.acme.lamp.make({ label })).id)
    for (const id of ids) await before.acme.lamp.light(id)
    await rest()
    const damaged = withoutSnapshots(before.database)
    flip(damaged, 'events', 'position = 1', 'desk')
    const after = await open({ database: damaged })
    await after.clock.pass(2_000)
    expect(await after.acme.settled(ids[1]!)).toBe('burning')
    const fired = (await historyOf(after.acme, ids[1]!)).filter(({ origin }) => origin === 'elapsed')
    expect(fired.map(({ dueAt, at }) => at - dueAt!)).toEqual(fired.map(() => 0))
    expect(fired.length).toBeGreaterThan(0)
    expect(after.engine.health().contained).toMatchObject([{ resource: ids[0] }])
  })

  it('is left out of subscriptions, which go on, and is heard as a fault', async () => {
    const { database, engine } = await threeLamps()
    const last = engine.health().position
    const damaged = copyOf(database)
    flip(damaged, 'events', 'position = 4', '{"account"')
    const after = await open({ database: damaged })
    const faults: unknown[] = []
    after.engine.on('fault', (error, where) => faults.push([(error as { position: number }).position, where]))
    const seen = []
    for await (const { position } of after.engine.subscribe()) {
      seen.push(position)
      if (position === last) break
    }
    expect(seen).toEqual([1, 2, 3, 5, 6, 7, 8].slice(0, last - 1))
    expect(faults).toEqual([[4, 'subscription']])
  })

  it('in a history is an error where it stands', async () => {
    const { database, ids } = await threeLamps()
    const damaged = copyOf(database)
    const position = damaged
      .prepare('select position from events where resource = ? and version = 2')
      .pluck()
      .get(ids[0]) as number
    flip(damaged, 'events', `position = ${position}`, '{"account"')
    const after = await open({ database: damaged })
    const seen: number[] = []
    const reading = (async () => {
      for await (const { version } of after.engine.history(ids[0])) seen.push(version)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'damaged', position, resource: ids[0] })
    expect(seen).toEqual([1])
  })

  it('leaves in views what was true before it, and the rows of all others', async () => {
    const { database, ids, engine } = await threeLamps()
    await engine.flush()
    const sound = contentOf(database, 'inventory').inventory!
    const version = database
      .prepare('select position from events where resource = ? and version = 3')
      .pluck()
      .get(ids[0])
    for (const inside of ['{"account"', 'burning.bright']) {
      const damaged = withoutSnapshots(database)
      damaged.exec(`delete from inventory; update watermarks set position = 0 where view = 'inventory'`)
      flip(damaged, 'events', `position = ${version}`, inside)
      const after = await open({ database: damaged })
      await after.engine.flush()
      const rows = contentOf(damaged, 'inventory').inventory!
      expect(rows.filter(row => !row.includes(ids[0]))).toEqual(sound.filter(row => !row.includes(ids[0])))
      expect(rows.filter(row => row.includes(ids[0])).map(row => JSON.parse(row))).toMatchObject([
        { state: 'warming', version: 2 },
      ])
    }
  })

  it('that is missing altogether is noticed', async () => {
    const { database, ids } = await threeLamps()
    const damaged = withoutSnapshots(database)
    damaged.exec(`delete from events where resource = '${ids[0]}' and version = 2`)
    const after = await open({ database: damaged })
    await expect(after.acme.lamp.break(ids[0])).rejects.toMatchObject({ code: 'contained', resource: ids[0] })
    await expect(after.acme.lamp.break(ids[1])).resolves.toMatchObject({ outcome: 'accepted' })
  })

  it('swapped for that of another time is noticed, though each is sound by itself', async () => {
    const { database, ids } = await threeLamps()
    const other = await threeLamps()
    const damaged = withoutSnapshots(database)
    const { text, digest } = other.database.prepare('select text, digest from events where position = 4').get() as {
      text: string
      digest: string
    }
    const own = text.replaceAll(other.ids[0], ids[0])
    damaged.prepare('update events set text = ?, digest = ? where position = 4').run(own, digest)
    const after = await open({ database: damaged })
    await expect(after.acme.lamp.break(ids[0])).rejects.toMatchObject({ code: 'contained', position: 4 })
  })
})

describe('a projection whose fold throws', () => {
  const clumsy = (version = 1, isMended = false) =>
    projection({
      name: 'clumsy',
      version,
      key: 'id',
      columns: { id: 'text', events: 'integer' },
      keys: event => [event.resource],
      fold: (row: { id: string; events: number } | undefined, event) => {
        if (!isMended && (event.data as { label?: string }).label === 'poison') throw new Error('clumsy')
        return { id: event.resource, events: (row?.events ?? 0) + 1 }
      },
    })
  const openClumsy = (options = {}, view = clumsy()) =>
    openWith({ kinds: { lamp }, projections: { clumsy: view, inventory }, ...options })

  it.each(['behind', 'strict'] as const)('is stalled and named, and all others go on (%s)', async consistency => {
    const setting = await openClumsy({ consistency })
    await setting.acme.lamp.make({ label: 'desk' })
    await setting.engine.flush()
    const { id } = await setting.acme.lamp.make({ label: 'poison' })
    await setting.acme.lamp.light(id)
    expect(await setting.acme.settled(id)).toBe('burning')
    expect(await setting.acme.get(id)).toMatchObject({ state: 'burning' })
    expect(setting.engine.health().stalledViews).toEqual([{ view: 'clumsy', cause: 'Error: clumsy' }])
    expect(setting.rows('select events from clumsy')).toEqual([{ events: 1 }])
    const [mark] = setting.rows(`select position from watermarks where view = 'clumsy'`)
    expect(mark!.position).toBeLessThanOrEqual(1)
  })

  it('is stalled at the next start too, and does not keep the engine from opening', async () => {
    const before = await openClumsy()
    const { id } = await before.acme.lamp.make({ label: 'poison' })
    const after = await openClumsy({ database: copyOf(before.database) })
    expect(after.engine.health().stalledViews).toEqual([{ view: 'clumsy', cause: 'Error: clumsy' }])
    await after.acme.lamp.light(id)
    expect(await after.acme.settled(id)).toBe('burning')
    expect(await after.acme.get(id)).toMatchObject({ state: 'burning' })
    await after.engine.flush()
    expect(after.rows('select * from clumsy')).toEqual([])
  })

  it('catches up once it is mended', async () => {
    const before = await openClumsy()
    for (const label of ['desk', 'poison', 'hall']) await before.acme.lamp.make({ label })
    await before.engine.close()
    const after = await openClumsy({ database: before.database }, clumsy(1, true))
    expect(after.engine.health().stalledViews).toEqual([])
    expect(after.rows('select events from clumsy')).toEqual([{ events: 1 }, { events: 1 }, { events: 1 }])
  })
})
