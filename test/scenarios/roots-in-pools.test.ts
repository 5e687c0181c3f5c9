/** Roots that a provider makes, on its pools: placed, told, counted, and given back. (spec: cloudstack 3.2 to 3.4.) */
import { afterEach, describe, expect, it } from 'vitest'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import type { InstanceSpec } from '../../src/drivers/driver.ts'
import { simulatedClasses } from '../../src/drivers/simulated/index.ts'
import { explainCapacity, readCapacity } from '../../src/index.ts'
import { TestClock } from '../runtime/clock.ts'
import { GiB, open } from './cloud.ts'
import { codesOf } from './refused.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close()
})
const { A, B, C } = simulatedClasses

const sizeGiB = 10
/** After that, nothing that a survey finds is too young to be judged. */
const HOUR = 3_600_000

/** A provider whose template has that size, with pools of these sizes in GiB. */
async function furnished(can: DeclaredCapabilities, sizes: Readonly<Record<string, number>>, clock?: TestClock) {
  const atOnce = clock && { clock, instant: true, latencyMs: { min: 0, max: 0 } }
  const cloud = await open(atOnce, can, { clock })
  const { engine, world, operator, acme } = cloud
  opened.push(engine)
  // The one that the engine begins with is over.
  if (clock) await engine.survey()
  const asked: InstanceSpec[] = []
  const { instanceEnsure } = world
  world.instanceEnsure = (id, spec, context) => {
    asked.push(spec)
    const { root } = spec
    const sized = root?.kind === 'private' ? { ...root, sizeBytes: sizeGiB * GiB } : root
    return instanceEnsure(id, { ...spec, root: sized }, context)
  }
  await operator.offering.define({ name: 'two', vcpus: 1, memoryBytes: 2 * GiB })
  for (const [name, size] of Object.entries(sizes)) await operator.pool.define({ name, totalBytes: size * GiB })
  const { id: image } = await acme.image.register({ name: 'plain', sizeBytes: sizeGiB * GiB })
  const order = (more: object = {}) => ({ image, type: 'two', ...more })
  const launch = async (more: object = {}) => {
    const { id } = await acme.instance.launch(order(more))
    await acme.settled(id)
    return id
  }
  const figures = ({ requestedBytes = 0, allocatedBytes = 0, reclaimableBytes = 0 }) =>
    [requestedBytes, allocatedBytes, reclaimableBytes].map(bytes => bytes / GiB).join(' ')
  /** GiB, as `requested allocated reclaimable`, of the view that commands claim from. */
  const claimed = async (name: string) => figures((await engine.views.pools.get(`pool/${name}`))!.figures!)
  /** The same, when nothing happens: the other view agrees with it. */
  const taken = async (name: string) => {
    const read = figures((await readCapacity(engine.views.capacity, { by: 'pool', of: name })).items[0]!)
    expect(await claimed(name)).toBe(read)
    return read
  }
  return { ...cloud, asked, order, launch, taken, claimed }
}

describe('a launch whose root the provider makes', () => {
  it('is placed where the most room is, and the provider is told and does so', async () => {
    const { engine, world, acme, asked, launch, taken } = await furnished(C, { small: 15, large: 30 })
    const ids = [await launch(), await launch(), await launch()]
    const pools = await Promise.all(ids.map(async id => (await acme.get(id)).pool))
    expect(pools).toEqual(['pool/large', 'pool/large', 'pool/small'])
    expect([await taken('large'), await taken('small')]).toEqual(['0 20 0', '0 10 0'])
    expect(asked.map(({ root }) => root)).toEqual(
      ['large', 'large', 'small'].map((pool, at) => ({ kind: 'private', volume: `${ids[at]}/root`, pool })),
    )
    const there = world.objects().filter(({ kind }) => kind === 'volume')
    expect(there.map(({ facts }) => facts.pool)).toEqual(['large', 'large', 'small'])
    expect(
      (await engine.survey()).providers[0]!.kinds.flatMap(({ drift, orphan }) => [drift.count, orphan.count]),
    ).toEqual(Array(12).fill(0))
    const { items } = await acme.list('instance', { where: { pool: 'pool/small' } })
    expect(items.map(({ id }) => id)).toEqual([ids[2]])
  })

  it('is refused as a whole where no pool has room for all of its disks, and leaves nothing behind', async () => {
    const { engine, acme, asked, order, launch, taken } = await furnished(C, { one: 25 })
    await launch()
    const position = (await engine.views.inventory.list({})).items.length
    const disk = { device: '/dev/sdf', sizeBytes: 6 * GiB }
    expect(await codesOf(acme.instance.launch(order({ blockDevices: [disk] })))).toEqual(['poolsFull'])
    expect((await engine.views.inventory.list({})).items).toHaveLength(position)
    expect([await taken('one'), asked.length]).toEqual(['0 10 0', 1])
    await launch({ blockDevices: [{ ...disk, sizeBytes: 5 * GiB }] })
    expect(await taken('one')).toBe('0 25 0')
  })

  it('gets the last room once, whoever else asks at the same moment', async () => {
    const { acme, order, taken, engine } = await furnished(A, { one: 35 })
    const codes = await Promise.all(Array.from({ length: 8 }, () => codesOf(acme.instance.launch(order()))))
    expect(codes.flat()).toEqual(Array(5).fill('poolsFull'))
    await engine.idle()
    expect(await taken('one')).toBe('0 30 0')
    const both = ['instance', 'instance'].map(kind => ({ kind, command: 'launch', input: order() }))
    expect(await codesOf(engine.submit(both, { account: 'acme', actor: 'ops' }))).toContain('poolsFull')
  })

  it('is told of no pool where there is none, and counts in its zone', async () => {
    const { engine, acme, asked, launch } = await furnished(C, {})
    const id = await launch()
    expect(asked[0]!.root).toBeUndefined()
    expect((await acme.get(id)).pool).toBeUndefined()
    const [zone, account] = await Promise.all(
      (['zone', 'account'] as const).map(async by => (await readCapacity(engine.views.capacity, { by })).items[0]!),
    )
    expect([zone!.allocatedBytes, account!.allocatedBytes]).toEqual([10 * GiB, 10 * GiB])
    expect(await engine.views.pools.get(id)).toBeUndefined()
  })

  it('gives its place back when its provider has not made it', async () => {
    const { acme, world, order, taken } = await furnished(C, { one: 10 })
    world.failNext('instanceEnsure', 'rejected', 'exhausted')
    const { id } = await acme.instance.launch(order())
    expect(await acme.settled(id)).toBe('terminated')
    expect(await taken('one')).toBe('0 0 0')
  })
})

describe('a root that its provider made in a pool', () => {
  it('keeps its place while it is off or may be recovered, and until its instance is gone', async () => {
    const { acme, operator, launch, taken, order } = await furnished(C, { one: 15 })
    const id = await launch({ recoverableForMs: 60_000 })
    await acme.instance.stop(id)
    await acme.settled(id)
    expect(await taken('one')).toBe('0 10 0')
    await acme.instance.terminate(id)
    expect([await acme.settled(id), await taken('one')]).toEqual(['recoverable', '0 0 10'])
    expect(await codesOf(acme.instance.launch(order()))).toEqual(['poolsFull'])
    await acme.instance.recover(id)
    expect([await acme.settled(id), await taken('one')]).toEqual(['stopped', '0 10 0'])
    expect(await codesOf(operator.pool.retire('pool/one'))).toEqual(['poolInUse'])
    await acme.instance.terminate(id, { expunge: true })
    expect([await acme.settled(id), await taken('one')]).toEqual(['terminated', '0 0 0'])
    await operator.pool.retire('pool/one')
  })

  it('is counted once when it is left, from its launch until the volume it becomes is deleted', async () => {
    const keeps = { ...A, rootOnDestroy: 'keeps' } as const
    const { engine, acme, world, launch, taken, claimed } = await furnished(keeps, { one: 20 })
    const id = await launch()
    const volume = (await acme.get(id)).attributes.keptRoot.volume
    expect(world.objects().find(each => each.id === volume)!.facts.pool).toBe('one')
    world.failNext('volumeDelete', 'rejected', 'unavailable')
    world.failNext('volumeDelete', 'delay')
    const seen: string[] = []
    const asked: Promise<void>[] = []
    engine.on('event', () => void asked.push(claimed('one').then(each => void seen.push(each))))
    await acme.instance.terminate(id)
    await acme.settled(id)
    await engine.idle()
    await Promise.all(asked)
    expect(new Set(seen)).toEqual(new Set(['0 0 10', '0 0 0']))
    expect([await acme.get(volume), await taken('one')]).toMatchObject([
      { pool: 'pool/one', state: 'deleted' },
      '0 0 0',
    ])
  })

  it('goes with the compute that was given up', async () => {
    const { engine, acme, operator, world, launch, taken } = await furnished(B, { one: 20 })
    const id = await launch()
    world.failNext('instanceDestroy', 'rejected', 'denied')
    await acme.instance.terminate(id)
    await engine.idle()
    expect(await taken('one')).toBe('0 0 10')
    await operator.instance.abandonCleanup(id, { item: id })
    expect([(await acme.get(id)).state, await taken('one')]).toEqual(['terminated', '0 0 0'])
  })

  it.each([
    ['under its own name', C],
    ['under the id of a volume', { ...A, rootOnDestroy: 'keeps' } as const],
  ])('is as large as its provider shows it, and holds what that measured, %s', async (_, can) => {
    const clock = new TestClock()
    const { engine, acme, world, launch, taken } = await furnished(can, { one: 20 }, clock)
    const id = await launch()
    clock.set(clock.now() + HOUR)
    const of = async () => (await readCapacity(engine.views.capacity, { by: 'pool', of: 'one' })).items[0]!
    await engine.survey()
    expect(await of()).toMatchObject({ physicalBytes: null, measuredVolumes: 0 })
    const { list } = world
    const shown = { sizeBytes: 12 * GiB, allocatedBytes: 3 * GiB }
    world.list = async (...asked) => {
      const { items, ...rest } = await list(...asked)
      return { ...rest, items: items.map(each => (each.kind === 'volume' ? { ...each, facts: shown } : each)) }
    }
    await engine.survey()
    const measured = { physicalBytes: 3 * GiB, measuredVolumes: 1, physicalAsOf: expect.any(Number) }
    expect([await taken('one'), await of()]).toMatchObject(['0 12 0', measured])
    expect((await acme.get(id)).attributes.providerRoot).toEqual({ pool: 'pool/one', ...shown })
    const events = async () => {
      const types: string[] = []
      for await (const { type } of engine.history(id)) types.push(type)
      return types.filter(each => each === 'instance.rootMeasured').length
    }
    shown.allocatedBytes += GiB / 100
    await engine.survey()
    expect(await events()).toBe(1)
    for await (const { cause } of explainCapacity(engine.views.capacity, { by: 'instance', of: id }))
      expect(cause).toMatchObject({ resource: id, type: 'instance.rootMeasured' })
    await acme.instance.terminate(id)
    await acme.settled(id)
    expect([await taken('one'), await of()]).toMatchObject(['0 0 0', { physicalBytes: null, measuredVolumes: 0 }])
  })

  it('is drift where its provider has it in another pool', async () => {
    const clock = new TestClock()
    const { engine, world, launch } = await furnished(C, { one: 20 }, clock)
    const id = await launch()
    clock.set(clock.now() + HOUR)
    const { list, observe } = world
    const moved = <O extends { readonly kind: string; readonly facts: object }>(each: O): O =>
      each.kind === 'volume' ? { ...each, facts: { ...each.facts, pool: 'two' } } : each
    world.list = async (...asked) => {
      const { items, ...rest } = await list(...asked)
      return { ...rest, items: items.map(moved) }
    }
    world.observe = async (...asked) => moved(await observe(...asked))
    const [lab] = (await engine.survey()).providers
    const found = lab!.kinds.flatMap(({ drift }) => drift.listed)
    expect(found).toMatchObject([{ id: `${id}/root`, differences: [{ fact: 'pool', here: 'one', there: 'two' }] }])
  })

  it('has its VM snapshots, their branches and their memory in its pool (K6)', async () => {
    const { engine, operator, acme, launch } = await furnished(C, { p1: 100 })
    await operator.pool.define({ name: 'p2', totalBytes: 1000 * GiB, volumeTypes: ['cold'] })
    const data = { device: '/dev/sdf', sizeBytes: 20 * GiB, volumeType: 'cold' }
    const instance = await launch({ blockDevices: [data] })
    const take = async (memory: boolean) => {
      const { id } = await acme['vm-snapshot'].create({ instance, memory })
      await acme.settled(id)
      await engine.idle()
      return id
    }
    const first = await take(true)
    await take(true)
    await acme['vm-snapshot'].revert(first)
    await acme.settled(first)
    await engine.idle()
    await take(false)
    for (const view of [engine.views.capacity, engine.views.pools]) {
      const [p1, p2] = await Promise.all(['pool/p1', 'pool/p2'].map(async key => (await view.get(key))!.figures!))
      expect([p1!.allocatedBytes, p1!.branchBytes, p1!.memoryBytes].map(bytes => bytes! / GiB)).toEqual([10, 10, 4])
      expect([p2!.allocatedBytes, p2!.branchBytes, p2!.memoryBytes ?? 0].map(bytes => bytes! / GiB)).toEqual([
        20, 20, 0,
      ])
    }
    const [total] = (await readCapacity(engine.views.capacity, { by: 'account', of: 'acme' })).items
    expect((total!.upperBoundBytes + total!.memoryBytes - total!.allocatedBytes) / GiB).toBe(94)
    const sums = { allocatedBytes: 0, branchBytes: 0, memoryBytes: 0 }
    for await (const { of, amounts } of explainCapacity(engine.views.capacity, { by: 'pool', of: 'p1' })) {
      expect(of).toBe(`${instance}/root`)
      for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += amounts[name] ?? 0
    }
    expect(Object.values(sums).map(bytes => bytes / GiB)).toEqual([10, 10, 4])
    const [ofInstance] = (await readCapacity(engine.views.capacity, { by: 'instance', of: instance })).items
    expect(ofInstance).toMatchObject({ pool: 'pool/p1', allocatedBytes: 30 * GiB, branchBytes: 30 * GiB })
    for (const name of ['capacity', 'pools'] as const) {
      const rows = async () => (await engine.views[name].list({ limit: 100 })).items
      const before = await rows()
      await engine.rebuild(name)
      expect(await rows()).toEqual(before)
    }
  })

  it('takes no VM snapshot with memory that its pool has no room for, if that has a threshold', async () => {
    const { operator, acme, launch } = await furnished(C, {})
    await operator.pool.define({ name: 'one', totalBytes: 11 * GiB, allocationThreshold: 1 })
    const instance = await launch()
    expect(await codesOf(acme['vm-snapshot'].create({ instance, memory: true }))).toEqual(['poolsFull'])
    expect(await codesOf(acme['vm-snapshot'].create({ instance, memory: false }))).toEqual([])
  })
})
