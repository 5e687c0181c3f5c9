import { describing } from '../describing.ts'
import { defaultNetwork } from './default-network.ts'
import { notFound, pages } from './wanted.ts'

export const describeVpcs = describing({
  name: 'DescribeVpcs',
  summary: 'Lists the default network of the account in this region.',
  set: 'vpcSet',
  items: call => {
    const { vpcId, cidrBlock, cidrAssociationId, dhcpOptionsId } = defaultNetwork(call)
    const association = { associationId: cidrAssociationId, cidrBlock, cidrBlockState: { state: 'associated' } }
    return [
      {
        vpcId,
        ownerId: call.ownerId,
        state: 'available',
        cidrBlock,
        cidrBlockAssociationSet: [association],
        dhcpOptionsId,
        instanceTenancy: 'default',
        isDefault: true,
      },
    ]
  },
  wanted: { VpcId: { of: item => item.vpcId, ...notFound('vpc', 'InvalidVpcID.NotFound') } },
  pages,
  filters: {
    tags: () => undefined,
    fields: {
      'vpc-id': item => item.vpcId,
      state: item => item.state,
      cidr: item => item.cidrBlock,
      'cidr-block': item => item.cidrBlock,
      'cidr-block-association.cidr-block': item => item.cidrBlockAssociationSet.map(each => each.cidrBlock),
      'cidr-block-association.association-id': item => item.cidrBlockAssociationSet.map(each => each.associationId),
      'cidr-block-association.state': item => item.cidrBlockAssociationSet.map(each => each.cidrBlockState.state),
      'dhcp-options-id': item => item.dhcpOptionsId,
      'is-default': item => item.isDefault,
      // As clients wrote it before there was a dash in it.
      isDefault: item => item.isDefault,
      'owner-id': item => item.ownerId,
    },
  },
})
