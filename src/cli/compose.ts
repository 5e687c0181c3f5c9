/** What a cloud of this command is made of: the kinds and views that come with stemma, SQLite, and one provider. */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { qemu } from '../drivers/qemu/index.ts'
import { simulated } from '../drivers/simulated/index.ts'
import { createEngine, type Driver, type Engine, type Opened, rulesModule, sqlite, type ViewMap } from '../index.ts'
import { systemClock } from '../system/clock.ts'
import { type Fixtures, fixturesFor } from './fixtures.ts'
import { keepProvider, type Provider, providerOf, worldPath } from './providers.ts'
import { placesOf } from './regions.ts'
import { seed } from './seed.ts'

export type Cloud = Engine<typeof kinds, typeof projections, ReturnType<typeof sqlite>>

export interface Composition {
  /** The data file; undefined keeps everything in memory. */
  readonly data: string | undefined
  /** Default: a simulated one, whose own truth is beside the file, in `<data>.world`. */
  readonly provider?: Provider
  /** The simulated provider answers at once. */
  readonly instant?: boolean
  /** Time between two surveys that nobody asked for; 0: none. Default: the engine's. */
  readonly surveyEveryMs?: number
  /** To be read as it is: nobody is called, nothing fires, and it is as late as its last event. */
  readonly still?: boolean
  /** What an empty cloud begins with, and the regions of any. */
  readonly fixtures: Fixtures
}

/** The cloud of a data file as a command finds it, without a word on how. */
export const asFound = (data: string, still = false): Composition => {
  const provider = providerOf(data)
  return { data, provider, fixtures: fixturesFor(provider), surveyEveryMs: 0, still }
}

/** Opens the cloud; an empty one gets its fixtures. Throws StoreError, e.g. alreadyOpen, and what opening a pool throws. */
export async function openCloud(composition: Composition): Promise<Cloud> {
  const { data, fixtures, surveyEveryMs, still = false, provider = { driver: 'simulated' } } = composition
  if (data !== undefined) await mkdir(dirname(data), { recursive: true })
  const { store, opened } = await taken(sqlite(data ?? ':memory:'))
  if (still) return openStill(store, opened, fixtures)
  const driver = await driverFor(composition, store)
  if (data !== undefined) await keepProvider(data, provider)
  const cloud = await createEngine({
    kinds,
    projections,
    store,
    drivers: { local: driver },
    region: fixtures.regions[0]!.name,
    surveyEveryMs,
    threads,
  })
  await seed(cloud, fixtures)
  return cloud
}

/** All cores rebuild views. */
const threads = { module: rulesModule }

/** An evidence is looked at as it was left: a provider that knew nothing of it would only add to it. */
function openStill(store: ReturnType<typeof sqlite>, opened: Opened, { regions }: Fixtures): Promise<Cloud> {
  const drivers = { local: simulated({ capabilities: placesOf(regions) }) }
  const clock = { ...systemClock(), now: () => opened.at, wakeAt: () => () => {} }
  return createEngine({ kinds, projections, store, drivers, region: regions[0]!.name, clock, still: true, threads })
}

/**
 * The store, opened already: the provider's file belongs to whoever opened it last, so it may be touched only once the
 * data file is known to be ours. A second server would otherwise take the provider from the first before it is refused.
 */
async function taken(store: ReturnType<typeof sqlite>) {
  const views: ViewMap = projections
  const opened = await store.open(Object.values(views))
  store.open = async () => opened
  return { store, opened }
}

async function driverFor(composition: Composition, store: ReturnType<typeof sqlite>): Promise<Driver> {
  try {
    return driverOf(composition)
  } catch (error) {
    await store.close()
    throw error
  }
}

function driverOf({ data, provider, instant = false, fixtures }: Composition): Driver {
  const places = placesOf(fixtures.regions)
  // Whether KVM may be used is found out while the server runs; until then it is not.
  if (provider?.driver === 'qemu') {
    const accelerator = provider.accelerator === 'tcg' ? 'tcg' : 'auto'
    return qemu({ pool: provider.pool, accelerator, regions: places.regions })
  }
  return simulated({ instant, capabilities: places, ...(data === undefined ? {} : { file: worldPath(data) }) })
}
