/** The default network of an account in a region, as clients read it when they start. None of it can be changed. */
import type { Action } from '../action.ts'
import { describeDhcpOptions } from './describe-dhcp-options.ts'
import { describeInternetGateways } from './describe-internet-gateways.ts'
import { describeNetworkAcls } from './describe-network-acls.ts'
import { describeRouteTables } from './describe-route-tables.ts'
import { describeSecurityGroups } from './describe-security-groups.ts'
import { describeSubnets } from './describe-subnets.ts'
import { describeVpcAttribute } from './describe-vpc-attribute.ts'
import { describeVpcs } from './describe-vpcs.ts'
import { describeAddresses, describeNetworkInterfaces, describePlacementGroups } from './nothing-there.ts'

export const networkActions: readonly Action[] = [
  describeVpcs,
  describeVpcAttribute,
  describeSubnets,
  describeSecurityGroups,
  describeInternetGateways,
  describeRouteTables,
  describeNetworkAcls,
  describeDhcpOptions,
  describeNetworkInterfaces,
  describeAddresses,
  describePlacementGroups,
]
