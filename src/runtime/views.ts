/**
 * Derived rows, coalesced and written behind: events wait here until a flush folds them into their rows, all rows of one
 * flush in one transaction with the watermark. A crash loses nothing but the work: the tail of the log is folded again.
 * (design: contract point 11.)
 */
import type { Envelope } from '../../machines/grammar.ts'
import type { Projection, ViewRow } from '../../projections/contract.ts'
import { type DerivedChanges, type RowChange, SNAPSHOTS, type Store } from '../store/store.ts'
import type { Draft } from './draft.ts'
import { foldRows } from './fold-rows.ts'
import { Recent } from './recent.ts'
import type { Residence } from './residence.ts'

export interface Taken {
  readonly changes: DerivedChanges
  readonly written: () => void
  readonly failed: () => void
}

export class Views {
  readonly #store: Store
  readonly #residence: Residence
  readonly derived: readonly Projection[]
  readonly #rows: ReadonlyMap<string, Recent<ViewRow>>
  #pending: Envelope[] = []
  #turn: Promise<void> | undefined
  /** The turn of who has the tables to itself. */
  #alone: Promise<void> | undefined
  #readers = 0
  #unread = () => {}
  /** Everything up to here is in the tables. */
  watermark: number
  /** Views whose fold threw, derived and claimed, with what it threw: they stay where they are until they are rebuilt. */
  readonly stalled = new Map<string, unknown>()
  /** Whoever fills views anew hears which resources are forgotten meanwhile. */
  readonly dropped = new Set<(resources: readonly string[]) => void>()

  constructor(store: Store, residence: Residence, views: readonly Projection[], watermark: number, capacity: number) {
    this.#store = store
    this.#residence = residence
    this.derived = views.filter(view => view.consistency !== 'claimed')
    this.#rows = new Map(this.derived.map(view => [view.name, new Recent<ViewRow>(capacity)]))
    this.watermark = watermark
  }

  get pendingCount(): number {
    return this.#pending.length
  }

  absorb(envelopes: readonly Envelope[]): void {
    for (const envelope of envelopes) this.#pending.push(envelope)
  }

  /** Has the tables to itself: whoever reads or flushes meanwhile waits, and it waits for those who read already. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#turn) await this.#turn
    let finish = () => {}
    this.#turn = new Promise(resolve => {
      finish = resolve
    })
    this.#alone = this.#turn
    try {
      while (this.#readers > 0) await new Promise<void>(resolve => (this.#unread = resolve))
      return await work()
    } finally {
      this.#turn = undefined
      this.#alone = undefined
      finish()
    }
  }

  /** Reads rows in which everything committed before is. No rebuild empties them in between. */
  async reading<T>(flush: () => Promise<void>, work: () => Promise<T>): Promise<T> {
    await flush()
    while (this.#alone) await this.#alone
    this.#readers += 1
    try {
      return await work()
    } finally {
      this.#readers -= 1
      if (this.#readers === 0) this.#unread()
    }
  }

  /** Writes everything committed so far, in a transaction of its own. */
  async flush(): Promise<void> {
    while (this.#turn) await this.#turn
    const taken = await this.take()
    if (!taken) return
    try {
      await this.#store.writeDerived(taken.changes)
      taken.written()
    } catch (error) {
      taken.failed()
      throw error
    }
  }

  /**
   * The rows of everything committed so far, for the caller to write; undefined if there are none, or someone else has
   * them. One of `written` and `failed` must follow, and nobody else gets any before.
   */
  async take(): Promise<Taken | undefined> {
    if (this.#turn || (this.#pending.length === 0 && this.#residence.dirtyCount === 0)) return undefined
    let finish = () => {}
    this.#turn = new Promise(resolve => {
      finish = resolve
    })
    const envelopes = this.#pending
    this.#pending = []
    const { snapshots, endings } = this.#residence.takeDirty()
    const watermark = envelopes.at(-1)?.position ?? this.watermark
    const end = () => {
      this.#turn = undefined
      finish()
    }
    const failed = () => {
      this.#pending = [...envelopes, ...this.#pending]
      this.#residence.unwritten()
      this.forget()
      end()
    }
    try {
      const rows = await this.#fold(envelopes)
      const written = () => {
        this.watermark = watermark
        this.#residence.written()
        end()
      }
      return { changes: { snapshots, endings, rows, watermark, views: this.#moving() }, written, failed }
    } catch (error) {
      failed()
      throw error
    }
  }

  /** The rows of a commit that is about to be written (strict consistency). */
  async rowsOf(draft: Draft): Promise<Taken> {
    const { snapshots, endings } = this.#residence.rowsOf(draft.snapshots.values())
    const rows = await this.#fold(draft.envelopes)
    const watermark = draft.position
    return {
      changes: { snapshots, endings, rows, watermark, views: this.#moving() },
      written: () => {
        this.watermark = watermark
      },
      failed: () => this.forget(),
    }
  }

  /** Rows computed for a transaction that failed are forgotten. */
  forget(): void {
    for (const rows of this.#rows.values()) rows.clear()
  }

  /** These resources are forgotten: views whose rows belong to resources have none of them any more. */
  drop(resources: readonly string[]): void {
    for (const { name, perResource } of this.derived)
      if (perResource) for (const resource of resources) this.#rows.get(name)!.delete(resource)
    for (const heard of this.dropped) heard(resources)
  }

  /** A view whose fold throws is stalled: its watermark stays, the others go on, and health says so. */
  async #fold(envelopes: readonly Envelope[]): Promise<RowChange[]> {
    const changes: RowChange[] = []
    for (const view of this.derived) {
      if (this.stalled.has(view.name)) continue
      try {
        changes.push(
          ...(await foldRows(view, envelopes, this.#store, this.#residence.retention, this.#rows.get(view.name))),
        )
      } catch (error) {
        this.stalled.set(view.name, error)
      }
    }
    return changes
  }

  #moving(): string[] {
    return [SNAPSHOTS, ...this.derived.map(view => view.name).filter(name => !this.stalled.has(name))]
  }
}
