/** What clients read before they do anything: regions, zones, one default network, and what an account may have. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ec2Setting, openEc2, otherKey } from './setting.ts'

let cloud: Ec2Setting
beforeAll(async () => {
  cloud = await openEc2()
})
afterAll(() => cloud.close())

const ids =
  (action: string, set: string, id: string) =>
  async (parameters: Record<string, string> = {}) => {
    const found = (await cloud.ok(action, parameters))[set]
    // biome-ignore lint/suspicious/noExplicitAny: an item of any list
    return found === '' ? [] : found.map((each: any) => each[id])
  }
const filter = (name: string, value: string) => ({ 'Filter.1.Name': name, 'Filter.1.Value.1': value })
const regions = ids('DescribeRegions', 'regionInfo', 'regionName')
const zones = ids('DescribeAvailabilityZones', 'availabilityZoneInfo', 'zoneName')

describe('regions', () => {
  it('are listed in the order of the server, all opted in', async () => {
    expect(await regions()).toEqual(['us-east-1', 'eu-west-1'])
    expect(await regions({ AllRegions: 'true', 'RegionName.1': 'eu-west-1' })).toEqual(['eu-west-1'])
  })

  it('have an endpoint that names them', async () => {
    expect((await cloud.ok('DescribeRegions', { 'RegionName.1': 'eu-west-1' })).regionInfo).toEqual([
      { regionName: 'eu-west-1', regionEndpoint: 'ec2.eu-west-1.amazonaws.com', optInStatus: 'opt-in-not-required' },
    ])
  })

  it('that there are not are refused by name', async () => {
    expect(await cloud.refused('DescribeRegions', { 'RegionName.1': 'mars-1' })).toEqual({
      status: 400,
      code: 'InvalidParameterValue',
      message: 'Invalid region names provided: [mars-1]',
    })
  })

  it.each([
    ['region-name', 'eu-*', ['eu-west-1']],
    ['endpoint', 'ec2.us-east-1.amazonaws.com', ['us-east-1']],
    ['opt-in-status', 'opt-in-not-required', ['us-east-1', 'eu-west-1']],
    ['opt-in-status', 'not-opted-in', []],
  ])('are filtered by %s %s', async (name, value, found) => expect(await regions(filter(name, value))).toEqual(found))
})

describe('zones', () => {
  it('are those of the region of the signature, with ids that do not depend on the account', async () => {
    expect(await zones()).toEqual(['us-east-1a', 'us-east-1b'])
    const { availabilityZoneInfo } = await cloud.ok('DescribeAvailabilityZones', {}, { region: 'eu-west-1' })
    expect(availabilityZoneInfo).toEqual([
      {
        zoneName: 'eu-west-1a',
        zoneId: 'euw1-az1',
        zoneState: 'available',
        optInStatus: 'opt-in-not-required',
        messageSet: '',
        regionName: 'eu-west-1',
        groupName: 'eu-west-1',
        networkBorderGroup: 'eu-west-1',
        zoneType: 'availability-zone',
      },
    ])
  })

  it('of another region do not exist', async () => {
    const { code } = await cloud.refused('DescribeAvailabilityZones', { 'ZoneName.1': 'eu-west-1a' })
    expect(code).toBe('InvalidParameterValue')
  })

  it.each([
    ['zone-name', 'us-east-1b', ['us-east-1b']],
    ['zone-id', 'use1-az2', ['us-east-1b']],
    ['region-name', 'us-east-1', ['us-east-1a', 'us-east-1b']],
    ['state', 'available', ['us-east-1a', 'us-east-1b']],
    ['state', 'impaired', []],
    ['group-name', 'us-east-1', ['us-east-1a', 'us-east-1b']],
    ['zone-type', 'local-zone', []],
    ['message', '*', []],
  ])('are filtered by %s %s', async (name, value, found) => expect(await zones(filter(name, value))).toEqual(found))

  it('are not filtered by what nobody knows', async () => {
    expect(await cloud.refused('DescribeAvailabilityZones', filter('colour', 'red'))).toEqual({
      status: 400,
      code: 'InvalidParameterValue',
      message: "The filter 'colour' is invalid",
    })
  })
})

describe('an account', () => {
  it('is said to have one default network', async () => {
    const { accountAttributeSet } = await cloud.ok('DescribeAccountAttributes', {
      'AttributeName.1': 'default-vpc',
      'AttributeName.2': 'supported-platforms',
    })
    const [vpcId] = await ids('DescribeVpcs', 'vpcSet', 'vpcId')()
    expect(accountAttributeSet).toEqual([
      { attributeName: 'supported-platforms', attributeValueSet: [{ attributeValue: 'VPC' }] },
      { attributeName: 'default-vpc', attributeValueSet: [{ attributeValue: vpcId }] },
    ])
  })

  it('is asked only about attributes there are', async () => {
    const { code } = await cloud.refused('DescribeAccountAttributes', { 'AttributeName.1': 'shoe-size' })
    expect(code).toBe('InvalidParameterValue')
  })
})

/** Every list of a network, the parameter that names its items, and one filter after the other with what it is true of. */
const parts: readonly {
  readonly action: string
  readonly set: string
  readonly id: string
  readonly parameter: string
  readonly code: string
  readonly filters: readonly (readonly [name: string, path: string])[]
}[] = [
  {
    action: 'DescribeVpcs',
    set: 'vpcSet',
    id: 'vpcId',
    parameter: 'VpcId.1',
    code: 'InvalidVpcID.NotFound',
    filters: [
      ['vpc-id', 'vpcId'],
      ['state', 'state'],
      ['cidr', 'cidrBlock'],
      ['is-default', 'isDefault'],
      ['isDefault', 'isDefault'],
      ['owner-id', 'ownerId'],
      ['dhcp-options-id', 'dhcpOptionsId'],
      ['cidr-block-association.cidr-block', 'cidrBlockAssociationSet.0.cidrBlock'],
    ],
  },
  {
    action: 'DescribeSubnets',
    set: 'subnetSet',
    id: 'subnetId',
    parameter: 'SubnetId.1',
    code: 'InvalidSubnetID.NotFound',
    filters: [
      ['subnet-id', 'subnetId'],
      ['vpc-id', 'vpcId'],
      ['availability-zone', 'availabilityZone'],
      ['availability-zone-id', 'availabilityZoneId'],
      ['cidr-block', 'cidrBlock'],
      ['default-for-az', 'defaultForAz'],
      ['state', 'state'],
      ['owner-id', 'ownerId'],
      ['available-ip-address-count', 'availableIpAddressCount'],
    ],
  },
  {
    action: 'DescribeSecurityGroups',
    set: 'securityGroupInfo',
    id: 'groupId',
    parameter: 'GroupId.1',
    code: 'InvalidGroup.NotFound',
    filters: [
      ['group-id', 'groupId'],
      ['group-name', 'groupName'],
      ['description', 'groupDescription'],
      ['vpc-id', 'vpcId'],
      ['owner-id', 'ownerId'],
    ],
  },
  {
    action: 'DescribeInternetGateways',
    set: 'internetGatewaySet',
    id: 'internetGatewayId',
    parameter: 'InternetGatewayId.1',
    code: 'InvalidInternetGatewayID.NotFound',
    filters: [
      ['internet-gateway-id', 'internetGatewayId'],
      ['attachment.vpc-id', 'attachmentSet.0.vpcId'],
      ['attachment.state', 'attachmentSet.0.state'],
    ],
  },
  {
    action: 'DescribeRouteTables',
    set: 'routeTableSet',
    id: 'routeTableId',
    parameter: 'RouteTableId.1',
    code: 'InvalidRouteTableID.NotFound',
    filters: [
      ['route-table-id', 'routeTableId'],
      ['vpc-id', 'vpcId'],
      ['association.main', 'associationSet.0.main'],
      ['route.gateway-id', 'routeSet.1.gatewayId'],
      ['route.destination-cidr-block', 'routeSet.0.destinationCidrBlock'],
    ],
  },
  {
    action: 'DescribeNetworkAcls',
    set: 'networkAclSet',
    id: 'networkAclId',
    parameter: 'NetworkAclId.1',
    code: 'InvalidNetworkAclID.NotFound',
    filters: [
      ['network-acl-id', 'networkAclId'],
      ['vpc-id', 'vpcId'],
      ['default', 'default'],
      ['association.subnet-id', 'associationSet.0.subnetId'],
      ['entry.rule-number', 'entrySet.0.ruleNumber'],
    ],
  },
  {
    action: 'DescribeDhcpOptions',
    set: 'dhcpOptionsSet',
    id: 'dhcpOptionsId',
    parameter: 'DhcpOptionsId.1',
    code: 'InvalidDhcpOptionID.NotFound',
    filters: [
      ['dhcp-options-id', 'dhcpOptionsId'],
      ['key', 'dhcpConfigurationSet.0.key'],
      ['value', 'dhcpConfigurationSet.0.valueSet.0.value'],
    ],
  },
]

describe.each(parts)('the default network, as $action shows it', ({ action, set, id, parameter, code, filters }) => {
  const found = ids(action, set, id)

  it('is there without having been made, and the same each time', async () => {
    const first = await found()
    expect(first.length).toBeGreaterThan(0)
    expect(first[0]).toMatch(/^[a-z]+-[0-9a-f]{17}$/)
    expect(await found()).toEqual(first)
    expect(await found({ [parameter]: first[0] })).toEqual([first[0]])
  })

  it('is another for each account and region', async () => {
    const all = await Promise.all(
      [{}, { region: 'eu-west-1' }, { key: otherKey }].map(async as => (await cloud.ok(action, {}, as))[set][0][id]),
    )
    expect(new Set(all).size).toBe(3)
  })

  it('has nothing else', async () => {
    expect(await cloud.refused(action, { [parameter]: 'nothing-0' })).toMatchObject({ status: 400, code })
  })

  it.each(filters)('is filtered by %s', async (name, path) => {
    const [first] = (await cloud.ok(action))[set]
    // biome-ignore lint/suspicious/noExplicitAny: a path into any item
    const value = path.split('.').reduce((at: any, step) => at[step], first)
    expect(await found(filter(name, value))).toContain(first[id])
    expect(await found(filter(name, `not ${value}`))).toEqual([])
  })
})

describe('the subnets', () => {
  it('are one for each zone, and do not overlap', async () => {
    const { subnetSet } = await cloud.ok('DescribeSubnets')
    expect(subnetSet.map((each: { availabilityZone: string }) => each.availabilityZone)).toEqual([
      'us-east-1a',
      'us-east-1b',
    ])
    expect(subnetSet.map((each: { cidrBlock: string }) => each.cidrBlock)).toEqual(['172.31.0.0/20', '172.31.16.0/20'])
  })

  it('come in pages that neither skip nor repeat', async () => {
    expect((await cloud.refused('DescribeSubnets', { MaxResults: 4 })).code).toBe('InvalidParameterValue')
    const page = await cloud.ok('DescribeSubnets', { MaxResults: 5 })
    expect(page.subnetSet).toHaveLength(2)
    expect(page.nextToken).toBeUndefined()
  })
})

describe('what nobody can make here', () => {
  it.each([
    ['DescribeNetworkInterfaces', 'networkInterfaceSet', 'NetworkInterfaceId.1', 'InvalidNetworkInterfaceID.NotFound'],
    ['DescribeAddresses', 'addressesSet', 'PublicIp.1', 'InvalidAddress.NotFound'],
    ['DescribePlacementGroups', 'placementGroupSet', 'GroupName.1', 'InvalidPlacementGroup.Unknown'],
  ])('%s lists as nothing, and by name as not there', async (action, set, parameter, code) => {
    expect((await cloud.ok(action))[set]).toBe('')
    expect(await cloud.refused(action, { [parameter]: 'x' })).toMatchObject({ status: 400, code })
  })

  it('is found by none of the filters that clients use', async () => {
    const filters = filter('attachment.instance-id', 'i-0123456789abcdef0')
    expect((await cloud.ok('DescribeNetworkInterfaces', filters)).networkInterfaceSet).toBe('')
  })
})

describe('attributes of the default network', () => {
  it('say that instances have names', async () => {
    const [{ vpcId }] = (await cloud.ok('DescribeVpcs')).vpcSet
    const attribute = (Attribute: string) => cloud.ok('DescribeVpcAttribute', { VpcId: vpcId, Attribute })
    expect(await attribute('enableDnsSupport')).toMatchObject({ vpcId, enableDnsSupport: { value: 'true' } })
    expect(await attribute('enableDnsHostnames')).toMatchObject({ vpcId, enableDnsHostnames: { value: 'true' } })
  })

  it('are of no other', async () => {
    const asked = { VpcId: 'vpc-0', Attribute: 'enableDnsSupport' }
    expect((await cloud.refused('DescribeVpcAttribute', asked)).code).toBe('InvalidVpcID.NotFound')
  })
})
