/** Reading usage: the segments that overlap a period, and what they come to. (spec: cloudstack 4.5.) */
import { type UsagePeriod, type UsageRecord, type UsageRow, usageRecords } from '../../projections/index.ts'
import type { View } from '../runtime/listing.ts'

export interface UsageAsked extends UsagePeriod {
  /** One account, or several; all of them if not given. */
  readonly account?: string | readonly string[]
  /** What goes on is counted up to here (ms since 1970), and no further than the period. Usually the time now. */
  readonly asOfMs: number
}

/**
 * What was used in a period, one record for each resource and size.
 * @param view `engine.views.usage`
 * Throws RangeError for a period that ends before it begins, or whose bounds are no whole milliseconds.
 */
export async function readUsage(view: View<UsageRow>, asked: UsageAsked): Promise<UsageRecord[]> {
  const { account, fromMs, toMs, asOfMs } = asked
  for (const [name, value] of Object.entries({ fromMs, toMs, asOfMs }))
    if (!Number.isSafeInteger(value)) throw new RangeError(`${name} is ${value}, not a whole number of milliseconds`)
  if (toMs < fromMs) throw new RangeError(`a period from ${fromMs} to ${toMs} ends before it begins`)
  const where = { ...(account !== undefined && { account }), counted: 1, fromMs: { below: toMs } }
  const segments: UsageRow[] = []
  // Asked for apart, so that each is a range of one index.
  for await (const row of view.all({ where: { ...where, toMs: null } })) segments.push(row)
  for await (const row of view.all({ where: { ...where, toMs: { above: fromMs } }, sort: ['toMs'] })) segments.push(row)
  return usageRecords(segments, { fromMs, toMs }, asOfMs)
}
