/**
 * Taking an instance of the simulated provider back to one of its VM snapshots. Only once for one token: what the guest
 * does after it is not lost to a repetition.
 */
import type { Outcome, VmSnapshotRevertSpec } from '../driver.ts'
import { partlyDone, rejected } from '../outcomes.ts'
import { computes } from './capacity.ts'
import { connect, devicesProblem } from './devices.ts'
import { found, stale } from './instance-answers.ts'
import { lackingFor } from './instance-launch.ts'
import { disksFact, type InstanceRecord, type VmSnapshotRecord } from './records.ts'
import { snapshotsOf } from './vm-snapshot-holds.ts'
import type { World } from './world.ts'

const answer = (instance: InstanceRecord, snapshot: VmSnapshotRecord | undefined, already: boolean): Outcome => {
  const outcome = found(instance, already)
  if (outcome.kind !== 'done' || snapshot === undefined) return outcome
  return { ...outcome, facts: { ...outcome.facts, disks: disksFact(snapshot.disks) } }
}

/** Why there is no way back now; undefined if there is. */
const problemOf = (
  world: World,
  instance: InstanceRecord,
  snapshot: VmSnapshotRecord,
  { generation, run }: VmSnapshotRevertSpec,
): Outcome | undefined => {
  const { id, status, launched } = instance
  const { vmSnapshot, stop, start } = world.abilitiesOf(instance.spec.image)
  if (status === 'suspended') return rejected('precondition', `instance ${id} is suspended; resume or stop it first`)
  if (status !== 'stopped' && !vmSnapshot.revertWhileRunning)
    return rejected('precondition', `instance ${id} is ${status}; this provider takes back only what is stopped`)
  if (!vmSnapshot.tree && snapshotsOf(world, id).some(({ parent }) => parent === snapshot.id))
    return rejected('precondition', `VM snapshot ${snapshot.id} has others after it; delete them first`)
  if (!run)
    return stop === 'preserves'
      ? undefined
      : rejected('unsupported', `instance ${id}: this provider turns nothing off and keeps it`)
  const inPlace = snapshot.spec.memory && generation === launched && computes(instance)
  if (!inPlace && generation <= launched)
    return rejected('precondition', `instance ${id}: launch ${launched} can not go on from there; begin the next one`)
  if (!inPlace && start === 'none') return rejected('unsupported', `instance ${id}: this provider starts nothing again`)
  const lacking = lackingFor(world, instance, instance.spec)
  return lacking === undefined ? undefined : rejected('exhausted', `instance ${id}: ${lacking}`)
}

const restoreDisks = (world: World, instance: InstanceRecord, snapshot: VmSnapshotRecord): void => {
  for (const { volume, sizeBytes, content } of snapshot.disks)
    world.alter(world.volumes.get(volume)!, restored => {
      restored.sizeBytes = sizeBytes
      restored.content = content
    })
  const image = snapshot.imageContent && world.images.get(instance.spec.image)
  if (image)
    world.alter(image, restored => {
      restored.content = snapshot.imageContent!
    })
}

export const vmSnapshotRevert = (
  world: World,
  id: string,
  spec: VmSnapshotRevertSpec,
  token: string,
  half: boolean,
): Outcome => {
  const instance = world.instances.get(id)
  if (instance === undefined || instance.incomplete) return rejected('notFound', `there is no instance ${id}`)
  const snapshot = world.vmSnapshots.get(spec.snapshot)
  if (instance.revertToken === token) return answer(instance, snapshot, true)
  if (spec.generation < instance.generation) return stale(id, spec.generation, instance.generation)
  if (snapshot === undefined || snapshot.incomplete || snapshot.instance !== id)
    return rejected('notFound', `instance ${id} has no complete VM snapshot ${spec.snapshot}`)
  const gone = snapshot.disks.find(({ volume }) => !world.volumes.has(volume))
  if (gone) return rejected('precondition', `VM snapshot ${snapshot.id}: its volume ${gone.volume} is gone`)
  const devices = snapshot.spec.memory ? snapshot.devices : (spec.devices ?? snapshot.devices)
  const problem = problemOf(world, instance, snapshot, spec) ?? devicesProblem(world, id, instance.spec.zone, devices)
  if (problem) return problem
  restoreDisks(world, instance, snapshot)
  if (half) return partlyDone(`instance ${id} has its disks as they were, not yet the rest`)
  // A stopped instance holds no volume that it was given.
  connect(world, instance, spec.run ? devices : [])
  world.alter(instance, back => {
    back.generation = spec.generation
    back.status = spec.run ? 'running' : 'stopped'
    if (spec.run) back.launched = spec.generation
    back.hangs = undefined
    back.current = snapshot.id
    back.revertToken = token
  })
  return answer(instance, snapshot, false)
}
