/** Snapshots of the caller’s account and region. One that is being deleted is gone for whoever looks. (spec: ec2 4) */
import type { Call } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { type InventoryRow, ownRows, rowsById } from '../rows.ts'

export interface SnapshotRow extends Omit<InventoryRow, 'attributes'> {
  readonly attributes: {
    readonly volume?: string
    readonly sizeBytes: number
    readonly description?: string
    readonly encrypted?: boolean
    readonly kmsKey?: string
    readonly tags?: Readonly<Record<string, string>>
    readonly progress: number
    readonly completedAt?: number
    readonly copiedFrom?: string
    readonly capturedFor?: { readonly image: string; readonly instance: string }
    readonly images: readonly string[]
    readonly reason?: { readonly code: string; readonly message: string }
  }
}

const shown = ['pending', 'completed', 'error']

export const snapshots = async (call: Pick<Call, 'session' | 'account'>): Promise<SnapshotRow[]> =>
  (await ownRows(call, 'snapshot', { state: shown })) as unknown as SnapshotRow[]

/** The snapshots of these ids. Throws Ec2Error InvalidSnapshot.NotFound with all that there are not. */
export async function snapshotsNamed(
  call: Pick<Call, 'session' | 'account'>,
  ids: readonly string[],
): Promise<SnapshotRow[]> {
  const { found, absent } = await rowsById(call, 'snapshot', ids)
  const hidden = found.filter(({ state, account }) => !shown.includes(state) || account !== call.account)
  const missing = [...absent, ...hidden.map(({ id }) => id)]
  if (missing.length) {
    const words = missing.length > 1 ? ['snapshots', 'do'] : ['snapshot', 'does']
    throw new Ec2Error('InvalidSnapshot.NotFound', `The ${words[0]} '${missing.join(', ')}' ${words[1]} not exist.`)
  }
  return found as unknown as SnapshotRow[]
}

/** Throws Ec2Error InvalidSnapshot.NotFound, or IncorrectState for one that nothing can be made of. */
export async function checkCompleted(call: Pick<Call, 'session' | 'account'>, id: string): Promise<void> {
  const [found] = await snapshotsNamed(call, [id])
  if (found!.state !== 'completed')
    throw new Ec2Error('IncorrectState', `Snapshot is in invalid state - ${found!.state}`)
}
