/** What makes a repeated create safe is what the provider declares; without it, each repetition makes another object. */
import type { ObjectRecord } from './records.ts'
import type { World } from './world.ts'

/** Would repeating the call that made this object, with this token, make another one? */
export const remakes = (world: World, existing: ObjectRecord, token: string): boolean => {
  const { by, ttlMs } = world.abilities.idempotency
  if (by === 'id') return false
  if (by === 'none' || existing.token !== token) return true
  return ttlMs !== undefined && existing.madeAt + ttlMs <= world.now()
}

/** A name for one more object under an id that is taken: an orphan that only a survey finds. */
export const strayOf = (world: World, id: string): string => `${id}~${world.made(id) + 1}`
