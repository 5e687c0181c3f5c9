/** What VM snapshots take of storage, told by the engine itself: the tree of the spec's examples, and what a pool allows. */
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { type CapacityFigures, projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine, explainCapacity, Refused, readCapacity, sqlite } from '../../src/index.ts'
import { TestClock } from '../runtime/clock.ts'

const GiB = 2 ** 30

async function open() {
  const clock = new TestClock(Date.UTC(2026, 2, 1))
  const world = simulated({ instant: true, clock })
  const engine = await createEngine({ kinds, projections, store: sqlite(':memory:'), drivers: { lab: world }, clock })
  const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: 2 * GiB })
  const acme = engine.as({ account: 'acme', actor: 'ops' })
  const image = (await acme.image.register({ name: 'web', sizeBytes: 8 * GiB })).id
  /** A root of 10 GiB and a disk of 20, as volumes. */
  const launch = async () => {
    const blockDevices = [
      { device: '/dev/sda1', sizeBytes: 10 * GiB },
      { device: '/dev/sdf', sizeBytes: 20 * GiB },
    ]
    const { id } = await acme.instance.launch({ image, type: 'small', blockDevices })
    await acme.settled(id)
    return id
  }
  const figures = async (): Promise<CapacityFigures> =>
    (await readCapacity(engine.views.capacity, { by: 'account', of: 'acme' })).items[0]!
  const settle = async (id: string) => {
    await acme.settled(id)
    await engine.idle()
  }
  const take = async (instance: string, memory: boolean) => {
    const { id } = await acme['vm-snapshot'].create({ instance, memory })
    await settle(id)
    return id
  }
  const extra = async () => {
    const { branchBytes, memoryBytes } = await figures()
    return (branchBytes + memoryBytes) / GiB
  }
  return { engine, operator, acme, launch, figures, settle, take, extra }
}

describe('an instance with VM snapshots', () => {
  it('takes memory with each, and a branch when it goes back; nothing when they are gone (K2, K3, K6)', async () => {
    const { engine, acme, launch, figures, settle, take, extra } = await open()
    const instance = await launch()
    const before = await figures()
    const first = await take(instance, true)
    expect(await extra()).toBe(2)
    const second = await take(instance, true)
    expect(await extra()).toBe(4)
    await acme['vm-snapshot'].revert(first)
    await settle(first)
    expect(await extra()).toBe(34)
    const third = await take(instance, false)
    expect(await extra()).toBe(34)
    expect(await figures()).toMatchObject({ snapshotLayers: 6, upperBoundBytes: 120 * GiB })
    const sum = { branchBytes: 0, memoryBytes: 0 }
    for await (const { amounts, cause } of explainCapacity(engine.views.capacity, { by: 'account', of: 'acme' })) {
      sum.branchBytes += amounts.branchBytes ?? 0
      sum.memoryBytes += amounts.memoryBytes ?? 0
      if (amounts.branchBytes) expect(cause).toMatchObject({ resource: second, type: 'vm-snapshot.kept' })
    }
    expect(sum).toEqual({ branchBytes: 30 * GiB, memoryBytes: 4 * GiB })
    for (const id of [second, third, first]) {
      await acme['vm-snapshot'].delete(id)
      await settle(id)
    }
    expect(await figures()).toEqual(before)
    await engine.close()
  })

  it('takes nothing any more once it is terminated, and the views are made anew as they were', async () => {
    const { engine, acme, launch, settle, take, figures } = await open()
    const instance = await launch()
    await take(instance, true)
    const rows = async (name: 'capacity' | 'pools') => {
      const found: unknown[] = []
      for await (const row of engine.views[name].all()) found.push(row)
      return found
    }
    for (const name of ['capacity', 'pools'] as const) {
      const before = await rows(name)
      await engine.rebuild(name)
      expect(await rows(name)).toEqual(before)
    }
    await acme.instance.terminate(instance)
    await settle(instance)
    expect(await figures()).toMatchObject({ committedBytes: 0, upperBoundBytes: 0, snapshotLayers: 0 })
    expect(await rows('pools')).toEqual([])
    await engine.close()
  })

  it('is kept as a whole only where its pool has room for the memory, if the pool has a threshold', async () => {
    const { engine, operator, acme, launch, take } = await open()
    await operator.pool.define({ name: 'one', totalBytes: 40 * GiB, allocationThreshold: 0.8 })
    const instance = await launch()
    await take(instance, true)
    const codes = await acme['vm-snapshot'].create({ instance, memory: true }).catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error
      return error.refusals.flatMap(({ reasons }) => reasons.map(({ code }) => code))
    })
    expect(codes).toEqual(['poolsFull'])
    await take(instance, false)
    await operator.pool.modify('pool/one', { allocationThreshold: null })
    await take(instance, true)
    await engine.close()
  })
})
