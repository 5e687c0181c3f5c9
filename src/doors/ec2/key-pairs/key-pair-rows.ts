/** Key pairs of the caller's account and region. Clients name them by name. */
import type { Call } from '../action.ts'
import { type InventoryRow, ownRows } from '../rows.ts'

export const keyPairs = (call: Pick<Call, 'session' | 'account'>): Promise<InventoryRow[]> =>
  ownRows(call, 'key-pair', { state: 'available' })
