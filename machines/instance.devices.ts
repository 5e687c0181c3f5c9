/** The list of an instance's devices: finding and changing entries, never in place. */

import { normalised } from './disks.ts'
import type { Device, InstanceContext } from './instance.alphabet.ts'

export type Devices = InstanceContext['devices']

/** Normalised name under which a volume is attached. */
export const deviceOf = (devices: Devices, volume: string): string | undefined =>
  Object.keys(devices).find(name => devices[name]!.volume === volume)

export const withDevice = (devices: Devices, device: Device): Devices => ({
  ...devices,
  [normalised(device.device)]: device,
})

export const withoutDevice = (devices: Devices, name: string): Devices => {
  const { [name]: _, ...rest } = devices
  return rest
}

export const withStatus = (devices: Devices, name: string, status: Device['status']): Devices =>
  devices[name] ? { ...devices, [name]: { ...devices[name], status } } : devices

export const volumesWith = (devices: Devices, status: Device['status']): string[] =>
  Object.values(devices)
    .filter(each => each.status === status)
    .map(each => each.volume)

/** The device whose connection the next answer is about. */
export const atHead = ({ devices, changing }: InstanceContext): Device | undefined =>
  changing[0] === undefined ? undefined : devices[changing[0]]

/** Has its guest to let go of a disk still? It may never do that. */
export const awaitsGuest = ({ changing, devices }: InstanceContext): boolean =>
  changing.some(name => devices[name]?.status === 'detaching')

/**
 * The devices of an instance that has stopped. With the compute gone there is nothing to connect or disconnect: what
 * was being attached is attached, what was being detached is free.
 */
export const atRest = (devices: Devices): Devices =>
  Object.values(devices).every(each => each.status === 'attached')
    ? devices
    : Object.fromEntries(
        Object.entries(devices)
          .filter(([, each]) => each.status !== 'detaching')
          .map(([name, each]) => [name, { ...each, status: 'attached' }]),
      )
