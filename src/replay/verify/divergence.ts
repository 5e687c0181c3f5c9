/** Where a history run again comes out otherwise than it was recorded. */
import type { Difference } from '../differences.ts'

/**
 * What differs. `decision`: the machine does not take the event at all. `context`: what the resource remembers, against
 * today's rules or the stored snapshot. `refusal`: what was refused is accepted, or refused for other reasons. `damage`: a
 * digest does not hold. `fault`: the rules threw.
 */
export type Differing = 'state' | 'context' | 'wants' | 'decision' | 'refusal' | 'damage' | 'fault'

/** The first event of a resource that comes out otherwise. */
export interface Divergence {
  readonly resource: string
  readonly kind: string
  readonly account: string
  readonly position: number
  readonly version: number
  readonly type: string
  readonly differs: Differing
  readonly recorded: unknown
  readonly today: unknown
  /** Place by place. */
  readonly changes: readonly Difference[]
  /** Versions of the rules: that recorded the event, and that ran it again. */
  readonly rules: { readonly recorded: number; readonly today: number }
}

export interface Verdict {
  /** Run again, of how many resources. */
  readonly events: number
  readonly resources: number
  /** Refusals decided again. */
  readonly refusals: number
  /** Resources that came out otherwise, and the first of them in order of position, at most as many as asked for. */
  readonly diverged: number
  readonly divergences: readonly Divergence[]
  /** Archives that are not at hand: what a prune moved there was not run again. */
  readonly without?: readonly string[]
}

/** Of parts of one log that were verified apart. */
export function joined(parts: readonly Verdict[], listMax = Number.POSITIVE_INFINITY): Verdict {
  const sum = (of: (part: Verdict) => number) => parts.reduce((total, part) => total + of(part), 0)
  const all = parts.flatMap(({ divergences }) => divergences).sort((a, b) => a.position - b.position)
  const without = parts[0]?.without
  return {
    events: sum(({ events }) => events),
    resources: sum(({ resources }) => resources),
    refusals: sum(({ refusals }) => refusals),
    diverged: sum(({ diverged }) => diverged),
    divergences: all.slice(0, listMax),
    ...(without && { without }),
  }
}
