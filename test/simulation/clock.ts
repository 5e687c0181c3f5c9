/**
 * Virtual time: nothing runs by itself. What the engine and the provider want to do soon, or at a time, waits here until
 * the world draws it. (spec: reliability 6, the seams.)
 */
import type { Clock } from '../../src/runtime/clock.ts'
import type { Life } from './crash.ts'

/** The day on which every simulation begins. */
export const DAWN = Date.UTC(2026, 0, 1)

/** A continuation that waits; `owner` says whose it is, so that a crash can drop what belongs to the dead. */
export interface Waiting {
  readonly time: number
  readonly order: number
  readonly run: () => void
  readonly owner: Life | undefined
  isForgotten: boolean
}

export class VirtualTime {
  now = DAWN
  #order = 0
  #soon: Waiting[] = []
  /** Sorted by time, then by order. */
  #timers: Waiting[] = []

  /** A clock for one engine, which stops with its life; without one, for the provider, which outlives engines. */
  clock(owner?: Life): Clock {
    const isOver = () => owner?.touch('clock') ?? false
    return {
      now: () => this.now,
      soon: run => {
        if (isOver()) return
        this.#soon.push({ time: this.now, order: this.#nextOrder(), run, owner, isForgotten: false })
      },
      wakeAt: (time, run) => {
        if (isOver()) return () => {}
        const waiting: Waiting = { time, order: this.#nextOrder(), run, owner, isForgotten: false }
        this.#insert(waiting)
        return () => {
          waiting.isForgotten = true
        }
      },
    }
  }

  /** What may run now without time passing, oldest first. */
  ready(): readonly Waiting[] {
    this.#timers = this.#timers.filter(each => !each.isForgotten)
    const due = this.#timers.filter(each => each.time <= this.now)
    return [...this.#soon, ...due]
  }

  /** When the next timer comes; undefined if there is none. */
  nextTime(): number | undefined {
    return this.#timers.find(each => !each.isForgotten && each.time > this.now)?.time
  }

  /** Takes one out of those that wait and returns what to run. */
  take(waiting: Waiting): () => void {
    this.#soon = this.#soon.filter(each => each !== waiting)
    this.#timers = this.#timers.filter(each => each !== waiting)
    return waiting.run
  }

  /** Forgets everything a dead engine waited for. */
  drop(owner: Life): void {
    this.#soon = this.#soon.filter(each => each.owner !== owner)
    this.#timers = this.#timers.filter(each => each.owner !== owner)
  }

  #nextOrder(): number {
    this.#order += 1
    return this.#order
  }

  #insert(waiting: Waiting): void {
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#timers[middle]!.time <= waiting.time) low = middle + 1
      else high = middle
    }
    this.#timers.splice(low, 0, waiting)
  }
}
