/**
 * Durable timers: rows of the store, fired in order of due time. Only the next due time is kept in memory; waking too
 * early costs one look. (design: contract point 6.)
 */
import type { Clock } from '../runtime/clock.ts'
import type { NewsOutcome } from '../runtime/news.ts'
import type { Store, TimerRow } from '../store/store.ts'

/** Timers read and fired at once. */
const CHUNK = 256
/** Until a timer that could not be fired (its resource is contained, the disk is full) is tried again. */
const RETRY_MS = 60_000

export interface TimersOptions {
  readonly store: Pick<Store, 'timers'>
  readonly clock: Clock
  readonly fire: (timer: TimerRow) => Promise<NewsOutcome>
  /** Whether an event type ends something: of those due at one millisecond it comes first. */
  readonly ends: (event: string) => boolean
}

export class Timers {
  readonly #options: TimersOptions
  #next = Number.POSITIVE_INFINITY
  #forget: (() => void) | undefined
  #firing: Promise<void> | undefined
  #isStopped = false
  /** A wake came while firing: look again afterwards. */
  #isMissed = false
  /** Timers that could not be fired, and until when they are passed over: others must not wait for them. */
  readonly #stuck = new Map<string, number>()
  readonly counts = { taken: 0, ignored: 0, stale: 0, failed: 0 }

  constructor(options: TimersOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const [first] = await this.#options.store.timers(1)
    if (first) this.#wakeAt(first.dueAt)
  }

  armed(timers: readonly TimerRow[]): void {
    for (const { dueAt } of timers) this.#soonest(dueAt)
  }

  #soonest(time: number): void {
    if (time < this.#next) this.#wakeAt(time)
  }

  /** Resolves when what was due has fired. */
  async idle(): Promise<void> {
    while (this.#firing) await this.#firing
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#forget?.()
    await this.idle()
  }

  #wakeAt(time: number): void {
    this.#forget?.()
    // What is committed while the engine closes may arm more: they are rows, and the next engine finds them.
    if (this.#isStopped) return
    this.#next = time
    this.#forget = this.#options.clock.wakeAt(time, () => {
      this.#next = Number.POSITIVE_INFINITY
      if (this.#firing) {
        this.#isMissed = true
        return
      }
      this.#firing = this.#fire().finally(() => {
        this.#firing = undefined
        if (this.#isMissed) this.#wakeAt(this.#options.clock.now())
        this.#isMissed = false
      })
    })
  }

  async #fire(): Promise<void> {
    const { store, clock } = this.#options
    let chunk = CHUNK
    for (;;) {
      const now = clock.now()
      for (const [key, until] of this.#stuck) if (until <= now) this.#stuck.delete(key)
      const limit = chunk + this.#stuck.size
      let rows: TimerRow[]
      try {
        rows = await store.timers(limit)
      } catch {
        // The store says elsewhere what ails it; the rows are still there.
        this.counts.failed += 1
        return this.#soonest(now + RETRY_MS)
      }
      if (this.#isStopped) return
      const due = rows.filter(row => row.dueAt <= now && !this.#stuck.has(keyOf(row)))
      const last = rows.at(-1)?.dueAt ?? 0
      const isMore = rows.length === limit && last <= now
      // The last millisecond may go on beyond what was read, and its ends must come before its beginnings.
      const whole = isMore ? due.filter(row => row.dueAt < last) : due
      chunk = isMore && whole.length === 0 ? chunk * 2 : CHUNK
      await this.#fireAll(this.#inOrder(whole))
      if (this.#isStopped) return
      if (isMore) continue
      for (const until of this.#stuck.values()) this.#soonest(until)
      return this.armed(rows.filter(row => row.dueAt > now).slice(0, 1))
    }
  }

  #inOrder(due: readonly TimerRow[]): TimerRow[] {
    const rank = ({ event }: TimerRow) => (this.#options.ends(event) ? 0 : 1)
    return [...due].sort((a, b) => a.dueAt - b.dueAt || rank(a) - rank(b) || a.position - b.position)
  }

  async #fireAll(due: readonly TimerRow[]): Promise<void> {
    const { clock, fire } = this.#options
    const outcomes = await Promise.allSettled(due.map(row => fire(row)))
    for (const [index, outcome] of outcomes.entries()) {
      this.counts[outcome.status === 'fulfilled' ? outcome.value : 'failed'] += 1
      if (outcome.status === 'rejected') this.#stuck.set(keyOf(due[index]!), clock.now() + RETRY_MS)
    }
  }
}

const keyOf = ({ resource, event }: TimerRow): string => `${resource} ${event}`
