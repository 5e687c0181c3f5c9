import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

const GiB = 1_073_741_824

async function running(capabilities: DeclaredCapabilities = {}) {
  const world = simulated({ instant: true, capabilities })
  const engine = await createEngine({ kinds, projections, store: sqlite(':memory:'), drivers: { lab: world } })
  await engine
    .as({ account: 'op', actor: 'op', authority: 'operator' })
    .offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  const acme = engine.as({ account: 'acme', actor: 'ops' })
  const { id: image } = await acme.image.register({ name: 'plain', sizeBytes: GiB })
  const { id } = await acme.instance.launch({ image, type: 'small' })
  await acme.settled(id)
  return { engine, world, acme, id }
}

describe('an instance that vanished at its provider', () => {
  it('can be stopped, since there is nothing that runs, and keeps its disk', async () => {
    const { engine, world, acme, id } = await running()
    const volume = (await acme.get(id)).attributes.devices[0].volume
    world.vanish(id)
    await acme.instance.stop(id)
    expect(await acme.settled(id)).toBe('stopped')
    expect((await acme.get(volume)).state).toBe('in-use')
    await acme.volume.detach(volume)
    expect((await acme.get(volume)).state).toBe('available')
    await engine.close()
  })

  it('while it was stopped is made anew by the next start, with the same disk', async () => {
    const { engine, world, acme, id } = await running()
    const { volume } = (await acme.get(id)).attributes.devices[0]
    await acme.instance.stop(id)
    await acme.settled(id)
    world.vanish(id)
    const { previousState, state } = await acme.instance.start(id)
    expect([previousState, state]).toEqual(['stopped', 'pending'])
    expect(await acme.settled(id)).toBe('running')
    const { attributes } = await acme.get(id)
    expect(attributes).toMatchObject({ generation: 2, devices: [{ volume, status: 'attached' }] })
    expect(attributes).not.toHaveProperty('reason')
    expect(world.objects().find(each => each.id === id)).toMatchObject({ generation: 2, facts: { status: 'running' } })
    await engine.close()
  })

  it('can be terminated, and leaves nothing behind', async () => {
    const { engine, world, acme, id } = await running()
    world.vanish(id)
    await acme.instance.terminate(id)
    expect(await acme.settled(id)).toBe('terminated')
    await engine.idle()
    expect(world.objects()).toHaveLength(0)
    await engine.close()
  })
})

describe('a provider that destroys only what is off', () => {
  it('is asked to turn off first, and the caller sees nothing of it', async () => {
    const { engine, world, acme, id } = await running({ destroyFrom: ['stopped'] })
    const told: string[] = []
    engine.on('event', ({ resource, state }) => {
      if (resource === id) told.push(state.split('.')[0]!)
    })
    const { state } = await acme.instance.terminate(id)
    expect(state).toBe('shutting-down')
    expect(await acme.settled(id)).toBe('terminated')
    await engine.idle()
    expect([...new Set(told)]).toEqual(['shutting-down', 'terminated'])
    expect(world.objects()).toHaveLength(0)
    expect(world.calls).toMatchObject({ instancePower: 1, instanceDestroy: 1 })
    await engine.close()
  })
})
