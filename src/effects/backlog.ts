/**
 * Open asks that are in the store only: those of an earlier process, and those that did not fit into memory. One reader
 * goes through them in order for all lanes that have room again; what belongs to others it passes over.
 */
import type { Clock } from '../runtime/clock.ts'
import type { AskRow, Store } from '../store/store.ts'
import type { Lane } from './lane.ts'

/** Asks read at once. */
const CHUNK = 500
/** When a store that could not be read is tried again. */
const READ_AGAIN_MS = 1_000

export interface BacklogOptions {
  readonly store: Pick<Store, 'asks'>
  readonly clock: Clock
  readonly lanes: readonly Lane[]
  readonly laneOf: (ask: AskRow) => Lane
  /** Until when an ask is in doubt that somebody may have called before. */
  readonly doubtOf: (ask: AskRow) => number | undefined
  /** Asks were taken, or there are none left. */
  readonly taken: () => void
  readonly unread: () => void
}

export class Backlog {
  readonly #options: BacklogOptions
  #isReading = false
  #isStopped = false
  #forget: (() => void) | undefined
  #limit = CHUNK
  /** Asks closed while they were being read: nobody may call them any more. */
  readonly #closed = new Set<string>()

  constructor(options: BacklogOptions) {
    this.#options = options
  }

  get isReading(): boolean {
    return this.#isReading
  }

  closed(token: string): void {
    if (this.#isReading) this.#closed.add(token)
  }

  /** Reads the first chunk, and the rest in turns. Throws what the store throws at the first. */
  start(): Promise<void> {
    return this.#read()
  }

  stop(): void {
    this.#isStopped = true
    this.#forget?.()
  }

  /** Reads on if a lane has room for what it left in the store. */
  next(): void {
    if (this.#isReading || this.#isStopped || this.#forget || !this.#options.lanes.some(lane => lane.isHungry)) return
    void this.#read().catch(() => this.#later())
  }

  /** What is open in the store stays open. */
  #later(): void {
    const { clock, unread } = this.#options
    unread()
    if (this.#isStopped) return
    this.#forget = clock.wakeAt(clock.now() + READ_AGAIN_MS, () => {
      this.#forget = undefined
      this.next()
    })
  }

  async #read(): Promise<void> {
    const { store, lanes, clock, taken } = this.#options
    const hungry = new Set(lanes.filter(lane => lane.isHungry))
    const from = Math.min(...Array.from(hungry, lane => lane.behindFrom!))
    for (const lane of hungry) lane.isMissed = false
    const limit = this.#limit
    this.#isReading = true
    try {
      const rows = await store.asks(from - 1, limit)
      this.#take(rows, hungry)
      this.#leave(rows, hungry, rows.length < limit)
      // All at one position, and there may be more of it: only a larger chunk gets past them.
      this.#limit = rows.length === limit && rows.at(-1)!.position === from ? limit * 2 : CHUNK
    } finally {
      this.#isReading = false
      this.#closed.clear()
    }
    taken()
    if (lanes.some(lane => lane.isHungry)) clock.soon(() => this.next())
  }

  /** Each lane takes its own, in order, until it is full. */
  #take(rows: readonly AskRow[], hungry: Set<Lane>): void {
    const { laneOf, doubtOf } = this.#options
    for (const row of rows) {
      const lane = laneOf(row)
      if (!hungry.has(lane) || row.position < lane.behindFrom! || this.#closed.has(row.token)) continue
      if (lane.take(row, doubtOf(row))) continue
      lane.behindFrom = row.position
      hungry.delete(lane)
    }
  }

  /** Where those that have room left go on. One position may have several asks, so they begin with the last one again. */
  #leave(rows: readonly AskRow[], hungry: ReadonlySet<Lane>, isEnd: boolean): void {
    const last = rows.at(-1)?.position ?? 0
    for (const lane of hungry) lane.behindFrom = isEnd && !lane.isMissed ? undefined : Math.max(lane.behindFrom!, last)
  }
}
