/**
 * Rows that count in other rows of their view. What changes in one is added where it counts, and what changes there is
 * added further up; a sum is so never made anew, and is the same in whatever order events are folded.
 */
import type { Amounts, Counted, Projection, ViewRow } from '../../projections/contract.ts'

export interface Addition {
  readonly key: string
  readonly amounts: Amounts
}

/** What changes of rows add elsewhere, gathered for each row that it goes to. */
export class Additions {
  readonly #view: Projection
  readonly #sums = new Map<string, Record<string, number>>()

  constructor(view: Projection) {
    this.#view = view
  }

  /** A row has changed: it counts no more where it counted, and counts from now on where it does. */
  changed(before: ViewRow | undefined, after: ViewRow | undefined): void {
    const { counts } = this.#view
    if (!counts || before === after) return
    if (before) this.#count(counts(before), -1)
    if (after) this.#count(counts(after), 1)
  }

  add(key: string, amounts: Amounts, sign: 1 | -1): void {
    const sum = this.#sums.get(key) ?? {}
    this.#sums.set(key, sum)
    for (const name in amounts) sum[name] = (sum[name] ?? 0) + sign * amounts[name]!
  }

  /** What is to be added to each, without what comes to nothing. */
  all(): Addition[] {
    const all: Addition[] = []
    for (const [key, sum] of this.#sums) {
      const changed = Object.entries(sum).filter(([, amount]) => amount !== 0)
      if (changed.length) all.push({ key, amounts: Object.fromEntries(changed) })
    }
    return all
  }

  #count(counted: ReturnType<NonNullable<Projection['counts']>>, sign: 1 | -1): void {
    if (!counted) return
    for (const { in: key, amounts } of listOf(counted)) this.add(key, amounts, sign)
  }
}

/** What a change of a row adds elsewhere: to each row in which it counted, or counts from now on. */
export function additions(view: Projection, before: ViewRow | undefined, after: ViewRow | undefined): Addition[] {
  if (!view.counts || before === after) return []
  const sums = new Additions(view)
  sums.changed(before, after)
  return sums.all()
}

const listOf = (counts: Counted | readonly Counted[]): readonly Counted[] =>
  Array.isArray(counts) ? counts : [counts as Counted]
