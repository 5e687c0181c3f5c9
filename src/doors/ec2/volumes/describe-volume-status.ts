import { action } from '../action.ts'
import { type FilterFields, filtering, filterParameter } from '../filters.ts'
import { paged } from '../pages.ts'
import { integer, list, text } from '../parameters.ts'
import type { VolumeRow } from './volume-row.ts'
import { volumesAsked } from './volume-rows.ts'

/** As its provider sees it: not at all while it makes it, and not well where it could not. */
const healthOf = (state: string): [status: string, enabled: string] => {
  if (state === 'creating') return ['insufficient-data', 'insufficient-data']
  return state === 'error' ? ['impaired', 'failed'] : ['ok', 'passed']
}

function statusItem({ id, zone, state }: VolumeRow) {
  const [status, enabled] = healthOf(state)
  return {
    volumeId: id,
    availabilityZone: zone,
    volumeStatus: {
      status,
      details: [
        { name: 'io-enabled', status: enabled },
        { name: 'io-performance', status: 'not-applicable' },
      ],
    },
    eventsSet: [],
    actionsSet: [],
  }
}
type StatusItem = ReturnType<typeof statusItem>

/** Nothing is ever scheduled for a volume here. */
const nothing = () => undefined
const filters: FilterFields<StatusItem> = {
  fields: {
    'action.code': nothing,
    'action.description': nothing,
    'action.event-id': nothing,
    'availability-zone': item => item.availabilityZone,
    'event.description': nothing,
    'event.event-id': nothing,
    'event.event-type': nothing,
    'event.not-after': nothing,
    'event.not-before': nothing,
    'volume-status.details-name': item => item.volumeStatus.details.map(each => each.name),
    'volume-status.details-status': item => item.volumeStatus.details.map(each => each.status),
    'volume-status.status': item => item.volumeStatus.status,
  },
}

export const describeVolumeStatus = action({
  name: 'DescribeVolumeStatus',
  summary: 'Says how volumes fare.',
  parameters: { VolumeId: list(text()), Filter: filterParameter(filters), MaxResults: integer(), NextToken: text() },
  run: async call => {
    const { VolumeId, Filter, MaxResults, NextToken } = call.parameters
    const passes = filtering(Filter, filters)
    const rows = await volumesAsked(call, VolumeId ?? [])
    const found = rows.map(row => ({ row, item: statusItem(row) })).filter(({ item }) => passes(item))
    const page = paged(found, {
      MaxResults,
      NextToken,
      min: 5,
      max: 1_000,
      place: ({ row }) => [row.createdAt, row.id],
      of: [VolumeId, Filter],
    })
    return { volumeStatusSet: page.items.map(({ item }) => item), nextToken: page.nextToken }
  },
})
