import { action } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { type Filter, filtering, filterParameter } from '../filters.ts'
import { paged } from '../pages.ts'
import { integer, list, text } from '../parameters.ts'
import { Described, instanceFilters } from './instance-filters.ts'
import { checkInstanceIds } from './instance-ids.ts'
import type { InstanceRow } from './instance-row.ts'
import { allInstances, instancesAmong, instancesById, surroundings } from './instance-rows.ts'
import { reservationItem, reservations } from './reservations.ts'

/** A page is of reservations and never splits one. */
export const describeInstances = action({
  name: 'DescribeInstances',
  summary: 'Lists instances by reservation; terminated ones for about an hour.',
  parameters: {
    InstanceId: list(text()),
    Filter: filterParameter(instanceFilters),
    MaxResults: integer(),
    NextToken: text(),
  },
  check: ({ parameters: { InstanceId = [], MaxResults } }) => {
    checkInstanceIds(InstanceId)
    checkNotBoth(InstanceId, MaxResults)
  },
  run: async call => {
    const { InstanceId, Filter, MaxResults, NextToken } = call.parameters
    const passes = filtering(Filter, instanceFilters)
    const rows = await rowsAsked(call, InstanceId ?? [], Filter)
    const around = await surroundings(call, rows)
    const { ownerId } = call
    const found = rows.map(row => new Described(row, ownerId, around)).filter(passes)
    const page = paged(reservations(found), {
      MaxResults,
      NextToken,
      min: 5,
      max: 1_000,
      place: ({ members: [first], reservationId }) => [first!.row.createdAt, reservationId],
      of: [InstanceId, Filter],
    })
    return {
      reservationSet: page.items.map(({ reservationId, members }) =>
        reservationItem(
          reservationId,
          ownerId,
          members.map(({ item }) => item),
        ),
      ),
      nextToken: page.nextToken,
    }
  },
})

/** Throws InvalidParameterCombination: whoever names instances gets all of them at once. */
export function checkNotBoth(ids: readonly string[], maxResults: number | undefined): void {
  if (ids.length === 0 || maxResults === undefined) return
  throw new Ec2Error(
    'InvalidParameterCombination',
    'The parameter instancesSet cannot be used with the parameter maxResults',
  )
}

/** Only the rows that the request can be about, where it names them. */
export function rowsAsked(
  call: Parameters<typeof allInstances>[0],
  ids: readonly string[],
  filters: readonly Filter[] = [],
): Promise<InstanceRow[]> {
  if (ids.length) return instancesById(call, ids)
  const plain = (name: string, pattern: RegExp) => {
    const values = filters.find(({ Name }) => Name === name)?.Value
    return values?.every(each => pattern.test(each)) ? values : undefined
  }
  const named = plain('instance-id', /^i-[0-9a-f]+$/)
  if (named) return instancesAmong(call, named)
  const states = plain('instance-state-name', /^[a-z-]+$/)
  return allInstances(call, states && { state: states })
}
