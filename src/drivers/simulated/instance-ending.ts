/** How instances of the simulated provider end, and what goes with them. */
import type { DestroySpec, Outcome } from '../driver.ts'
import { done, partlyDone, rejected } from '../outcomes.ts'
import { connect } from './devices.ts'
import { wipeRoot } from './guest.ts'
import { leftover } from './instance-answers.ts'
import type { InstanceRecord } from './records.ts'
import { endRoot } from './roots.ts'
import { dropSnapshots } from './vm-snapshot-holds.ts'
import type { World } from './world.ts'

/** Removes an instance, its disks as the flags say; returns the kinds of what was made beside it and is still there. */
const dissolve = (
  world: World,
  instance: InstanceRecord,
  { deleteVolumes = [] }: DestroySpec,
  rootGoes: boolean,
): readonly string[] => {
  const { devices, auxiliary = [] } = instance
  const { attachmentsOnDestroy, auxiliaryOnDestroy } = world.abilitiesOf(instance.spec.image)
  dropSnapshots(world, instance.id)
  connect(world, instance, [])
  for (const { volume: id } of devices) {
    const goes = attachmentsOnDestroy === 'deletes' || (attachmentsOnDestroy === 'byFlag' && deleteVolumes.includes(id))
    const volume = world.volumes.get(id)
    if (goes && volume !== undefined && volume.users.length === 0) world.remove(volume)
  }
  endRoot(world, instance, rootGoes)
  const cleaned: readonly string[] = auxiliaryOnDestroy
  const left = auxiliary.filter(kind => !cleaned.includes(kind))
  world.remove(instance, left)
  return left
}

/** The guest is off. Where that is the end of the instance, it is gone; true then. */
export const comesToRest = (world: World, instance: InstanceRecord, ending: DestroySpec = {}): boolean => {
  const { stop, vanishesAfterStop, rootOnStop, rootOnDestroy } = world.abilitiesOf(instance.spec.image)
  const rootGoes = rootOnStop === 'deletes' || (rootOnDestroy === 'byFlag' && ending.deleteRoot === true)
  if (stop === 'destroys' || vanishesAfterStop) {
    dissolve(world, instance, ending, rootGoes)
    return true
  }
  if (rootOnStop === 'deletes') wipeRoot(world, instance)
  return false
}

/** The provider loses an instance; of its root, what a destroy without flags leaves is left. */
export const lose = (world: World, instance: InstanceRecord): void => {
  dropSnapshots(world, instance.id)
  connect(world, instance, [])
  endRoot(world, instance, world.abilitiesOf(instance.spec.image).rootOnDestroy === 'deletes')
  world.remove(instance)
}

export const instanceDestroy = (world: World, id: string, spec: DestroySpec, _: string, half: boolean): Outcome => {
  const instance = world.instances.get(id)
  if (instance === undefined) return done(leftover(world.gone('instance', id)?.left), true)
  if (instance.owner !== world.owner) return rejected('denied', `instance ${id} belongs to ${instance.owner}`)
  const { destroy, destroyFrom, rootOnDestroy } = world.abilitiesOf(instance.spec.image)
  if (destroy !== 'native') {
    const instead = destroy === 'viaStop' ? 'what is stopped is destroyed' : 'this provider destroys nothing'
    return rejected('unsupported', `instance ${id}: ${instead}`)
  }
  const state = instance.incomplete ? 'pending' : instance.status === 'paused' ? 'running' : instance.status
  if (instance.incomplete !== 'removing' && !destroyFrom.includes(state)) {
    const sentence = `instance ${id} is ${state}; it can be destroyed when ${destroyFrom.join(' or ')}`
    return rejected('precondition', sentence)
  }
  if (half) {
    world.alter(instance, leaving => {
      leaving.status = 'stopped'
      leaving.incomplete = 'removing'
    })
    return partlyDone(`instance ${id} is off, not yet gone`)
  }
  const rootGoes = rootOnDestroy === 'deletes' || (rootOnDestroy === 'byFlag' && spec.deleteRoot === true)
  return done(leftover(dissolve(world, instance, spec, rootGoes)))
}
