import { describing, type Wanted } from '../describing.ts'
import { defaultNetwork } from './default-network.ts'
import { pages } from './wanted.ts'

const EVERYTHING = '-1'
const ANYWHERE = '0.0.0.0/0'

const notFound: Omit<Wanted<never>, 'of'> = {
  code: 'InvalidGroup.NotFound',
  sentence: absent =>
    absent.length === 1
      ? `The security group '${absent[0]}' does not exist`
      : `The security groups '${absent.join(', ')}' do not exist`,
}

export const describeSecurityGroups = describing({
  name: 'DescribeSecurityGroups',
  summary: 'Lists the default security group: everything may go out, and what is in the group may come in.',
  set: 'securityGroupInfo',
  items: call => {
    const { groupId, groupName, vpcId } = defaultNetwork(call)
    const permission = { ipProtocol: EVERYTHING, ipv6Ranges: [], prefixListIds: [] }
    return [
      {
        groupId,
        groupName,
        groupDescription: 'default VPC security group',
        ownerId: call.ownerId,
        vpcId,
        ipPermissions: [{ ...permission, groups: [{ userId: call.ownerId, groupId }], ipRanges: [] }],
        ipPermissionsEgress: [{ ...permission, groups: [], ipRanges: [{ cidrIp: ANYWHERE }] }],
      },
    ]
  },
  wanted: {
    GroupId: { of: item => item.groupId, ...notFound },
    GroupName: { of: item => item.groupName, ...notFound },
  },
  pages,
  filters: {
    tags: () => undefined,
    fields: {
      'group-id': item => item.groupId,
      'group-name': item => item.groupName,
      description: item => item.groupDescription,
      'owner-id': item => item.ownerId,
      'vpc-id': item => item.vpcId,
      'ip-permission.group-id': item => item.groupId,
      'ip-permission.protocol': () => EVERYTHING,
      'ip-permission.user-id': item => item.ownerId,
      'ip-permission.cidr': () => undefined,
      'egress.ip-permission.protocol': () => EVERYTHING,
      'egress.ip-permission.cidr': () => ANYWHERE,
    },
  },
})
