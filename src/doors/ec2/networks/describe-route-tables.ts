import { describing } from '../describing.ts'
import { defaultNetwork } from './default-network.ts'
import { notFound, pages } from './wanted.ts'

export const describeRouteTables = describing({
  name: 'DescribeRouteTables',
  summary: 'Lists the main route table of the default network: itself, and everything else through the gateway.',
  set: 'routeTableSet',
  items: call => {
    const { routeTableId, routeTableAssociationId, vpcId, cidrBlock, internetGatewayId } = defaultNetwork(call)
    const route = { state: 'active', origin: 'CreateRoute' }
    const association = { routeTableAssociationId, routeTableId, main: true, associationState: { state: 'associated' } }
    return [
      {
        routeTableId,
        vpcId,
        ownerId: call.ownerId,
        routeSet: [
          { ...route, destinationCidrBlock: cidrBlock, gatewayId: 'local', origin: 'CreateRouteTable' },
          { ...route, destinationCidrBlock: '0.0.0.0/0', gatewayId: internetGatewayId },
        ],
        associationSet: [association],
        propagatingVgwSet: [],
      },
    ]
  },
  wanted: {
    RouteTableId: { of: item => item.routeTableId, ...notFound('routeTable', 'InvalidRouteTableID.NotFound') },
  },
  pages,
  filters: {
    tags: () => undefined,
    fields: {
      'route-table-id': item => item.routeTableId,
      'vpc-id': item => item.vpcId,
      'owner-id': item => item.ownerId,
      'association.main': item => item.associationSet.map(each => each.main),
      'association.route-table-id': item => item.associationSet.map(each => each.routeTableId),
      'association.route-table-association-id': item => item.associationSet.map(each => each.routeTableAssociationId),
      // Subnets follow the main table without being associated with it.
      'association.subnet-id': () => undefined,
      'association.gateway-id': () => undefined,
      'route.destination-cidr-block': item => item.routeSet.map(each => each.destinationCidrBlock),
      'route.gateway-id': item => item.routeSet.map(each => each.gatewayId),
      'route.origin': item => item.routeSet.map(each => each.origin),
      'route.state': item => item.routeSet.map(each => each.state),
      'route.nat-gateway-id': () => undefined,
      'route.instance-id': () => undefined,
    },
  },
})
