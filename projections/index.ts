/** The views that come with stemma. */

import { pools } from './capacity.pools.ts'
import { capacity } from './capacity.ts'
import { clones } from './clones.ts'
import { inventory } from './inventory.ts'
import { limits } from './limits.ts'
import { names } from './names.ts'
import { shares } from './shares.ts'
import { usage } from './usage.ts'

export const projections = { inventory, limits, names, shares, clones, usage, pools, capacity }
export { ownRoot } from './capacity.instance.ts'
export {
  type CapacityFigures,
  type CapacityPart,
  capacityFigures,
  type PoolFigures,
  partsOf,
  poolFigures,
} from './capacity.report.ts'
export { type CapacityRow, type Cause, summed as sumOf, zoneKey } from './capacity.row.ts'
export { takenBy } from './capacity.ts'
export type { CloneRow } from './clones.ts'
export type { InventoryRow, Relation } from './inventory.ts'
export { type LimitRow, measures } from './limits.ts'
export type { NameRow } from './names.ts'
export type { ShareRow } from './shares.ts'
export {
  gibHoursOf,
  hoursOf,
  monthOf,
  type StatementLine,
  type UsagePeriod,
  type UsageRecord,
  type UsageSeries,
  usageRecords,
  usageSeries,
  usageStatement,
} from './usage.report.ts'
export type { UsageRow } from './usage.ts'
