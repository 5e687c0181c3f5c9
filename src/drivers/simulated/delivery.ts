/** How answers reach the caller: after what they tell is written, and after the latency drawn for them. */
import type { SimulatedClock } from './clock.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** Answers `value`, or what `unwritten` makes of the failure if the truth could not be written. */
export type Delivery = <T>(value: T, unwritten: (failure: Error) => T) => Promise<T>

export interface Pace {
  readonly instant: boolean
  readonly latencyMs: { readonly min: number; readonly max: number }
  readonly chance: Random
  readonly clock: SimulatedClock
}

export const delivery = (world: World, { instant, latencyMs, chance, clock }: Pace): Delivery => {
  const spreadMs = latencyMs.max - latencyMs.min
  return (value, unwritten) => {
    const written = world.written()
    const answer =
      written?.then(failure => (failure === undefined ? value : unwritten(failure))) ?? Promise.resolve(value)
    if (instant || latencyMs.max === 0) return answer
    const arrivesAt = clock.now() + latencyMs.min + Math.floor(chance() * (spreadMs + 1))
    return new Promise((resolve, reject) => {
      clock.wakeAt(arrivesAt, () => answer.then(resolve, reject))
    })
  }
}
