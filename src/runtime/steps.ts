/** Long work in small steps: between two of them everybody else has a turn. (design: contract point 12.) */
import type { Clock } from './clock.ts'

export interface Steps {
  readonly clock: Pick<Clock, 'soon'>
  /** Does at most `sizeMax` pieces of the work; returns how many there were. */
  readonly step: (sizeMax: number) => Promise<number>
  readonly sizeMax: number
  /** Nobody wants the rest any more: what is left is left for another time. */
  readonly isOver: () => boolean
}

/** Repeats the step until one finds less than it could do, or it is over. Returns how many pieces were done. */
export async function inSteps({ clock, step, sizeMax, isOver }: Steps): Promise<number> {
  let count = 0
  while (!isOver()) {
    const done = await step(sizeMax)
    count += done
    if (done < sizeMax) break
    await new Promise<void>(resolve => clock.soon(resolve))
  }
  return count
}
