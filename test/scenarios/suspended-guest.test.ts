/** Why this test? Machine, worker, timers, sights and a provider have to agree on what suspended, missing and begun by others are. */
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine, sqlite } from '../../src/index.ts'

const GiB = 2 ** 30

async function running(capabilities: DeclaredCapabilities = {}) {
  const world = simulated({ instant: true, capabilities })
  const engine = await createEngine({ kinds, projections, store: sqlite(':memory:'), drivers: { lab: world } })
  const operator = engine.as({ account: 'ops', actor: 'ops', authority: 'operator' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  const acme = engine.as({ account: 'acme', actor: 'ops@acme' })
  const { id: image } = await acme.image.register({ name: 'base', sizeBytes: GiB })
  const { id } = await acme.instance.launch({ image, type: 'small', mode: 'stateful' })
  await acme.settled(id)
  const reaches = (state: string) => expect.poll(async () => (await acme.get(id)).state).toBe(state)
  return { engine, world, operator, acme, id, reaches }
}

describe('a guest that is suspended', () => {
  it('goes on where it was, in the same launch', async () => {
    const { engine, world, acme, id } = await running()
    world.writeRoot(id, 'half a thought')
    expect(await acme.instance.suspend(id)).toMatchObject({ previousState: 'running', state: 'suspending' })
    expect(await acme.settled(id)).toBe('suspended')
    expect(world.objects().find(each => each.id === id)).toMatchObject({ facts: { status: 'suspended' } })
    expect(await acme.instance.start(id)).toMatchObject({ previousState: 'suspended', state: 'pending' })
    expect(await acme.settled(id)).toBe('running')
    expect((await acme.get(id)).attributes.generation).toBe(1)
    expect(world.readRoot(id)).toBe('half a thought')
    await engine.close()
  })

  it('whose memory is lost is stopped, and starts from its disk', async () => {
    const { engine, world, acme, id, reaches } = await running({ suspend: 'memory' })
    world.writeRoot(id, 'on disk')
    await acme.instance.suspend(id)
    await acme.settled(id)
    world.loseHost(id)
    await reaches('stopped')
    expect((await acme.get(id)).attributes.reason).toMatchObject({ code: 'memoryLost' })
    await acme.instance.start(id)
    expect(await acme.settled(id)).toBe('running')
    expect((await acme.get(id)).attributes.generation).toBe(2)
    expect(world.readRoot(id)).toBe('on disk')
    await engine.close()
  })

  it('ends without a trace, also where its provider wants it off first', async () => {
    for (const destroyFrom of [['stopped'], ['running', 'stopped', 'suspended']] as const) {
      const { engine, world, acme, id } = await running({ destroyFrom: [...destroyFrom] })
      await acme.instance.suspend(id)
      await acme.settled(id)
      await acme.instance.terminate(id)
      expect(await acme.settled(id)).toBe('terminated')
      await engine.idle()
      expect(world.objects()).toEqual([])
      await engine.close()
    }
  })
})

describe('what somebody else does at the provider', () => {
  it('is found: what was stopped runs, and what ran is suspended', async () => {
    const { engine, world, acme, id, reaches } = await running()
    await acme.instance.stop(id)
    await acme.settled(id)
    world.startGuest(id)
    await reaches('running')
    world.suspendGuest(id)
    await reaches('suspended')
    await acme.instance.resume(id)
    expect(await acme.settled(id)).toBe('running')
    await acme.instance.terminate(id)
    expect(await acme.settled(id)).toBe('terminated')
    await engine.close()
  })
})

describe('a restart without a call for it', () => {
  it('is a stop and a start, of which its owner sees stopping and pending', async () => {
    const { engine, world, acme, id } = await running({ reboot: 'none' })
    world.writeRoot(id, 'kept')
    const states: string[] = []
    engine.on('event', ({ resource, state }) => {
      if (resource === id) states.push(state.split('.')[0]!)
    })
    expect(await acme.instance.reboot(id)).toMatchObject({ state: 'stopping' })
    expect(await acme.settled(id)).toBe('running')
    expect([...new Set(states)]).toEqual(['stopping', 'pending', 'running'])
    expect(world.readRoot(id)).toBe('kept')
    expect((await acme.get(id)).attributes.generation).toBe(2)
    await engine.close()
  })
})

describe('a forced stop', () => {
  it('is for operators alone, and undone when its provider shows that the guest runs', async () => {
    const { engine, operator, world, acme, id, reaches } = await running()
    await expect(acme.instance.forceStop(id)).rejects.toMatchObject({ code: 'notPermitted' })
    expect(await operator.instance.forceStop(id)).toMatchObject({ previousState: 'running', state: 'stopped' })
    await expect(acme.instance.start(id)).rejects.toMatchObject({ code: 'stopUnconfirmed' })
    expect(world.calls.instancePower).toBe(0)
    const seen = world.objects().find(each => each.id === id)!
    await engine.observed('lab', { ...seen, observedAt: Date.now() + 1 })
    await reaches('running')
    await engine.close()
  })
})
