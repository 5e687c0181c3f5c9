import { action } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { text } from '../parameters.ts'
import { defaultNetwork } from './default-network.ts'

/** Instances have names inside the network, and nobody counts its addresses. */
const values = { enableDnsSupport: true, enableDnsHostnames: true, enableNetworkAddressUsageMetrics: false }
type Name = keyof typeof values

export const describeVpcAttribute = action({
  name: 'DescribeVpcAttribute',
  summary: 'Says whether instances of the default network have names.',
  parameters: {
    VpcId: text().required(),
    Attribute: text({ values: Object.keys(values) as Name[] }).required(),
  },
  run: async call => {
    const { VpcId, Attribute } = call.parameters
    const { vpcId } = defaultNetwork(call)
    if (VpcId !== vpcId) throw new Ec2Error('InvalidVpcID.NotFound', `The vpc ID '${VpcId}' does not exist`)
    return { vpcId, [Attribute]: { value: values[Attribute] } }
  },
})
