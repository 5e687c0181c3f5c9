/** A resource as it is when it is asked for, whatever its provider has done since. (spec: ec2 1.2) */
import { projections } from '../../../projections/index.ts'
import type { Call } from './action.ts'
import type { InventoryRow } from './rows.ts'

/** Its row after its first event. Throws Refused notFound. */
export async function born({ session }: Pick<Call, 'session'>, id: string): Promise<InventoryRow> {
  const first = (await session.history(id).next()).value
  return projections.inventory.fold(undefined, first, id) as InventoryRow
}
