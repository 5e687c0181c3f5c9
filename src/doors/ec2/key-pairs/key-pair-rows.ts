/** Key pairs of the caller's account and region. Clients name them by name. */
import type { Call } from '../action.ts'
import { invalid } from '../errors.ts'
import { type InventoryRow, ownRows } from '../rows.ts'

export const keyPairs = (call: Pick<Call, 'session' | 'account'>): Promise<InventoryRow[]> =>
  ownRows(call, 'key-pair', { state: 'available' })

/** It ends up in a line that machines read, so it is one. Throws Ec2Error InvalidParameterValue. */
export function checkKeyName(name: string): void {
  if (/^[\x20-\x7e]{1,255}$/.test(name)) return
  throw invalid('keyName', name.slice(0, 255), 'A name has 1 to 255 printable ASCII characters.')
}
