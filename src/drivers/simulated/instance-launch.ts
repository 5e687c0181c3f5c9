/**
 * The beginning of a launch. A generation is one launch: it begins once, and what belongs to an older one is refused as
 * stale. (spec: drivers-and-qemu 8, generation.)
 */
import type { Outcome, PowerSpec } from '../driver.ts'
import { partlyDone, rejected } from '../outcomes.ts'
import { held } from './capacity.ts'
import { connect, devicesProblem } from './devices.ts'
import { found } from './instance-answers.ts'
import type { InstanceRecord } from './records.ts'
import type { World } from './world.ts'

const mebibyte = 1024 * 1024

/** Why an instance can not have this much memory; undefined if it can. */
export const memoryProblem = (world: World, id: string, memoryBytes: number): Outcome | undefined => {
  const { memoryMultipleMiB = 0 } = world.abilities.limits
  if (memoryMultipleMiB === 0 || memoryBytes % (memoryMultipleMiB * mebibyte) === 0) return undefined
  return rejected(
    'invalid',
    `instance ${id}: memory comes in multiples of ${memoryMultipleMiB} MiB, not ${memoryBytes}`,
  )
}

/** What an instance would use more than it does. */
export const lackingFor = (
  world: World,
  instance: InstanceRecord,
  { vcpus, memoryBytes }: { vcpus: number; memoryBytes: number },
): string | undefined => {
  const has = held(instance)
  return world.capacity.lacking({ vcpus: vcpus - has.vcpus, memoryBytes: memoryBytes - has.memoryBytes })
}

const launchProblem = (world: World, instance: InstanceRecord, spec: Required<Pick<PowerSpec, 'devices'>>) => {
  const { id, root } = instance
  if (root?.kind === 'private' && !world.volumes.has(root.volume))
    return rejected('precondition', `instance ${id}: its root ${root.volume} is gone`)
  return devicesProblem(world, id, instance.spec.zone, spec.devices)
}

export const launch = (world: World, instance: InstanceRecord, spec: PowerSpec, half: boolean): Outcome => {
  const { devices = instance.devices, vcpus = instance.spec.vcpus, memoryBytes = instance.spec.memoryBytes } = spec
  const problem = launchProblem(world, instance, { devices }) ?? memoryProblem(world, instance.id, memoryBytes)
  if (problem) return problem
  const lacking = lackingFor(world, instance, { vcpus, memoryBytes })
  if (lacking !== undefined) return rejected('exhausted', `instance ${instance.id}: ${lacking}`)
  if (half) {
    world.alter(instance, begun => {
      begun.generation = spec.generation
      begun.status = 'stopped'
    })
    return partlyDone(`instance ${instance.id} is prepared, not launched`)
  }
  connect(world, instance, devices)
  world.alter(instance, launched => {
    launched.generation = spec.generation
    launched.launched = spec.generation
    launched.status = 'running'
    launched.hangs = undefined
    launched.suspendedTo = undefined
    launched.memoryLost = undefined
    const { userData, userDataEncoding } = spec.userData === undefined ? launched.spec : spec
    launched.spec = { ...launched.spec, vcpus, memoryBytes, userData, userDataEncoding }
  })
  return found(instance, false)
}
