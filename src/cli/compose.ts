/** What a cloud of this command is made of: the kinds and views that come with stemma, SQLite, a simulated provider. */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../drivers/simulated/index.ts'
import { createEngine, type Engine, sqlite } from '../index.ts'
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
  const local = simulated({ instant, ...(data === undefined ? {} : { file: `${data}.world` }) })
  const cloud = await createEngine({ kinds, projections, store: sqlite(data ?? ':memory:'), drivers: { local } })
  await seed(cloud)
  return cloud
}
