/** What a cloud of this command is made of: the kinds and views that come with stemma, SQLite, a simulated provider. */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../drivers/simulated/index.ts'
import { createEngine, type Driver, type Engine, sqlite, type ViewMap } from '../index.ts'
import { type Fixtures, fixturesDefault } from './fixtures.ts'
import { placesOf } from './regions.ts'
import { seed } from './seed.ts'

export type Cloud = Engine<typeof kinds, typeof projections, ReturnType<typeof sqlite>>

export interface Composition {
  /** The data file; undefined keeps everything in memory. The provider's own truth is beside it, in `<data>.world`. */
  readonly data: string | undefined
  /** The provider answers at once. */
  readonly instant?: boolean
  /** Time between two surveys that nobody asked for; 0: none. Default: the engine's. */
  readonly surveyEveryMs?: number
  /** What an empty cloud begins with, and the regions of any. */
  readonly fixtures: Fixtures
}

/** The cloud of a data file as a command finds it, without a word on how. */
export const asFound = (data: string): Composition => ({
  data,
  fixtures: fixturesDefault,
  surveyEveryMs: 0,
})

/** Opens the cloud; an empty one gets its fixtures. Throws StoreError, e.g. alreadyOpen. */
export async function openCloud({ data, instant = false, fixtures, surveyEveryMs }: Composition): Promise<Cloud> {
  if (data !== undefined) await mkdir(dirname(data), { recursive: true })
  const store = await taken(sqlite(data ?? ':memory:'))
  const cloud = await createEngine({
    kinds,
    projections,
    store,
    drivers: { local: provider({ data, instant, fixtures }, store) },
    region: fixtures.regions[0]!.name,
    surveyEveryMs,
  })
  await seed(cloud, fixtures)
  return cloud
}

/**
 * The store, opened already: the provider's file belongs to whoever opened it last, so it may be touched only once the
 * data file is known to be ours. A second server would otherwise take the provider from the first before it is refused.
 */
async function taken(store: ReturnType<typeof sqlite>): Promise<ReturnType<typeof sqlite>> {
  const views: ViewMap = projections
  const opened = await store.open(Object.values(views))
  store.open = async () => opened
  return store
}

function provider({ data, instant, fixtures }: Composition, store: ReturnType<typeof sqlite>): Driver {
  const capabilities = placesOf(fixtures.regions)
  try {
    return simulated({ instant, capabilities, ...(data === undefined ? {} : { file: `${data}.world` }) })
  } catch (error) {
    void store.close()
    throw error
  }
}
