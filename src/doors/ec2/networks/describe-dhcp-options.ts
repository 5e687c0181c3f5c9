import { describing } from '../describing.ts'
import { defaultNetwork, domainOf } from './default-network.ts'
import { notFound, pages } from './wanted.ts'

export const describeDhcpOptions = describing({
  name: 'DescribeDhcpOptions',
  summary: 'Lists what guests of the default network are told: its domain, and who knows names.',
  set: 'dhcpOptionsSet',
  items: call => [
    {
      dhcpOptionsId: defaultNetwork(call).dhcpOptionsId,
      ownerId: call.ownerId,
      dhcpConfigurationSet: [
        { key: 'domain-name', valueSet: [{ value: domainOf(call.region.name) }] },
        { key: 'domain-name-servers', valueSet: [{ value: 'AmazonProvidedDNS' }] },
      ],
    },
  ],
  wanted: {
    DhcpOptionsId: { of: item => item.dhcpOptionsId, ...notFound('dhcpOption', 'InvalidDhcpOptionID.NotFound') },
  },
  pages,
  filters: {
    tags: () => undefined,
    fields: {
      'dhcp-options-id': item => item.dhcpOptionsId,
      'owner-id': item => item.ownerId,
      key: item => item.dhcpConfigurationSet.map(each => each.key),
      value: item => item.dhcpConfigurationSet.flatMap(each => each.valueSet.map(({ value }) => value)),
    },
  },
})
