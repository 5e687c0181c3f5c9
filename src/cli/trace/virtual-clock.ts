/** Time that passes only when it is told to: between two instants of a trace nothing waits. */
import type { Clock } from '../../index.ts'

interface Wake {
  readonly time: number
  readonly wake: () => void
}

export class VirtualClock implements Clock {
  readonly #wakes = new Set<Wake>()
  #now: number

  /** @param now milliseconds since 1970 */
  constructor(now: number) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  /** What is due already is woken soon: its caller must first have returned. */
  wakeAt(time: number, wake: () => void): () => void {
    const entry = { time, wake }
    this.#wakes.add(entry)
    if (time <= this.#now) this.soon(() => this.#fire(entry))
    return () => void this.#wakes.delete(entry)
  }

  soon(run: () => void): void {
    setImmediate(run)
  }

  /** Moves to this time, never back, and wakes in order what falls due on the way. */
  advance(time: number): void {
    this.#now = Math.max(this.#now, time)
    const due = [...this.#wakes].filter(entry => entry.time <= this.#now)
    for (const entry of due.sort((a, b) => a.time - b.time)) this.#fire(entry)
  }

  #fire(entry: Wake): void {
    if (this.#wakes.delete(entry)) entry.wake()
  }
}
