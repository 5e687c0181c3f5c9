/** Filters of DescribeInstances, over what its answer shows. (spec: ec2 11.4) */
import type { FilterFields } from '../filters.ts'
import { moments } from '../times.ts'
import { type InstanceItem, instanceItem, type Surroundings } from './instance-item.ts'
import type { InstanceRow } from './instance-row.ts'
import { reservationOf } from './reservations.ts'

/** An instance to be listed. How it is shown is made up once, when something first asks for it. */
export class Described {
  readonly row: InstanceRow
  readonly ownerId: string
  readonly #around: Surroundings
  #item: InstanceItem | undefined
  constructor(row: InstanceRow, ownerId: string, around: Surroundings) {
    this.row = row
    this.ownerId = ownerId
    this.#around = around
  }
  get item(): InstanceItem {
    this.#item ??= instanceItem(this.row, this.#around)
    return this.#item
  }
}

export const instanceFilters: FilterFields<Described> = {
  tags: ({ row }) => row.attributes.tags,
  fields: {
    architecture: ({ item }) => item.architecture,
    'availability-zone': ({ item }) => item.placement.availabilityZone,
    'block-device-mapping.attach-time': ({ item }) =>
      item.blockDeviceMapping.flatMap(({ ebs }) => moments(ebs.attachTime.getTime())),
    'block-device-mapping.delete-on-termination': ({ item }) =>
      item.blockDeviceMapping.map(({ ebs }) => ebs.deleteOnTermination),
    'block-device-mapping.device-name': ({ item }) => item.blockDeviceMapping.map(each => each.deviceName),
    'block-device-mapping.status': ({ item }) => item.blockDeviceMapping.map(({ ebs }) => ebs.status),
    'block-device-mapping.volume-id': ({ item }) => item.blockDeviceMapping.map(({ ebs }) => ebs.volumeId),
    'client-token': ({ item }) => item.clientToken,
    'dns-name': ({ item }) => item.dnsName,
    'group-id': ({ item }) => item.groupSet.map(each => each.groupId),
    'group-name': ({ item }) => item.groupSet.map(each => each.groupName),
    hypervisor: ({ item }) => item.hypervisor,
    'iam-instance-profile.arn': ({ item }) => item.iamInstanceProfile?.arn,
    'image-id': ({ item }) => item.imageId,
    'instance-id': ({ row }) => row.id,
    'instance-state-code': ({ item }) => item.instanceState.code,
    'instance-state-name': ({ row }) => row.state,
    'instance-type': ({ item }) => item.instanceType,
    'instance.group-id': ({ item }) => item.groupSet.map(each => each.groupId),
    'instance.group-name': ({ item }) => item.groupSet.map(each => each.groupName),
    // There is no address from outside, so none is found.
    'ip-address': () => undefined,
    'kernel-id': ({ item }) => item.kernelId,
    'key-name': ({ item }) => item.keyName,
    'launch-index': ({ item }) => item.amiLaunchIndex,
    'launch-time': ({ item }) => moments(item.launchTime.getTime()),
    'monitoring-state': ({ item }) => item.monitoring.state,
    'owner-id': ({ ownerId }) => ownerId,
    'placement-group-name': ({ item }) => item.placement.groupName,
    platform: ({ item }) => item.platform,
    'private-dns-name': ({ item }) => item.privateDnsName,
    'private-ip-address': ({ item }) => item.privateIpAddress,
    'ramdisk-id': ({ item }) => item.ramdiskId,
    reason: ({ item }) => item.reason,
    'requester-id': () => undefined,
    'reservation-id': ({ row }) => reservationOf(row),
    'root-device-name': ({ item }) => item.rootDeviceName,
    'root-device-type': ({ item }) => item.rootDeviceType,
    'source-dest-check': ({ item }) => item.sourceDestCheck,
    // An instance without a reason is found by an empty one.
    'state-reason-code': ({ item }) => item.stateReason?.code ?? '',
    'state-reason-message': ({ item }) => item.stateReason?.message ?? '',
    'subnet-id': ({ item }) => item.subnetId,
    tenancy: ({ item }) => item.placement.tenancy,
    'virtualization-type': ({ item }) => item.virtualizationType,
    'vpc-id': ({ item }) => item.vpcId,
  },
}
