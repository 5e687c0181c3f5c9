/** One instance, as responses show it. (spec: ec2 11.2, item contents) */
import { tagSet } from '../tag-set.ts'
import { wireId } from '../wire-ids.ts'
import { privateAddress, privateDnsName } from './addresses.ts'
import { annotation, annotationGroup } from './annotations.ts'
import type { ImageFacts } from './image-facts.ts'
import { annotationsIn, type DeviceAttributes, type InstanceRow } from './instance-row.ts'
import { reasonItem } from './reasons.ts'
import { stateItem } from './states.ts'

/** What an instance is shown with besides its own row. */
export interface Surroundings {
  readonly region: string
  readonly network: {
    readonly vpcId: string
    subnetId(zone: string): string
    readonly groupId: string
    readonly groupName: string
  }
  /** What the image of an instance says of it; an image that is forgotten says nothing. */
  imageOf(image: string): ImageFacts | undefined
}
export type InstanceItem = ReturnType<typeof instanceItem>

export function instanceItem(row: InstanceRow, around: Surroundings) {
  const { id, state, zone, attributes } = row
  const kept = annotationsIn(row)
  const image = around.imageOf(attributes.image)
  const address = privateAddress(row)
  const { network, region } = around
  const isGone = state === 'terminated'
  return {
    instanceId: id,
    imageId: wireId(attributes.image),
    instanceState: stateItem(state),
    privateDnsName: privateDnsName(address, region),
    // There are no public addresses here: nothing to show, neither while it runs nor when it is stopped.
    dnsName: '',
    ...reasonItem(state, attributes.reason),
    keyName: attributes.keyPair,
    amiLaunchIndex: attributes.launchIndex ?? 0,
    productCodes: [],
    instanceType: attributes.type,
    launchTime: new Date(attributes.launchedAt),
    placement: {
      availabilityZone: zone,
      groupName: '',
      tenancy: 'default',
      ...annotationGroup(kept, 'placement'),
    },
    kernelId: attributes.kernel || undefined,
    ramdiskId: attributes.ramdisk || undefined,
    platform: annotation(image?.annotations ?? {}, 'platform'),
    monitoring: { state: annotation(kept, 'monitoring.enabled') === 'true' ? 'enabled' : 'disabled' },
    subnetId: network.subnetId(zone),
    vpcId: network.vpcId,
    privateIpAddress: address,
    sourceDestCheck: annotation(kept, 'sourceDestCheck') !== 'false',
    groupSet: isGone ? [] : [{ groupId: network.groupId, groupName: network.groupName }],
    architecture: attributes.architecture ?? image?.architecture ?? 'x86_64',
    rootDeviceType: rootDeviceType(row),
    rootDeviceName: attributes.rootDevice,
    blockDeviceMapping: isGone ? [] : attributes.devices.map(mappingItem),
    virtualizationType: attributes.virtualization ?? image?.virtualization ?? 'hvm',
    clientToken: annotation(kept, 'clientToken') ?? '',
    tagSet: tagSet(attributes.tags),
    hypervisor: 'xen',
    networkInterfaceSet: [],
    ebsOptimized: attributes.ebsOptimized ?? false,
    enaSupport: annotation(kept, 'enaSupport') !== 'false',
    sriovNetSupport: annotation(kept, 'sriovNetSupport'),
    iamInstanceProfile: annotationGroup(kept, 'iamInstanceProfile'),
    ...asGiven(kept),
  }
}

/** A stateless instance has nothing to come back to: what EC2 calls an instance store. */
export const rootDeviceType = ({ attributes }: InstanceRow): string =>
  attributes.mode === 'stateless' ? 'instance-store' : 'ebs'

export const mappingItem = ({ device, volume, status, attachedAt, deleteOnTermination }: DeviceAttributes) => ({
  deviceName: device,
  ebs: { volumeId: volume, status, attachTime: new Date(attachedAt), deleteOnTermination },
})

/** Options of a launch that only its reader understands. */
function asGiven(kept: Readonly<Record<string, string>>) {
  const metadata = annotationGroup(kept, 'metadataOptions')
  return {
    cpuOptions: annotationGroup(kept, 'cpuOptions'),
    hibernationOptions: annotationGroup(kept, 'hibernationOptions'),
    metadataOptions: metadata && { state: 'applied', ...metadata },
    enclaveOptions: annotationGroup(kept, 'enclaveOptions'),
    privateDnsNameOptions: annotationGroup(kept, 'privateDnsNameOptions'),
    maintenanceOptions: annotationGroup(kept, 'maintenanceOptions'),
  }
}
