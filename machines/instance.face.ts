/** What others may read of an instance: where it is, and what an image of it is made of. */
import type { InstanceContext } from './instance.alphabet.ts'

export const instanceFace = (instance: InstanceContext) => {
  const {
    zone,
    provider,
    mode,
    type,
    vcpus,
    memoryBytes,
    rootDevice,
    ephemeral = [],
    kernel,
    ramdisk,
    architecture,
    virtualization,
  } = instance
  const attached = Object.values(instance.devices).filter(each => each.status === 'attached')
  const devices = attached.map(({ device, volume, root, deleteOnTermination }) => ({
    device,
    volume,
    root,
    deleteOnTermination,
  }))
  const size = { type, vcpus, memoryBytes }
  return {
    zone,
    provider,
    mode,
    ...size,
    rootDevice,
    devices,
    ephemeral,
    kernel,
    ramdisk,
    architecture,
    virtualization,
  }
}
