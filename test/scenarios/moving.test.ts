/** Moving volumes from pool to pool: what is claimed where and when, and what the provider and the views say. (spec: cloudstack 2.5, 3.4.) */
import { afterEach, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { type SimulatedOptions, simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine, explainCapacity, readCapacity, sqlite } from '../../src/index.ts'
import { GiB } from '../projections/capacity-book.ts'
import { TestClock } from '../runtime/clock.ts'
import { codesOf } from './refused.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close()
})
async function open(options: SimulatedOptions = {}, sizes: Readonly<Record<string, number>> = { one: 10, two: 8 }) {
  const clock = new TestClock(Date.UTC(2026, 2, 1))
  const world = simulated({ instant: true, clock, ...options })
  const store = sqlite(':memory:')
  const engine = await createEngine({ kinds, projections, store, drivers: { lab: world }, clock, surveyEveryMs: 0 })
  opened.push(engine)
  const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  const define = (name: string, size: number, more = {}) =>
    operator.pool.define({ name, totalBytes: size * GiB, ...more })
  for (const [name, size] of Object.entries(sizes)) await define(name, size)
  const acme = engine.as({ account: 'acme', actor: 'ops' })
  const view = engine.views.capacity
  /** GiB, as `allocated + requested`. */
  const taken = async (by: 'pool' | 'account' | 'total', of?: string) => {
    const { allocatedBytes, requestedBytes } = (await readCapacity(view, { by, of })).items[0]!
    return [allocatedBytes / GiB, requestedBytes / GiB]
  }
  /** Of the view that commands claim from. */
  const claimed = async (name: string) => {
    const { allocatedBytes = 0, requestedBytes = 0 } = (await engine.views.pools.get(`pool/${name}`))!.figures!
    return [allocatedBytes / GiB, requestedBytes / GiB]
  }
  const create = async (size: number) => {
    const { id } = await acme.volume.create({ sizeBytes: size * GiB })
    await acme.settled(id)
    return id
  }
  return { engine, world, clock, operator, acme, define, taken, claimed, create, view }
}

it('takes room where it goes from the request on, and leaves where it was when that is confirmed', async () => {
  const { engine, world, clock, operator, acme, taken, claimed, create, view } = await open()
  const id = await create(4)
  world.failNext('volumeMigrate', 'delay')
  await operator.volume.migrate(id, { pool: 'two' })
  expect((await acme.get(id)).state).toBe('migrating')
  expect([await taken('pool', 'one'), await taken('pool', 'two')]).toEqual([
    [4, 0],
    [0, 4],
  ])
  expect([await claimed('one'), await claimed('two')]).toEqual([
    [4, 0],
    [0, 4],
  ])
  expect([await taken('account', 'acme'), await taken('total')]).toEqual([
    [4, 4],
    [4, 4],
  ])
  for (const [by, of] of [
    ['pool', 'one'],
    ['pool', 'two'],
    ['account', 'acme'],
    ['volume', id],
    ['total', undefined],
  ] as const) {
    const { committedBytes } = (await readCapacity(view, { by, of })).items[0]!
    let explained = 0
    for await (const { amounts } of explainCapacity(view, { by, of }))
      explained += (amounts.allocatedBytes ?? 0) + (amounts.requestedBytes ?? 0)
    expect(explained, `${by} ${of}`).toBe(committedBytes)
  }
  expect(await codesOf(operator.pool.retire('pool/two'))).toEqual(['poolInUse'])
  await clock.pass(60_000)
  await acme.settled(id)
  expect(await acme.get(id)).toMatchObject({
    state: 'available',
    pool: 'pool/two',
    attributes: { migration: { state: 'completed', pool: 'pool/two' } },
  })
  expect((await acme.list('volume', { where: { pool: 'pool/one' } })).items).toEqual([])
  for (const read of [taken.bind(null, 'pool'), claimed]) {
    expect(await read('one')).toEqual([0, 0])
    expect(await read('two')).toEqual([4, 0])
  }
  expect(await codesOf(operator.pool.retire('pool/one'))).toEqual([])
  expect(world.objects().find(each => each.id === id)!.facts).toMatchObject({ pool: 'two' })
  await engine.idle()
})

it('stays where it was when the provider refuses, and what it had taken is free again', async () => {
  const { world, operator, acme, claimed, taken, create } = await open()
  const id = await create(4)
  world.failNext('volumeMigrate', 'rejected', 'exhausted')
  await operator.volume.migrate(id)
  await acme.settled(id)
  expect(await acme.get(id)).toMatchObject({
    state: 'available',
    pool: 'pool/one',
    attributes: { migration: { state: 'failed' }, reason: { code: 'exhausted' } },
  })
  for (const read of [taken.bind(null, 'pool'), claimed]) {
    expect(await read('one')).toEqual([4, 0])
    expect(await read('two')).toEqual([0, 0])
  }
})

it.each(['afterEffect', 'beforeEffect', 'partial', 'silence', 'duplicateAnswer', 'throws', 'pending'] as const)(
  'is moved once, whatever is lost on the way: %s',
  async fault => {
    const { engine, world, clock, operator, acme, create } = await open()
    const id = await create(2)
    world.failNext('volumeMigrate', fault)
    await operator.volume.migrate(id, { pool: 'two' })
    await clock.pass(40 * 60_000)
    await acme.settled(id)
    const types: string[] = []
    for await (const { type } of engine.history(id)) types.push(type)
    expect(types.filter(type => type === 'volume.migrated')).toHaveLength(1)
    expect(world.objects().filter(each => each.kind === 'volume')).toMatchObject([{ id, facts: { pool: 'two' } }])
  },
)

it('gives the last room to one of many that are moved there at once', async () => {
  const { operator, claimed, create, define } = await open({}, { one: 100 })
  const ids: string[] = []
  for (let nth = 0; nth < 16; nth += 1) ids.push(await create(2))
  await define('small', 5)
  const answers = await Promise.all(ids.map(id => codesOf(operator.volume.migrate(id, { pool: 'small' }))))
  expect(answers.filter(codes => codes.length === 0)).toHaveLength(2)
  expect(new Set(answers.flat())).toEqual(new Set(['poolsFull']))
  const [allocated, requested] = await claimed('small')
  expect(allocated! + requested!).toBe(4)
})

it('holds both places until its end is confirmed, if it is deleted on the way', async () => {
  const { world, clock, operator, acme, claimed, taken, create } = await open()
  const id = await create(3)
  world.failNext('volumeMigrate', 'delay')
  await operator.volume.migrate(id, { pool: 'two' })
  world.failNext('volumeDelete', 'rejected', 'busy')
  await acme.volume.delete(id)
  expect(await claimed('two')).toEqual([0, 3])
  await clock.pass(10 * 60_000)
  await acme.settled(id)
  expect((await acme.get(id)).state).toBe('deleted')
  for (const name of ['one', 'two'])
    expect([await claimed(name), await taken('pool', name)]).toEqual([
      [0, 0],
      [0, 0],
    ])
})

it('comes to a pool from outside of any', async () => {
  const { world, operator, acme, claimed, taken, create, define } = await open({}, {})
  const [id, other] = [await create(3), await create(2)]
  await define('one', 4)
  expect(await codesOf(operator.volume.migrate(id))).toEqual([])
  await acme.settled(id)
  expect(await claimed('one')).toEqual([3, 0])
  expect(await codesOf(operator.volume.migrate(other))).toEqual(['poolsFull'])
  await define('two', 4)
  world.failNext('volumeMigrate', 'rejected', 'exhausted')
  await operator.volume.migrate(other)
  await acme.settled(other)
  expect([await claimed('two'), await taken('pool', 'two')]).toEqual([
    [0, 0],
    [0, 0],
  ])
  expect(await taken('account', 'acme')).toEqual([5, 0])
})

it('takes along what VM snapshots hold of it, by the rules of one platform, and room for that', async () => {
  const { engine, operator, acme, world, clock } = await open({}, { one: 60 })
  const image = (await acme.image.register({ name: 'web', sizeBytes: 2 * GiB })).id
  const blockDevices = [{ device: '/dev/sda1', sizeBytes: 4 * GiB }]
  const { id: instance } = await acme.instance.launch({ image, type: 'small', blockDevices })
  await acme.settled(instance)
  const keep = async () => {
    const { id } = await acme['vm-snapshot'].create({ instance, memory: true })
    await acme.settled(id)
    return id
  }
  const first = await keep()
  await keep()
  await acme['vm-snapshot'].revert(first)
  await acme.settled(first)
  const [root] = (await acme.list('volume')).items
  const codes = () => codesOf(operator.volume.migrate(root!.id, { profile: 'cloudstack-vmware' }))
  expect(await codesOf(operator.volume.migrate(root!.id, {}))).toEqual(['poolUnavailable'])
  await operator.pool.define({ name: 'tight', totalBytes: 9 * GiB })
  expect(await codesOf(operator.volume.migrate(root!.id, {}))).toEqual(['vmSnapshotsHoldDisks'])
  // 4 of the disk, 4 of a branch and 2 of memory.
  expect(await codes()).toEqual(['poolsFull'])
  await operator.pool.modify('pool/tight', { totalBytes: 10 * GiB })
  world.failNext('volumeMigrate', 'delay')
  expect(await codes()).toEqual([])
  expect((await engine.views.pools.get('pool/tight'))!.figures).toEqual({ requestedBytes: 10 * GiB })
  await clock.pass(60_000)
  await acme.settled(root!.id)
  for (const name of ['one', 'tight'])
    expect((await engine.views.pools.get(`pool/${name}`))!.figures).toEqual(
      name === 'one'
        ? {}
        : expect.objectContaining({ volumes: 1, allocatedBytes: 4 * GiB, branchBytes: 4 * GiB, memoryBytes: 2 * GiB }),
    )
})

it('is an operator’s, at a provider that moves volumes', async () => {
  const { operator, acme, create } = await open({ capabilities: { volume: { migrate: 'none' } } })
  const id = await create(1)
  expect(await codesOf(acme.volume.migrate(id))).toEqual(['notPermitted'])
  expect(await codesOf(operator.volume.migrate(id))).toEqual(['migrateUnsupported'])
})

it('is drift where its provider shows it in another pool than it is in here, and nowhere else', async () => {
  const { engine, world, clock, operator, acme, create } = await open()
  const id = await create(1)
  const drift = async () => {
    const { providers } = await engine.survey()
    return providers[0]!.kinds.find(({ kind }) => kind === 'volume')!.drift.count
  }
  await operator.volume.migrate(id)
  await acme.settled(id)
  expect(await drift()).toBe(0)
  await clock.pass(60_000)
  const context = { token: 'elsewhere', attempt: 1, deadline: 1e15, now: () => 0, signal: new AbortController().signal }
  await world.volumeMigrate!(id, { pool: 'one' }, { ...context, owner: engine.owner } as never)
  expect(await drift()).toBe(1)
})

it('changes nothing that is metered or limited', async () => {
  const { engine, operator, acme, clock, create } = await open()
  const id = await create(2)
  const [used, limits] = [await engine.views.usage.get(id), await engine.views.limits.get(id)]
  await clock.pass(60_000)
  await operator.volume.migrate(id)
  await acme.settled(id)
  const segments = []
  for await (const row of engine.views.usage.all())
    if ((row as { resource?: string }).resource === id) segments.push(row)
  expect(segments).toHaveLength(1)
  expect(await engine.views.usage.get(id)).toEqual(used)
  expect(await engine.views.limits.get(id)).toEqual(limits)
})
