/** Connecting one volume to an instance that exists, and taking it away. Both may be repeated. */
import type { AttachSpec, DeviceSpec, Outcome } from '../driver.ts'
import { done, rejected } from '../outcomes.ts'
import { connect, devicesProblem } from './devices.ts'
import { blockProblem } from './vm-snapshot-holds.ts'
import type { World } from './world.ts'

const stale = (spec: AttachSpec, known: number): Outcome =>
  rejected('precondition', `instance ${spec.instance}: launch ${spec.generation} is stale, launch ${known} is known`)

export const attach = (world: World, _: string, spec: AttachSpec): Outcome => {
  const instance = world.instances.get(spec.instance)
  if (instance === undefined || instance.incomplete)
    return rejected('notFound', `there is no instance ${spec.instance}`)
  if (spec.generation < instance.generation) return stale(spec, instance.generation)
  const facts = { device: spec.device, volume: spec.volume }
  if (instance.devices.some(({ device, volume }) => device === spec.device && volume === spec.volume))
    return done(facts, true)
  if (instance.status !== 'stopped' && !world.abilities.volumeAttach.hotPlug) {
    return rejected(
      'precondition',
      `instance ${spec.instance} is ${instance.status}; volumes are attached only when it is stopped`,
    )
  }
  const blocked = blockProblem(world, instance, 'attach')
  if (blocked) return blocked
  const taken = instance.devices.find(({ device, volume }) => device === spec.device || volume === spec.volume)
  if (taken) {
    return rejected('precondition', `instance ${spec.instance} has ${taken.volume} as ${taken.device} already`)
  }
  const added: DeviceSpec = { device: spec.device, volume: spec.volume, root: false }
  const devices = [...instance.devices, added]
  const problem = devicesProblem(world, instance.id, instance.spec.zone, devices)
  if (problem) return problem
  connect(world, instance, devices)
  return done(facts)
}

export const detach = (world: World, _: string, spec: AttachSpec): Outcome => {
  const instance = world.instances.get(spec.instance)
  if (instance?.root?.volume === spec.volume)
    return rejected('precondition', `instance ${spec.instance}: ${spec.volume} is its root, which stays with it`)
  const connected = instance?.devices.find(({ volume }) => volume === spec.volume)
  if (instance === undefined || connected === undefined) return done({}, true)
  if (spec.generation < instance.generation) return stale(spec, instance.generation)
  if (instance.status !== 'stopped' && (connected.root || !world.abilities.volumeAttach.hotUnplug)) {
    return rejected(
      'precondition',
      `instance ${spec.instance} is ${instance.status}; ${connected.device} comes off only when it is stopped`,
    )
  }
  const blocked = blockProblem(world, instance, 'detach')
  if (blocked) return blocked
  const { detachNeedsGuest } = world.abilities.volumeAttach
  if (detachNeedsGuest && instance.status === 'running' && instance.hangs && !spec.force)
    return rejected('guestRefused', `instance ${spec.instance}: its guest does not let go of ${spec.volume}`)
  connect(
    world,
    instance,
    instance.devices.filter(({ volume }) => volume !== spec.volume),
  )
  return done({})
}
