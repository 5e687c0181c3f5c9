/** Filling views anew while everybody else reads and writes: only the end of it has the tables to itself. */
import type { Projection } from '../../projections/contract.ts'
import type { Catalogue } from '../runtime/catalogue.ts'
import type { Clock } from '../runtime/clock.ts'
import type { ViewMap } from '../runtime/listing.ts'
import { Refilling } from '../runtime/refilling.ts'
import { InvalidRequest, Unavailable } from '../runtime/refusal.ts'
import type { Residence } from '../runtime/residence.ts'
import type { Views } from '../runtime/views.ts'
import type { Writer } from '../runtime/writer.ts'
import type { Store } from '../store/store.ts'
import type { FoldingThreads } from './folding-threads.ts'

export interface RebuildsParts {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly residence: Residence
  readonly views: Views
  readonly writer: Writer
  readonly clock: Clock
  readonly projections: ViewMap
  readonly flush: () => Promise<void>
  readonly threads: FoldingThreads | undefined
  /** Hears why a thread did not do its part; it is done here then. */
  readonly failed: (error: unknown) => void
}

/** What may be left to fold while writers wait, and how often it is tried to come so near. */
const LITTLE = 500
const TRIES = 20

export class Rebuilds {
  readonly #parts: RebuildsParts
  #last: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(parts: RebuildsParts) {
    this.#parts = parts
    if (parts.threads) parts.threads.failed = error => this.#isClosed || parts.failed(error)
  }

  /** After those that were begun before. Returns the number of events folded. Throws as the engine's `rebuild` says. */
  async begin(names: readonly string[]): Promise<number> {
    const views = names.map(name => this.#named(name))
    const rebuilt = this.#last.then(() => this.#rebuild(views))
    this.#last = rebuilt.catch(() => {})
    return rebuilt
  }

  /** Ends what goes on. Resolves when nothing of it touches the store any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#parts.threads?.end()
    await this.#last
  }

  async #rebuild(projections: readonly Projection[]): Promise<number> {
    this.#checkOpen()
    const { store, views, writer, threads } = this.#parts
    const tables = await store.refill(projections.map(({ name }) => name))
    const refilling = new Refilling({ ...this.#parts, elsewhere: threads }, tables, projections)
    const dropped = (resources: readonly string[]) => refilling.drop(resources)
    views.dropped.add(dropped)
    try {
      await refilling.begin()
      await refilling.byResource(() => this.#pause())
      await this.#approach(refilling)
      while (await tables.index()) await this.#pause()
      await this.#approach(refilling)
      await writer.between(() => this.#finish(refilling))
    } finally {
      views.dropped.delete(dropped)
      await tables.discard()
    }
    for (const error of refilling.failed.values()) throw error
    return refilling.count
  }

  /** Folds until little is left, however much is written meanwhile. */
  async #approach(refilling: Refilling): Promise<void> {
    const { writer } = this.#parts
    for (let tries = 0; tries < TRIES && refilling.position < writer.position; tries += 1) {
      await refilling.upTo(writer.position, () => this.#pause())
      if (writer.position - refilling.position < LITTLE) break
    }
    await refilling.write(() => this.#pause())
  }

  /** Between two batches: what waits is written, and what is left is folded; then the new tables are those that are read. */
  async #finish(refilling: Refilling): Promise<void> {
    const { views, writer, residence, flush } = this.#parts
    await flush()
    await views.alone(async () => {
      try {
        await refilling.upTo(writer.position, async () => {})
        await refilling.swap()
        for (const name of refilling.views) views.stalled.delete(name)
      } finally {
        views.forget()
        residence.forgetClaims()
      }
    })
  }

  #named(name: string): Projection {
    const { projections } = this.#parts
    if (Object.hasOwn(projections, name)) return projections[name]!
    const known = Object.keys(projections).join(', ')
    throw new InvalidRequest('invalidInput', 'view', `There is no view '${name}'; known: ${known}.`)
  }

  #pause(): Promise<void> {
    this.#checkOpen()
    return new Promise<void>(resolve => this.#parts.clock.soon(resolve))
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new Unavailable('closed', 'The engine is closing; the views stay as they are.')
  }
}
