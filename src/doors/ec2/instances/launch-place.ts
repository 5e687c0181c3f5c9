/** Where a launch goes: its zone, by name or by the subnet that is in it; and whether its network exists. (spec: ec2 2.5) */
import type { Call } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { groupFault } from './groups.ts'
import type { Surroundings } from './instance-item.ts'
import type { NetworkAsked } from './network-interfaces.ts'

export interface Place {
  /** None: the first of the region. */
  readonly zone: string | undefined
  /** What is wrong with the network that was asked for: said after what is wrong with image and type. */
  readonly fault: Ec2Error | undefined
}

export function placeOf(
  asked: NetworkAsked,
  zone: string | undefined,
  network: Surroundings['network'],
  { zones }: Call['region'],
): Place {
  const { subnet } = asked
  const ofSubnet = subnet === undefined ? undefined : zones.find(each => network.subnetId(each) === subnet)
  const fault = subnetFault(subnet, ofSubnet, zone) ?? groupFault(network, asked.groupIds, asked.groupNames)
  return { zone: zone ?? ofSubnet, fault: fault ?? interfaceFault(asked) }
}

function subnetFault(subnet: string | undefined, found: string | undefined, zone: string | undefined) {
  if (subnet === undefined) return undefined
  if (found === undefined) return new Ec2Error('InvalidSubnetID.NotFound', `The subnet ID '${subnet}' does not exist`)
  if (zone === undefined || zone === found) return undefined
  return new Ec2Error('InvalidParameterValue', `The subnet '${subnet}' is in the zone ${found}, not in ${zone}`)
}

const interfaceFault = ({ existing }: NetworkAsked) =>
  existing === undefined
    ? undefined
    : new Ec2Error('InvalidNetworkInterfaceID.NotFound', `The networkInterface ID '${existing}' does not exist`)
