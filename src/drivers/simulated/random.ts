/**
 * Chance, from a seed. Each purpose has a stream of its own, so that drawing a latency never changes which call fails.
 */
export type Random = () => number

const fnv = (text: string): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

/** Numbers in [0, 1), the same for the same seed and purpose. (mulberry32: 32 bits of state, enough for chance here.) */
export const randomStream = (seed: number, purpose: string): Random => {
  let state = (fnv(purpose) ^ Math.imul(seed | 0, 0x9e3779b1)) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
