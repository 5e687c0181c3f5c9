/** What each object looked like before its last change, for as long as a stale read may still show it. */
import type { Observation } from '../driver.ts'

export interface Lag {
  /** An object is about to change from this. */
  note(before: Observation): void
  /** The state before the last change, if that change is younger than the lag. */
  before(kind: Observation['kind'], id: string, now: number): Observation | undefined
  /** Everything that still looks different from what it is. */
  all(now: number): Iterable<Observation>
}

export const lag = (lagMs: number): Lag => {
  // In order of change, because a change removes the entry before it adds its own: the oldest are first.
  const entries = new Map<string, Observation>()
  const forget = (now: number) => {
    for (const [key, { observedAt }] of entries) {
      if (observedAt + lagMs > now) return
      entries.delete(key)
    }
  }
  return {
    note: before => {
      forget(before.observedAt)
      const key = `${before.kind} ${before.id}`
      entries.delete(key)
      entries.set(key, before)
    },
    before: (kind, id, now) => {
      forget(now)
      const found = entries.get(`${kind} ${id}`)
      return found && { ...found, observedAt: now }
    },
    *all(now) {
      forget(now)
      for (const found of entries.values()) yield { ...found, observedAt: now }
    },
  }
}
