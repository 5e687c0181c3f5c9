import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

const GiB = 1_073_741_824

async function running() {
  const world = simulated({ instant: true })
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
