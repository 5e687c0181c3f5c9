/** The views that come with stemma. */
import { inventory } from './inventory.ts'
import { names } from './names.ts'
import { shares } from './shares.ts'

export const projections = { inventory, names, shares }
export type { InventoryRow, Relation } from './inventory.ts'
export type { NameRow } from './names.ts'
export type { ShareRow } from './shares.ts'
