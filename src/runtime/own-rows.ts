/**
 * The rows of a view that belong to resources, folded resource by resource: the events of one follow each other, so its
 * row is at hand while it changes, and is then as it is in the end. Rows that events of several resources touch are left
 * to whoever folds in the order of the log.
 */
import type { Envelope } from '../../machines/grammar.ts'
import type { Projection, ViewRow } from '../../projections/contract.ts'
import type { RowChange } from '../store/store.ts'
import { type FoldedRows, madeRow } from './fold-rows.ts'
import type { Retention } from './retention.ts'

export class OwnRows {
  readonly view: Projection
  readonly rows: FoldedRows
  #row: ViewRow | undefined
  /** Keys that events of other resources touch: what was folded here of their rows is not whole. */
  readonly crossed = new Set<string>()

  /** @param rows of the same view: hears of each row that is whole, for what it adds elsewhere or others add to it */
  constructor(view: Projection, rows: FoldedRows) {
    this.view = view
    this.rows = rows
  }

  /** Gives what the event leaves behind to `made`. True if it touches rows that are not its resource's own. */
  fold(event: Envelope, retention: Retention, made: RowChange[]): boolean {
    const { view } = this
    const keys = view.keys(event)
    let isCrossing = false
    for (let index = 0; index < keys.length; index += 1) {
      const key = keys[index]!
      if (key !== event.resource && !view.perResource) {
        this.crossed.add(key)
        isCrossing = true
        continue
      }
      const last = this.#row
      const row = view.perResource ? retention.fold(view, last, event, key) : view.fold(last, event, key)
      if (view.leaves) for (const left of view.leaves(last, row, event)) made.push(madeRow(view, left))
      this.#row = row
    }
    return isCrossing
  }

  /** There are no more events of this resource: its row is given to `made`, if it says anything by itself. */
  end(made: RowChange[]): void {
    const { view, rows } = this
    const row = this.#row
    if (row === undefined) return
    this.#row = undefined
    const isIdle = view.isEmpty?.(row)
    if (isIdle && view.add) rows.keep(row)
    if (isIdle) return
    made.push(madeRow(view, row))
    rows.count(row)
  }

  /** Keys of rows that these events of a resource have left behind here. */
  leftBy(events: readonly Envelope[]): string[] {
    const { keys, fold, leaves, key: column } = this.view
    const left: string[] = []
    let row: ViewRow | undefined
    for (const event of events)
      for (const key of keys(event)) {
        if (!leaves || key !== event.resource) continue
        const next = fold(row, event, key)
        for (const each of leaves(row, next, event)) left.push(each[column])
        row = next
      }
    return left
  }
}
