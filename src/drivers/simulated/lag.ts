/**
 * What each object looked like before the last call that changed it, for as long as a stale read may still show it. What
 * one call does step by step is one change: nobody ever sees the middle of it.
 */
import type { Observation } from '../driver.ts'

export interface Lag {
  /** Another call begins. */
  begin(): void
  /** An object is about to change from this. */
  note(before: Observation): void
  /** The state before the last change, if that change is younger than the lag. */
  before(kind: Observation['kind'], id: string, now: number): Observation | undefined
  /** Everything that still looks different from what it is. */
  all(now: number): Iterable<Observation>
}

export const lag = (lagMs: number): Lag => {
  // In order of change, because a change removes the entry before it adds its own: the oldest are first.
  const entries = new Map<string, { readonly before: Observation; readonly call: number }>()
  let call = 0
  const forget = (now: number) => {
    for (const [key, { before }] of entries) {
      if (before.observedAt + lagMs > now) return
      entries.delete(key)
    }
  }
  return {
    begin: () => {
      call++
    },
    note: before => {
      forget(before.observedAt)
      const key = `${before.kind} ${before.id}`
      if (entries.get(key)?.call === call) return
      entries.delete(key)
      entries.set(key, { before, call })
    },
    before: (kind, id, now) => {
      forget(now)
      const found = entries.get(`${kind} ${id}`)
      return found && { ...found.before, observedAt: now }
    },
    *all(now) {
      forget(now)
      for (const { before } of entries.values()) yield { ...before, observedAt: now }
    },
  }
}
