/** One snapshot, as responses show it. (spec: ec2 11.2, item contents) */
import type { Call } from '../action.ts'
import { gibibytesOf } from '../sizes.ts'
import { tagSet } from '../tag-set.ts'
import { inWireIds, wireId } from '../wire-ids.ts'
import type { SnapshotRow } from './snapshot-row.ts'

/** Of a snapshot whose volume is not known: one that was copied with its image. */
export const NO_VOLUME = 'vol-ffffffff'

/** What the engine wrote of a capture or of the copy of an image is said with the ids that clients know. */
export function descriptionOf({ attributes }: SnapshotRow): string {
  const { description = '', capturedFor, copiedFrom, volume } = attributes
  if (capturedFor) return `Created by CreateImage(${capturedFor.instance}) for ${wireId(capturedFor.image)}`
  return copiedFrom !== undefined && volume === undefined ? inWireIds(description) : description
}

export type SnapshotItem = ReturnType<typeof snapshotItem>

export function snapshotItem(row: SnapshotRow, { ownerIdOf }: Pick<Call, 'ownerIdOf'>) {
  const { id, account, state, createdAt, attributes } = row
  const { completedAt, encrypted = false } = attributes
  return {
    snapshotId: id,
    volumeId: attributes.volume ?? NO_VOLUME,
    status: state,
    statusMessage: state === 'error' ? attributes.reason?.message : undefined,
    startTime: new Date(createdAt),
    completionTime: completedAt === undefined ? undefined : new Date(completedAt),
    progress: `${attributes.progress}%`,
    ownerId: ownerIdOf(account),
    volumeSize: gibibytesOf(attributes.sizeBytes),
    description: descriptionOf(row),
    encrypted,
    kmsKeyId: encrypted ? attributes.kmsKey : undefined,
    // Unlike those of volumes, never left out: clients read an empty list.
    tagSet: tagSet(attributes.tags) ?? [],
    storageTier: 'standard',
  }
}
