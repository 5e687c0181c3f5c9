/** One volume, as responses show it. (spec: ec2 11.2, item contents) */
import { gibibytesOf } from '../sizes.ts'
import { tagSet } from '../tag-set.ts'
import type { Attachment, VolumeRow } from './volume-row.ts'
import { iopsOf, VOLUME_TYPE_DEFAULT } from './volume-types.ts'

export type VolumeItem = ReturnType<typeof volumeItem>

/** @param deleteOnTermination whether it goes with its instance, which only the instance knows */
export function volumeItem({ id, state, zone, createdAt, attributes }: VolumeRow, deleteOnTermination = false) {
  const { sizeBytes, volumeType = VOLUME_TYPE_DEFAULT, from, attachment, encrypted = false } = attributes
  const size = gibibytesOf(sizeBytes)
  return {
    volumeId: id,
    size,
    snapshotId: from?.kind === 'volumeSnapshot' ? from.id : '',
    availabilityZone: zone,
    // It knows no word for one that is being taken back to a snapshot, or moved.
    status: state === 'reverting' || state === 'migrating' ? 'available' : state,
    createTime: new Date(createdAt),
    attachmentSet: attachment ? [attachmentItem(id, attachment, deleteOnTermination)] : [],
    tagSet: tagSet(attributes.tags),
    volumeType,
    iops: iopsOf(volumeType, size, attributes.iops),
    throughput: attributes.throughputMiBps,
    encrypted,
    kmsKeyId: encrypted ? attributes.kmsKey : undefined,
    multiAttachEnabled: false,
  }
}

export const attachmentItem = (
  volumeId: string,
  { instance, device, status, attachedAt }: Attachment,
  deleteOnTermination: boolean,
) => ({
  volumeId,
  instanceId: instance,
  device,
  status,
  attachTime: new Date(attachedAt),
  deleteOnTermination,
})
