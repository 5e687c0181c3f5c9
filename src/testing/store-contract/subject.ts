import type { Store } from '../../store/store.ts'

/** Chapters of the contract. A store that keeps only some of them names those. */
export type StorePart =
  | 'append'
  | 'positions'
  | 'claims'
  | 'asks'
  | 'timers'
  | 'tokens'
  | 'derived'
  | 'retention'
  | 'queries'

/** One empty place for a store. */
export interface StoreSubject {
  /** Not opened yet: the suite opens it with views of its own. */
  readonly store: Store
  /** Another store on the same place, not opened yet; the suite has closed the one before. */
  reopen(): Promise<Store>
  cleanup(): Promise<void>
}

export interface StoreContract {
  readonly name: string
  /** A new and empty place for each test. */
  open(): Promise<StoreSubject>
  /** Default: all of them. */
  readonly parts?: readonly StorePart[]
}
