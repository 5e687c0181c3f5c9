/**
 * Folding the log into views resource by resource. Most rows belong to one resource: they are made once, and written as
 * they are in the end, while in the order of the log all of them are held, and changed again and again. What events of
 * several resources touch is noted, and folded afterwards from just these events in the order of the log; so are the rows
 * of resources that others touch, from the beginning. Reads no clock. (docs/decisions/0054.)
 */
import type { Envelope } from '../../machines/grammar.ts'
import { type ByResource, type Refill, type RowChange, type Store, StoreError } from '../store/store.ts'
import type { Catalogue } from './catalogue.ts'
import type { OwnRows } from './own-rows.ts'
import { readable } from './readable.ts'
import type { Residence } from './residence.ts'

/** Events read at once. */
const CHUNK = 500

export interface StreamFoldingParts {
  readonly store: Pick<Store, 'stream'>
  readonly residence: Pick<Residence, 'contained' | 'contain' | 'retention'>
  readonly catalogue: Catalogue
  readonly refill: Refill
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
  #views: OwnRows[]
  /** Rows to be written. */
  #made: RowChange[] = []
  /** Positions of events that touch rows of others. */
  readonly #crossings = new Set<number>()
  /** Events folded. */
  count = 0

  constructor(parts: StreamFoldingParts, log: ByResource, views: readonly OwnRows[]) {
    this.#parts = parts
    this.#log = log
    this.#views = [...views]
  }

  /** Folds all of it. Sums that rows add elsewhere are left to be added up. */
  async run(): Promise<void> {
    for (const { rows } of this.#views) rows.isPartial = true
    await this.#foldStreams()
    await this.#foldCrossings()
    for (const { rows } of this.#views) rows.isPartial = false
    await this.#revisit()
  }

  async #foldStreams(): Promise<void> {
    const { residence, catalogue, writtenMax, pause } = this.#parts
    let resource: string | undefined
    for (;;) {
      const chunk = await this.#log.next(CHUNK)
      for (const envelope of readable(chunk, residence, catalogue)) {
        if (envelope.resource !== resource) this.#end()
        resource = envelope.resource
        for (const view of this.#views)
          try {
            if (view.fold(envelope, residence.retention, this.#made)) this.#crossings.add(envelope.position)
          } catch (error) {
            this.#leave(view, error)
          }
      }
      this.count += chunk.length
      if (chunk.length === 0) break
      await this.#write(writtenMax)
      await this.#lighten()
      await pause()
    }
    this.#end()
    await this.#write()
  }

  /** The rows of the resource are as they are in the end. */
  #end(): void {
    for (const view of this.#views)
      try {
        view.end(this.#made)
      } catch (error) {
        this.#leave(view, error)
      }
  }

  async #foldCrossings(): Promise<void> {
    const { residence, catalogue, pause } = this.#parts
    const views = () => this.#views.filter(({ crossed }) => crossed.size > 0)
    const keys = new Set(views().flatMap(({ crossed }) => [...crossed].filter(key => catalogue.ofId(key))))
    for (const key of keys) await this.#reopen(key)
    const positions = Float64Array.from(this.#crossings).sort()
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
      await this.#lighten()
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
    for (const { position } of events) this.#crossings.add(position)
    for (const own of this.#views) {
      if (!own.view.leaves || !own.crossed.has(resource)) continue
      const gone = own.leftBy(events).map(key => ({ view: own.view.name, key, row: undefined }))
      await refill.write(gone, this.#log.position)
    }
  }

  /** Rows that were written without knowing what is added to them, and say nothing by themselves. */
  async #revisit(): Promise<void> {
    const { writtenMax } = this.#parts
    for (const view of this.#views) {
      const { rows } = view
      const keys = rows.takeIdle()
      for (let from = 0; from < keys.length; from += writtenMax) {
        await this.#trying(view, async () => {
          await rows.revisit(keys.slice(from, from + writtenMax))
          this.#made.push(...(await rows.settle()))
        })
        await this.#write()
      }
    }
  }

  /** Writes what is held if it is too much. */
  async #lighten(): Promise<void> {
    const { heldMax, writtenMax } = this.#parts
    if (this.#views.reduce((sum, { rows }) => sum + rows.size, 0) <= heldMax) return
    for (const view of this.#views)
      for (let count = 1; count > 0; ) {
        await this.#trying(view, async () => {
          const changes = view.rows.take(writtenMax)
          count = changes.length
          for (const change of changes) this.#made.push(change)
        })
        await this.#write()
      }
  }

  /** A store that throws is everybody's. */
  async #trying(view: OwnRows, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (error instanceof StoreError) throw error
      this.#leave(view, error)
    }
  }

  #leave(view: OwnRows, error: unknown): void {
    this.#views = this.#views.filter(each => each !== view)
    this.#parts.failed(view, error)
  }

  /** Writes what is to be written as long as there are so many rows. */
  async #write(atLeast = 1): Promise<void> {
    const { refill, writtenMax, pause } = this.#parts
    while (this.#made.length >= atLeast) {
      await refill.write(this.#made.splice(0, writtenMax), this.#log.position)
      await pause()
    }
  }
}
