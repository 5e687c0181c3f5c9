/** Pools: volumes are placed by free room, the last byte is given away once, and what is deleted is free again. */
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine, readCapacity, sqlite } from '../../src/index.ts'
import { TestClock } from '../runtime/clock.ts'
import { codesOf } from '../scenarios/refused.ts'
import { GiB } from './capacity-book.ts'

async function open(volumeSnapshot: { revert?: boolean; revertRestoresSize?: boolean } = {}) {
  const clock = new TestClock(Date.UTC(2026, 2, 1))
  const world = simulated({
    instant: true,
    clock,
    capabilities: {
      zones: ['a', 'b'],
      ...(volumeSnapshot.revert && { volumeSnapshot: { of: ['available'], ...volumeSnapshot } }),
    },
  })
  const engine = await createEngine({
    kinds,
    projections,
    store: sqlite(':memory:'),
    drivers: { lab: world },
    clock,
    surveyEveryMs: 0,
  })
  const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  const acme = engine.as({ account: 'acme', actor: 'ops' })
  const placeOf = async (id: string) => (await engine.views.capacity.get(id))?.place
  const pool = async (name: string) => (await readCapacity(engine.views.capacity, { by: 'pool', of: name })).items[0]!
  return { engine, world, clock, operator, acme, placeOf, pool }
}
async function listed<T>(all: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const each of all) found.push(each)
  return found
}

describe('placing volumes', () => {
  it('is as before where there are no pools', async () => {
    const { engine, acme, operator, placeOf } = await open()
    await operator.pool.define({ name: 'ssd', zone: 'b', totalBytes: GiB })
    const { id } = await acme.volume.create({ sizeBytes: 5 * GiB })
    await acme.settled(id)
    expect(await placeOf(id)).toBe('zone/lab/a')
    expect((await acme.get(id)).state).toBe('available')
    await engine.close()
  })

  it('goes to the pool of the zone with the most room, and is in the event', async () => {
    const { engine, acme, operator, placeOf, pool } = await open()
    await operator.pool.define({ name: 'one', totalBytes: 10 * GiB })
    await operator.pool.define({ name: 'two', totalBytes: 6 * GiB, overprovisionFactor: 2 })
    const ids: string[] = []
    for (const sizeBytes of [4, 7, 5]) ids.push((await acme.volume.create({ sizeBytes: sizeBytes * GiB })).id)
    expect(await Promise.all(ids.map(placeOf))).toEqual(['pool/two', 'pool/one', 'pool/two'])
    const [first] = await listed(engine.history(ids[0]!))
    expect(first!.data).toMatchObject({ pool: 'pool/two' })
    expect(await pool('two')).toMatchObject({ committedBytes: 9 * GiB, settings: { allocationLimitBytes: 12 * GiB } })
    expect(await codesOf(acme.volume.create({ sizeBytes: 4 * GiB }))).toEqual(['poolsFull'])
    await engine.idle()
    await acme.volume.delete(ids[1]!)
    await acme.settled(ids[1]!)
    expect(await codesOf(acme.volume.create({ sizeBytes: 4 * GiB }))).toEqual([])
    await engine.close()
  })

  it('gives the last room to one of sixty-four who ask at once', async () => {
    const { engine, acme, operator, pool } = await open()
    await operator.pool.define({ name: 'one', totalBytes: 10 * GiB })
    await acme.volume.create({ sizeBytes: 9 * GiB })
    const asked = Array.from({ length: 64 }, () => codesOf(acme.volume.create({ sizeBytes: GiB })))
    const answers = await Promise.all(asked)
    expect(answers.filter(codes => codes.length === 0)).toHaveLength(1)
    expect(new Set(answers.flat())).toEqual(new Set(['poolsFull']))
    expect((await pool('one')).committedBytes).toBe(10 * GiB)
    await engine.close()
  })

  it('keeps an enlargement to its threshold, and new volumes to theirs', async () => {
    const { engine, acme, operator, pool } = await open()
    const thresholds = { allocationThreshold: 0.5, resizeThreshold: 0.9 }
    await operator.pool.define({ name: 'one', totalBytes: 10 * GiB, ...thresholds })
    const { id } = await acme.volume.create({ sizeBytes: 5 * GiB })
    await acme.settled(id)
    expect(await codesOf(acme.volume.create({ sizeBytes: GiB }))).toEqual(['poolsFull'])
    expect(await codesOf(acme.volume.modify(id, { sizeBytes: 10 * GiB }))).toEqual(['poolsFull'])
    expect(await codesOf(acme.volume.modify(id, { sizeBytes: 9 * GiB }))).toEqual([])
    await operator.pool.modify('pool/one', { allocationThreshold: null })
    expect(await codesOf(acme.volume.create({ sizeBytes: GiB }))).toEqual([])
    expect((await pool('one')).settings).not.toHaveProperty('allocationThreshold')
    await engine.close()
  })

  it('places all volumes of a launch, or launches nothing', async () => {
    const { engine, acme, operator, placeOf, pool } = await open()
    await operator.pool.define({ name: 'one', totalBytes: 12 * GiB })
    await operator.pool.define({ name: 'two', totalBytes: 9 * GiB })
    const image = (await acme.image.register({ name: 'web', sizeBytes: 8 * GiB })).id
    const disk = (sizeBytes: number) => [
      { device: '/dev/sda1', sizeBytes: 9 * GiB },
      { device: '/dev/sdf', sizeBytes },
    ]
    const launch = (sizeBytes: number) => acme.instance.launch({ image, type: 'small', blockDevices: disk(sizeBytes) })
    expect(await codesOf(launch(10 * GiB))).toEqual(['poolsFull'])
    expect((await pool('one')).committedBytes).toBe(0)
    const { id } = await launch(9 * GiB)
    await acme.settled(id)
    const volumes = (await engine.views.capacity.list({ where: { holder: 'volume', instance: id } })).items
    expect((await Promise.all(volumes.map(({ key }) => placeOf(key)))).sort()).toEqual(['pool/one', 'pool/two'])
    await acme.instance.terminate(id)
    await acme.settled(id)
    await engine.idle()
    expect((await Promise.all(['one', 'two'].map(pool))).map(({ committedBytes }) => committedBytes)).toEqual([0, 0])
    await engine.close()
  })

  it('leaves out pools that are disabled, or are for other types', async () => {
    const { engine, acme, operator, placeOf } = await open()
    await operator.pool.define({ name: 'fast', totalBytes: 100 * GiB, volumeTypes: ['gp3'] })
    expect(await codesOf(acme.volume.create({ sizeBytes: GiB }))).toEqual(['poolsFull'])
    const { id } = await acme.volume.create({ sizeBytes: GiB, volumeType: 'gp3' })
    expect(await placeOf(id)).toBe('pool/fast')
    await operator.pool.disable('pool/fast')
    expect(await codesOf(acme.volume.create({ sizeBytes: GiB, volumeType: 'gp3' }))).toEqual(['poolsFull'])
    expect(await codesOf(operator.pool.retire('pool/fast'))).toEqual(['poolInUse'])
    await engine.idle()
    await acme.volume.delete(id)
    await acme.settled(id)
    expect(await codesOf(operator.pool.retire('pool/fast'))).toEqual([])
    expect(await codesOf(acme.volume.create({ sizeBytes: GiB }))).toEqual([])
    await engine.close()
  })

  it('is for operators to define, in a zone that there is', async () => {
    const { engine, acme, operator } = await open()
    expect(await codesOf(acme.pool.define({ name: 'one', totalBytes: GiB }))).toEqual(['notPermitted'])
    expect(await codesOf(operator.pool.define({ name: 'one', zone: 'moon', totalBytes: GiB }))).toEqual(['zoneUnknown'])
    await engine.close()
  })

  it('holds the larger size of a volume that is taken back from the request on, in its pool and its limits', async () => {
    const { engine, acme, operator, pool, world, clock } = await open({ revert: true, revertRestoresSize: true })
    await operator.pool.define({ name: 'one', totalBytes: 6 * GiB })
    const { id } = await acme.volume.create({ sizeBytes: 2 * GiB })
    await acme.settled(id)
    const taken = async () => {
      const { id: snapshot } = await acme.snapshot.create({ volume: id })
      await acme.settled(snapshot)
      return snapshot
    }
    const small = await taken()
    await acme.volume.modify(id, { sizeBytes: 4 * GiB })
    await engine.idle()
    const large = await taken()
    await acme.volume.revert(id, { snapshot: small })
    await acme.settled(id)
    const { id: other } = await acme.volume.create({ sizeBytes: 3 * GiB })
    await acme.settled(other)
    expect((await pool('one')).committedBytes).toBe(5 * GiB)
    expect(await codesOf(acme.volume.revert(id, { snapshot: large }))).toEqual(['poolsFull'])
    await operator.pool.modify('pool/one', { totalBytes: 7 * GiB })
    await operator.domain.create({ name: 'root' })
    await operator.account.open({ name: 'acme', domain: 'root' })
    const limit = (primaryBytes: number) => operator.account.limit('account/acme', { limits: { primaryBytes } })
    await limit(6 * GiB)
    expect(await codesOf(acme.volume.revert(id, { snapshot: large }))).toEqual(['primaryStorageLimitExceeded'])
    await limit(7 * GiB)
    world.failNext('volumeRevert', 'refusedLater')
    expect(await codesOf(acme.volume.revert(id, { snapshot: large }))).toEqual([])
    expect(await codesOf(acme.volume.create({ sizeBytes: GiB }))).toEqual(['poolsFull'])
    await clock.pass(60_000)
    await acme.settled(id)
    expect((await pool('one')).committedBytes).toBe(5 * GiB)
    expect((await engine.views.limits.get('account/acme'))!.used.primaryBytes).toBe(5 * GiB)
    await engine.close()
  })

  it('holds the branch that going back to a VM snapshot begins from the request on, where its threshold is set', async () => {
    const { engine, acme, operator, pool, world, clock } = await open()
    await operator.pool.define({ name: 'one', totalBytes: 5 * GiB, allocationThreshold: 1 })
    const image = (await acme.image.register({ name: 'web', sizeBytes: GiB })).id
    const blockDevices = [{ device: '/dev/sda1', sizeBytes: 2 * GiB }]
    const { id: instance } = await acme.instance.launch({ image, type: 'small', blockDevices })
    await acme.settled(instance)
    await acme.instance.stop(instance)
    await acme.settled(instance)
    const keep = async () => {
      const { id } = await acme['vm-snapshot'].create({ instance })
      await acme.settled(id)
      return id
    }
    const [first] = [await keep(), await keep()]
    expect((await pool('one')).committedBytes).toBe(2 * GiB)
    const { id: other } = await acme.volume.create({ sizeBytes: 2 * GiB })
    await acme.settled(other)
    expect(await codesOf(acme['vm-snapshot'].revert(first))).toEqual(['poolsFull'])
    await operator.pool.modify('pool/one', { totalBytes: 6 * GiB })
    const claimed = async () => (await engine.views.pools.get('pool/one'))!.figures!.branchBytes
    world.failNext('vmSnapshotRevert', 'refusedLater')
    await acme['vm-snapshot'].revert(first)
    expect(await claimed()).toBe(2 * GiB)
    expect(await codesOf(acme.volume.create({ sizeBytes: GiB }))).toEqual(['poolsFull'])
    await clock.pass(60_000)
    await acme.settled(first)
    expect(await claimed()).toBeUndefined()
    await acme['vm-snapshot'].revert(first)
    await acme.settled(first)
    expect([await claimed(), (await pool('one')).branchBytes]).toEqual([2 * GiB, 2 * GiB])
    await engine.close()
  })

  it('comes to the same when the views are made anew', async () => {
    const { engine, acme, operator } = await open()
    await operator.pool.define({ name: 'one', totalBytes: 50 * GiB })
    for (const sizeBytes of [1, 2, 3]) {
      const { id } = await acme.volume.create({ sizeBytes: sizeBytes * GiB })
      await acme.settled(id)
      if (sizeBytes === 2) await acme.volume.delete(id)
    }
    await engine.idle()
    for (const name of ['pools', 'capacity'] as const) {
      const rows = () => listed<unknown>(engine.views[name].all())
      const before = await rows()
      await engine.rebuild(name)
      expect(await rows()).toEqual(before)
    }
    await engine.close()
  })
})
