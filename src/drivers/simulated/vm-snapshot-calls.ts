/**
 * What the simulated provider keeps of instances as a whole. Everything one keeps is fixed when the call is first
 * accepted. Which follows which is what it was made after, and where one is taken out its children take its place.
 */
import type { Outcome, VmSnapshotDeleteSpec, VmSnapshotSpec } from '../driver.ts'
import { takesVmSnapshots } from '../optional-calls.ts'
import { done, partlyDone, rejected } from '../outcomes.ts'
import { computes } from './capacity.ts'
import { remakes, strayOf } from './identity.ts'
import { stale } from './instance-answers.ts'
import { factsOf, type InstanceRecord, referenceOf, type VmSnapshotRecord } from './records.ts'
import { snapshotsOf } from './vm-snapshot-holds.ts'
import type { World } from './world.ts'

const found = (snapshot: VmSnapshotRecord, already: boolean): Outcome =>
  done(factsOf(snapshot), already, referenceOf(snapshot))

const same = (a: VmSnapshotSpec, b: VmSnapshotSpec): boolean =>
  a.memory === b.memory && (a.quiesce ?? false) === (b.quiesce ?? false) && namesOf(a) === namesOf(b)
const namesOf = ({ volumes }: VmSnapshotSpec): string => JSON.stringify(volumes && [...volumes].sort())

/** The volumes to keep, or why they can not be. */
const disksOf = (world: World, instance: InstanceRecord, { volumes }: VmSnapshotSpec): string[] | Outcome => {
  const own = instance.root?.volume === undefined ? [] : [instance.root.volume]
  const connected = [...own, ...instance.devices.map(({ volume }) => volume)]
  const named = volumes === undefined ? connected : [...new Set([...own, ...volumes])]
  // A stopped instance holds nothing that it was given: there its caller knows what belongs to it.
  const missing =
    instance.status === 'stopped' ? connected.find(each => !named.includes(each)) : differing(named, connected)
  if (missing !== undefined)
    return rejected('precondition', `instance ${instance.id} and its caller do not agree about the volume ${missing}`)
  for (const id of named) {
    const volume = world.volumes.get(id)
    if (volume === undefined || volume.incomplete)
      return rejected('notFound', `instance ${instance.id}: there is no volume ${id}`)
    const other = volume.users.find(user => user !== instance.id)
    if (other !== undefined)
      return rejected('precondition', `instance ${instance.id}: volume ${id} is connected to ${other}`)
  }
  return named
}
const differing = (a: readonly string[], b: readonly string[]): string | undefined =>
  a.find(each => !b.includes(each)) ?? b.find(each => !a.includes(each))

/** How many there are in a line that ends with this one. */
const depthOf = (world: World, id: string | undefined): number => {
  const snapshot = id === undefined ? undefined : world.vmSnapshots.get(id)
  return snapshot === undefined ? 0 : 1 + depthOf(world, snapshot.parent)
}

/** Why the provider keeps none of this kind of this instance now; undefined if it does. */
const kindProblem = (world: World, instance: InstanceRecord, spec: VmSnapshotSpec): Outcome | undefined => {
  const { id, status } = instance
  const { memory, diskOnly, live, quiesce, maxCount, maxDepth } = world.abilitiesOf(instance.spec.image).vmSnapshot
  if (spec.memory ? !memory : !diskOnly)
    return rejected(
      'unsupported',
      `instance ${id}: this provider keeps none ${spec.memory ? 'with' : 'without'} memory`,
    )
  if (spec.quiesce && !quiesce) return rejected('unsupported', `instance ${id}: this provider quiets no guest`)
  const runs = computes(instance)
  if (spec.memory && !runs)
    return rejected('precondition', `instance ${id} is ${status}: there is nothing in its memory`)
  if (!spec.memory && runs && !live)
    return rejected('precondition', `instance ${id} is ${status}: its disks alone are kept only when it is stopped`)
  if (status === 'suspended') return rejected('precondition', `instance ${id} is suspended; resume or stop it first`)
  if (snapshotsOf(world, id).length >= maxCount)
    return rejected('exhausted', `instance ${id} has ${maxCount} VM snapshots, and there can be no more`)
  if (depthOf(world, instance.current) >= maxDepth)
    return rejected('exhausted', `instance ${id} has ${maxDepth} VM snapshots in a line, and there can be no more`)
  return undefined
}

/** Every one is measured alike: what a guest has in its memory is all of it. */
const kept = (world: World, instance: InstanceRecord, spec: VmSnapshotSpec, volumes: readonly string[]) => ({
  state: spec.memory ? ('running' as const) : ('stopped' as const),
  memoryBytes: spec.memory ? instance.spec.memoryBytes : 0,
  devices: instance.devices,
  disks: volumes.map(volume => {
    const { sizeBytes, content } = world.volumes.get(volume)!
    return { volume, sizeBytes, content }
  }),
  imageContent: instance.root?.kind === 'image' ? world.images.get(instance.spec.image)?.content : undefined,
})

export const vmSnapshotEnsure = (
  world: World,
  id: string,
  spec: VmSnapshotSpec,
  token: string,
  half: boolean,
): Outcome => {
  const { snapshot: name } = spec
  const instance = world.instances.get(id)
  if (!takesVmSnapshots(world.abilities))
    return rejected('unsupported', `instance ${id}: this provider keeps no VM snapshots`)
  const existing = world.vmSnapshots.get(name)
  const resumes = existing?.incomplete === 'making' && existing.token === token
  if (existing !== undefined && (resumes || !remakes(world, existing, token))) {
    if (existing.owner !== world.owner || existing.instance !== id || !same(existing.spec, spec))
      return rejected('conflict', `VM snapshot ${name} exists with another owner, instance or specification`)
    if (existing.incomplete === undefined) return found(existing, true)
    if (existing.incomplete === 'removing') return rejected('conflict', `VM snapshot ${name} is being deleted`)
    return half ? partlyDone(`VM snapshot ${name} is half stored`) : finish(world, existing)
  }
  if (instance === undefined || instance.incomplete) return rejected('notFound', `there is no instance ${id}`)
  if (existing === undefined && world.gone('vmSnapshot', name) && world.abilities.idempotency.by !== 'none')
    return rejected('conflict', `VM snapshot ${name} was deleted; an id is used once`)
  if (spec.generation < instance.generation) return stale(id, spec.generation, instance.generation)
  const problem = kindProblem(world, instance, spec)
  if (problem) return problem
  const volumes = disksOf(world, instance, spec)
  if ('kind' in volumes) return volumes
  const snapshot: VmSnapshotRecord = {
    kind: 'vmSnapshot',
    id: existing === undefined ? name : strayOf(world, name),
    askedFor: name,
    nth: world.made(name) + 1,
    sequence: world.nextSequence(),
    owner: world.owner,
    token,
    madeAt: world.now(),
    incomplete: 'making',
    spec,
    instance: id,
    parent: instance.current,
    ...kept(world, instance, spec, volumes),
  }
  world.add(snapshot)
  if (world.abilitiesOf(instance.spec.image).vmSnapshot.stunsVm)
    world.alter(instance, stunned => {
      stunned.stunned = true
    })
  return half ? partlyDone(`VM snapshot ${name} is half stored`) : finish(world, snapshot)
}

/** Complete: what the instance does from here on comes after it. */
const finish = (world: World, snapshot: VmSnapshotRecord): Outcome => {
  world.alter(snapshot, made => {
    made.incomplete = undefined
  })
  const instance = world.instances.get(snapshot.instance)
  if (instance !== undefined)
    world.alter(instance, at => {
      at.stunned = undefined
      if (at.current === snapshot.parent) at.current = snapshot.id
    })
  return found(snapshot, false)
}

export const vmSnapshotDelete = (
  world: World,
  id: string,
  spec: VmSnapshotDeleteSpec,
  _: string,
  half: boolean,
): Outcome => {
  const snapshot = world.vmSnapshots.get(spec.snapshot)
  if (snapshot === undefined || snapshot.instance !== id) return done({}, true)
  if (snapshot.owner !== world.owner)
    return rejected('denied', `VM snapshot ${snapshot.id} belongs to ${snapshot.owner}`)
  const instance = world.instances.get(id)
  const dependants = snapshotsOf(world, id).filter(({ parent }) => parent === snapshot.id).length
  const isLive = instance?.current === snapshot.id ? 1 : 0
  const { layered } = (instance ? world.abilitiesOf(instance.spec.image) : world.abilities).vmSnapshot
  if (layered && snapshot.incomplete !== 'removing' && dependants + isLive > 1)
    return rejected('precondition', `VM snapshot ${snapshot.id} is a layer that others are built on`)
  if (half) {
    world.alter(snapshot, leaving => {
      leaving.incomplete = 'removing'
    })
    return partlyDone(`VM snapshot ${snapshot.id} is half deleted`)
  }
  for (const child of snapshotsOf(world, id)) {
    if (child.parent !== snapshot.id) continue
    world.alter(child, moved => {
      moved.parent = snapshot.parent
    })
  }
  if (instance?.current === snapshot.id)
    world.alter(instance, at => {
      at.current = snapshot.parent
    })
  world.remove(snapshot)
  return done({})
}
