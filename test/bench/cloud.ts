/** A cloud of the kinds that come with stemma, with all of their views, on a provider that answers at once. */
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { inventory } from '../../projections/inventory.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { rulesModule } from '../../src/index.ts'
import type { Store } from '../../src/store/store.ts'

export const GiB = 2 ** 30
const ACCOUNTS = 50
const accountOf = (nth: number) => `account-${nth % ACCOUNTS}`

/** @param world where the provider keeps what it has */
export const openCloud = (store: Store, world: string, views: 'all' | 'inventory' = 'all') =>
  createEngine({
    kinds,
    projections: views === 'all' ? projections : ({ inventory } as unknown as typeof projections),
    store,
    drivers: { lab: simulated({ instant: true, file: world, capabilities: { limits: { callsInFlightMax: 1_024 } } }) },
    surveyEveryMs: 0,
    threads: { module: rulesModule },
    ...{ batchMax: 256, asksMax: 20_000, queueMax: 20_000 },
  })
export type BenchCloud = Awaited<ReturnType<typeof openCloud>>

const WINDOW = 1_000

/** All of them, a thousand at once, and then whatever the engine makes of them. */
async function inWindows(engine: BenchCloud, count: number, one: (nth: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += WINDOW) {
    await Promise.all(Array.from({ length: Math.min(WINDOW, count - from) }, (_, nth) => one(from + nth)))
    await engine.idle()
  }
}

/** Lives of machines with their disks: launched, tagged, some restarted, some given a second disk, a third terminated. */
export async function inhabit(engine: BenchCloud, machines: number): Promise<readonly string[]> {
  const operator = engine.as({ account: 'operator', actor: 'bench', authority: 'operator' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  const tenants = Array.from({ length: ACCOUNTS }, (_, nth) => engine.as({ account: accountOf(nth), actor: 'bench' }))
  const images = await Promise.all(tenants.map(tenant => tenant.image.register({ name: 'own', sizeBytes: 8 * GiB })))
  const tenantOf = (nth: number) => tenants[nth % ACCOUNTS]!
  const ids: string[] = []
  await inWindows(engine, machines, async nth => {
    const image = images[nth % ACCOUNTS]!.id
    ids[nth] = (await tenantOf(nth).instance.launch({ image, type: 'small', name: `machine-${nth}` })).id
  })
  await inWindows(engine, machines, nth => tenantOf(nth).instance.tag(ids[nth]!, { tags: { nth: `${nth}` } }))
  const some = (every: number, work: (nth: number) => Promise<unknown>) =>
    inWindows(engine, Math.floor(machines / every), nth => work(nth * every))
  await some(3, nth => tenantOf(nth).instance.stop(ids[nth]!))
  await some(3, nth => tenantOf(nth).instance.start(ids[nth]!))
  await some(4, async nth => {
    const { id } = await tenantOf(nth).volume.create({ sizeBytes: GiB })
    await tenantOf(nth).settled(id)
    await tenantOf(nth).volume.attach(id, { instance: ids[nth]!, device: '/dev/sdf' })
  })
  await some(3, nth => tenantOf(nth).instance.terminate(ids[nth]!))
  return ids
}
