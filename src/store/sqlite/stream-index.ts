/**
 * Which events a resource has: resource and version to position, one entry for each event. Written with its event, an
 * entry would change a page of its own somewhere in its table, and those pages would be most of what a commit writes.
 * So entries wait in memory, and reach the table sorted, a few with each commit. (docs/decisions/0014.)
 *
 * Entries follow from the events: what the table lacks is read from the log again when the store opens.
 */
import { Conflict, type StoredEvent } from '../store.ts'
import type { Statements } from './statements.ts'

/** Name of the table's watermark: the position up to which it has every entry. */
export const STREAMS = 'streams'

/** Entries that wait before a run of them begins. More share their pages better, and take longer to find again. */
const WAITING_MAX = 32_768
/** Entries written for each event of a commit: two, so that a run ends before the next one is due. */
const WRITTEN_PER_EVENT = 2
/** Entries found at once. */
const CHUNK = 5_000

interface Entry {
  readonly resource: string
  readonly version: number
  readonly position: number
}

/** Entries on their way into the table, in the order of its key. */
interface Run {
  readonly byResource: ReadonlyMap<string, readonly Entry[]>
  readonly sorted: readonly Entry[]
  /** Once all are written, the table has every entry up to here. */
  readonly position: number
  /** Written by transactions that are over, and by the open one. */
  written: number
  writing: number
}

/** An event as its statements give it: position, resource, version, digest, text. */
export type EventRow = [number, string, number, string, string]

export const toEvent = ([position, resource, version, digest, text]: EventRow): StoredEvent => ({
  position,
  resource,
  version,
  text,
  digest,
})

export class StreamIndex {
  readonly #statements: Statements
  readonly #waitingMax: number
  #waiting = new Map<string, Entry[]>()
  #count = 0
  #position = 0
  #run: Run | undefined
  /** Entries of the open transaction. */
  #fresh: Entry[] = []

  /** Finds the entries that the table lacks. */
  constructor(statements: Statements, waitingMax = WAITING_MAX) {
    this.#statements = statements
    this.#waitingMax = waitingMax
    this.#position = statements.findWatermark.get(STREAMS)?.position ?? 0
    for (let found = CHUNK; found === CHUNK; ) {
      const entries = statements.entriesAfter.all(this.#position, CHUNK)
      for (const entry of entries) this.#keep(entry)
      found = entries.length
    }
  }

  /** Entries that the table lacks. */
  get waiting(): number {
    return this.#count + (this.#run ? this.#run.sorted.length - this.#run.written : 0)
  }

  /** Takes the entry of an event of the open transaction. Throws Conflict version if its stream has it already. */
  add({ resource, version, position }: StoredEvent): void {
    if (this.#has(resource, version)) throw new Conflict('version', `${resource}@${version}`)
    const entry = { resource, version, position }
    this.#keep(entry)
    this.#fresh.push(entry)
  }

  /** Writes what is due, in the open transaction. */
  write(): void {
    if (this.#run) this.#write(this.#run, this.#fresh.length * WRITTEN_PER_EVENT)
  }

  /** Writes the run that has begun, or else all that waits, in an open transaction of its own. */
  writeRun(): void {
    if (!this.#run) this.#begin()
    this.#write(this.#run!, Number.POSITIVE_INFINITY)
  }

  /** The open transaction was committed. */
  committed(): void {
    this.#fresh = []
    const run = this.#run
    if (run) {
      run.written = run.writing
      if (run.written === run.sorted.length) this.#run = undefined
    }
    if (!this.#run && this.#count >= this.#waitingMax) this.#begin()
  }

  /** The open transaction was rolled back. */
  undone(): void {
    for (const { resource } of this.#fresh) {
      const entries = this.#waiting.get(resource)!
      entries.pop()
      if (entries.length === 0) this.#waiting.delete(resource)
    }
    this.#count -= this.#fresh.length
    // Their positions will be given again.
    if (this.#fresh.length) this.#position = this.#fresh[0]!.position - 1
    this.#fresh = []
    if (this.#run) this.#run.writing = this.#run.written
  }

  /** Events of a stream from this version on, in order, at most `limit`. */
  read(resource: string, fromVersion: number, limit: number): EventRow[] {
    const { stream, eventsAt } = this.#statements
    const written = stream.all(resource, fromVersion, limit) as EventRow[]
    const above = written.at(-1)?.[2] ?? fromVersion - 1
    const missing = [this.#run?.byResource, this.#waiting]
      .flatMap(entries => entries?.get(resource) ?? [])
      .filter(({ version }) => version > above)
      .slice(0, limit - written.length)
    if (missing.length === 0) return written
    return [...written, ...(eventsAt.all(JSON.stringify(missing.map(each => each.position))) as EventRow[])]
  }

  #keep(entry: Entry): void {
    const entries = this.#waiting.get(entry.resource)
    if (entries) entries.push(entry)
    else this.#waiting.set(entry.resource, [entry])
    this.#count += 1
    this.#position = entry.position
  }

  #has(resource: string, version: number): boolean {
    const entries = this.#waiting.get(resource) ?? this.#run?.byResource.get(resource)
    // Versions rise with positions: nearly always this one is the next.
    if (entries && version > entries.at(-1)!.version) return false
    const isSame = (entry: Entry) => entry.version === version
    return (
      this.#waiting.get(resource)?.some(isSame) ||
      this.#run?.byResource.get(resource)?.some(isSame) ||
      this.#statements.findEntry.get(resource, version) !== undefined
    )
  }

  #begin(): void {
    const byResource = this.#waiting
    const sorted = [...byResource.keys()].sort().flatMap(resource => byResource.get(resource)!)
    this.#run = { byResource, sorted, position: this.#position, written: 0, writing: 0 }
    this.#waiting = new Map()
    this.#count = 0
  }

  #write(run: Run, count: number): void {
    const end = Math.min(run.sorted.length, run.writing + count)
    for (; run.writing < end; run.writing += 1) {
      const { resource, version, position } = run.sorted[run.writing]!
      this.#statements.entry.run(resource, version, position)
    }
    if (end === run.sorted.length) this.#statements.watermark.run(run.position, STREAMS)
  }
}

/** The same for a reader, who has nothing waiting: what the table lacks is looked for in the log. */
export function readStream(
  { stream, streamAfter }: Statements,
  resource: string,
  fromVersion: number,
  limit: number,
): EventRow[] {
  const written = stream.all(resource, fromVersion, limit) as EventRow[]
  const above = written.at(-1)?.[2] ?? fromVersion - 1
  return [...written, ...(streamAfter.all(STREAMS, resource, above, limit - written.length) as EventRow[])]
}
