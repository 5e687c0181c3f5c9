/** What the simulated provider does with the power of instances. */
import type { Capabilities, Outcome, PowerSpec } from '../driver.ts'
import { done, rejected, unknownOutcome } from '../outcomes.ts'
import { connect } from './devices.ts'
import { found, leftover, stale } from './instance-answers.ts'
import { comesToRest } from './instance-ending.ts'
import { lackingFor, launch } from './instance-launch.ts'
import { type InstanceRecord, noRoom } from './records.ts'
import type { World } from './world.ts'

/** A graceful stop is a wish; undefined if the guest follows it. */
const unheard = (world: World, { id, status, hangs }: InstanceRecord, mode: PowerSpec['mode']): Outcome | undefined => {
  if (mode === 'hard' || status !== 'running' || !hangs) return undefined
  if (world.abilities.graceful === 'reported')
    return rejected('guestRefused', `instance ${id}: its guest does not turn off`)
  return unknownOutcome(`instance ${id}: its guest was asked to turn off; nobody tells whether it does`)
}

const turnOff = (world: World, instance: InstanceRecord, { generation, mode, ending }: PowerSpec): Outcome => {
  const refused = unheard(world, instance, mode)
  if (refused) return refused
  if (world.quirks.has('stopReboots') && instance.status === 'running') {
    world.alter(instance, restarted => {
      restarted.resets++
    })
    return found(instance, false)
  }
  const already = instance.status === 'stopped'
  if (!already || instance.generation !== generation || instance.memoryLost) {
    world.alter(instance, stopped => {
      stopped.generation = generation
      stopped.status = 'stopped'
      stopped.suspendedTo = undefined
      stopped.memoryLost = undefined
    })
  }
  const outcome = found(instance, already)
  if (!comesToRest(world, instance, ending)) {
    // A stopped instance holds no volume: what is detached or deleted meanwhile must not wait for it.
    connect(world, instance, [])
    return found(instance, already)
  }
  const left = leftover(world.gone('instance', instance.id)?.left)
  return outcome.kind === 'done' ? { ...outcome, facts: { ...outcome.facts, ...left } } : outcome
}

const powerProblem = (abilities: Capabilities, id: string, { want, mode }: PowerSpec): Outcome | undefined => {
  const { stop, start, suspend, pause, stopStyles, graceful, stateAfterCreate } = abilities
  const able = {
    running: start !== 'none' || stateAfterCreate === 'stopped' || suspend !== 'none' || pause,
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

/** On, out of a rest of the same launch or with the next one. */
const turnOn = (world: World, instance: InstanceRecord, spec: PowerSpec, half: boolean): Outcome => {
  const { id, status, launched } = instance
  if (spec.generation > launched) {
    // Where nothing starts again, what was only made is still turned on once, and what rests goes on.
    const { start } = world.abilitiesOf(instance.spec.image)
    if (start !== 'none' || launched === 0) return launch(world, instance, spec, half)
    return rejected('unsupported', `instance ${id}: this provider starts nothing again`)
  }
  if (status === 'running') return found(instance, true)
  if (instance.memoryLost)
    return rejected('corrupt', `instance ${id}: the memory of its guest is lost; start the next launch from its disks`)
  if (status === 'stopped') {
    // One launch, one process: what has ended is not begun again by a late repetition of its start.
    return rejected('ended', `instance ${id}: launch ${spec.generation} has ended; start the next one`)
  }
  if (status === 'paused' && instance.held === 'full') return rejected('exhausted', `instance ${id}: ${noRoom}`)
  const lacking = lackingFor(world, instance, instance.spec)
  if (lacking !== undefined) return rejected('exhausted', `instance ${id}: ${lacking}`)
  world.alter(instance, resumed => {
    resumed.status = 'running'
    resumed.suspendedTo = undefined
    resumed.held = undefined
  })
  return found(instance, false)
}

/** Where its guest waits is as it declares. */
export const suspendGuest = (world: World, instance: InstanceRecord): void => {
  const { suspend } = world.abilitiesOf(instance.spec.image)
  world.alter(instance, still => {
    still.status = 'suspended'
    still.suspendedTo = suspend !== 'none' ? suspend : undefined
  })
}

const holdStill = (world: World, instance: InstanceRecord, want: 'suspended' | 'paused'): Outcome => {
  const { id, status } = instance
  if (status === want) return found(instance, true)
  if (status !== 'running')
    return rejected('precondition', `instance ${id} is ${status}; only a running one can be ${want}`)
  if (want === 'suspended') suspendGuest(world, instance)
  else
    world.alter(instance, still => {
      still.status = want
      still.suspendedTo = undefined
      still.held = undefined
    })
  return found(instance, false)
}

export const instancePower = (world: World, id: string, spec: PowerSpec, _: string, half: boolean): Outcome => {
  const instance = world.instances.get(id)
  const gone = world.gone('instance', id)
  const image = instance?.spec.image ?? gone?.image
  const abilities = image === undefined ? world.abilities : world.abilitiesOf(image)
  const unable = powerProblem(abilities, id, spec)
  if (unable) return unable
  const { generation, want } = spec
  if (instance === undefined || instance.incomplete) {
    const { stop, vanishesAfterStop } = abilities
    if (want !== 'off' || instance !== undefined || !(stop === 'destroys' || vanishesAfterStop))
      return rejected('notFound', `there is no instance ${id}`)
    return done({ status: 'stopped', generation, ...leftover(gone?.left) }, true)
  }
  if (generation < instance.generation) return stale(id, generation, instance.generation)
  if (want === 'off') return turnOff(world, instance, spec)
  return want === 'running' ? turnOn(world, instance, spec, half) : holdStill(world, instance, want)
}

export const instanceReset = (world: World, id: string, spec: { generation: number }, token: string): Outcome => {
  const instance = world.instances.get(id)
  if (instance === undefined || instance.incomplete) return rejected('notFound', `there is no instance ${id}`)
  if (world.abilitiesOf(instance.spec.image).reboot === 'none')
    return rejected('unsupported', `instance ${id}: this provider restarts no guest`)
  if (instance.resetToken === token) return found(instance, true)
  if (spec.generation < instance.generation) return stale(id, spec.generation, instance.generation)
  if (instance.status !== 'running')
    return rejected('precondition', `instance ${id} is ${instance.status}, not running`)
  world.alter(instance, reset => {
    reset.resetToken = token
    reset.hangs = undefined
    reset.resets++
  })
  return found(instance, false)
}
