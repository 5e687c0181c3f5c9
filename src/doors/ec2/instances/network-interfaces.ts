/**
 * `NetworkInterface.N` of a launch. An instance has one connection, to the default network: a request may say where and
 * in which groups, and nothing else about it has an effect. (spec: ec2 11.2)
 */
import { Ec2Error, invalid } from '../errors.ts'
import { flag, integer, list, type ParametersOf, structure, text } from '../parameters.ts'

const networkInterface = {
  DeviceIndex: integer(),
  NetworkInterfaceId: text(),
  SubnetId: text(),
  SecurityGroupId: list(text()),
  PrivateIpAddress: text(),
  PrivateIpAddresses: list(structure({ Primary: flag(), PrivateIpAddress: text() })),
  AssociatePublicIpAddress: flag(),
  DeleteOnTermination: flag(),
  Description: text({ max: 255 }),
  InterfaceType: text({ values: ['interface'] }),
  NetworkCardIndex: integer({ max: 0 }),
}
export const networkParameters = {
  SubnetId: text(),
  SecurityGroup: list(text()),
  SecurityGroupId: list(text()),
  PrivateIpAddress: text(),
  NetworkInterface: list(structure(networkInterface)),
}
type Parameters = ParametersOf<typeof networkParameters>

/** What a launch wants of its network, from whichever part of the request says it. */
export interface NetworkAsked {
  readonly subnet?: string
  readonly groupIds: readonly string[]
  readonly groupNames: readonly string[]
  readonly privateIpAddress?: string
  /** An interface that should exist already. */
  readonly existing?: string
  /** Kept, and shown to nobody: there is nothing it could change. */
  readonly kept: Readonly<Record<string, unknown>>
}

/** Throws Ec2Error InvalidParameterCombination, UnsupportedOperation, InvalidParameterValue. */
export function networkAsked(parameters: Parameters, count: number): NetworkAsked {
  const { NetworkInterface = [], SubnetId, SecurityGroup = [], SecurityGroupId = [], PrivateIpAddress } = parameters
  const [first, ...more] = NetworkInterface
  if (!first)
    return {
      subnet: SubnetId,
      groupIds: SecurityGroupId,
      groupNames: SecurityGroup,
      privateIpAddress: addressOf(PrivateIpAddress, count),
      kept: {},
    }
  if (SubnetId !== undefined) throw notBoth('an instance-level subnet ID')
  if (SecurityGroup.length + SecurityGroupId.length > 0) throw notBoth('an instance-level security groups')
  if (PrivateIpAddress !== undefined) throw notBoth('an instance-level private address')
  if (more.length > 0 || (first.DeviceIndex ?? 0) !== 0)
    throw new Ec2Error('UnsupportedOperation', 'An instance has one network interface here, with device index 0.')
  const { AssociatePublicIpAddress, DeleteOnTermination, Description } = first
  return {
    subnet: first.SubnetId,
    groupIds: first.SecurityGroupId ?? [],
    groupNames: [],
    privateIpAddress: addressOf(primaryAddress(first), count),
    existing: first.NetworkInterfaceId,
    kept: { NetworkInterface: { AssociatePublicIpAddress, DeleteOnTermination, Description } },
  }
}

const notBoth = (what: string) =>
  new Ec2Error('InvalidParameterCombination', `Network interfaces and ${what} may not be specified on the same request`)

function primaryAddress({ PrivateIpAddress, PrivateIpAddresses = [] }: ParametersOf<typeof networkInterface>) {
  if (PrivateIpAddresses.length > 1)
    throw new Ec2Error('UnsupportedOperation', 'An instance has one private address here.')
  return PrivateIpAddress ?? PrivateIpAddresses[0]?.PrivateIpAddress
}

const ipv4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/

function addressOf(address: string | undefined, count: number): string | undefined {
  if (address === undefined) return undefined
  if (!ipv4.test(address)) throw invalid('privateIpAddress', address, 'It is not an IPv4 address.')
  if (count > 1)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'A private address may be specified only when one instance is launched',
    )
  return address
}
