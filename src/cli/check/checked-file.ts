/** A data file, held against its histories under the kinds and views that come with stemma. */
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { type AskRow, type CheckReport, checkStore, type SignatureCheck, sqlite, type ViewMap } from '../../index.ts'
import { sha256 as hash } from '../../system/hash.ts'

export interface CheckedFile extends CheckReport {
  /** Position and time (ms since 1970) of the newest event; 0 where there is none. */
  readonly position: number
  readonly at: number
}

/** Opens the file for as long as it takes. Opened for writing, one of an older stemma is brought up to date first. */
export async function checkedFile(
  place: { path: string; readOnly: boolean },
  isSigned?: SignatureCheck,
): Promise<CheckedFile> {
  return onFile(place, async (store, opened) => {
    const pause = () => new Promise<void>(resolve => setImmediate(resolve))
    const report = await checkStore(store, opened, { kinds, projections, hash, pause, isSigned })
    return { ...report, position: opened.position, at: opened.at }
  })
}

/** Every open ask of a file, in order. */
export const asksIn = (path: string): Promise<AskRow[]> =>
  onFile({ path, readOnly: true }, store => store.asks(0, Number.MAX_SAFE_INTEGER))

/** Opens a data file with the views that come with stemma, works, and closes it. */
export async function onFile<T>(
  place: { path: string; readOnly: boolean; archives?: false },
  work: (
    store: ReturnType<typeof sqlite>,
    opened: Awaited<ReturnType<ReturnType<typeof sqlite>['open']>>,
  ) => Promise<T>,
): Promise<T> {
  const store = sqlite(place)
  const views: ViewMap = projections
  const opened = await store.open(Object.values(views))
  try {
    return await work(store, opened)
  } finally {
    await store.close()
  }
}
