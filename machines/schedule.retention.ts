/** Which of what a schedule made is kept. */
import type { Keep, Made } from './schedule.alphabet.ts'

/** However long it keeps: the rest would never be looked at. */
const KEPT_MAX = 1000

/** Those that are not to go yet. */
const alive = (made: readonly Made[]) => made.filter(({ expired }) => !expired)

/** With what goes marked: all but the newest so many, and what is too old, but for the newest of all. */
export function retained(made: readonly Made[], { count = KEPT_MAX, ageMs }: Keep, at: number): readonly Made[] {
  const kept = alive(made)
  const newest = kept.at(-1)
  const isOld = (each: Made) => ageMs !== undefined && each !== newest && each.at + ageMs <= at
  const gone = new Set([...kept.slice(0, -count), ...kept.filter(isOld)])
  return gone.size === 0 ? made : made.map(each => (gone.has(each) ? { ...each, expired: true } : each))
}

/** When the next one is too old; undefined if none ever is. */
export function expiryOf(made: readonly Made[], { ageMs }: Keep): number | undefined {
  const [oldest] = alive(made).slice(0, -1)
  return oldest && ageMs !== undefined ? oldest.at + ageMs : undefined
}
