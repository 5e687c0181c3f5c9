/**
 * What a launch boots: an image, or a volume that is there already. The volume is the root then as it is, and what else
 * an image says of a launch comes from the image that is named, or from the one the volume was made from.
 */
import { type Boots, booted } from './boots.ts'
import { normalised } from './disks.ts'
import type { ImageMapping, MappedVolume, MappingEntry, MappingFault } from './instance.block-devices.ts'
import type { Mode } from './modes.ts'

export interface KnownVolume {
  readonly id: string
  readonly sizeBytes: number
  readonly zone: string
  readonly encrypted?: boolean
  readonly from?: { readonly kind: 'image' | 'volumeSnapshot' }
  readonly boots?: Boots
}
interface KnownImage extends ImageMapping {
  readonly id: string
  readonly architecture?: string
  readonly virtualization?: string
  readonly targets?: readonly Mode[]
}
export type Source = Omit<KnownImage, 'id'> & { readonly image: string }

/** Undefined where nothing says which image it is. */
export function sourceOf(image: KnownImage | null, volume: KnownVolume | null): Source | undefined {
  if (image) {
    const { id, ...known } = image
    return volume ? { ...known, ...rootOn(volume), blockDevices: besides(known), image: id } : { ...known, image: id }
  }
  return volume?.boots && { ...booted(volume.boots), ...rootOn(volume), blockDevices: [] }
}

const rootOn = ({ sizeBytes, encrypted }: KnownVolume) => ({ sizeBytes, encrypted, snapshot: undefined })
const besides = ({ rootDevice, blockDevices }: ImageMapping) =>
  blockDevices.filter(each => normalised(each.device) !== normalised(rootDevice))

/** The volume as the root. A mapping may flag it to go with the instance, and change nothing else of it. */
export function rootDeviceOn(
  { id, sizeBytes }: KnownVolume,
  rootDevice: string,
  asked: readonly MappingEntry[],
): (MappedVolume & { readonly volume: string }) | MappingFault {
  const entry = asked.find(each => normalised(each.device) === normalised(rootDevice))
  const { device: _, deleteOnTermination = false, ...others } = entry ?? { device: rootDevice }
  if (Object.values(others).some(value => value !== undefined))
    return { requirement: 'mappingValid', why: `the root is the volume ${id} as it is` }
  return { device: rootDevice, volume: id, sizeBytes, deleteOnTermination }
}
