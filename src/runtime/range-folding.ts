/**
 * Folding ranges of resources, one resource after the other: rows that are one resource's own are written as they are in
 * the end; what is touched by several is noted. Any thread can do it for some of the ranges, and another one goes on with
 * what it noted. Reads no clock. (docs/decisions/0054, 0067.)
 */
import type { ByResource, RowChange } from '../store/store.ts'
import type { Catalogue } from './catalogue.ts'
import type { HandedOver } from './fold-rows.ts'
import type { OwnRows } from './own-rows.ts'
import { type Containment, readable } from './readable.ts'
import type { Retention } from './retention.ts'

/** Events read at once. */
export const CHUNK = 500
/** Rows held in memory before they are written, as long as events may change them: at most some hundred MB. */
export const HELD_MAX = 400_000
/** Rows of one transaction: few enough that whoever waits for the store meanwhile does not notice. */
export const WRITTEN_MAX = 2_000

export interface RangeFoldingParts {
  readonly log: Pick<ByResource, 'next'>
  readonly residence: Containment & { readonly retention: Retention }
  readonly catalogue: Catalogue
  readonly write: (rows: readonly RowChange[]) => Promise<void>
  /** Rows held in memory, and rows written at once, at most. */
  readonly heldMax: number
  readonly writtenMax: number
  /** A view whose fold throws: the others go on. */
  readonly failed: (view: OwnRows, error: unknown) => void
  /** Called between two transactions, and two chunks; what it throws ends the work there. */
  readonly pause: () => Promise<void>
}

/** What folding some ranges came to, besides the rows that were written. It can be cloned. */
export interface FoldedRanges {
  /** Events folded. */
  readonly count: number
  /** Positions of events that touch rows of others. */
  readonly crossings: Float64Array
  readonly views: readonly ({ readonly view: string; readonly crossed: readonly string[] } & HandedOver)[]
}

export class RangeFolding {
  readonly #parts: RangeFoldingParts
  views: readonly OwnRows[]
  /** Rows to be written. */
  readonly made: RowChange[] = []
  readonly crossings = new Set<number>()
  count = 0

  constructor(parts: RangeFoldingParts, views: readonly OwnRows[]) {
    this.#parts = parts
    this.views = views
    for (const { rows } of views) rows.isPartial = true
  }

  /** Folds what the log gives from where it is, to its end or that of a range. */
  async run(): Promise<void> {
    const { log, residence, catalogue, writtenMax, pause } = this.#parts
    let resource: string | undefined
    for (;;) {
      const chunk = await log.next(CHUNK)
      for (const envelope of readable(chunk, residence, catalogue)) {
        if (envelope.resource !== resource) this.#end()
        resource = envelope.resource
        for (const view of this.views)
          try {
            if (view.fold(envelope, residence.retention, this.made)) this.crossings.add(envelope.position)
          } catch (error) {
            this.leave(view, error)
          }
      }
      this.count += chunk.length
      if (chunk.length === 0) break
      await this.write(writtenMax)
      await this.lighten()
      await pause()
    }
    this.#end()
    await this.write()
  }

  /** Gives away what was noted; then nothing is. */
  handOver(): FoldedRanges {
    return {
      count: this.count,
      crossings: Float64Array.from(this.crossings),
      views: this.views.map(({ view, crossed, rows }) => ({
        view: view.name,
        crossed: [...crossed],
        ...rows.handOver(),
      })),
    }
  }

  /** Goes on with what was noted elsewhere. */
  takeOver({ count, crossings, views }: FoldedRanges): void {
    this.count += count
    for (const position of crossings) this.crossings.add(position)
    for (const { view: name, crossed, ...handed } of views) {
      const own = this.views.find(({ view }) => view.name === name)
      for (const key of crossed) own?.crossed.add(key)
      own?.rows.takeOver(handed)
    }
  }

  /** Writes what is held if it is too much. */
  async lighten(): Promise<void> {
    const { heldMax, writtenMax } = this.#parts
    if (this.views.reduce((sum, { rows }) => sum + rows.size, 0) <= heldMax) return
    for (const view of this.views)
      for (let count = 1; count > 0; ) {
        count = 0
        try {
          const changes = view.rows.take(writtenMax)
          count = changes.length
          for (const change of changes) this.made.push(change)
        } catch (error) {
          this.leave(view, error)
        }
        await this.write()
      }
  }

  /** Writes what is to be written as long as there are so many rows. */
  async write(atLeast = 1): Promise<void> {
    const { write, writtenMax, pause } = this.#parts
    while (this.made.length >= atLeast) {
      await write(this.made.splice(0, writtenMax))
      await pause()
    }
  }

  leave(view: OwnRows, error: unknown): void {
    this.views = this.views.filter(each => each !== view)
    this.#parts.failed(view, error)
  }

  /** The rows of the resource are as they are in the end. */
  #end(): void {
    for (const view of this.views)
      try {
        view.end(this.made)
      } catch (error) {
        this.leave(view, error)
      }
  }
}
