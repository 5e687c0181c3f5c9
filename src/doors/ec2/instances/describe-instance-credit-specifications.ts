import { action } from '../action.ts'
import { type FilterFields, filtering, filterParameter } from '../filters.ts'
import { paged } from '../pages.ts'
import { integer, list, text } from '../parameters.ts'
import { annotation } from './annotations.ts'
import { checkNotBoth } from './describe-instances.ts'
import { checkInstanceIds } from './instance-ids.ts'
import { annotationsIn, type InstanceRow } from './instance-row.ts'
import { instancesById } from './instance-rows.ts'

/** No type here is burstable: credits are what the launch said of them, and standard where it said nothing. */
const creditItem = (row: InstanceRow) => ({
  instanceId: row.id,
  cpuCredits: annotation(annotationsIn(row), 'creditSpecification.cpuCredits') ?? 'standard',
})
const filters: FilterFields<ReturnType<typeof creditItem>> = { fields: { 'instance-id': item => item.instanceId } }

/** Without ids it lists burstable instances whose credits are unlimited, and there is none. */
export const describeInstanceCreditSpecifications = action({
  name: 'DescribeInstanceCreditSpecifications',
  summary: 'Shows how the CPU credits of instances are counted: as their launch said.',
  parameters: {
    InstanceId: list(text()),
    Filter: filterParameter(filters),
    MaxResults: integer(),
    NextToken: text(),
  },
  check: ({ parameters: { InstanceId = [], MaxResults } }) => {
    checkInstanceIds(InstanceId)
    checkNotBoth(InstanceId, MaxResults)
  },
  run: async call => {
    const { InstanceId = [], Filter, MaxResults, NextToken } = call.parameters
    const passes = filtering(Filter, filters)
    const found = (await instancesById(call, InstanceId)).map(creditItem).filter(passes)
    const page = paged(found, {
      MaxResults,
      NextToken,
      min: 5,
      max: 1_000,
      place: ({ instanceId }) => [0, instanceId],
      of: [InstanceId, Filter],
    })
    return { instanceCreditSpecificationSet: page.items, nextToken: page.nextToken }
  },
})
