/**
 * Durable timers: rows of the store, fired in order of due time. Only the next due time is kept in memory; waking too
 * early costs one look. (design: contract point 6.)
 */
import type { Clock } from '../runtime/clock.ts'
import type { NewsOutcome } from '../runtime/news.ts'
import type { Store, TimerRow } from '../store/store.ts'

/** Timers read and fired at once. */
const CHUNK = 256

export interface TimersOptions {
  readonly store: Pick<Store, 'timers'>
  readonly clock: Clock
  readonly fire: (timer: TimerRow) => Promise<NewsOutcome>
}

export class Timers {
  readonly #options: TimersOptions
  #next = Number.POSITIVE_INFINITY
  #forget: (() => void) | undefined
  #firing: Promise<void> | undefined
  #isStopped = false
  /** A wake came while firing: look again afterwards. */
  #isMissed = false
  readonly counts = { taken: 0, ignored: 0, stale: 0, failed: 0 }

  constructor(options: TimersOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const [first] = await this.#options.store.timers(1)
    if (first) this.#wakeAt(first.dueAt)
  }

  armed(timers: readonly TimerRow[]): void {
    for (const { dueAt } of timers) if (dueAt < this.#next) this.#wakeAt(dueAt)
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
    this.#next = time
    this.#forget = this.#options.clock.wakeAt(time, () => {
      this.#next = Number.POSITIVE_INFINITY
      if (this.#isStopped) return
      if (this.#firing) {
        this.#isMissed = true
        return
      }
      this.#firing = this.#fire().finally(() => {
        this.#firing = undefined
        if (this.#isMissed && !this.#isStopped) this.#wakeAt(this.#options.clock.now())
        this.#isMissed = false
      })
    })
  }

  async #fire(): Promise<void> {
    for (;;) {
      const now = this.#options.clock.now()
      const rows = await this.#options.store.timers(CHUNK)
      const due = rows.filter(row => row.dueAt <= now)
      const outcomes = this.#isStopped ? [] : await Promise.allSettled(due.map(row => this.#options.fire(row)))
      for (const outcome of outcomes) this.counts[outcome.status === 'fulfilled' ? outcome.value : 'failed'] += 1
      const isStuck = outcomes.some(outcome => outcome.status === 'rejected')
      if (this.#isStopped) return
      // A timer that cannot be fired (its resource is contained) must not be tried in a loop.
      if (isStuck) return this.#wakeAt(now + 60_000)
      if (due.length < CHUNK) return this.armed(rows.slice(due.length, due.length + 1))
    }
  }
}
