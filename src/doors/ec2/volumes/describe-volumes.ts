import { action } from '../action.ts'
import { filtering, filterParameter } from '../filters.ts'
import { paged } from '../pages.ts'
import { integer, list, text } from '../parameters.ts'
import { type Described, volumeFilters } from './volume-filters.ts'
import { volumeItem } from './volume-item.ts'
import { flagsOf, volumesAsked } from './volume-rows.ts'

export const describeVolumes = action({
  name: 'DescribeVolumes',
  summary: 'Lists volumes with the instances they are attached to.',
  parameters: {
    VolumeId: list(text()),
    Filter: filterParameter(volumeFilters),
    MaxResults: integer(),
    NextToken: text(),
  },
  run: async call => {
    const { VolumeId, Filter, MaxResults, NextToken } = call.parameters
    const passes = filtering(Filter, volumeFilters)
    const rows = await volumesAsked(call, VolumeId ?? [], Filter)
    const flags = await flagsOf(call, rows)
    const found: Described[] = rows.map(row => ({ row, item: volumeItem(row, flags.get(row.id)) })).filter(passes)
    const page = paged(found, {
      MaxResults,
      NextToken,
      min: 5,
      max: 1_000,
      place: ({ row }) => [row.createdAt, row.id],
      of: [VolumeId, Filter],
    })
    return { volumeSet: page.items.map(({ item }) => item), nextToken: page.nextToken }
  },
})
