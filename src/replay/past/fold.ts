/** The fold of a view over rows in memory, event by event: what the engine does in batches, onto rows of a store. */
import type { Envelope } from '../../../machines/grammar.ts'
import type { Projection, ViewRow } from '../../../projections/contract.ts'
import { additions } from '../../runtime/counting.ts'
import type { Retention } from '../../runtime/retention.ts'

export interface MemoryRows {
  get(key: string): ViewRow | undefined
  set(key: string, row: ViewRow | undefined): void
}

export function foldOnto(view: Projection, rows: MemoryRows, event: Envelope, retention: Retention): void {
  for (const key of view.keys(event)) {
    const last = rows.get(key)
    const row = retention.fold(view, last, event, key)
    if (view.leaves) for (const left of view.leaves(last, row, event)) rows.set(left[view.key], left)
    if (row !== last) changed(view, rows, key, last, row)
  }
}

/** What changes in a row is added where it counts, and so on upwards. */
function changed(
  view: Projection,
  rows: MemoryRows,
  key: string,
  last: ViewRow | undefined,
  given: ViewRow | undefined,
): void {
  // A row that says nothing any more is none.
  const row = given && view.isEmpty?.(given) ? undefined : given
  rows.set(key, row)
  for (const { key: above, amounts } of additions(view, last, row)) {
    const before = rows.get(above)
    changed(view, rows, above, before, view.add!(before, above, amounts))
  }
}
