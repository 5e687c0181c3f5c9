import { describing } from '../describing.ts'

/** Clients that look for a region look for the name its endpoint has at Amazon; this server is found by its address. */
const endpointOf = (region: string) => `ec2.${region}.amazonaws.com`

const regionItem = (name: string) => ({
  regionName: name,
  regionEndpoint: endpointOf(name),
  optInStatus: 'opt-in-not-required',
})

export const describeRegions = describing({
  name: 'DescribeRegions',
  summary: 'Lists the regions that this server has.',
  set: 'regionInfo',
  items: ({ regions }) => regions.map(({ name }) => regionItem(name)),
  wanted: {
    RegionName: {
      of: item => item.regionName,
      code: 'InvalidParameterValue',
      sentence: absent => `Invalid region names provided: [${absent.join(', ')}]`,
    },
  },
  flags: ['AllRegions'],
  filters: {
    fields: {
      'region-name': item => item.regionName,
      endpoint: item => item.regionEndpoint,
      'opt-in-status': item => item.optInStatus,
    },
  },
})
