import { action } from '../action.ts'
import { type BlockDeviceMapping, blockDeviceMapping } from '../block-devices.ts'
import { Ec2Error, missing } from '../errors.ts'
import { annotationsOf } from '../instances/annotations.ts'
import { flag, list, text } from '../parameters.ts'
import { bytesOf } from '../sizes.ts'
import { tagSpecification, tagsOf } from '../tag-specifications.ts'
import { isSameDevice } from './image-item.ts'
import { checkImageMappings, imageMappings } from './image-mappings.ts'
import { checkWords } from './image-words.ts'
import { submittedByName } from './submitted-by-name.ts'

/** Of an image that the provider holds: EC2 does not ask for its size. */
const SIZE_DEFAULT_GIB = 8

/** The root is made from a snapshot; which entry it is, follows from the snapshots where it is not named. */
function checkRoot(mappings: readonly BlockDeviceMapping[], rootDevice: string | undefined): void {
  const isRoot = ({ DeviceName = '' }: BlockDeviceMapping) =>
    rootDevice === undefined || isSameDevice(DeviceName, rootDevice)
  if (mappings.filter(isRoot).some(({ Ebs }) => Ebs?.SnapshotId)) return
  throw new Ec2Error('InvalidBlockDeviceMapping', 'No root snapshot specified in device mapping.')
}

export const registerImage = action({
  name: 'RegisterImage',
  summary:
    'Registers an image whose root, and perhaps other disks, are made from snapshots; it can be launched at once.',
  parameters: {
    Name: text().required(),
    Description: text(),
    Architecture: text({ values: ['i386', 'x86_64', 'arm64', 'x86_64_mac', 'arm64_mac'] }),
    RootDeviceName: text({ max: 32 }),
    BlockDeviceMapping: list(blockDeviceMapping),
    VirtualizationType: text({ values: ['hvm', 'paravirtual'] }),
    KernelId: text({ max: 64 }),
    RamdiskId: text({ max: 64 }),
    ImageLocation: text({ max: 1_024 }),
    EnaSupport: flag(),
    SriovNetSupport: text({ max: 32 }),
    BootMode: text({ max: 32 }),
    ImdsSupport: text({ max: 32 }),
    TpmSupport: text({ max: 32 }),
    TagSpecification: list(tagSpecification),
  },
  mutates: true,
  check: ({ parameters }) => {
    const { BlockDeviceMapping = [], ImageLocation, TagSpecification } = parameters
    checkWords(parameters)
    checkImageMappings(BlockDeviceMapping)
    tagsOf(TagSpecification, ['image'])
    if (ImageLocation) return
    if (BlockDeviceMapping.length === 0) throw missing('blockDeviceMapping or imageLocation')
    checkRoot(BlockDeviceMapping, parameters.RootDeviceName)
  },
  run: async call => {
    const { parameters } = call
    const { ImageLocation, EnaSupport, SriovNetSupport, BootMode, ImdsSupport, TpmSupport } = parameters
    const blockDevices = imageMappings(parameters.BlockDeviceMapping)
    const isHeld = ImageLocation !== undefined && blockDevices.every(({ snapshot }) => snapshot === undefined)
    const imageId = await submittedByName(call, 'register', {
      name: parameters.Name,
      description: parameters.Description,
      architecture: parameters.Architecture,
      virtualization: parameters.VirtualizationType,
      kernel: parameters.KernelId,
      ramdisk: parameters.RamdiskId,
      rootDevice: parameters.RootDeviceName,
      sizeBytes: isHeld ? bytesOf(SIZE_DEFAULT_GIB) : undefined,
      blockDevices,
      annotations: annotationsOf({ ImageLocation, EnaSupport, SriovNetSupport, BootMode, ImdsSupport, TpmSupport }),
      tags: tagsOf(parameters.TagSpecification, ['image']).image,
    })
    return { imageId }
  },
})
