/**
 * Why this test? One engine serves several regions. Whoever acts in one must see, name and use nothing of another,
 * except what is in all of them; and must be offered the zones of its own.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'

const GiB = 1_073_741_824
const zones = ['north-a', 'north-b', 'south-a']
const regions = { north: ['north-a', 'north-b'], south: ['south-a'] }

const open = () =>
  createEngine({
    kinds,
    projections,
    store: sqlite(':memory:'),
    drivers: {
      south: simulated({ instant: true, capabilities: { zones: ['south-a'], regions: { south: ['south-a'] } } }),
      both: simulated({ instant: true, capabilities: { zones, regions } }),
    },
    region: 'north',
  })

let engine: Awaited<ReturnType<typeof open>>
beforeEach(async () => {
  engine = await open()
})
afterEach(() => engine.close())

const acting = (region?: string) => engine.as({ account: 'acme', actor: 'ops@acme', region })
const idsOf = async (session: ReturnType<typeof acting>, kind: string) =>
  (await session.list(kind)).items.map(({ id }) => id)

describe('a region', () => {
  it('keeps what was made in it from whoever acts in another', async () => {
    const { id } = await acting('north').image.register({ name: 'one', sizeBytes: GiB })
    expect(await idsOf(acting('north'), 'image')).toEqual([id])
    expect(await idsOf(acting('south'), 'image')).toEqual([])
    expect(await idsOf(acting(), 'image')).toEqual([id])
    await expect(acting('south').get(id)).rejects.toMatchObject({ code: 'notFound' })
    await expect(acting('south').image.deregister(id)).rejects.toMatchObject({ code: 'notFound' })
    await expect(acting('south').history(id).next()).rejects.toMatchObject({ code: 'notFound' })
  })

  it('sees what is in every region', async () => {
    const { id } = await acting('*').image.register({ name: 'one', sizeBytes: GiB })
    for (const region of ['north', 'south', undefined]) {
      expect(await idsOf(acting(region), 'image')).toEqual([id])
      await expect(acting(region).get(id)).resolves.toMatchObject({ region: '*' })
    }
  })

  it('lists nothing of another, asked for by name', async () => {
    const { id } = await acting('north').image.register({ name: 'one', sizeBytes: GiB })
    const listed = async (region: string) =>
      (await acting('south').list('image', { where: { region: [region, '*'] } })).items.map(each => each.id)
    expect(await listed('north')).toEqual([])
    expect((await acting('north').list('image', { where: { region: 'north' } })).items[0]).toMatchObject({ id })
  })

  it('does not hold what belongs to none: offerings, accounts, domains', async () => {
    const operator = engine.as({ account: 'ops', actor: 'ops', authority: 'operator', region: 'north' })
    await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
    await expect(acting('south').get('offering/small')).resolves.toMatchObject({ state: 'active' })
  })

  it('offers its own zones, at the first provider that serves it', async () => {
    const { id: north } = await acting('north').volume.create({ sizeBytes: GiB })
    const { id: south } = await acting('south').volume.create({ sizeBytes: GiB })
    await expect(acting().get(north)).resolves.toMatchObject({ provider: 'both', zone: 'north-a', region: 'north' })
    await expect(acting().get(south)).resolves.toMatchObject({ provider: 'south', zone: 'south-a', region: 'south' })
    const elsewhere = acting('south').volume.create({ sizeBytes: GiB, provider: 'both', zone: 'north-b' })
    await expect(elsewhere).rejects.toMatchObject({ code: 'zoneUnknown' })
    const unserved = acting('north').volume.create({ sizeBytes: GiB, provider: 'south' })
    await expect(unserved).rejects.toMatchObject({ code: 'notFound' })
    await expect(acting('west').volume.create({ sizeBytes: GiB })).rejects.toMatchObject({ code: 'notFound' })
  })

  it('holds all that is brought together, also by whoever acts in every one', async () => {
    const operator = engine.as({ account: 'ops', actor: 'ops', authority: 'operator' })
    await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
    const { id: image } = await acting('south').image.register({ name: 'one', sizeBytes: GiB })
    const elsewhere = acting().instance.launch({ image, type: 'small' })
    await expect(elsewhere).rejects.toThrow(`The image '${image}' does not exist in the region north.`)
    const { id: instance } = await acting('south').instance.launch({ image, type: 'small' })
    await acting().settled(instance)
    const { id: near } = await acting('south').volume.create({ sizeBytes: GiB })
    const { id: far } = await acting('north').volume.create({ sizeBytes: GiB })
    const apart = acting().volume.attach(far, { instance, device: '/dev/sdf' })
    await expect(apart).rejects.toThrow(`The instance '${instance}' does not exist in the region north.`)
    await acting().volume.attach(near, { instance, device: '/dev/sdf' })
    expect(await acting().settled(near)).toBe('in-use')
  })

  it('is that of the engine for whoever names none', async () => {
    const { id } = await acting().volume.create({ sizeBytes: GiB })
    await expect(acting().get(id)).resolves.toMatchObject({ region: 'north', zone: 'north-a' })
  })
})
