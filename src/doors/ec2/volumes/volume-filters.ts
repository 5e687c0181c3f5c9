/** Filters of DescribeVolumes, over what its answer shows. (spec: ec2 11.4) */
import type { FilterFields } from '../filters.ts'
import { moments } from '../times.ts'
import type { VolumeItem } from './volume-item.ts'
import type { VolumeRow } from './volume-row.ts'

export interface Described {
  readonly row: VolumeRow
  readonly item: VolumeItem
}

export const volumeFilters: FilterFields<Described> = {
  tags: ({ row }) => row.attributes.tags,
  fields: {
    'attachment.attach-time': ({ row }) => moments(row.attributes.attachment?.attachedAt),
    'attachment.delete-on-termination': ({ item }) => item.attachmentSet.map(each => each.deleteOnTermination),
    'attachment.device': ({ item }) => item.attachmentSet.map(each => each.device),
    'attachment.instance-id': ({ item }) => item.attachmentSet.map(each => each.instanceId),
    'attachment.status': ({ item }) => item.attachmentSet.map(each => each.status),
    'availability-zone': ({ item }) => item.availabilityZone,
    'create-time': ({ row }) => moments(row.createdAt),
    encrypted: ({ item }) => item.encrypted,
    'kms-key-id': ({ item }) => item.kmsKeyId,
    'multi-attach-enabled': ({ item }) => item.multiAttachEnabled,
    size: ({ item }) => item.size,
    // A volume of no snapshot is found by an empty id, which is how it is shown.
    'snapshot-id': ({ item }) => item.snapshotId,
    status: ({ item }) => item.status,
    'volume-id': ({ item }) => item.volumeId,
    'volume-type': ({ item }) => item.volumeType,
  },
}
