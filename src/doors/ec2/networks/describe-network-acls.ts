import { describing } from '../describing.ts'
import { defaultNetwork } from './default-network.ts'
import { notFound, pages } from './wanted.ts'

const EVERYTHING = '-1'
const ANYWHERE = '0.0.0.0/0'
/** The rule that comes after all others. */
const LAST = 32_767

const entries = [true, false].flatMap(egress => [
  { ruleNumber: 100, protocol: EVERYTHING, ruleAction: 'allow', egress, cidrBlock: ANYWHERE },
  { ruleNumber: LAST, protocol: EVERYTHING, ruleAction: 'deny', egress, cidrBlock: ANYWHERE },
])

export const describeNetworkAcls = describing({
  name: 'DescribeNetworkAcls',
  summary: 'Lists the access list of the default network, which lets everything through.',
  set: 'networkAclSet',
  items: call => {
    const network = defaultNetwork(call)
    const { networkAclId, vpcId } = network
    return [
      {
        networkAclId,
        vpcId,
        ownerId: call.ownerId,
        default: true,
        entrySet: entries,
        associationSet: network.subnets().map(({ subnetId, networkAclAssociationId }) => ({
          networkAclAssociationId,
          networkAclId,
          subnetId,
        })),
      },
    ]
  },
  wanted: {
    NetworkAclId: { of: item => item.networkAclId, ...notFound('networkAcl', 'InvalidNetworkAclID.NotFound') },
  },
  pages,
  filters: {
    tags: () => undefined,
    fields: {
      'network-acl-id': item => item.networkAclId,
      'vpc-id': item => item.vpcId,
      'owner-id': item => item.ownerId,
      default: item => item.default,
      'association.subnet-id': item => item.associationSet.map(each => each.subnetId),
      'association.network-acl-id': item => item.associationSet.map(each => each.networkAclId),
      'association.association-id': item => item.associationSet.map(each => each.networkAclAssociationId),
      'entry.cidr': item => item.entrySet.map(each => each.cidrBlock),
      'entry.egress': item => item.entrySet.map(each => each.egress),
      'entry.protocol': item => item.entrySet.map(each => each.protocol),
      'entry.rule-action': item => item.entrySet.map(each => each.ruleAction),
      'entry.rule-number': item => item.entrySet.map(each => each.ruleNumber),
    },
  },
})
