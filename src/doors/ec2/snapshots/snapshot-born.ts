/** A snapshot as it is when it is asked for: pending, whatever its provider has done since. */
import { projections } from '../../../../projections/index.ts'
import type { Call } from '../action.ts'
import type { SnapshotRow } from './snapshot-row.ts'

export async function snapshotBorn({ session }: Pick<Call, 'session'>, id: string): Promise<SnapshotRow> {
  const birth = (await session.history(id).next()).value
  return projections.inventory.fold(undefined, birth, id) as unknown as SnapshotRow
}
