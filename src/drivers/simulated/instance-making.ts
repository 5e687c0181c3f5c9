/** How the simulated provider makes instances. */
import type { InstanceSpec, Outcome } from '../driver.ts'
import { partlyDone, rejected } from '../outcomes.ts'
import { connect, devicesProblem } from './devices.ts'
import { remakes, strayOf } from './identity.ts'
import { found, stale } from './instance-answers.ts'
import { lackingFor, launch, memoryProblem } from './instance-launch.ts'
import type { InstanceRecord } from './records.ts'
import { rootProblem, takeRoot } from './roots.ts'
import type { World } from './world.ts'

const sameInstance = (a: InstanceSpec, b: InstanceSpec): boolean =>
  a.zone === b.zone &&
  a.image === b.image &&
  a.vcpus === b.vcpus &&
  a.memoryBytes === b.memoryBytes &&
  a.userData === b.userData &&
  a.userDataEncoding === b.userDataEncoding &&
  JSON.stringify(a.root) === JSON.stringify(b.root) &&
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

/** Why there can not be such an instance, however much there is of everything; undefined if there can. */
const specProblem = (
  world: World,
  asked: { readonly id: string; readonly askedFor: string },
  spec: InstanceSpec,
): Outcome | undefined =>
  devicesProblem(world, asked.id, spec.zone, spec.devices) ??
  rootProblem(world, asked, spec) ??
  memoryProblem(world, asked.id, spec.memoryBytes)

const makeInstance = (
  world: World,
  askedFor: string,
  spec: InstanceSpec,
  token: string,
  half: boolean,
  id = askedFor,
): Outcome => {
  const { zones, stateAfterCreate } = world.abilities
  if (!zones.includes(spec.zone))
    return rejected('invalid', `instance ${id}: there is no zone "${spec.zone}", only ${zones.join(', ')}`)
  const problem = specProblem(world, { id, askedFor }, spec)
  if (problem) return problem
  const runs = stateAfterCreate === 'running'
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
    auxiliary: spec.userData === undefined ? ['nic', 'address'] : ['seed', 'nic', 'address'],
    resets: 0,
  }
  world.add(instance)
  takeRoot(world, instance, spec)
  connect(world, instance, half ? spec.devices.slice(0, 1) : spec.devices)
  return half ? partlyDone(`instance ${id} is half made`) : found(instance, false)
}

const finishInstance = (world: World, instance: InstanceRecord, spec: InstanceSpec): Outcome => {
  const problem = specProblem(world, instance, spec)
  if (problem) return problem
  const runs = world.abilities.stateAfterCreate === 'running'
  const lacking = runs ? lackingFor(world, instance, spec) : undefined
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
    if (gone && spec.generation <= gone.generation && world.abilities.idempotency.by !== 'none')
      return stale(id, spec.generation, gone.generation)
    return makeInstance(world, id, spec, token, half)
  }
  if (remakes(world, existing, token)) return makeInstance(world, id, spec, token, half, strayOf(world, id))
  if (existing.owner !== world.owner || !sameInstance(existing.spec, spec))
    return rejected('conflict', `instance ${id} exists with another owner or specification`)
  if (existing.incomplete === 'removing') return rejected('conflict', `instance ${id} is being destroyed`)
  if (spec.generation < existing.generation) return stale(id, spec.generation, existing.generation)
  if (existing.incomplete)
    return half ? partlyDone(`instance ${id} is half made`) : finishInstance(world, existing, spec)
  const unlaunched = world.abilities.stateAfterCreate === 'running' && existing.launched < spec.generation
  if (!unlaunched) return found(existing, true)
  const { generation, devices } = spec
  return launch(world, existing, { want: 'running', mode: 'hard', generation, devices }, half)
}
