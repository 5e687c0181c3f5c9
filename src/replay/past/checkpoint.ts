/** A view at a position: what folding goes on from. */
import type { ViewRow } from '../../../projections/contract.ts'

/** When a resource ended. */
export interface Ending {
  readonly kind: string
  readonly position: number
  readonly at: number
}

export interface Checkpoint {
  readonly position: number
  readonly rows: ReadonlyMap<string, ViewRow>
  readonly ended: ReadonlyMap<string, Ending>
}
