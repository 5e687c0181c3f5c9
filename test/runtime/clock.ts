/** Time that passes only when a test says so. What the engine does soon, it does in the next microtask. */
import type { Clock } from '../../src/runtime/clock.ts'

interface Waker {
  readonly time: number
  readonly wake: () => void
}

/** The day on which every test of the runtime begins. */
export const MORNING = Date.UTC(2026, 5, 1)

export class TestClock implements Clock {
  #now: number
  #wakers: Waker[] = []

  constructor(now = MORNING) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  /** How many wait for a time to come: each would keep a process alive. */
  get waiting(): number {
    return this.#wakers.length
  }

  wakeAt(time: number, wake: () => void): () => void {
    const waker = { time, wake }
    this.#wakers.push(waker)
    return () => {
      this.#wakers = this.#wakers.filter(other => other !== waker)
    }
  }

  soon(run: () => void): void {
    queueMicrotask(run)
  }

  /** Sets the time without waking anybody: what an operator does to a clock. */
  set(now: number): void {
    this.#now = now
  }

  /** Lets time pass: wakes whoever is due, in order, and lets what they begin come to rest before the next. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    await rest()
    for (;;) {
      const next = this.#wakers.reduce<Waker | undefined>(
        (first, each) => (each.time <= end && (!first || each.time < first.time) ? each : first),
        undefined,
      )
      if (!next) break
      this.#wakers = this.#wakers.filter(other => other !== next)
      this.#now = Math.max(this.#now, next.time)
      next.wake()
      await rest()
    }
    this.#now = Math.max(this.#now, end)
  }
}

/** What an engine does soon, it does in the next turn of the event loop, as with the clock of the system. */
export class TurningClock extends TestClock {
  override soon(run: () => void): void {
    setImmediate(run)
  }
}

/** Resolves when every promise that can be settled without waiting for time or input is settled. */
export const rest = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Lets time pass, a second at a time, until it is there. */
export async function during<T>(clock: TestClock, work: Promise<T>): Promise<T> {
  let isOver = false
  const end = () => {
    isOver = true
  }
  work.then(end, end)
  while (!isOver) await clock.pass(1_000)
  return work
}
