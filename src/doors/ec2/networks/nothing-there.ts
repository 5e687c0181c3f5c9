/** Parts of networks that nobody can make here: the lists are empty, and whoever names one hears that there is none. */
import type { Action } from '../action.ts'
import { type Described, describing, type Wanted } from '../describing.ts'
import type { ErrorCode } from '../error-codes.ts'
import { notFound, pages } from './wanted.ts'

type Nobody = { readonly id: string }

const empty = (of: Omit<Described<Nobody>, 'items' | 'filters'> & { readonly filters: readonly string[] }): Action =>
  describing<Nobody>({
    ...of,
    items: () => [],
    filters: { tags: () => undefined, fields: Object.fromEntries(of.filters.map(name => [name, () => undefined])) },
  })
const idOf = (item: Nobody) => item.id

const address = (code: ErrorCode, sentence: Wanted<Nobody>['sentence']): Wanted<Nobody> => ({
  of: idOf,
  code,
  sentence,
})

export const describeNetworkInterfaces = empty({
  name: 'DescribeNetworkInterfaces',
  summary: 'Lists network interfaces: none, since those of instances are not resources of their own.',
  set: 'networkInterfaceSet',
  wanted: { NetworkInterfaceId: { of: idOf, ...notFound('networkInterface', 'InvalidNetworkInterfaceID.NotFound') } },
  flags: ['IncludeManagedResources'],
  pages,
  filters: [
    'attachment.instance-id',
    'attachment.instance-owner-id',
    'attachment.device-index',
    'attachment.status',
    'availability-zone',
    'description',
    'group-id',
    'group-name',
    'interface-type',
    'mac-address',
    'network-interface-id',
    'owner-id',
    'private-ip-address',
    'addresses.private-ip-address',
    'association.public-ip',
    'private-dns-name',
    'requester-id',
    'requester-managed',
    'source-dest-check',
    'status',
    'subnet-id',
    'vpc-id',
  ],
})

export const describeAddresses = empty({
  name: 'DescribeAddresses',
  summary: 'Lists elastic addresses: none.',
  set: 'addressesSet',
  wanted: {
    PublicIp: address('InvalidAddress.NotFound', absent => `Address '${absent.join(', ')}' not found.`),
    AllocationId: address(
      'InvalidAllocationID.NotFound',
      absent => `The allocation ID '${absent.join(', ')}' does not exist`,
    ),
  },
  filters: [
    'allocation-id',
    'association-id',
    'domain',
    'instance-id',
    'network-border-group',
    'network-interface-id',
    'network-interface-owner-id',
    'private-ip-address',
    'public-ip',
  ],
})

export const describePlacementGroups = empty({
  name: 'DescribePlacementGroups',
  summary: 'Lists placement groups: none.',
  set: 'placementGroupSet',
  wanted: {
    GroupName: address(
      'InvalidPlacementGroup.Unknown',
      absent => `The Placement Group '${absent.join(', ')}' is unknown.`,
    ),
    GroupId: address(
      'InvalidPlacementGroup.Unknown',
      absent => `The Placement Group '${absent.join(', ')}' is unknown.`,
    ),
  },
  filters: ['group-arn', 'group-name', 'spread-level', 'state', 'strategy'],
})
