/**
 * A provider that tells two calls apart by nothing is looked at when an answer is lost. What is seen may have been so
 * before the call, which then was never made. (docs/decisions/0068.)
 */
import { describe, expect, it } from 'vitest'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import type { SimulatedOptions } from '../../src/drivers/simulated/index.ts'
import { TestClock, during as untilThere } from '../runtime/clock.ts'
import { GiB, open } from './cloud.ts'

/** Of each call that is lost, half are answered that nothing was done, by the seed: those show nothing here. */
const seeds = [1, 2, 3, 4]

async function careless(seed: number, declared: DeclaredCapabilities = {}, options: SimulatedOptions = {}) {
  const clock = new TestClock()
  const cloud = await open({ seed, ...options }, { idempotency: { by: 'none' }, ...declared }, { clock })
  const { acme, engine } = cloud
  const during = <T>(work: Promise<T>) => untilThere(clock, work)
  const { id: image } = await during(acme.image.register({ name: 'plain', sizeBytes: GiB }))
  const launched = async (input: object = {}) => {
    const { id } = await during(acme.instance.launch({ image, type: 'small', ...input }))
    expect(await during(acme.settled(id))).toBe('running')
    return id
  }
  const close = () => during(engine.close())
  return { ...cloud, clock, during, launched, close }
}

describe('a provider that is looked at where an answer is lost', () => {
  it.each(seeds)(
    'lets go of the disks of a guest that has turned itself off: off is asked for again (%i)',
    async seed => {
      const { acme, world, clock, during, launched, close } = await careless(seed)
      const id = await launched({ blockDevices: [{ device: '/dev/sdf', sizeBytes: GiB, deleteOnTermination: false }] })
      const { volume } = (await acme.get(id)).attributes.devices.find(
        (each: { device: string }) => each.device === '/dev/sdf',
      )
      world.failNext('instancePower', 'beforeEffect')
      expect(world.powerOffGuest(id)).toBe(true)
      while ((await acme.get(id)).state === 'running') await clock.pass(1_000)
      expect(await during(acme.settled(id))).toBe('stopped')
      await acme.volume.detach(volume)
      expect(await during(acme.settled(volume))).toBe('available')
      await acme.volume.delete(volume)
      await clock.pass(60_000)
      expect((await acme.get(volume)).state).toBe('deleted')
      await close()
    },
  )

  it.each(seeds)('gives a volume the type that was asked for, whatever its size was before (%i)', async seed => {
    const { acme, world, clock, during, close } = await careless(seed, { volume: { retype: true, grow: 'online' } })
    const { id } = await during(acme.volume.create({ sizeBytes: GiB, volumeType: 'gp2' }))
    expect(await during(acme.settled(id))).toBe('available')
    world.failNext('volumeResize', 'beforeEffect')
    await during(acme.volume.modify(id, { volumeType: 'gp3' }))
    const changed = async () => (await acme.get(id)).attributes.modification.state
    while ((await changed()) !== 'completed') await clock.pass(1_000)
    expect(world.objects().find(each => each.id === id)?.facts).toMatchObject({ volumeType: 'gp3', iops: 3000 })
    await close()
  })

  it.each(seeds)('suspends a guest that it still shows as it was before it went on (%i)', async seed => {
    const consistency = { readAfterWrite: false, lagMs: 120_000 }
    const suspends: DeclaredCapabilities = { suspend: 'disk', start: 'both', consistency }
    const stale = { faults: { observe: { staleRead: 1 } } }
    const { acme, world, during, launched, close } = await careless(seed, suspends, stale)
    const id = await launched()
    await acme.instance.suspend(id)
    expect(await during(acme.settled(id))).toBe('suspended')
    await acme.instance.resume(id)
    expect(await during(acme.settled(id))).toBe('running')
    world.failNext('instancePower', 'beforeEffect')
    await acme.instance.suspend(id)
    expect(await during(acme.settled(id))).toBe('suspended')
    expect(world.objects().find(each => each.id === id)?.facts).toMatchObject({ status: 'suspended' })
    await close()
  })
})

describe('a provider that remembers tokens for a while', () => {
  it.each([30_000, 90_000, 600_000])('makes one volume of a call that is not answered in time (%i ms)', async ttlMs => {
    const { acme, world, during, close } = await careless(1, { idempotency: { by: 'token', ttlMs } })
    world.failNext('volumeEnsure', 'silence')
    world.failNext('volumeEnsure', 'silence')
    const { id } = await during(acme.volume.create({ sizeBytes: GiB }))
    expect(await during(acme.settled(id))).toBe('available')
    expect(world.made(id)).toBe(1)
    await close()
  })
})

describe('a guest that turns itself off while nobody can be reached', () => {
  it.each(['none', 'id'] as const)(
    'has run all the same: its launch has not failed, and its disks stay (told apart by %s)',
    async by => {
      const { acme, world, clock, during, close } = await careless(3, {
        stateAfterCreate: 'stopped',
        idempotency: { by },
      })
      const { id: image } = await during(acme.image.register({ name: 'job', sizeBytes: GiB }))
      world.failNext('instancePower', 'silence')
      const kept = { device: '/dev/sdf', sizeBytes: GiB, deleteOnTermination: true }
      const { id } = await during(acme.instance.launch({ image, type: 'small', blockDevices: [kept] }))
      while (!world.powerOffGuest(id)) await clock.pass(1_000)
      expect((await acme.get(id)).state).toBe('pending')
      expect(await during(acme.settled(id))).toBe('stopped')
      expect((await acme.get(id)).attributes.reason).toMatchObject({ code: 'guestShutdown' })
      await during(acme.instance.start(id))
      expect(await during(acme.settled(id))).toBe('running')
      await close()
    },
  )

  it('holds its disks until it is turned off, so they are free after that: an operator has only said that it is', async () => {
    const { engine, acme, world, operator } = await open()
    const { id: image } = await acme.image.register({ name: 'plain', sizeBytes: GiB })
    const kept = { device: '/dev/sdf', sizeBytes: GiB, deleteOnTermination: false }
    const { id } = await acme.instance.launch({ image, type: 'small', blockDevices: [kept] })
    expect(await acme.settled(id)).toBe('running')
    const { devices } = (await acme.get(id)).attributes
    const { volume } = devices.find((each: { device: string }) => each.device === kept.device)
    await operator.instance.forceStop(id)
    expect(world.powerOffGuest(id)).toBe(true)
    await engine.survey()
    await engine.idle()
    await acme.volume.detach(volume)
    await acme.volume.delete(volume)
    await engine.idle()
    expect((await acme.get(volume)).state).toBe('deleted')
    await engine.close()
  })
})
