/** How long machines of each flavour ran, as the view of usage bills it: whole milliseconds. */
import { type UsageRow, usageRecords, type View } from '../../index.ts'
import type { TracePlan } from './plan.ts'

/** By letter of the flavour, in ms; a flavour of which nothing ran is not among them. */
export type RunningMs = Readonly<Record<string, number>>

/** Segments turned into records at once: what is reported of two parts of them adds up to what is reported of both. */
const PART = 10_000

/** @param letterOf the letter of an offering */
export async function usageMs(
  view: View<UsageRow>,
  { startSecond, horizonSecond }: TracePlan,
  letterOf: (offering: string) => string,
): Promise<RunningMs> {
  const period = { fromMs: startSecond * 1_000, toMs: horizonSecond * 1_000 }
  const sums: Record<string, number> = {}
  let part: UsageRow[] = []
  const add = () => {
    for (const { series, offering, durationMs } of usageRecords(part, period, period.toMs)) {
      if (series !== 'runningInstance') continue
      const letter = letterOf(offering!)
      sums[letter] = (sums[letter] ?? 0) + durationMs
    }
    part = []
  }
  for await (const row of view.all({ where: { kind: 'instance', counted: 1 } })) if (part.push(row) === PART) add()
  add()
  return sums
}

/** Letters whose sums differ, in their order. */
export const differing = (one: RunningMs, other: RunningMs): string[] =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])]
    .sort()
    .filter(letter => (one[letter] ?? 0) !== (other[letter] ?? 0))
