import { action } from '../action.ts'
import { type FilterFields, filtering, filterParameter } from '../filters.ts'
import { paged } from '../pages.ts'
import { integer, text } from '../parameters.ts'
import { zoneIdOf } from '../regions/zone-ids.ts'
import { offerings } from './offerings.ts'

type OfferingItem = { instanceType: string; locationType: string; location: string }

const filters: FilterFields<OfferingItem> = {
  fields: { 'instance-type': item => item.instanceType, location: item => item.location },
}

/** Every type is offered everywhere. */
export const describeInstanceTypeOfferings = action({
  name: 'DescribeInstanceTypeOfferings',
  summary: 'Says where each instance type may be launched: in every zone.',
  parameters: {
    LocationType: text({ values: ['region', 'availability-zone', 'availability-zone-id'] }),
    Filter: filterParameter(filters),
    MaxResults: integer(),
    NextToken: text(),
  },
  run: async call => {
    const { LocationType: locationType = 'region', Filter, MaxResults, NextToken } = call.parameters
    const passes = filtering(Filter, filters)
    const { name, zones } = call.region
    const places = {
      region: [name],
      'availability-zone': zones,
      'availability-zone-id': zones.map(zone => zoneIdOf(name, zone)),
    }
    const all = (await offerings(call)).flatMap(({ name: instanceType }) =>
      places[locationType].map(location => ({ instanceType, locationType, location })),
    )
    const page = paged(all.filter(passes), {
      MaxResults,
      NextToken,
      min: 5,
      max: 1_000,
      place: ({ instanceType, location }) => [0, `${instanceType} ${location}`],
      of: [locationType, Filter],
    })
    return { instanceTypeOfferingSet: page.items, nextToken: page.nextToken }
  },
})
