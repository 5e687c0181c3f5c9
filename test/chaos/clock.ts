/** The system's clock, which a test may set forward: what would be asked again in an hour is asked now. */
import type { Clock } from '../../src/runtime/clock.ts'

interface Waker {
  readonly time: number
  readonly wake: () => void
  timer?: NodeJS.Timeout
}

export class ForwardClock implements Clock {
  #aheadMs = 0
  readonly #wakers = new Set<Waker>()

  now = (): number => Date.now() + this.#aheadMs
  soon = (run: () => void): void => void setImmediate(run)

  wakeAt = (time: number, wake: () => void): (() => void) => {
    const waker: Waker = { time, wake }
    this.#wakers.add(waker)
    this.#set(waker)
    return () => {
      this.#wakers.delete(waker)
      clearTimeout(waker.timer)
    }
  }

  forward(ms: number): void {
    this.#aheadMs += ms
    for (const waker of this.#wakers) this.#set(waker)
  }

  #set(waker: Waker): void {
    clearTimeout(waker.timer)
    const waitMs = Math.min(Math.max(0, waker.time - this.now()), 2 ** 31 - 1)
    waker.timer = setTimeout(() => {
      this.#wakers.delete(waker)
      waker.wake()
    }, waitMs)
    waker.timer.unref()
  }
}
