/** The way of one resource through its chart: where it was, how often and how long, and how it went on from there. */
import type { Envelope } from '../../../machines/grammar.ts'

/** How often a resource was in a state, and for how long altogether. */
export interface Visit {
  readonly count: number
  readonly ms: number
}

export interface Way {
  /** By dotted path of the state. */
  readonly visits: ReadonlyMap<string, Visit>
  /** How often it went from one state to another, and by which event. */
  readonly taken: readonly Taken[]
}

export interface Taken {
  readonly from: string
  readonly to: string
  readonly type: string
  readonly count: number
}

/**
 * What a history says.
 * @param untilMs the state it is in now lasts until then (ms since 1970)
 */
export function wayOf(events: readonly Envelope[], untilMs: number): Way {
  const visits = new Map<string, Visit>()
  const taken = new Map<string, Taken>()
  const add = (state: string, { count, ms }: Visit) => {
    const known = visits.get(state) ?? { count: 0, ms: 0 }
    visits.set(state, { count: known.count + count, ms: known.ms + ms })
  }
  for (const [index, { before: from, state: to, at, type }] of events.entries()) {
    if (from !== to) {
      const key = `${from} ${to} ${type}`
      taken.set(key, { from, to, type, count: (taken.get(key)?.count ?? 0) + 1 })
      add(to, { count: 1, ms: 0 })
    }
    add(to, { count: 0, ms: Math.max(0, (events[index + 1]?.at ?? untilMs) - at) })
  }
  return { visits, taken: [...taken.values()] }
}

export const visitText = ({ count, ms }: Visit): string =>
  `${count} ${count === 1 ? 'visit' : 'visits'}, ${duration(ms)}`

function duration(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ] as const
  for (const [unit, size] of units) if (ms >= size) return `${Math.round((ms / size) * 10) / 10} ${unit}`
  return `${ms} ms`
}
