/** One snapshot, as responses show it. (spec: ec2 11.2, item contents) */
import type { Call } from '../action.ts'
import { wireId } from '../refusals.ts'
import { tagSet } from '../tag-set.ts'
import type { SnapshotRow } from './snapshot-row.ts'

const GIB = 2 ** 30
/** Of a copy, whose volume is nowhere. */
const NO_VOLUME = 'vol-ffffffff'

export const descriptionOf = ({ attributes: { description, capturedFor } }: SnapshotRow): string =>
  description ?? (capturedFor ? `Created by CreateImage(${capturedFor.instance}) for ${wireId(capturedFor.image)}` : '')

export const sizeGiBOf = ({ attributes }: SnapshotRow): number => Math.ceil(attributes.sizeBytes / GIB)

export function snapshotItem(row: SnapshotRow, { ownerIdOf }: Pick<Call, 'ownerIdOf'>) {
  const { id, account, state, createdAt, attributes } = row
  return {
    snapshotId: id,
    volumeId: attributes.volume ?? NO_VOLUME,
    status: state,
    statusMessage: attributes.reason?.message,
    startTime: new Date(createdAt),
    progress: `${attributes.progress}%`,
    ownerId: ownerIdOf(account),
    volumeSize: sizeGiBOf(row),
    description: descriptionOf(row),
    encrypted: attributes.encrypted ?? false,
    kmsKeyId: attributes.kmsKey,
    tagSet: tagSet(attributes.tags),
    storageTier: 'standard',
  }
}
