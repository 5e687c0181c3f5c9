/**
 * Rows that count in other rows of their view. What changes in one is added where it counts, and what changes there is
 * added further up; a sum is so never made anew, and is the same in whatever order events are folded.
 */
import type { Amounts, Projection, ViewRow } from '../../projections/contract.ts'

export interface Addition {
  readonly key: string
  readonly amounts: Amounts
}

/** What a change of a row adds elsewhere: nothing, to one row, or, where it counts in another from now on, to two. */
export function additions(view: Projection, before: ViewRow | undefined, after: ViewRow | undefined): Addition[] {
  const { counts } = view
  if (!counts || before === after) return []
  const [left, now] = [before && counts(before), after && counts(after)]
  const isSame = left?.in === now?.in
  const parts = isSame
    ? [{ key: now?.in, minus: left?.amounts, plus: now?.amounts }]
    : [
        { key: left?.in, minus: left?.amounts, plus: undefined },
        { key: now?.in, minus: undefined, plus: now?.amounts },
      ]
  return parts.flatMap(({ key, minus, plus }) => {
    const amounts = key === undefined ? undefined : difference(minus, plus)
    return amounts ? [{ key: key!, amounts }] : []
  })
}

function difference(minus: Amounts = {}, plus: Amounts = {}): Amounts | undefined {
  const amounts: Record<string, number> = {}
  for (const name of new Set([...Object.keys(minus), ...Object.keys(plus)])) {
    const amount = (plus[name] ?? 0) - (minus[name] ?? 0)
    if (amount !== 0) amounts[name] = amount
  }
  return Object.keys(amounts).length ? amounts : undefined
}
