/** Which disks a machine may have, and where they sit. */
import type { DeviceSpec } from '../driver.ts'
import { portCount } from './command-line.ts'
import { diskAt } from './disks.ts'
import type { Host } from './host.ts'
import { unchangedOnly } from './image-records.ts'
import { Refusal } from './outcome-of.ts'
import type { Device } from './records.ts'

/** Each volume exists, nobody else has it and none is copied. Throws the Refusal of the first that is not so. */
export async function devicesOnly(host: Host, instance: string, devices: readonly DeviceSpec[]): Promise<void> {
  const { records, copied, pool } = host
  if (devices.length > portCount) {
    throw new Refusal(
      'exhausted',
      `instance ${instance}: ${devices.length} disks, and a machine has room for ${portCount}`,
    )
  }
  for (const name of ['device', 'volume'] as const) {
    if (new Set(devices.map(each => each[name])).size < devices.length) {
      throw new Refusal('invalid', `instance ${instance}: two disks with the same ${name}`)
    }
  }
  for (const { volume } of devices) {
    const record = records.get('volume', volume)
    if (!record || !(await diskAt(pool.volume(volume)))) {
      throw new Refusal('notFound', `instance ${instance}: there is no volume ${volume}`)
    }
    // It is a layer over its image: with another image below, its guest would have another disk.
    if (record.spec.from?.kind === 'image') await unchangedOnly(pool, record.spec.from.id)
    const other = records.usersOf(volume).find(({ id }) => id !== instance)
    if (other) throw new Refusal('precondition', `instance ${instance}: volume ${volume} is connected to ${other.id}`)
    const keeper = records.keepersOf(volume).find(each => each.instance !== instance)
    if (keeper)
      throw new Refusal(
        'precondition',
        `instance ${instance}: volume ${volume} is kept by ${keeper.id} of ${keeper.instance}`,
      )
    copied.freeOnly(`instance ${instance}`, volume)
  }
}

/** Puts each into a root port: where it sits already, else into the first that is free. */
export const placed = (devices: readonly DeviceSpec[], before: readonly Device[]): Device[] => {
  const ports = devices.map(({ volume }) => before.find(each => each.volume === volume)?.port)
  return devices.map(({ device, volume, root }, at) => {
    ports[at] ??= Array.from({ length: portCount }, (_, port) => port).find(port => !ports.includes(port))!
    return { device, volume, root, port: ports[at] }
  })
}
