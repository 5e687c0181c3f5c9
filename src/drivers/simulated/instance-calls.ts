/**
 * What the simulated provider does with instances. A generation is one launch: it begins once, and what belongs to an
 * older one is refused as stale. (spec: drivers-and-qemu 8, generation.)
 */
import type { InstanceSpec, Outcome, PowerSpec } from '../driver.ts'
import { done, partlyDone, rejected } from '../outcomes.ts'
import { computes } from './capacity.ts'
import { connect, devicesProblem } from './devices.ts'
import { remakes, strayOf } from './identity.ts'
import { factsOf, type InstanceRecord, referenceOf } from './records.ts'
import type { World } from './world.ts'

const found = (instance: InstanceRecord, already: boolean): Outcome =>
  done(factsOf(instance), already, referenceOf(instance))

const stale = (instance: string, asked: number, known: number): Outcome =>
  rejected('precondition', `instance ${instance}: launch ${asked} is stale, launch ${known} is known`)

const sameInstance = (a: InstanceSpec, b: InstanceSpec): boolean =>
  a.zone === b.zone &&
  a.image === b.image &&
  a.vcpus === b.vcpus &&
  a.memoryBytes === b.memoryBytes &&
  a.userData === b.userData &&
  a.userDataEncoding === b.userDataEncoding &&
  a.devices.length === b.devices.length &&
  a.devices.every((device, at) => {
    const other = b.devices[at]!
    return device.device === other.device && device.volume === other.volume && device.root === other.root
  })

const hostsPerZone = 8
const hostFor = (zone: string, sequence: number): string => `${zone}-${(sequence % hostsPerZone) + 1}`
/** 10.0.0.1 onwards; 16 million before the first comes again. */
const addressFor = (sequence: number): string => {
  const low = sequence & 0xffffff
  return `10.${low >> 16}.${(low >> 8) & 0xff}.${low & 0xff}`
}

const makeInstance = (
  world: World,
  askedFor: string,
  spec: InstanceSpec,
  token: string,
  half: boolean,
  id = askedFor,
): Outcome => {
  if (!world.declared.zones.includes(spec.zone)) {
    return rejected(
      'invalid',
      `instance ${id}: there is no zone "${spec.zone}", only ${world.declared.zones.join(', ')}`,
    )
  }
  const problem = devicesProblem(world, id, spec.zone, spec.devices)
  if (problem) return problem
  const runs = world.declared.stateAfterCreate === 'running'
  const lacking = world.capacity.lacking({
    instances: 1,
    vcpus: runs ? spec.vcpus : 0,
    memoryBytes: runs ? spec.memoryBytes : 0,
  })
  if (lacking !== undefined) return rejected('exhausted', `instance ${id}: ${lacking}`)

  const sequence = world.nextSequence()
  const instance: InstanceRecord = {
    kind: 'instance',
    id,
    askedFor,
    nth: world.made(askedFor) + 1,
    sequence,
    owner: world.owner,
    token,
    madeAt: world.now(),
    incomplete: half ? 'making' : undefined,
    spec,
    host: hostFor(spec.zone, sequence),
    privateAddress: addressFor(sequence),
    status: runs && !half ? 'running' : 'stopped',
    generation: spec.generation,
    launched: runs && !half ? spec.generation : 0,
    devices: [],
    resets: 0,
  }
  world.add(instance)
  connect(world, instance, half ? spec.devices.slice(0, 1) : spec.devices)
  return half ? partlyDone(`instance ${id} is half made`) : found(instance, false)
}

const finishInstance = (world: World, instance: InstanceRecord, spec: InstanceSpec): Outcome => {
  const problem = devicesProblem(world, instance.id, spec.zone, spec.devices)
  if (problem) return problem
  const runs = world.declared.stateAfterCreate === 'running'
  const lacking = runs ? world.capacity.lacking(spec) : undefined
  if (lacking !== undefined) return rejected('exhausted', `instance ${instance.id}: ${lacking}`)
  connect(world, instance, spec.devices)
  world.alter(instance, made => {
    made.incomplete = undefined
    if (!runs) return
    made.status = 'running'
    made.launched = spec.generation
  })
  return found(instance, false)
}

export const instanceEnsure = (world: World, id: string, spec: InstanceSpec, token: string, half: boolean): Outcome => {
  const existing = world.instances.get(id)
  if (existing === undefined) {
    const gone = world.gone('instance', id)
    if (gone && spec.generation <= gone.generation && world.declared.idempotency.by !== 'none') {
      return stale(id, spec.generation, gone.generation)
    }
    return makeInstance(world, id, spec, token, half)
  }
  if (remakes(world, existing, token)) return makeInstance(world, id, spec, token, half, strayOf(world, id))
  if (existing.owner !== world.owner || !sameInstance(existing.spec, spec)) {
    return rejected('conflict', `instance ${id} exists with another owner or specification`)
  }
  if (existing.incomplete === 'removing') return rejected('conflict', `instance ${id} is being destroyed`)
  if (spec.generation < existing.generation) return stale(id, spec.generation, existing.generation)
  if (existing.incomplete) {
    return half ? partlyDone(`instance ${id} is half made`) : finishInstance(world, existing, spec)
  }
  const unlaunched = world.declared.stateAfterCreate === 'running' && existing.launched < spec.generation
  if (!unlaunched) return found(existing, true)
  const { generation, devices } = spec
  return launch(world, existing, { want: 'running', mode: 'hard', generation, devices }, half)
}

const launch = (world: World, instance: InstanceRecord, spec: PowerSpec, half: boolean): Outcome => {
  const devices = spec.devices ?? instance.devices
  const problem = devicesProblem(world, instance.id, instance.spec.zone, devices)
  if (problem) return problem
  const { vcpus = instance.spec.vcpus, memoryBytes = instance.spec.memoryBytes } = spec
  const lacking = computes(instance) ? undefined : world.capacity.lacking({ vcpus, memoryBytes })
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
    const { userData, userDataEncoding } = spec.userData === undefined ? launched.spec : spec
    launched.spec = { ...launched.spec, vcpus, memoryBytes, userData, userDataEncoding }
  })
  return found(instance, false)
}

const turnOff = (world: World, instance: InstanceRecord, generation: number): Outcome => {
  const already = instance.status === 'stopped'
  if (!already || instance.generation !== generation) {
    world.alter(instance, stopped => {
      stopped.generation = generation
      stopped.status = 'stopped'
    })
  }
  // A stopped instance holds no volume: what is detached or deleted meanwhile must not wait for it.
  connect(world, instance, [])
  const outcome = found(instance, already)
  if (world.declared.stop === 'destroys' || world.declared.vanishesAfterStop) dissolve(world, instance)
  return outcome
}

const powerProblem = (world: World, id: string, { want, mode }: PowerSpec): Outcome | undefined => {
  const { stop, start, suspend, pause, stopStyles, graceful, stateAfterCreate } = world.declared
  const able = {
    running: start !== 'none' || stateAfterCreate === 'stopped',
    off: stop !== 'none',
    suspended: suspend !== 'none',
    paused: pause,
  }
  if (!able[want]) return rejected('unsupported', `instance ${id}: this provider has no power state "${want}"`)
  const styleMissing =
    mode === 'hard' ? !stopStyles.includes('hard') : !stopStyles.includes('acpi') || graceful === 'none'
  if (want === 'off' && styleMissing)
    return rejected('unsupported', `instance ${id}: this provider has no ${mode} stop`)
  return undefined
}

export const instancePower = (world: World, id: string, spec: PowerSpec, _: string, half: boolean): Outcome => {
  const unable = powerProblem(world, id, spec)
  if (unable) return unable
  const instance = world.instances.get(id)
  if (instance === undefined || instance.incomplete) {
    const vanished = world.declared.stop === 'destroys' || world.declared.vanishesAfterStop
    if (spec.want === 'off' && instance === undefined && vanished) {
      return done({ status: 'stopped', generation: spec.generation }, true)
    }
    return rejected('notFound', `there is no instance ${id}`)
  }
  if (spec.generation < instance.generation) return stale(id, spec.generation, instance.generation)
  if (spec.want === 'off') return turnOff(world, instance, spec.generation)
  if (spec.want === 'running') {
    if (spec.generation > instance.launched) return launch(world, instance, spec, half)
    if (instance.status === 'running') return found(instance, true)
    if (instance.status === 'stopped') {
      // One launch, one process: what has ended is not begun again by a late repetition of its start.
      return rejected('precondition', `instance ${id}: launch ${spec.generation} has ended; start the next one`)
    }
    const lacking = computes(instance) ? undefined : world.capacity.lacking(instance.spec)
    if (lacking !== undefined) return rejected('exhausted', `instance ${id}: ${lacking}`)
  } else if (instance.status === spec.want) return found(instance, true)
  else if (instance.status !== 'running') {
    return rejected('precondition', `instance ${id} is ${instance.status}; only a running one can be ${spec.want}`)
  }
  const { want } = spec
  world.alter(instance, changed => {
    changed.status = want
  })
  return found(instance, false)
}

export const instanceReset = (world: World, id: string, spec: { generation: number }, token: string): Outcome => {
  const instance = world.instances.get(id)
  if (instance === undefined || instance.incomplete) return rejected('notFound', `there is no instance ${id}`)
  if (instance.resetToken === token) return found(instance, true)
  if (spec.generation < instance.generation) return stale(id, spec.generation, instance.generation)
  if (instance.status !== 'running')
    return rejected('precondition', `instance ${id} is ${instance.status}, not running`)
  world.alter(instance, reset => {
    reset.resetToken = token
    reset.resets++
  })
  return found(instance, false)
}

/** The end of an instance: everything is disconnected, and what the provider declares to delete is deleted. */
export const dissolve = (world: World, instance: InstanceRecord): void => {
  const { devices } = instance
  connect(world, instance, [])
  for (const { volume: id, root } of devices) {
    const volume = world.volumes.get(id)
    const deletes = (root ? world.declared.rootOnDestroy : world.declared.attachmentsOnDestroy) === 'deletes'
    if (deletes && volume !== undefined && volume.users.length === 0) world.remove(volume)
  }
  world.remove(instance)
}

export const instanceDestroy = (world: World, id: string, _: unknown, __: string, half: boolean): Outcome => {
  const instance = world.instances.get(id)
  if (instance === undefined) return done({}, true)
  if (instance.owner !== world.owner) return rejected('denied', `instance ${id} belongs to ${instance.owner}`)
  if (world.declared.destroy === 'none')
    return rejected('unsupported', `instance ${id}: this provider destroys nothing`)
  const state = instance.incomplete ? 'pending' : instance.status === 'paused' ? 'running' : instance.status
  if (instance.incomplete !== 'removing' && !world.declared.destroyFrom.includes(state)) {
    return rejected(
      'precondition',
      `instance ${id} is ${state}; it can be destroyed when ${world.declared.destroyFrom.join(' or ')}`,
    )
  }
  if (half) {
    world.alter(instance, leaving => {
      leaving.status = 'stopped'
      leaving.incomplete = 'removing'
    })
    return partlyDone(`instance ${id} is off, not yet gone`)
  }
  dissolve(world, instance)
  return done({})
}
