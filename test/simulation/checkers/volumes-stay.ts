/**
 * A volume is deleted only because its owner asked for that, or because it was to end with an instance; no provider
 * takes one that was to stay. (spec: stateful-and-deltacloud P7.)
 */
import { deviceName } from '../model.ts'
import { wentWithGuest } from '../taken.ts'
import { Violation } from '../violation.ts'
import type { World } from '../world.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'volumes stay'

// biome-ignore lint/suspicious/noExplicitAny: data of several events, read by name
type Data = any

export const volumesStay: CheckerMaker = () => {
  const condemned = new Set<string>()
  /** Volumes that were made. */
  const made = new Set<string>()
  const check = (world: World) => {
    const there = new Set(world.provider.objects().map(({ id }) => id))
    for (const id of made)
      if (!condemned.has(id) && !there.has(id) && !wentWithGuest(world, id))
        throw new Violation(NAME, `${id} is gone, and was to stay`)
  }
  /** Does a volume end with the instance that has it? By what was asked for, and not by what the instance says. */
  const flags = new Map<string, boolean>()
  const devices = new Map<string, string>()
  const has = (instance: string, device: string, volume: string, ends: boolean) => {
    devices.set(`${instance} ${deviceName(device)}`, volume)
    flags.set(volume, ends)
  }
  const follow: Readonly<Record<string, (resource: string, data: Data) => void>> = {
    'instance.launchRequested': (resource, data) => {
      for (const { device, volume, deleteOnTermination } of data.devices)
        has(resource, device, volume, deleteOnTermination)
    },
    'volume.attachRequested': (resource, { instance, device }) => has(instance, device, resource, false),
    'volume.detached': resource => void flags.delete(resource),
    'instance.modifyRequested': (resource, { deleteOnTermination = {} }) => {
      for (const [name, ends] of Object.entries<boolean>(deleteOnTermination))
        flags.set(devices.get(`${resource} ${deviceName(name)}`)!, ends)
    },
    'volume.created': resource => void made.add(resource),
    'volume.deleteRequested': resource => void condemned.add(resource),
    // A root that a provider made and left is nobody's but its instance's.
    'volume.rootLeft': resource => void condemned.add(resource),
    'volume.instanceGone': resource => {
      if (flags.get(resource)) condemned.add(resource)
    },
  }
  return {
    name: NAME,
    event({ type, resource, data }) {
      follow[type]?.(resource, data)
    },
    called({ verb, id, token }) {
      if (verb === 'volumeDelete' && !condemned.has(id))
        throw new Violation(NAME, `${token} deletes ${id}, which stays`)
    },
    rest: check,
  }
}
