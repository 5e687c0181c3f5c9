import { action } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { type FilterFields, filtering, filterParameter } from '../filters.ts'
import { paged } from '../pages.ts'
import { integer, list, text } from '../parameters.ts'
import { moments } from '../times.ts'
import { type ModificationItem, modificationItem } from './modification-item.ts'
import type { VolumeRow } from './volume-row.ts'
import { allVolumes, volumesById } from './volume-rows.ts'

interface Described {
  readonly row: VolumeRow
  readonly item: ModificationItem
}

const filters: FilterFields<Described> = {
  fields: {
    'modification-state': ({ item }) => item.modificationState,
    'original-iops': ({ item }) => item.originalIops,
    'original-size': ({ item }) => item.originalSize,
    'original-volume-type': ({ item }) => item.originalVolumeType,
    originalMultiAttachEnabled: ({ item }) => item.originalMultiAttachEnabled,
    'start-time': ({ row }) => moments(row.attributes.modification?.startedAt),
    'target-iops': ({ item }) => item.targetIops,
    'target-size': ({ item }) => item.targetSize,
    'target-volume-type': ({ item }) => item.targetVolumeType,
    targetMultiAttachEnabled: ({ item }) => item.targetMultiAttachEnabled,
    'volume-id': ({ item }) => item.volumeId,
  },
}

export const describeVolumesModifications = action({
  name: 'DescribeVolumesModifications',
  summary: 'Lists the last change of each volume that was ever changed.',
  parameters: { VolumeId: list(text()), Filter: filterParameter(filters), MaxResults: integer(), NextToken: text() },
  run: async call => {
    const { VolumeId = [], Filter, MaxResults, NextToken } = call.parameters
    const passes = filtering(Filter, filters)
    const rows = VolumeId.length ? await volumesById(call, VolumeId) : await allVolumes(call)
    const never = VolumeId.length ? rows.find(({ attributes }) => !attributes.modification) : undefined
    if (never)
      throw new Ec2Error('InvalidVolumeModification.NotFound', `Modification for volume '${never.id}' does not exist.`)
    const found: Described[] = rows
      .filter(({ attributes }) => attributes.modification)
      .map(row => ({ row, item: modificationItem(row, row.attributes.modification!) }))
      .filter(passes)
    const page = paged(found, {
      MaxResults,
      NextToken,
      min: 1,
      max: 500,
      place: ({ row }) => [row.createdAt, row.id],
      of: [VolumeId, Filter],
    })
    return { volumeModificationSet: page.items.map(({ item }) => item), nextToken: page.nextToken }
  },
})
