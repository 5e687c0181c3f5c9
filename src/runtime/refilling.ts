/**
 * Filling views from the first event: each event is read once for all of them, resource by resource as far as the store
 * can give the log so, and then in the order of the log; rows are kept in memory until there are many, so that most are
 * written once, as they are in the end. Reads no clock. (docs/decisions/0053, 0054.)
 */
import type { Projection, ViewRow } from '../../projections/contract.ts'
import { type Refill, type RowChange, type Store, StoreError } from '../store/store.ts'
import { begunWith, unforgotten } from './beginning.ts'
import type { Catalogue } from './catalogue.ts'
import { FoldedRows, Slots } from './fold-rows.ts'
import { OwnRows } from './own-rows.ts'
import { CHUNK, HELD_MAX, WRITTEN_MAX } from './range-folding.ts'
import { readable } from './readable.ts'
import { Recent } from './recent.ts'
import type { Residence } from './residence.ts'
import { type Elsewhere, StreamFolding } from './stream-folding.ts'

/** Rows of each view that are at hand after that, while they are still being changed. */
const RECENT_MAX = 20_000

export interface RefillingParts {
  readonly store: Pick<Store, 'log' | 'stream' | 'byResource' | 'beginning'>
  readonly residence: Pick<Residence, 'contained' | 'contain' | 'retention'>
  readonly catalogue: Catalogue
  /** Other threads that take part. */
  readonly elsewhere?: Elsewhere
}

interface Part {
  readonly view: Projection
  readonly rows: FoldedRows
  /** Some of its rows are written, and may have to be read again. */
  isWritten: boolean
}

export class Refilling {
  readonly #parts: RefillingParts
  readonly #refill: Refill
  readonly #heldMax: number
  #views: Part[]
  readonly #slots = new Slots()
  readonly #dropped: string[] = []
  /** Everything up to here is folded. */
  position = 0
  /** Events folded. */
  count = 0
  /** Views whose fold threw, with what it threw: the others go on. */
  readonly failed = new Map<string, unknown>()

  constructor(parts: RefillingParts, refill: Refill, views: readonly Projection[], heldMax = HELD_MAX) {
    this.#parts = parts
    this.#refill = refill
    this.#heldMax = heldMax
    this.#views = views.map((view, place) => {
      const rows = new FoldedRows(view, refill, new Recent<ViewRow>(RECENT_MAX), { slots: this.#slots, place })
      return { view, rows, isWritten: false }
    })
  }

  /** Names of the views that can still be whole. */
  get views(): string[] {
    return this.#views.map(({ view }) => view.name)
  }

  /** What folds begin with where the log is not whole; one that folds otherwise now is left behind. */
  async begin(): Promise<void> {
    const { store, residence } = this.#parts
    for (const part of [...this.#views])
      await this.#trying(part, async () => {
        const begun = await begunWith(store, part.view)
        const rows = unforgotten(begun, residence.retention)
        if (rows.length > 0) {
          const changes = rows.map(([key, row]) => ({ view: part.view.name, key, row }))
          await this.#refill.write(changes, begun.position)
          part.isWritten = true
        }
        this.position = Math.max(this.position, begun.position)
      })
  }

  /**
   * Folds what the store can give resource by resource: rows are written as they are in the end, and not held meanwhile.
   * Before `upTo`, if at all. `pause` is called between two chunks; what it throws ends the work there.
   */
  async byResource(pause: () => Promise<void>): Promise<void> {
    if (this.position > 0) return
    const log = await this.#parts.store.byResource?.()
    if (!log) return
    const own = new Map(this.#views.map(part => [new OwnRows(part.view, part.rows), part]))
    const folding = new StreamFolding(
      {
        ...{ ...this.#parts, refill: this.#refill, pause, heldMax: this.#heldMax, writtenMax: WRITTEN_MAX },
        failed: (view, error) => this.#leave(own.get(view)!, error),
      },
      log,
      [...own.keys()],
    )
    try {
      await folding.run()
    } finally {
      await log.close()
    }
    this.position = log.position
    this.count += folding.count
    for (const part of this.#views) part.isWritten = true
  }

  /** Folds what there is up to a position. `pause` is called between two chunks; what it throws ends the work there. */
  async upTo(position: number, pause: () => Promise<void>): Promise<void> {
    const { store, residence, catalogue } = this.#parts
    while (this.position < position && this.#views.length > 0) {
      const chunk = await store.log(this.position, Math.min(CHUNK, position - this.position))
      const last = chunk.at(-1)
      if (!last) return
      const envelopes = readable(chunk, residence, catalogue)
      for (const part of [...this.#views]) if (part.isWritten) await this.#trying(part, () => part.rows.load(envelopes))
      for (const envelope of envelopes)
        for (const part of this.#views) {
          try {
            part.rows.fold(envelope, residence.retention)
          } catch (error) {
            this.#leave(part, error)
          }
        }
      this.position = last.position
      this.count += chunk.length
      await this.#lighten(pause)
      await pause()
    }
  }

  /** These resources are forgotten: at the end, views whose rows belong to resources have none of them. */
  drop(resources: readonly string[]): void {
    this.#dropped.push(...resources)
  }

  /** Writes what need not be held any more, as soon as it fills a transaction, and everything once it is too much. */
  async #lighten(pause: () => Promise<void>): Promise<void> {
    if (this.#views.reduce((sum, { rows }) => sum + rows.size, 0) > this.#heldMax) return this.write(pause)
    for (const part of [...this.#views]) {
      if (part.rows.leftCount < WRITTEN_MAX) continue
      await this.#trying(part, () => this.#refill.write(part.rows.takeLeft(WRITTEN_MAX), this.position))
    }
  }

  /** Writes all rows that are held. `pause` is called between two transactions; what it throws ends the work there. */
  async write(pause: () => Promise<void>): Promise<void> {
    for (const part of [...this.#views]) {
      const { rows } = part
      const isSummed = await this.#trying(part, () => rows.addUp())
      while (isSummed) {
        let changes: readonly RowChange[] = []
        const isTaken = await this.#trying(part, async () => {
          changes = rows.take(WRITTEN_MAX)
        })
        if (!isTaken || changes.length === 0) break
        await this.#refill.write(changes, this.position)
        part.isWritten = true
        await pause()
      }
    }
    this.#slots.clear()
  }

  /** Puts the views that are whole in the place of the old ones. */
  async swap(): Promise<void> {
    const rows: RowChange[] = []
    for (const part of [...this.#views]) {
      if (part.view.perResource && this.#dropped.length > 0) await part.rows.remove(this.#dropped)
      for (const change of await this.#settled(part)) rows.push(change)
    }
    await this.#refill.swap(this.views, rows, this.position)
  }

  async #settled(part: Part): Promise<readonly RowChange[]> {
    let settled: readonly RowChange[] = []
    await this.#trying(part, async () => {
      settled = await part.rows.settle()
    })
    return settled
  }

  /** False for a view that throws, which is left behind; a store that throws is everybody's. */
  async #trying(part: Part, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      if (error instanceof StoreError) throw error
      this.#leave(part, error)
      return false
    }
  }

  #leave(part: Part, error: unknown): void {
    this.failed.set(part.view.name, error)
    this.#views = this.#views.filter(each => each !== part)
  }
}
