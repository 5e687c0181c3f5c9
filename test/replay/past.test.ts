/**
 * Why this test? A past that is nearly right is worse than none: whoever looks for a fault believes it. So each is held
 * against an engine that was made of the same first events and of nothing else, row by row and byte by byte.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { projections } from '../../projections/index.ts'
import { Pasts } from '../../src/replay/past/past.ts'
import { type Cloud, furnish, GiB, live, logOf, openCloud, rebuiltFrom, rowsOf, step } from './cloud.ts'

/** Pasts with checkpoints as close together as they can be. */
const closely = ({ engine }: Cloud) =>
  new Pasts({
    kinds: engine.kinds,
    projections,
    catalogue: engine.catalogue,
    store: engine.store,
    residence: { contained: new Map(), contain() {}, retention: { wasForgotten: () => false } } as never,
    clock: { now: () => Date.now(), soon: run => void setImmediate(run) },
    refusals: asked => engine.refusals(asked),
    checkpointEvery: 1,
  })

describe('the cloud as it was', () => {
  it('is what an engine shows that was made of the events up to then, in every view', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (script, part) => {
          const cloud = await openCloud()
          await furnish(cloud)
          await live(cloud, script)
          const log = await logOf(cloud)
          const position = Math.round(part * log.length)
          const past = await cloud.engine.at({ position })
          const fresh = await rebuiltFrom(log.slice(0, position))
          try {
            expect(await rowsOf(past)).toEqual(await rowsOf(fresh.engine))
            const live = await cloud.engine.at({ position: log.length })
            expect(await rowsOf(live)).toEqual(await rowsOf(cloud.engine))
          } finally {
            await fresh.engine.close()
            await cloud.engine.close()
          }
        },
      ),
      { numRuns: 25 },
    )
  })

  it('is the present at the last position, also where what has ended is forgotten', async () => {
    const cloud = await openCloud(undefined, 3_600_000)
    await furnish(cloud)
    await live(cloud, [
      { who: 'acme', which: 0, does: 'launch' },
      { who: 'acme', which: 0, does: 'volume' },
      { who: 'acme', which: 0, does: 'terminate' },
      { who: 'acme', which: 0, does: 'delete' },
    ])
    const { position } = cloud.engine.health()
    const before = await cloud.engine.at({ position: position - 1 })
    expect(before.timeMs).not.toBe(Number.POSITIVE_INFINITY)
    const ended = async (views: Cloud['engine']['views']) =>
      (await views.inventory.list({ where: { state: ['terminated', 'deleted'] } })).items.length
    expect(await ended(cloud.engine.views)).toBeGreaterThan(0)
    await cloud.engine.flush()
    cloud.shift.ms = 3_600_001
    expect(await cloud.engine.prune()).toBeGreaterThan(0)
    expect(await ended(cloud.engine.views)).toBe(0)
    const now = await cloud.engine.at({ position })
    expect(await rowsOf(now)).toEqual(await rowsOf(cloud.engine))
    // Its readers saw it then, and so does whoever looks for what became of it.
    expect(await ended(before.views)).toBeGreaterThan(0)
    await cloud.engine.close()
  })

  it('is found by its time, and a time between two events is that of the first', async () => {
    const cloud = await openCloud()
    await furnish(cloud)
    const { id } = await cloud.acme.volume.create({ sizeBytes: GiB })
    await cloud.engine.idle()
    const events = (await logOf(cloud)).map(({ text }) => JSON.parse(text) as { at: number; position: number })
    for (const { at } of events) {
      const last = events.findLast(each => each.at <= at)!
      expect((await cloud.engine.at(at)).position).toBe(last.position)
      expect((await cloud.engine.at(new Date(at).toISOString())).position).toBe(last.position)
    }
    expect((await cloud.engine.at(events[0]!.at - 1)).position).toBe(0)
    expect((await cloud.engine.at('2999-01-01')).position).toBe(events.length)
    for (const wrong of [
      'yesterday',
      '2026-11-01T10:00',
      Number.NaN,
      { position: events.length + 1 },
      { position: -1 },
    ])
      await expect(cloud.engine.at(wrong as never)).rejects.toMatchObject({ code: 'invalidInput', field: 'at' })
    expect((await cloud.engine.at({ position: 0 })).views.inventory).toBeDefined()
    expect(await (await cloud.engine.at({ position: 0 })).views.inventory.get(id)).toBeUndefined()
    await cloud.engine.close()
  })

  it('shows each account its own, as sessions do, and takes no commands', async () => {
    const cloud = await openCloud()
    await furnish(cloud)
    const { id } = await cloud.acme.volume.create({ sizeBytes: GiB })
    await cloud.engine.idle()
    const { position } = cloud.engine.health()
    await cloud.acme.volume.delete(id)
    await cloud.engine.idle()
    const past = await cloud.engine.at({ position })
    const acme = past.as(cloud.acme.principal)
    expect(await acme.get(id)).toMatchObject({ id, state: 'available' })
    expect((await acme.list('volume')).items).toHaveLength(1)
    expect(await cloud.acme.get(id)).toMatchObject({ state: 'deleted' })
    const types = []
    for await (const event of acme.history(id)) types.push(event.type)
    expect(types).toEqual(['volume.createRequested', 'volume.created'])
    const bee = past.as(cloud.bee.principal)
    await expect(bee.get(id)).rejects.toMatchObject({ code: 'notFound' })
    expect((await bee.list('volume')).items).toEqual([])
    const before = (await cloud.engine.at({ position: position - 2 })).as(cloud.acme.principal)
    await expect(before.get(id)).rejects.toMatchObject({ code: 'notFound' })
    const session = acme as unknown as typeof cloud.acme
    await expect(session.volume.delete(id)).rejects.toMatchObject({ code: 'invalidInput', field: 'at' })
    await cloud.engine.close()
  })

  it('is folded from the nearest checkpoint: the second look costs its distance from there', async () => {
    const cloud = await openCloud()
    await furnish(cloud)
    for (let count = 0; count < 40; count += 1) await cloud.acme.volume.create({ sizeBytes: GiB })
    await cloud.engine.idle()
    const log = await logOf(cloud)
    const pasts = closely(cloud)
    const inventory = pasts.timelines.get('inventory')!
    await rowsOf(await pasts.at({ position: log.length }, log.length))
    expect(inventory.folded).toBe(log.length)
    expect(inventory.checkpointCount).toBeGreaterThan(1)
    expect(await rowsOf(await pasts.at({ position: log.length }, log.length))).toEqual(await rowsOf(cloud.engine))
    expect(inventory.folded).toBe(log.length)
    await cloud.engine.close()
  })
})

describe('queries of a past', () => {
  it('answer as those of the present: filters, ranges, sorting, pages', async () => {
    const cloud = await openCloud()
    await furnish(cloud)
    for (const [index, name] of ['b', 'a', 'ä', '\u{1F600}', '\uFF00', 'Z', '10', '9'].entries())
      await cloud.acme.volume
        .create({ sizeBytes: (index % 3) * GiB + GiB, name } as never)
        .catch(() => cloud.acme.volume.create({ sizeBytes: GiB }))
    await cloud.engine.idle()
    const past = await cloud.engine.at({ position: cloud.engine.health().position })
    const columns = ['id', 'name', 'state', 'version', 'createdAt', 'type']
    const scalar = fc.oneof(
      fc.constantFrom('volume', 'available', '9', '10', 'ä', 'small'),
      fc.nat(12),
      fc.constant(null),
    )
    const value = fc.oneof(
      scalar,
      fc.array(fc.oneof(fc.string({ maxLength: 2 }), fc.nat(9), fc.constantFrom('available', 'a')), { maxLength: 3 }),
      fc.record({ above: fc.oneof(fc.nat(3), fc.constantFrom('a', 'm')) }),
      fc.record({ below: fc.oneof(fc.nat(9), fc.constantFrom('ä', 'z')) }),
    )
    const known = columns.filter(each => (cloud.engine.views.inventory.columns as readonly string[]).includes(each))
    const filter = fc.dictionary(fc.constantFrom(...known), value, { maxKeys: 2 })
    const query = fc.record({
      where: filter,
      anyOf: fc.array(filter, { maxLength: 2 }),
      sort: fc.uniqueArray(fc.constantFrom(...known, ...known.map(each => `-${each}`)), {
        maxLength: 3,
        selector: each => each.replace('-', ''),
      }),
      limit: fc.integer({ min: 1, max: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(query, async asked => {
        for (let cursor: string | undefined, pages = 0; pages < 20; pages += 1) {
          const there = await cloud.engine.views.inventory.list({ ...asked, cursor } as never)
          const then = await past.views.inventory.list({ ...asked, cursor } as never)
          expect(JSON.stringify(then)).toBe(JSON.stringify(there))
          cursor = there.next
          if (cursor === undefined) break
        }
      }),
      { numRuns: 300 },
    )
    await cloud.engine.close()
  })
})
