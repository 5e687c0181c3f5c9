import { action } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { type FilterFields, filtering, filterParameter } from '../filters.ts'
import { paged } from '../pages.ts'
import { integer, list, text } from '../parameters.ts'
import { type Offering, offerings } from './offerings.ts'

const MIB = 2 ** 20

/** What an offering does not say is the same for all of them. */
const typeItem = ({ name, vcpus, memoryBytes, architecture }: Offering) => ({
  instanceType: name,
  currentGeneration: true,
  freeTierEligible: false,
  supportedUsageClasses: ['on-demand'],
  supportedRootDeviceTypes: ['ebs'],
  supportedVirtualizationTypes: ['hvm'],
  bareMetal: false,
  hypervisor: 'xen',
  processorInfo: { supportedArchitectures: [architecture] },
  vCpuInfo: { defaultVCpus: vcpus, defaultCores: vcpus, defaultThreadsPerCore: 1 },
  memoryInfo: { sizeInMiB: Math.floor(memoryBytes / MIB) },
  instanceStorageSupported: false,
  ebsInfo: { ebsOptimizedSupport: 'supported', encryptionSupport: 'supported', nvmeSupport: 'unsupported' },
  networkInfo: {
    networkPerformance: 'Moderate',
    maximumNetworkInterfaces: 1,
    ipv4AddressesPerInterface: 1,
    ipv6AddressesPerInterface: 0,
    ipv6Supported: false,
    enaSupport: 'supported',
  },
  hibernationSupported: false,
  burstablePerformanceSupported: false,
  dedicatedHostsSupported: false,
  autoRecoverySupported: false,
})
type TypeItem = ReturnType<typeof typeItem>

const filters: FilterFields<TypeItem> = {
  fields: {
    'auto-recovery-supported': item => item.autoRecoverySupported,
    'bare-metal': item => item.bareMetal,
    'burstable-performance-supported': item => item.burstablePerformanceSupported,
    'current-generation': item => item.currentGeneration,
    'dedicated-hosts-supported': item => item.dedicatedHostsSupported,
    'ebs-info.ebs-optimized-support': item => item.ebsInfo.ebsOptimizedSupport,
    'ebs-info.encryption-support': item => item.ebsInfo.encryptionSupport,
    'ebs-info.nvme-support': item => item.ebsInfo.nvmeSupport,
    'free-tier-eligible': item => item.freeTierEligible,
    'hibernation-supported': item => item.hibernationSupported,
    hypervisor: item => item.hypervisor,
    'instance-storage-supported': item => item.instanceStorageSupported,
    'instance-type': item => item.instanceType,
    'memory-info.size-in-mib': item => item.memoryInfo.sizeInMiB,
    'network-info.ena-support': item => item.networkInfo.enaSupport,
    'network-info.ipv6-supported': item => item.networkInfo.ipv6Supported,
    'network-info.maximum-network-interfaces': item => item.networkInfo.maximumNetworkInterfaces,
    'network-info.network-performance': item => item.networkInfo.networkPerformance,
    'processor-info.supported-architecture': item => item.processorInfo.supportedArchitectures,
    'supported-root-device-type': item => item.supportedRootDeviceTypes,
    'supported-usage-class': item => item.supportedUsageClasses,
    'supported-virtualization-type': item => item.supportedVirtualizationTypes,
    'vcpu-info.default-cores': item => item.vCpuInfo.defaultCores,
    'vcpu-info.default-threads-per-core': item => item.vCpuInfo.defaultThreadsPerCore,
    'vcpu-info.default-vcpus': item => item.vCpuInfo.defaultVCpus,
  },
}

export const describeInstanceTypes = action({
  name: 'DescribeInstanceTypes',
  summary: 'Lists the instance types that may be launched.',
  parameters: {
    InstanceType: list(text()),
    Filter: filterParameter(filters),
    MaxResults: integer(),
    NextToken: text(),
  },
  run: async call => {
    const { InstanceType = [], Filter, MaxResults, NextToken } = call.parameters
    const passes = filtering(Filter, filters)
    const all = await offerings(call)
    const unknown = InstanceType.filter(type => all.every(({ name }) => name !== type))
    if (unknown.length)
      throw new Ec2Error(
        'InvalidInstanceType',
        `The following supplied instance types do not exist: [${unknown.join(', ')}]`,
      )
    const wanted = InstanceType.length ? all.filter(({ name }) => InstanceType.includes(name)) : all
    const page = paged(wanted.map(typeItem).filter(passes), {
      MaxResults,
      NextToken,
      min: 5,
      max: 100,
      place: ({ instanceType }) => [0, instanceType],
      of: [InstanceType, Filter],
    })
    return { instanceTypeSet: page.items, nextToken: page.nextToken }
  },
})
