/** What folding comes to at one position. */
import type { ViewRow } from '../../../projections/contract.ts'
import type { Overlay } from './overlay.ts'

/** When a resource ended. */
export interface Ending {
  readonly kind: string
  readonly position: number
  readonly at: number
}

/** The rows of a view as of one position, and, where they belong to resources, which of those had ended. */
export interface RowsThen {
  readonly rows: Overlay<ViewRow>
  readonly ended: Overlay<Ending>
}

export interface Checkpoint {
  readonly position: number
  readonly rows: ReadonlyMap<string, ViewRow>
  readonly ended: ReadonlyMap<string, Ending>
}
