/**
 * Folds of a log from which streams were taken out, where not every archive is at hand: they go on from the rows that were
 * kept then. (docs/decisions/0059.)
 */
import type { Projection, ViewRow } from '../../projections/contract.ts'
import type { EndingRow, Store } from '../store/store.ts'
import type { Retention } from './retention.ts'

/** The rows of a view that a fold begins with, and the resources that had ended and whose rows were still there. */
export interface Begun {
  readonly position: number
  readonly rows: ReadonlyMap<string, ViewRow>
  readonly ended: ReadonlyMap<string, EndingRow>
}

const nothing: Begun = { position: 0, rows: new Map(), ended: new Map() }

/** Nothing at position 0 where the log is whole. Throws Pruned for a view that folds otherwise now. */
export async function begunWith(store: Pick<Store, 'beginning'>, view: Projection): Promise<Begun> {
  const beginning = await store.beginning?.()
  if (!beginning) return nothing
  const ended = view.perResource ? (await beginning.endings()).map(each => [each.resource, each] as const) : []
  const rows = (await beginning.rows(view)).map(row => [row[view.key] as string, row] as const)
  return { position: beginning.position, rows: new Map(rows), ended: new Map(ended) }
}

/** Without the rows of what was forgotten since: the events that ended it are not folded again. */
export function unforgotten({ rows, ended }: Begun, retention: Retention): [key: string, row: ViewRow][] {
  return [...rows].filter(([key]) => {
    const ending = ended.get(key)
    return ending === undefined || !retention.wasForgotten(ending, Number.POSITIVE_INFINITY)
  })
}
