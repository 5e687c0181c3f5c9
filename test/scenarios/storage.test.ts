/** What providers tell of their storage: asked by surveys, recorded with pools, shown and promising nothing. */
import { describe, expect, it } from 'vitest'
import type { Driver, Facts } from '../../src/drivers/driver.ts'
import { readCapacity } from '../../src/index.ts'
import { GiB, open } from './cloud.ts'

const ofSsd = async ({ engine }: Pick<Awaited<ReturnType<typeof open>>, 'engine'>, name = 'ssd') =>
  (await readCapacity(engine.views.capacity, { by: 'pool', of: name })).items[0]!
const eventsOf = async ({ engine }: Pick<Awaited<ReturnType<typeof open>>, 'engine'>, id: string) => {
  const types: string[] = []
  for await (const { type } of engine.history(id)) types.push(type)
  return types
}

describe('a pool', () => {
  it('is not measured until its provider was asked; then what it said is in its history and its figures', async () => {
    const cloud = await open({ capacity: { volumeBytes: 100 * GiB } }, { capacity: 'measured' })
    const { engine, operator, acme } = cloud
    await operator.pool.define({ name: 'ssd', totalBytes: 50 * GiB })
    expect((await ofSsd(cloud)).settings).toMatchObject({ totalBytes: 50 * GiB, storage: null })
    await acme.settled((await acme.volume.create({ sizeBytes: 10 * GiB })).id)
    await engine.survey()
    const [asOf] = [expect.any(Number)]
    const storage = { totalBytes: 100 * GiB, usedBytes: 10 * GiB, freeBytes: 90 * GiB, asOf }
    expect((await ofSsd(cloud)).settings).toMatchObject({ totalBytes: 50 * GiB, storage })
    const measured = ['pool.defineRequested', 'pool.measured']
    expect(await eventsOf(cloud, 'pool/ssd')).toEqual(measured)
    // The same again is no news, nor is what is less than a hundredth of it.
    await acme.settled((await acme.volume.create({ sizeBytes: GiB / 2 })).id)
    await engine.survey()
    expect(await eventsOf(cloud, 'pool/ssd')).toEqual(measured)
    await acme.settled((await acme.volume.create({ sizeBytes: GiB })).id)
    await engine.survey()
    expect((await ofSsd(cloud)).settings?.storage).toMatchObject({ usedBytes: 11.5 * GiB })
    // It is as large as its operator says, and what was measured takes none of it.
    expect(await ofSsd(cloud)).toMatchObject({ committedBytes: 11.5 * GiB, physicalBytes: null })
    await engine.close()
  })

  it('of a provider that measures nothing stays unmeasured', async () => {
    const cloud = await open({ capacity: { volumeBytes: 100 * GiB } }, { capacity: 'none' })
    await cloud.operator.pool.define({ name: 'ssd', totalBytes: 50 * GiB })
    await cloud.engine.survey()
    expect((await ofSsd(cloud)).settings?.storage).toBeNull()
    await cloud.engine.close()
  })

  it('is not given what its provider says of all its pools together, but what it says of this one', async () => {
    const cloud = await open({ capacity: { volumeBytes: 100 * GiB } }, { capacity: 'measured' })
    for (const name of ['ssd', 'hdd']) await cloud.operator.pool.define({ name, totalBytes: 50 * GiB })
    await cloud.engine.survey()
    expect(await eventsOf(cloud, 'pool/ssd')).toEqual(['pool.defineRequested'])
    const { world } = cloud
    const told: Record<string, Facts> = {
      ssd: { pool: 'ssd', totalVolumeBytes: 7 * GiB, freeVolumeBytes: GiB, provisionedVolumeBytes: 9 * GiB },
      hdd: { pool: 'hdd', totalVolumeBytes: 70 * GiB, usedVolumeBytes: -1 },
    }
    world.capacity = (async pool => told[pool!]!) satisfies Driver['capacity']
    await cloud.engine.survey()
    const storage = { totalBytes: 7 * GiB, freeBytes: GiB, provisionedBytes: 9 * GiB, asOf: expect.any(Number) }
    expect((await ofSsd(cloud)).settings?.storage).toEqual(storage)
    expect((await ofSsd(cloud, 'hdd')).settings?.storage).toEqual({ totalBytes: 70 * GiB, asOf: expect.any(Number) })
    await cloud.engine.close()
  })

  it('of a provider that cannot say how much there is stays as it is, and its survey is whole all the same', async () => {
    const cloud = await open({}, { capacity: 'measured' })
    const faults: string[] = []
    cloud.engine.on('fault', (error, where) => faults.push(`${where}: ${String(error)}`))
    await cloud.operator.pool.define({ name: 'ssd', totalBytes: GiB })
    cloud.world.capacity = async () => {
      throw new Error('no statistics today')
    }
    const report = await cloud.engine.survey()
    expect(report.providers).toMatchObject([{ reachable: true }])
    expect(faults).toEqual(['storage of lab: Error: no statistics today'])
    expect((await ofSsd(cloud)).settings?.storage).toBeNull()
    await cloud.engine.close()
  })

  it('is shown with each volume on it, and volumes are listed by it', async () => {
    const cloud = await open()
    for (const name of ['ssd', 'hdd']) await cloud.operator.pool.define({ name, totalBytes: 4 * GiB })
    const made = await Promise.all([1, 2, 3].map(() => cloud.acme.volume.create({ sizeBytes: 2 * GiB })))
    const poolOf = async (id: string) => (await cloud.acme.get(id)).pool
    const pools = await Promise.all(made.map(({ id }) => poolOf(id)))
    expect(new Set(pools)).toEqual(new Set(['pool/ssd', 'pool/hdd']))
    const { items } = await cloud.acme.list('volume', { where: { pool: 'pool/ssd' } })
    expect(items.map(({ id }) => id).sort()).toEqual(
      made.map(({ id }) => id).filter((_, at) => pools[at] === 'pool/ssd'),
    )
    await cloud.engine.close()
  })
})
