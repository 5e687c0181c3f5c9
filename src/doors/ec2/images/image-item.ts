/** One image, as responses show it. (spec: ec2 11.2, item contents) */
import { EVERYWHERE } from '../../../../machines/grammar.ts'
import type { Call } from '../action.ts'
import { annotation } from '../instances/annotations.ts'
import { wireId } from '../refusals.ts'
import { gibibytesOf } from '../sizes.ts'
import { tagSet } from '../tag-set.ts'
import type { ImageDevice, ImageRow } from './image-row.ts'

const VOLUME_TYPE_DEFAULT = 'gp2'

const bare = (device: string) => device.replace(/^\/dev\//, '').replace(/^((?:s|xv|v|h)da)1$/, '$1')
/** Whether two names, with or without `/dev/` and the number of a root, are of one device. */
export const isSameDevice = (one: string, other: string): boolean => bare(one) === bare(other)
const isRoot = ({ device }: ImageDevice, { attributes }: ImageRow) => isSameDevice(device, attributes.rootDevice)

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
          volumeSize: each.sizeBytes === undefined ? undefined : gibibytesOf(each.sizeBytes),
          deleteOnTermination: each.deleteOnTermination ?? true,
          volumeType: each.volumeType ?? VOLUME_TYPE_DEFAULT,
          iops: each.iops,
          throughput: each.throughputMiBps,
          encrypted: each.encrypted ?? false,
        },
      }
    : { deviceName: each.device, virtualName: each.ephemeral }

const reasonCodes: Readonly<Record<string, string>> = { instanceTerminated: 'Client.InstanceTerminated' }

/** Of images that come with the cloud: they are in every region. */
export const ownerAliasOf = ({ region }: ImageRow): string | undefined => (region === EVERYWHERE ? 'amazon' : undefined)

/** Tags are shown to their account; those of images that come with the cloud, to everybody. */
export const tagsShown = (row: ImageRow, account: string): ImageRow['attributes']['tags'] =>
  row.account === account || ownerAliasOf(row) ? row.attributes.tags : undefined

export function imageItem(row: ImageRow, { account: reader, ownerIdOf }: Pick<Call, 'account' | 'ownerIdOf'>) {
  const { id, name, account, state, createdAt, attributes } = row
  const ownerId = ownerIdOf(account)
  const { annotations = {}, reason } = attributes
  return {
    imageId: wireId(id),
    imageLocation: annotation(annotations, 'imageLocation') ?? `${ownerId}/${name}`,
    imageState: state,
    imageOwnerId: ownerId,
    imageOwnerAlias: ownerAliasOf(row),
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
    tagSet: tagSet(tagsShown(row, reader)) ?? [],
    enaSupport: annotation(annotations, 'enaSupport') !== 'false',
    sriovNetSupport: annotation(annotations, 'sriovNetSupport'),
    bootMode: annotation(annotations, 'bootMode'),
  }
}
export type ImageItem = ReturnType<typeof imageItem>
