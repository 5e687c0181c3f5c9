/** What was just made, as it was when it was asked for: answers show that, whatever its provider has done since. */
import type { Envelope } from '../../../machines/grammar.ts'
import { type InventoryRow, projections } from '../../../projections/index.ts'
import type { Call } from './action.ts'

/** The row of the resource after its first event. It must exist. */
export async function rowAtBirth({ session }: Pick<Call, 'session'>, id: string): Promise<InventoryRow> {
  const { value: birth } = await session.history(id).next()
  return projections.inventory.fold(undefined, birth as Envelope, id)!
}
