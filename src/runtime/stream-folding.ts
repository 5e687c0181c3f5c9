/**
 * Folding the log into views resource by resource. Most rows belong to one resource: they are made once, and written as
 * they are in the end, while in the order of the log all of them are held, and changed again and again. What events of
 * several resources touch is noted, and folded afterwards from just these events in the order of the log; so are the rows
 * of resources that others touch, from the beginning. Reads no clock. (docs/decisions/0054, 0067.)
 */
import type { Envelope } from '../../machines/grammar.ts'
import { type ByResource, type Refill, type ResourceRange, type Store, StoreError } from '../store/store.ts'
import type { Catalogue } from './catalogue.ts'
import type { OwnRows } from './own-rows.ts'
import { CHUNK, type FoldedRanges, RangeFolding } from './range-folding.ts'
import { readable } from './readable.ts'
import type { Residence } from './residence.ts'

/** Other threads that fold ranges while this one does. */
export interface Elsewhere {
  /** Whether it is worthwhile for so many events. */
  isFor(events: number): boolean
  /** How many ranges the log is best divided into. */
  readonly rangeCount: number
  begin(asked: AskedElsewhere): SharedWork
}

/** Ranges that are folded side by side, by whoever takes them. */
export interface SharedWork {
  /** A range that nobody else folds from now on; undefined if there are none left. */
  take(): ResourceRange | undefined
  /**
   * Waits for the others. Resolves, whatever became of them, with what they noted, by annex, and with the ranges that are
   * in none.
   */
  folded(): Promise<{ readonly noted: ReadonlyMap<number, FoldedRanges>; readonly left: readonly ResourceRange[] }>
  /** Ends the others. Safe to call twice, and when they are done. */
  end(): Promise<void>
}

export interface AskedElsewhere {
  readonly annexes: NonNullable<Refill['annexes']>
  readonly position: number
  readonly ranges: readonly ResourceRange[]
  readonly views: readonly string[]
  readonly residence: StreamFoldingParts['residence']
  readonly heldMax: number
}

export interface StreamFoldingParts {
  readonly store: Pick<Store, 'stream'>
  readonly residence: Pick<Residence, 'contained' | 'contain' | 'retention'>
  readonly catalogue: Catalogue
  readonly refill: Refill
  readonly elsewhere?: Elsewhere
  /** Rows held in memory, and rows of one transaction, at most. */
  readonly heldMax: number
  readonly writtenMax: number
  /** A view whose fold throws: the others go on. */
  readonly failed: (view: OwnRows, error: unknown) => void
  /** Called between two transactions, and two chunks; what it throws ends the work there. */
  readonly pause: () => Promise<void>
}

export class StreamFolding {
  readonly #parts: StreamFoldingParts
  readonly #log: ByResource
  readonly #ranges: RangeFolding

  constructor(parts: StreamFoldingParts, log: ByResource, views: readonly OwnRows[]) {
    this.#parts = parts
    this.#log = log
    const write: ConstructorParameters<typeof RangeFolding>[0]['write'] = rows => parts.refill.write(rows, log.position)
    this.#ranges = new RangeFolding({ ...parts, log, write }, views)
  }

  /** Events folded. */
  get count(): number {
    return this.#ranges.count
  }

  /** Folds all of it. Sums that rows add elsewhere are left to be added up. */
  async run(): Promise<void> {
    await this.#foldRanges()
    await this.#foldCrossings()
    for (const { rows } of this.#ranges.views) rows.isPartial = false
    await this.#revisit()
  }

  /** Every range, some of them in other threads. */
  async #foldRanges(): Promise<void> {
    const shared = await this.#shared()
    if (!shared) return this.#ranges.run()
    const { refill, pause } = this.#parts
    try {
      for (let range = shared.take(); range; range = shared.take()) await this.#foldRange(range)
      const { noted, left } = await shared.folded()
      await pause()
      for (const [annex, note] of noted) {
        while (await refill.absorb!(annex)) await pause()
        this.#ranges.takeOver(note)
        await this.#ranges.lighten()
      }
      for (const range of left) await this.#foldRange(range)
    } finally {
      await shared.end()
    }
  }

  async #foldRange(range: ResourceRange): Promise<void> {
    this.#log.seek(range)
    await this.#ranges.run()
  }

  /** Nothing where other threads cannot read the log, or it is not worth their start. */
  async #shared(): Promise<SharedWork | undefined> {
    const { elsewhere, refill, residence, heldMax } = this.#parts
    const { annexes } = refill
    const { position } = this.#log
    if (!annexes || !elsewhere?.isFor(position)) return undefined
    const ranges = await this.#log.ranges(elsewhere.rangeCount)
    const views = this.#ranges.views.map(({ view }) => view.name)
    return elsewhere.begin({ annexes, position, ranges, views, residence, heldMax })
  }

  async #foldCrossings(): Promise<void> {
    const { residence, catalogue, pause } = this.#parts
    const views = () => this.#ranges.views.filter(({ crossed }) => crossed.size > 0)
    const keys = new Set(views().flatMap(({ crossed }) => [...crossed].filter(key => catalogue.ofId(key))))
    for (const key of keys) await this.#reopen(key)
    const positions = Float64Array.from(this.#ranges.crossings).sort()
    const begun = new Map(views().map(view => [view, new Set<string>()]))
    for (let from = 0; from < positions.length; from += CHUNK) {
      const chunk = await this.#log.at([...positions.subarray(from, from + CHUNK)])
      const envelopes = readable(chunk, residence, catalogue)
      for (const view of views()) {
        const { rows, crossed } = view
        const known = begun.get(view)!
        await this.#trying(view, async () => {
          // What is there of them was folded without these events.
          const fresh = [...(await rows.load(envelopes, crossed))].filter(key => !known.has(key))
          await rows.remove(fresh)
          for (const key of fresh) known.add(key)
          for (const envelope of envelopes) rows.fold(envelope, residence.retention, crossed)
        })
      }
      await this.#ranges.lighten()
      await pause()
    }
  }

  /** A resource whose rows others touch: its own events are folded once more, between theirs. */
  async #reopen(resource: string): Promise<void> {
    const { store, residence, catalogue, refill } = this.#parts
    const events: Envelope[] = []
    for (let version = 1; ; ) {
      const chunk = await store.stream(resource, version, CHUNK)
      const known = chunk.filter(({ position }) => position <= this.#log.position)
      for (const event of readable(known, residence, catalogue)) events.push(event)
      if (known.length < CHUNK) break
      version = known.at(-1)!.version + 1
    }
    for (const { position } of events) this.#ranges.crossings.add(position)
    for (const own of this.#ranges.views) {
      if (!own.view.leaves || !own.crossed.has(resource)) continue
      const gone = own.leftBy(events).map(key => ({ view: own.view.name, key, row: undefined }))
      await refill.write(gone, this.#log.position)
    }
  }

  /** Rows that were written without knowing what is added to them, and say nothing by themselves. */
  async #revisit(): Promise<void> {
    const { writtenMax } = this.#parts
    for (const view of this.#ranges.views) {
      const { rows } = view
      const keys = rows.takeIdle()
      for (let from = 0; from < keys.length; from += writtenMax) {
        await this.#trying(view, async () => {
          await rows.revisit(keys.slice(from, from + writtenMax))
          this.#ranges.made.push(...(await rows.settle()))
        })
        await this.#ranges.write()
      }
    }
  }

  /** A store that throws is everybody's. */
  async #trying(view: OwnRows, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (error instanceof StoreError) throw error
      this.#ranges.leave(view, error)
    }
  }
}
