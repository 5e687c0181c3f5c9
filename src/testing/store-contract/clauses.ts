import type { Session } from './session.ts'

/** One sentence of the contract, and its proof on a store that is not opened yet. */
export interface Clause {
  readonly title: string
  readonly proof: (session: Session) => Promise<void>
}
export type Clauses = readonly Clause[]
