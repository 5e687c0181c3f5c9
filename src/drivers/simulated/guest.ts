/** What guests of the simulated provider see and do: their root disk, and what they write to it. */
import { computes } from './capacity.ts'
import { digestOf } from './content.ts'
import type { ImageRecord, InstanceRecord, VolumeRecord } from './records.ts'
import type { World } from './world.ts'

/** Where the guest of an instance finds its root; undefined if that is gone, or never was. */
const rootOf = (world: World, { root, spec, devices }: InstanceRecord): VolumeRecord | ImageRecord | undefined => {
  if (root?.kind === 'image') return world.images.get(spec.image)
  const volume = root?.volume ?? devices.find(device => device.root)?.volume
  return volume === undefined ? undefined : world.volumes.get(volume)
}

/** The root is as it was when the instance was made: what its guest wrote is lost. */
export const wipeRoot = (world: World, instance: InstanceRecord): void => {
  const root = rootOf(world, instance)
  if (root === undefined) return
  world.alter(root, wiped => {
    wiped.content = { image: root.content?.image }
  })
}

/** The root of an instance whose guest runs. */
const rootInUse = (world: World, id: string) => {
  const instance = world.instances.get(id)
  return instance && computes(instance) ? rootOf(world, instance) : undefined
}

/** False, and nothing is written, if no guest with a root runs there. */
export const writeRoot = (world: World, instance: string, text: string): boolean => {
  const root = rootInUse(world, instance)
  if (root === undefined) return false
  world.alter(root, changed => {
    changed.content = { ...root.content, written: text }
  })
  return true
}
/** What was written last; empty if nothing was. Undefined if no guest with a root runs there. */
export const readRoot = (world: World, instance: string): string | undefined => {
  const root = rootInUse(world, instance)
  return root && (root.content?.written ?? '')
}

/** Of an image, a volume or a snapshot; undefined if there is none. Of images that nobody has used, every name is one. */
export const digest = (world: World, kind: 'image' | 'volume' | 'volumeSnapshot', id: string): string | undefined => {
  const record = world.find(kind, id)
  if (record?.kind === 'instance' || record?.kind === 'vmSnapshot') return undefined
  if (record) return digestOf(record.content)
  return kind === 'image' && !world.gone('image', id) ? digestOf({ image: id }) : undefined
}
