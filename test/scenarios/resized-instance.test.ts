import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

const GiB = 1_073_741_824

describe('an instance that is given another offering while it is stopped', () => {
  it('runs with the new size from its next start on', async () => {
    const world = simulated({ instant: true, capacity: { vcpus: 4 } })
    const engine = await createEngine({ kinds, projections, store: sqlite(':memory:'), drivers: { lab: world } })
    const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
    const acme = engine.as({ account: 'acme', actor: 'ops' })
    await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
    await operator.offering.define({ name: 'large', vcpus: 4, memoryBytes: 8 * GiB })
    await operator.offering.define({ name: 'huge', vcpus: 8, memoryBytes: 8 * GiB })
    const { id: image } = await acme.image.register({ name: 'plain', sizeBytes: GiB })
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await acme.settled(id)
    const size = () => {
      const { vcpus, memoryBytes } = world.objects().find(each => each.id === id)!.facts
      return { vcpus, memoryBytes }
    }
    const become = async (type: string) => {
      await acme.instance.stop(id)
      await acme.settled(id)
      await acme.instance.modify(id, { type })
      await acme.instance.start(id)
      return acme.settled(id)
    }
    expect(await become('large')).toBe('running')
    expect(size()).toEqual({ vcpus: 4, memoryBytes: 8 * GiB })
    // What does not fit is said by the provider, and the instance rests where it was.
    expect(await become('huge')).toBe('stopped')
    expect((await acme.get(id)).attributes.reason).toMatchObject({ code: 'exhausted' })
    await engine.close()
  })
})
