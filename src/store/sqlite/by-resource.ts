/** The log in the order of the stream index: resource by resource, each event looked up where it is. */
import type Database from 'better-sqlite3'
import { type ByResource, type ResourceRange, type StoredEvent, StoreError } from '../store.ts'
import { asFailure } from './failures.ts'
import { type EventRow, toEvent } from './stream-index.ts'

const columns = 'events.position, events.resource, events.version, events.digest, events.text'
// Entries lead to events: the other order would sort the whole log.
const nextEvents = `
  select ${columns} from streams cross join events on events.position = streams.position
  where (streams.resource, streams.version) > (?, ?) and streams.resource < ? and streams.position <= ?
  order by streams.resource, streams.version limit ?`
const eventsAt = `
  select ${columns} from events where position in (select value from json_each(?)) order by position`

/** After the ids of all resources: they begin with the name of a kind. */
const END = '\u{10ffff}'
/** Events looked at to tell where ranges end: enough that each has about as many as the others. */
const SAMPLES = 1_000
const sampled = 'select resource from events where position in (select value from json_each(?)) order by resource'

/**
 * Reads of one snapshot of the file. Each new one costs all pages that are at hand; an old one keeps the log beside the
 * file from beginning anew.
 */
const READS_OF_ONE = 50

export class SqliteByResource implements ByResource {
  readonly #database: Database.Database
  readonly #isOwn: boolean
  readonly #next: Database.Statement<(string | number)[], EventRow>
  readonly #at: Database.Statement<[string], EventRow>
  #last: readonly [resource: string, version: number] = ['', 0]
  #before = END
  #isClosed = false
  #reads = 0
  readonly position: number

  /**
   * @param isOwn whether it is closed with this, or the store's own
   * @param position up to which the index has every event
   */
  constructor(database: Database.Database, isOwn: boolean, position: number) {
    this.#database = database
    this.#isOwn = isOwn
    this.position = position
    this.#next = database.prepare<(string | number)[], EventRow>(nextEvents).raw()
    this.#at = database.prepare<[string], EventRow>(eventsAt).raw()
  }

  async ranges(count: number): Promise<readonly ResourceRange[]> {
    const { position } = this
    const samples = Math.min(position, SAMPLES)
    const positions = Array.from({ length: samples }, (_, nth) => Math.ceil(((nth + 1) * position) / samples))
    const statement = this.#database.prepare<[string], string>(sampled).pluck()
    const resources = this.#read(() => statement.all(JSON.stringify(positions)))
    const ends = Array.from({ length: count - 1 }, (_, nth) => resources[Math.floor(((nth + 1) * samples) / count)])
    const froms = new Set(['', ...ends.filter(end => end !== undefined)])
    return [...froms].map((from, nth, all) => ({ from, before: all[nth + 1] }))
  }

  seek({ from, before }: ResourceRange): void {
    this.#last = [from, 0]
    this.#before = before ?? END
  }

  async next(limit: number): Promise<StoredEvent[]> {
    const rows = this.#read(() => this.#next.all(...this.#last, this.#before, this.position, limit))
    const end = rows.at(-1)
    if (end) this.#last = [end[1], end[2]]
    return rows.map(toEvent)
  }

  async at(positions: readonly number[]): Promise<StoredEvent[]> {
    return this.#read(() => this.#at.all(JSON.stringify(positions))).map(toEvent)
  }

  async close(): Promise<void> {
    if (this.#isOwn && !this.#isClosed) this.#database.close()
    this.#isClosed = true
  }

  #read<T>(work: () => T): T {
    const { name, open } = this.#database
    if (this.#isClosed || !open) throw new StoreError('closed', `${name} is not read any more; begin again`)
    try {
      if (this.#isOwn) this.#renew()
      return work()
    } catch (error) {
      throw asFailure(error, name, 'nothing was changed')
    }
  }

  #renew(): void {
    if (this.#database.inTransaction && this.#reads % READS_OF_ONE === 0) this.#database.exec('COMMIT')
    if (!this.#database.inTransaction) this.#database.exec('BEGIN')
    this.#reads += 1
  }
}
