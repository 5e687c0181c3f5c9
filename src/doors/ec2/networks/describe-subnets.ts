import { describing } from '../describing.ts'
import { zoneIdOf } from '../regions/zone-ids.ts'
import { defaultNetwork } from './default-network.ts'
import { notFound, pages } from './wanted.ts'

export const describeSubnets = describing({
  name: 'DescribeSubnets',
  summary: 'Lists the subnets of the default network, one in each zone.',
  set: 'subnetSet',
  items: call => {
    const { vpcId, subnets } = defaultNetwork(call)
    return subnets().map(({ subnetId, zone, cidrBlock, availableIpAddressCount }) => ({
      subnetId,
      subnetArn: `arn:aws:ec2:${call.region.name}:${call.ownerId}:subnet/${subnetId}`,
      vpcId,
      ownerId: call.ownerId,
      state: 'available',
      cidrBlock,
      availableIpAddressCount,
      availabilityZone: zone,
      availabilityZoneId: zoneIdOf(call.region.name, zone),
      defaultForAz: true,
      // There are no public addresses to map.
      mapPublicIpOnLaunch: false,
      assignIpv6AddressOnCreation: false,
      ipv6CidrBlockAssociationSet: [],
    }))
  },
  wanted: { SubnetId: { of: item => item.subnetId, ...notFound('subnet', 'InvalidSubnetID.NotFound') } },
  pages,
  filters: {
    tags: () => undefined,
    fields: {
      'subnet-id': item => item.subnetId,
      'subnet-arn': item => item.subnetArn,
      'vpc-id': item => item.vpcId,
      state: item => item.state,
      cidr: item => item.cidrBlock,
      cidrBlock: item => item.cidrBlock,
      'cidr-block': item => item.cidrBlock,
      'available-ip-address-count': item => item.availableIpAddressCount,
      'availability-zone': item => item.availabilityZone,
      availabilityZone: item => item.availabilityZone,
      'availability-zone-id': item => item.availabilityZoneId,
      'default-for-az': item => item.defaultForAz,
      defaultForAz: item => item.defaultForAz,
      'map-public-ip-on-launch': item => item.mapPublicIpOnLaunch,
      'owner-id': item => item.ownerId,
    },
  },
})
