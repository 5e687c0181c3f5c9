/** How often somebody guessed, by where it came from: whoever tries keys out is soon told to wait. (spec: ec2 12.12) */

const WINDOW_MS = 60_000
/** More sources than this at once are no clients of ours; the oldest are forgotten. */
const SOURCES_MAX = 10_000

export interface Failures {
  /** Has guessed too often within the last minute. */
  isBlocked(source: string, now: number): boolean
  count(source: string, now: number): void
}

/** @param perMinute wrong signatures that one source may send; without it, any number */
export function failures(perMinute = Number.POSITIVE_INFINITY): Failures {
  const bySource = new Map<string, { since: number; count: number }>()
  const current = (source: string, now: number) => {
    const known = bySource.get(source)
    return known && now - known.since < WINDOW_MS ? known : undefined
  }
  return {
    isBlocked: (source, now) => (current(source, now)?.count ?? 0) >= perMinute,
    count(source, now) {
      if (perMinute === Number.POSITIVE_INFINITY) return
      const known = current(source, now)
      if (known) {
        known.count += 1
        return
      }
      bySource.delete(source)
      const [oldest] = bySource.keys()
      if (bySource.size === SOURCES_MAX) bySource.delete(oldest!)
      bySource.set(source, { since: now, count: 1 })
    },
  }
}
