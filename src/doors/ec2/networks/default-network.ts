/**
 * The one network an account has in each region. Instances here have no networks of their own, so it is not kept: its
 * ids follow from the account and the region, and are the same for ever.
 */
import type { Call } from '../action.ts'
import { derivedHex } from '../client-tokens.ts'

const NAME = 'default'
const SECOND_OCTETS = '172.31'
/** Subnets of 4096 addresses leave room for 16 zones. */
const WIDE_ZONES_MAX = 16

export interface Subnet {
  readonly subnetId: string
  readonly zone: string
  readonly cidrBlock: string
  /** Addresses that instances can have: all but the five that EC2 keeps. */
  readonly availableIpAddressCount: number
  readonly networkAclAssociationId: string
}
export interface DefaultNetwork {
  readonly vpcId: string
  readonly cidrBlock: string
  readonly cidrAssociationId: string
  readonly dhcpOptionsId: string
  readonly internetGatewayId: string
  readonly routeTableId: string
  readonly routeTableAssociationId: string
  readonly networkAclId: string
  readonly groupId: string
  readonly groupName: string
  subnetId(zone: string): string
  /** One for each zone, in the order of the region's zones. */
  subnets(): readonly Subnet[]
}

/** In which the names of a region's instances are; the oldest region has one of its own. */
export const domainOf = (region: string): string =>
  region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`

/** Its ids and addresses, for the account and region of the call. */
export function defaultNetwork({ account, region }: Pick<Call, 'account' | 'region'>): DefaultNetwork {
  const id = (prefix: string, ...of: string[]) => `${prefix}-${derivedHex([prefix, account, region.name, ...of], 17)}`
  const subnetId = (zone: string) => id('subnet', zone)
  return {
    vpcId: id('vpc'),
    cidrBlock: `${SECOND_OCTETS}.0.0/16`,
    cidrAssociationId: id('vpc-cidr-assoc'),
    dhcpOptionsId: id('dopt'),
    internetGatewayId: id('igw'),
    routeTableId: id('rtb'),
    routeTableAssociationId: id('rtbassoc'),
    networkAclId: id('acl'),
    groupId: id('sg'),
    groupName: NAME,
    subnetId,
    subnets: () => {
      const isWide = region.zones.length <= WIDE_ZONES_MAX
      const [step, length] = isWide ? [16, 20] : [1, 24]
      return region.zones.map((zone, index) => ({
        subnetId: subnetId(zone),
        zone,
        cidrBlock: `${SECOND_OCTETS}.${(index * step) % 256}.0/${length}`,
        availableIpAddressCount: 2 ** (32 - length) - 5,
        networkAclAssociationId: id('aclassoc', zone),
      }))
    },
  }
}
