/**
 * Rows that count in other rows of their view. What changes in one is added where it counts, and what changes there is
 * added further up; a sum is so never made anew, and is the same in whatever order events are folded.
 */
import type { Amounts, Counted, Projection, ViewRow } from '../../projections/contract.ts'

export interface Addition {
  readonly key: string
  readonly amounts: Amounts
}

/** What a change of a row adds elsewhere: to each row in which it counted, or counts from now on. */
export function additions(view: Projection, before: ViewRow | undefined, after: ViewRow | undefined): Addition[] {
  if (!view.counts || before === after) return []
  const sums = new Map<string, Record<string, number>>()
  count(sums, before && view.counts(before), -1)
  count(sums, after && view.counts(after), 1)
  return [...sums].flatMap(([key, amounts]) => {
    const changed = Object.entries(amounts).filter(([, amount]) => amount !== 0)
    return changed.length ? [{ key, amounts: Object.fromEntries(changed) }] : []
  })
}

type Counts = ReturnType<NonNullable<Projection['counts']>>

function count(sums: Map<string, Record<string, number>>, counts: Counts, sign: 1 | -1): void {
  for (const { in: key, amounts } of counts ? listOf(counts) : []) {
    const sum = sums.get(key) ?? {}
    for (const name in amounts) sum[name] = (sum[name] ?? 0) + sign * amounts[name]!
    sums.set(key, sum)
  }
}
const listOf = (counts: Counted | readonly Counted[]): readonly Counted[] =>
  Array.isArray(counts) ? counts : [counts as Counted]
