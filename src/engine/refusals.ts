/**
 * Keeps refusals for people who ask why, behind the backs of those who were refused: they wait in a short queue, and what
 * does not fit or cannot be written is lost and counted. (design: contract point 2; docs/decisions/0012.)
 */
import type { Catalogue } from '../runtime/catalogue.ts'
import type { KindMap } from '../runtime/client.ts'
import type { Clock } from '../runtime/clock.ts'
import type { ViewMap } from '../runtime/listing.ts'
import { InvalidRequest, type Refused } from '../runtime/refusal.ts'
import { type Asker, refusalEntry } from '../runtime/refusal-entry.ts'
import { memoryRefusals, type RefusalEntry, type RefusalJournal, type RefusalQuery } from '../store/refusals.ts'
import type { Store } from '../store/store.ts'
import type { EngineOptions } from './options.ts'

/** Entries that wait, and those written in one turn of the event loop: a millisecond or two. */
const QUEUE_MAX = 1_000
const WRITE_MAX = 64
const LIMIT_MAX = 1_000

/** Where an engine keeps them, as its options say. */
export function journalOf(store: Store, asked: EngineOptions<KindMap, ViewMap, Store>['refusals'] = {}) {
  if (asked === false) return undefined
  return 'append' in asked ? asked : (store.refusals?.(asked) ?? memoryRefusals(asked))
}

export interface RefusalsOptions {
  /** None: nothing is kept. */
  readonly journal: RefusalJournal | undefined
  readonly catalogue: Catalogue
  readonly clock: Pick<Clock, 'soon'>
}

export class Refusals {
  readonly #options: RefusalsOptions
  readonly #queue: RefusalEntry[] = []
  #writing: Promise<void> | undefined
  readonly #counts = { written: 0, dropped: 0, failures: 0 }

  constructor(options: RefusalsOptions) {
    this.#options = options
  }

  /** Takes over what was refused. Never throws, and waits for nobody. */
  add(error: Refused, asker: Asker): void {
    const { journal, catalogue } = this.#options
    if (!journal) return
    for (let place = 0; place < error.refusals.length; place += 1) {
      if (this.#queue.length >= QUEUE_MAX) {
        this.#counts.dropped += error.refusals.length - place
        break
      }
      try {
        this.#queue.push(refusalEntry(error, place, asker, catalogue))
      } catch {
        // Whatever cannot be shown is lost like what does not fit: a caller's answer does not depend on it.
        this.#counts.dropped += 1
      }
    }
    if (this.#queue.length > 0) this.#writing ??= this.#write(journal)
  }

  /** The newest that match, newest last; at most `limit`, which is 1 to 1000 (default 100). Throws InvalidRequest. */
  async read(asked: Partial<RefusalQuery> = {}): Promise<RefusalEntry[]> {
    const query = checked(asked)
    await this.#writing
    return (await this.#options.journal?.read(query)) ?? []
  }

  async measures(): Promise<Record<string, number>> {
    const { journal } = this.#options
    // A journal that cannot be measured is no reason to measure nothing else.
    const sizes = (await journal?.measures().catch(() => undefined)) ?? {}
    return { waiting: this.#queue.length, ...this.#counts, ...sizes }
  }

  /** Writes what waits, and closes the journal. */
  async close(): Promise<void> {
    await this.#writing
    await this.#options.journal?.close()
  }

  async #write(journal: RefusalJournal): Promise<void> {
    while (this.#queue.length > 0) {
      await new Promise<void>(resolve => this.#options.clock.soon(resolve))
      const entries = this.#queue.splice(0, WRITE_MAX)
      try {
        await journal.append(entries)
        this.#counts.written += entries.length
      } catch {
        this.#counts.failures += 1
        this.#counts.dropped += entries.length
      }
    }
    this.#writing = undefined
  }
}

function checked({ resource, account, since, limit = 100 }: Partial<RefusalQuery>): RefusalQuery {
  const no = (field: string, what: string) => new InvalidRequest('invalidInput', field, `${field} is ${what}.`)
  for (const [field, value] of Object.entries({ resource, account }))
    if (value !== undefined && typeof value !== 'string') throw no(field, 'a text')
  if (since !== undefined && !Number.isFinite(since)) throw no('since', 'a time in milliseconds since 1970')
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) throw no('limit', `an integer from 1 to ${LIMIT_MAX}`)
  return { resource, account, since, limit }
}
