/** What a cloud of this command is made of: the kinds and views that come with stemma, SQLite, a simulated provider. */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../drivers/simulated/index.ts'
import { createEngine, type Driver, type Engine, sqlite, type ViewMap } from '../index.ts'
import { seed } from './seed.ts'

export type Cloud = Engine<typeof kinds, typeof projections, ReturnType<typeof sqlite>>

export interface Composition {
  /** The data file; undefined keeps everything in memory. The provider's own truth is beside it, in `<data>.world`. */
  readonly data: string | undefined
  /** The provider answers at once. */
  readonly instant?: boolean
}

/** Opens the cloud; an empty one gets an account, an image and offerings. Throws StoreError, e.g. alreadyOpen. */
export async function openCloud({ data, instant = false }: Composition): Promise<Cloud> {
  if (data !== undefined) await mkdir(dirname(data), { recursive: true })
  const store = await taken(sqlite(data ?? ':memory:'))
  const cloud = await createEngine({ kinds, projections, store, drivers: { local: provider(data, instant, store) } })
  await seed(cloud)
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

function provider(data: string | undefined, instant: boolean, store: ReturnType<typeof sqlite>): Driver {
  try {
    return simulated({ instant, ...(data === undefined ? {} : { file: `${data}.world` }) })
  } catch (error) {
    void store.close()
    throw error
  }
}
