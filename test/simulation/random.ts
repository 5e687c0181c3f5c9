/**
 * Chance, from a seed and split by purpose: drawing one more latency never changes which command comes next, so that a
 * plan that was cut short still means the same where it was not cut.
 */

/** What chance is drawn for. Each purpose has a stream of its own. */
export type Purpose = 'shape' | 'schedule' | 'workload' | 'faults' | 'ids' | 'plan' | 'stalls' | 'images' | 'tokens'

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A number in [0, 1). (mulberry32: 32 bits of state are enough for chance here.) */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  /** An integer in [least, most]. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** One of the list, which must not be empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  /** One of the names, by weight; a weight of 0 is never drawn. At least one must be positive. */
  weighted<N extends string>(weights: Readonly<Partial<Record<N, number>>>): N {
    const entries = Object.entries(weights) as [N, number][]
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of entries) {
      left -= weight
      if (left < 0 && weight > 0) return name
    }
    return entries.findLast(([, weight]) => weight > 0)![0]
  }
}

const mixed = (seed: number, text: string): number => {
  let hash = 0x811c9dc5 ^ seed
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}

export const streamOf = (seed: number, purpose: Purpose): Random => new Random(mixed(seed, purpose))

/** The plan of a seed: one number for each step, from which everything the step draws follows. */
export function planOf(seed: number, steps: number): number[] {
  const random = streamOf(seed, 'plan')
  return Array.from({ length: steps }, () => Math.floor(random.next() * 4294967296))
}
