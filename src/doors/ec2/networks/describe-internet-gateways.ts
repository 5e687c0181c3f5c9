import { describing } from '../describing.ts'
import { defaultNetwork } from './default-network.ts'
import { notFound, pages } from './wanted.ts'

export const describeInternetGateways = describing({
  name: 'DescribeInternetGateways',
  summary: 'Lists the gateway of the default network.',
  set: 'internetGatewaySet',
  items: call => {
    const { internetGatewayId, vpcId } = defaultNetwork(call)
    return [{ internetGatewayId, ownerId: call.ownerId, attachmentSet: [{ vpcId, state: 'available' }] }]
  },
  wanted: {
    InternetGatewayId: {
      of: item => item.internetGatewayId,
      ...notFound('internetGateway', 'InvalidInternetGatewayID.NotFound'),
    },
  },
  pages,
  filters: {
    tags: () => undefined,
    fields: {
      'internet-gateway-id': item => item.internetGatewayId,
      'owner-id': item => item.ownerId,
      'attachment.vpc-id': item => item.attachmentSet.map(each => each.vpcId),
      'attachment.state': item => item.attachmentSet.map(each => each.state),
    },
  },
})
