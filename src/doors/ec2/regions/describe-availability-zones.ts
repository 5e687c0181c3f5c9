import { describing } from '../describing.ts'
import { zoneIdOf } from './zone-ids.ts'

const zoneItem = (region: string, zone: string) => ({
  zoneName: zone,
  zoneState: 'available',
  optInStatus: 'opt-in-not-required',
  messageSet: [],
  regionName: region,
  zoneId: zoneIdOf(region, zone),
  groupName: region,
  networkBorderGroup: region,
  zoneType: 'availability-zone',
})

const unknown = {
  code: 'InvalidParameterValue' as const,
  sentence: (absent: readonly string[]) => `Invalid availability zones: [${absent.join(', ')}]`,
}

export const describeAvailabilityZones = describing({
  name: 'DescribeAvailabilityZones',
  summary: 'Lists the zones of the region; all of them are available.',
  set: 'availabilityZoneInfo',
  items: ({ region: { name, zones } }) => zones.map(zone => zoneItem(name, zone)),
  wanted: {
    ZoneName: { of: item => item.zoneName, ...unknown },
    ZoneId: { of: item => item.zoneId, ...unknown },
  },
  flags: ['AllAvailabilityZones'],
  filters: {
    fields: {
      'zone-name': item => item.zoneName,
      'zone-id': item => item.zoneId,
      'region-name': item => item.regionName,
      state: item => item.zoneState,
      'group-name': item => item.groupName,
      'zone-type': item => item.zoneType,
      'opt-in-status': item => item.optInStatus,
      message: () => undefined,
    },
  },
})
