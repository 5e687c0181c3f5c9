/** The views that come with stemma. */
import { inventory } from './inventory.ts'

export const projections = { inventory }
export type { InventoryRow, Relation } from './inventory.ts'
