import { action } from '../action.ts'
import { defaultNetwork } from '../networks/default-network.ts'
import { list, text } from '../parameters.ts'

const names = [
  'supported-platforms',
  'default-vpc',
  'max-instances',
  'vpc-max-security-groups-per-interface',
  'max-elastic-ips',
  'vpc-max-elastic-ips',
] as const
type Name = (typeof names)[number]

/** There are no addresses to have, and one security group. How many instances there may be, the provider says at launch. */
const limitOf = (name: Name, vpcId: string): string => {
  if (name === 'supported-platforms') return 'VPC'
  if (name === 'default-vpc') return vpcId
  if (name === 'vpc-max-security-groups-per-interface') return '1'
  return name === 'max-instances' ? INSTANCES_MAX : '0'
}
/** The most that one request launches; nothing else bounds an account. */
const INSTANCES_MAX = '1000'

export const describeAccountAttributes = action({
  name: 'DescribeAccountAttributes',
  summary: 'Says what an account may have in a region: one default network, no addresses.',
  parameters: { AttributeName: list(text({ values: [...names] })) },
  run: async call => {
    const { AttributeName: asked } = call.parameters
    const { vpcId } = defaultNetwork(call)
    const shown = names.filter(name => !asked?.length || asked.includes(name))
    return {
      accountAttributeSet: shown.map(attributeName => ({
        attributeName,
        attributeValueSet: [{ attributeValue: limitOf(attributeName, vpcId) }],
      })),
    }
  },
})
