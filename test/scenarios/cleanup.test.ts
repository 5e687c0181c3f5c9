/** What is left of an instance at a provider that cleans nothing up, or that will not: with the whole engine. */
import { describe, expect, it } from 'vitest'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { simulatedClasses } from '../../src/drivers/simulated/index.ts'
import type { Refused } from '../../src/index.ts'
import { during, TestClock } from '../runtime/clock.ts'
import { GiB, open } from './cloud.ts'

async function running(capabilities: DeclaredCapabilities = {}, input: object = {}) {
  const cloud = await open({}, capabilities)
  const { acme } = cloud
  const { id: image } = await acme.image.register({ name: 'plain', sizeBytes: GiB })
  const { id } = await acme.instance.launch({ image, type: 'small', onMismatch: 'warn', ...input })
  expect(await acme.settled(id)).toBe('running')
  return { ...cloud, id }
}
const refusalOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    ({ refusals }: Refused) => refusals,
  )

describe('a provider that makes roots and keeps them', () => {
  it('leaked boot disk: has nothing left when the instance is terminated', async () => {
    const { A } = simulatedClasses
    const { engine, world, acme, id } = await running({ ...A, rootOnDestroy: 'keeps' })
    const [root] = world.objects().filter(({ kind }) => kind === 'volume')
    expect((await acme.get(id)).attributes.keptRoot).toEqual({ volume: root!.id, sizeBytes: GiB })
    await acme.instance.terminate(id)
    expect(await acme.settled(id)).toBe('terminated')
    expect(world.objects()).toEqual([])
    expect(await acme.get(root!.id)).toMatchObject({ state: 'deleted', provider: 'lab' })
    await engine.close()
  })

  it('has nothing left either when the guest takes the instance along', async () => {
    const { A } = simulatedClasses
    const leaving = { ...A, rootOnDestroy: 'byFlag', rootOnStop: 'keeps' } as const
    const { engine, world, acme, id } = await running(leaving)
    world.powerOffGuest(id)
    await engine.idle()
    await acme.instance.terminate(id)
    expect(await acme.settled(id)).toBe('terminated')
    expect(world.objects()).toEqual([])
    await engine.close()
  })
})

describe('a provider that deletes what an instance has', () => {
  const { E, F } = simulatedClasses
  it.each([
    ['E', E],
    // Where it stays when it ends by itself: elsewhere no volume could be saved from that.
    ['F', { ...F, vanishesAfterStop: false, rootOnStop: 'keeps', destroyFrom: ['running', 'stopped'] }],
  ] as [string, DeclaredCapabilities][])('deletes no volume of a user: class %s', async (_, can) => {
    const takes: DeclaredCapabilities = { ...can, attachmentsOnDestroy: 'deletes' }
    const { engine, world, acme, id } = await running(takes)
    const { id: volume } = await acme.volume.create({ sizeBytes: GiB })
    await acme.settled(volume)
    await acme.volume.attach(volume, { instance: id, device: '/dev/sdf' })
    await engine.idle()
    expect((await acme.get(volume)).state).toBe('in-use')
    await acme.instance.terminate(id)
    expect(await acme.settled(id)).toBe('terminated')
    expect((await acme.get(volume)).state).toBe('available')
    expect(world.objects().map(each => each.id)).toEqual([volume])
    await engine.close()
  })
})

describe('a provider that deletes what an instance has, and tells two calls apart by nothing', () => {
  const styles: Record<string, DeclaredCapabilities> = {
    'cuts the power': {},
    'can only ask a guest': { stopStyles: ['acpi'], graceful: 'reported' },
  }
  it.each([1, 2, 3, 4].flatMap(seed => Object.keys(styles).map(style => [style, seed] as const)))(
    'and %s, deletes no volume of one that never ran: what is off may have its volumes (%i)',
    async (style, seed) => {
      const clock = new TestClock()
      const takes: DeclaredCapabilities = {
        ...{
          attachmentsOnDestroy: 'deletes',
          stateAfterCreate: 'stopped',
          destroyFrom: ['stopped', 'pending', 'error'],
        },
        ...{ stop: 'preserves', idempotency: { by: 'none' }, ...styles[style] },
      }
      const { engine, world, acme } = await open({ seed }, takes, { clock })
      const { id: image } = await during(clock, acme.image.register({ name: 'plain', sizeBytes: GiB }))
      const kept = { device: '/dev/sdf', sizeBytes: GiB, deleteOnTermination: false }
      const { id } = await during(clock, acme.instance.launch({ image, type: 'small', blockDevices: [kept] }))
      while ((await acme.get(id)).status !== 'pending.creating') await clock.pass(100)
      const { devices } = (await acme.get(id)).attributes
      const { volume } = devices.find(({ device }: { device: string }) => device.endsWith('sdf'))
      world.failNext('instancePower', 'beforeEffect')
      await acme.instance.terminate(id)
      expect(await during(clock, acme.settled(id))).toBe('terminated')
      expect(world.objects().map(each => each.id)).toContain(volume)
      await during(clock, engine.close())
    },
  )
})

describe('a volume that will not go', () => {
  const stuck = async () => {
    const cloud = await running()
    const { acme, world, engine, id } = cloud
    const [{ volume }] = (await acme.get(id)).attributes.devices
    world.failNext('volumeDelete', 'rejected', 'denied', volume)
    await acme.instance.terminate(id)
    await engine.idle()
    return { ...cloud, volume: volume as string }
  }

  it('holds the end of its instance, and says why', async () => {
    const { engine, acme, id, volume } = await stuck()
    expect(await acme.get(id)).toMatchObject({
      state: 'shutting-down',
      status: 'shutting-down.cleaning',
      attributes: {
        devices: [],
        owed: [{ id: volume, kind: 'root', state: 'failed', failure: { attempts: 1, code: 'denied' } }],
      },
    })
    expect(await acme.get(volume)).toMatchObject({ state: 'deleting', attributes: { failure: { attempts: 1 } } })
    await engine.close()
  })

  it('is given up by an operator, and by nobody else', async () => {
    const { engine, world, operator, acme, id, volume } = await stuck()
    const own = await refusalOf(acme.instance.abandonCleanup(id, { item: volume }))
    expect(own).toMatchObject([{ reasons: [{ requirement: 'authority' }] }])
    expect(await refusalOf(operator.instance.abandonCleanup(id, { item: 'vol-1' }))).toMatchObject([
      { reasons: [{ code: 'cleanupNotOwed' }] },
    ])
    await operator.instance.abandonCleanup(id, { item: volume })
    const orphan = { provider: 'lab', kind: 'volume', id: volume, code: 'denied' }
    const row = await acme.get(id)
    expect(row).toMatchObject({ state: 'terminated', attributes: { orphans: [orphan] } })
    expect(row.attributes).not.toHaveProperty('owed')
    expect(await acme.get(volume)).toMatchObject({ state: 'deleted', attributes: { orphans: [orphan] } })
    expect(world.objects().map(each => each.id)).toEqual([volume])
    await engine.close()
  })
})

describe('a compute that is given up while its provider says nothing', () => {
  it('ends, keeps its disk, and is none when it is gone after all', async () => {
    const { engine, world, operator, acme, id } = await running()
    const [{ volume }] = (await acme.get(id)).attributes.devices
    world.failNext('instanceDestroy', 'beforeEffect')
    await acme.instance.terminate(id)
    await operator.instance.abandonCleanup(id, { item: id })
    expect(await acme.get(id)).toMatchObject({
      state: 'terminated',
      attributes: { orphans: [{ kind: 'instance', id }] },
    })
    expect((await acme.get(volume)).state).toBe('available')
    await new Promise<void>(resolve => {
      engine.on('event', ({ type }) => type === 'instance.destroyed' && resolve())
    })
    const types: string[] = []
    for await (const event of acme.history(id)) types.push(event.type)
    expect(types.slice(-3)).toEqual([
      'instance.abandonCleanupRequested',
      'instance.orphanRecorded',
      'instance.destroyed',
    ])
    expect((await acme.get(id)).attributes).not.toHaveProperty('orphans')
    expect(world.objects().map(each => each.id)).toEqual([volume])
    await engine.close()
  })
})
