/** Which volumes an instance has. A volume without multi-attach has one user at most, and both sides always agree. */
import type { DeviceSpec, Outcome } from '../driver.ts'
import { rejected } from '../outcomes.ts'
import type { Device, InstanceRecord } from './records.ts'
import { keeperOf } from './vm-snapshot-holds.ts'
import type { World } from './world.ts'

/** Why a volume can not be the root of an instance; undefined if it can. */
const bootProblem = (world: World, instance: string, id: string): Outcome | undefined => {
  const from = world.volumes.get(id)?.spec.from
  const { bootFromVolume, bootFromSnapshot, canCloneImage } = world.abilities
  if (from?.kind === 'image' && canCloneImage) return undefined
  if (!bootFromVolume) return rejected('unsupported', `instance ${instance}: this provider does not boot from volumes`)
  if (from?.kind !== 'volumeSnapshot' || bootFromSnapshot) return undefined
  return rejected(
    'unsupported',
    `instance ${instance}: ${id} was made of a snapshot, and this provider boots from none`,
  )
}

const volumeProblem = (
  world: World,
  instance: string,
  zone: string,
  { volume: id }: DeviceSpec,
): Outcome | undefined => {
  const volume = world.volumes.get(id)
  if (volume === undefined || volume.incomplete)
    return rejected('notFound', `instance ${instance}: there is no volume ${id}`)
  if (volume.spec.zone !== zone) {
    return rejected('invalid', `instance ${instance} is in zone ${zone}, but volume ${id} in ${volume.spec.zone}`)
  }
  const other = volume.users.find(user => user !== instance)
  if (other !== undefined && !world.abilities.volumeAttach.multiAttach) {
    return rejected('precondition', `instance ${instance}: volume ${id} is connected to ${other}`)
  }
  const keeper = keeperOf(world, id)
  if (keeper !== undefined && keeper.instance !== instance)
    return rejected('precondition', `instance ${instance}: volume ${id} is kept by ${keeper.id} of ${keeper.instance}`)
  return undefined
}

/** Why these can not be the devices of an instance; undefined if they can. */
export const devicesProblem = (
  world: World,
  instance: string,
  zone: string,
  devices: readonly DeviceSpec[],
): Outcome | undefined => {
  let data = 0
  for (const [at, device] of devices.entries()) {
    const problem =
      volumeProblem(world, instance, zone, device) ??
      (device.root ? bootProblem(world, instance, device.volume) : undefined)
    if (problem) return problem
    if (world.instances.get(instance)?.root?.volume === device.volume)
      return rejected('invalid', `instance ${instance}: ${device.volume} is its own root, and stays so`)
    if (!device.root) data++
    for (const other of devices.slice(0, at)) {
      if (other.device !== device.device && other.volume !== device.volume) continue
      return rejected('invalid', `instance ${instance}: ${device.device} or ${device.volume} is named twice`)
    }
  }
  const { max } = world.abilities.volumeAttach
  return data > max ? rejected('exhausted', `instance ${instance}: ${data} volumes asked for, ${max} fit`) : undefined
}

const release = (world: World, instance: string, id: string): void => {
  const volume = world.volumes.get(id)
  if (volume === undefined) return
  world.alter(volume, released => {
    released.users = released.users.filter(user => user !== instance)
  })
}

/** Makes exactly these the devices of an instance. */
export const connect = (world: World, instance: InstanceRecord, devices: readonly DeviceSpec[]): void => {
  const wanted = new Set(devices.map(({ volume }) => volume))
  for (const { volume } of instance.devices) if (!wanted.has(volume)) release(world, instance.id, volume)
  for (const id of wanted) {
    const volume = world.volumes.get(id)!
    if (volume.users.includes(instance.id)) continue
    world.alter(volume, taken => {
      taken.users = [...taken.users, instance.id]
    })
  }
  world.alter(instance, connected => {
    connected.devices = devices.map(({ device, volume, root }): Device => ({ device, volume, root }))
  })
}
