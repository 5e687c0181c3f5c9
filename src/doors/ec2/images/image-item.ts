/** One image, as responses show it. (spec: ec2 11.2, item contents) */
import type { Call } from '../action.ts'
import { annotation } from '../instances/annotations.ts'
import { wireId } from '../refusals.ts'
import { tagSet } from '../tag-set.ts'
import type { ImageDevice, ImageRow } from './image-row.ts'

const GIB = 2 ** 30
const VOLUME_TYPE_DEFAULT = 'gp2'

const bare = (device: string) => device.replace(/^\/dev\//, '').replace(/^((?:s|xv|v|h)da)1$/, '$1')
const isRoot = ({ device }: ImageDevice, { attributes }: ImageRow) => bare(device) === bare(attributes.rootDevice)

/** Every device with the root first, each complete. */
export function devicesOf(image: ImageRow): readonly ImageDevice[] {
  const { rootDevice: device, sizeBytes, snapshot, encrypted, blockDevices } = image.attributes
  const said = blockDevices.find(each => isRoot(each, image))
  const root = { device, sizeBytes, snapshot, encrypted, deleteOnTermination: true, ...said }
  return [root, ...blockDevices.filter(each => !isRoot(each, image))]
}

export const mappingItem = (each: ImageDevice) =>
  each.ephemeral === undefined
    ? {
        deviceName: each.device,
        ebs: {
          snapshotId: each.snapshot,
          volumeSize: each.sizeBytes === undefined ? undefined : Math.ceil(each.sizeBytes / GIB),
          deleteOnTermination: each.deleteOnTermination ?? true,
          volumeType: each.volumeType ?? VOLUME_TYPE_DEFAULT,
          iops: each.iops,
          throughput: each.throughputMiBps,
          encrypted: each.encrypted ?? false,
        },
      }
    : { deviceName: each.device, virtualName: each.ephemeral }

const reasonCodes: Readonly<Record<string, string>> = { instanceTerminated: 'Client.InstanceTerminated' }

export function imageItem(row: ImageRow, { ownerIdOf }: Pick<Call, 'ownerIdOf'>) {
  const { id, name, account, state, createdAt, attributes } = row
  const ownerId = ownerIdOf(account)
  const { annotations = {}, reason } = attributes
  return {
    imageId: wireId(id),
    imageLocation: annotation(annotations, 'imageLocation') ?? `${ownerId}/${name}`,
    imageState: state,
    imageOwnerId: ownerId,
    isPublic: attributes.public ?? false,
    architecture: attributes.architecture ?? 'x86_64',
    imageType: 'machine',
    kernelId: attributes.kernel,
    ramdiskId: attributes.ramdisk,
    platform: annotation(annotations, 'platform'),
    name,
    description: attributes.description ?? '',
    rootDeviceType: 'ebs',
    rootDeviceName: attributes.rootDevice,
    blockDeviceMapping: devicesOf(row).map(mappingItem),
    virtualizationType: attributes.virtualization ?? 'hvm',
    hypervisor: 'xen',
    creationDate: new Date(createdAt),
    productCodes: [],
    stateReason: reason && {
      code: reasonCodes[reason.code] ?? 'Server.InternalError',
      message: `${reasonCodes[reason.code] ?? 'Server.InternalError'}: ${reason.message}`,
    },
    tagSet: tagSet(attributes.tags),
    enaSupport: annotation(annotations, 'enaSupport') !== 'false',
    sriovNetSupport: annotation(annotations, 'sriovNetSupport'),
    bootMode: annotation(annotations, 'bootMode'),
  }
}
export type ImageItem = ReturnType<typeof imageItem>
