import { action } from '../action.ts'
import { type FilterFields, filtering, filterParameter } from '../filters.ts'
import { paged } from '../pages.ts'
import { flag, integer, list, text } from '../parameters.ts'
import { checkNotBoth, rowsAsked } from './describe-instances.ts'
import { checkInstanceIds } from './instance-ids.ts'
import type { InstanceRow } from './instance-row.ts'
import { stateItem } from './states.ts'

/** What its provider sees of it: one that it holds, or does not show, does not answer. Only a running instance has a status. (spec: ec2 2.6, 9) */
function checked({ state, attributes }: InstanceRow) {
  if (state !== 'running') return { status: 'not-applicable' }
  const [status, reachability] = attributes.impaired || attributes.stalled ? ['impaired', 'failed'] : ['ok', 'passed']
  return { status, details: [{ name: 'reachability', status: reachability }] }
}

const statusItem = (row: InstanceRow) => ({
  instanceId: row.id,
  availabilityZone: row.zone,
  eventsSet: [],
  instanceState: stateItem(row.state),
  systemStatus: checked(row),
  instanceStatus: checked(row),
})
type StatusItem = ReturnType<typeof statusItem>

const reachability = ({ details }: StatusItem['instanceStatus']) => details?.map(each => each.status)
/** Nothing is ever scheduled for an instance here. */
const noEvents = () => undefined

const filters: FilterFields<StatusItem> = {
  fields: {
    'availability-zone': item => item.availabilityZone,
    'event.code': noEvents,
    'event.description': noEvents,
    'event.not-after': noEvents,
    'event.not-before': noEvents,
    'instance-state-code': item => item.instanceState.code,
    'instance-state-name': item => item.instanceState.name,
    'instance-status.reachability': item => reachability(item.instanceStatus),
    'instance-status.status': item => item.instanceStatus.status,
    'system-status.reachability': item => reachability(item.systemStatus),
    'system-status.status': item => item.systemStatus.status,
  },
}

export const describeInstanceStatus = action({
  name: 'DescribeInstanceStatus',
  summary:
    'Says how running instances fare; with IncludeAllInstances all the others too, whose status is not applicable.',
  parameters: {
    InstanceId: list(text()),
    Filter: filterParameter(filters),
    IncludeAllInstances: flag(),
    MaxResults: integer(),
    NextToken: text(),
  },
  check: ({ parameters: { InstanceId = [], MaxResults } }) => {
    checkInstanceIds(InstanceId)
    checkNotBoth(InstanceId, MaxResults)
  },
  run: async call => {
    const { InstanceId, Filter, IncludeAllInstances, MaxResults, NextToken } = call.parameters
    const passes = filtering(Filter, filters)
    const rows = (await rowsAsked(call, InstanceId ?? [], Filter)).filter(
      each => IncludeAllInstances || each.state === 'running',
    )
    const found = rows.map(row => ({ row, item: statusItem(row) })).filter(({ item }) => passes(item))
    const page = paged(found, {
      MaxResults,
      NextToken,
      min: 5,
      max: 1_000,
      place: ({ row }) => [row.createdAt, row.id],
      of: [InstanceId, Filter, IncludeAllInstances],
    })
    return { instanceStatusSet: page.items.map(({ item }) => item), nextToken: page.nextToken }
  },
})
