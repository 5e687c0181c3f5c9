/** Bug class: the end of a resource waits in line behind what was asked before. It takes its place. (spec: ec2 8.) */
import { visibleOf } from '../fold.ts'
import { Violation } from '../violation.ts'
import type { CheckerMaker } from './checker.ts'

const NAME = 'the end supersedes'

/** Kind, the state in which only the end may be asked for, and the call that ends. */
const ends: Readonly<Record<string, string>> = {
  'instance shutting-down': 'instanceDestroy',
  'volume deleting': 'volumeDelete',
  'snapshot deleting': 'volumeSnapshotDelete',
}

export const endFirst: CheckerMaker = () => {
  /** The event with which each came to the state in which it ends. */
  const entered = new Map<string, number>()
  return {
    name: NAME,
    event({ resource, position, kind, before }, world) {
      const { state, asks } = world.fold.resources.get(resource)!
      if (visibleOf(before) !== visibleOf(state)) entered.set(resource, position)
      const { destroy, attachmentsOnDestroy } = world.provider.describe()
      const named = ends[`${kind} ${visibleOf(state)}`]
      const isStopped = named === 'instanceDestroy' && destroy === 'viaStop'
      const end = isStopped ? 'instancePower' : named
      // Until a snapshot is taken, or a copy made, of what is to go, nothing is asked for it.
      if (end === undefined || state.endsWith('.waiting')) return
      // What is to be kept for a while is turned off first, and rid of its VM snapshots.
      if (/^shutting-down\.(settingAside|clearing)/.test(state)) return
      const first = [...asks.values()].find(({ verb }) => verb !== 'vmSnapshotDelete')
      // A provider that destroys only what is off is asked for that before; so is every one that would not destroy.
      const isOffFirst = end === 'instanceDestroy' && first?.verb === 'instancePower'
      // One that takes every volume with it is asked to let go of those that stay.
      // Its VM snapshots go first: while there is one, a provider may let no disk go.
      const freed = attachmentsOnDestroy === 'deletes' ? ['detach', 'instancePower'] : []
      const frees = end === 'instanceDestroy' ? [...freed, 'vmSnapshotDelete'] : freed
      const others = [...asks.values()].filter(
        each =>
          each.verb !== end &&
          !(isOffFirst && each === first) &&
          !(frees.includes(each.verb) && each.position >= entered.get(resource)!),
      )
      if (others.length)
        throw new Violation(
          NAME,
          `${resource} is ${state} since event ${position}, and ${others.map(({ token, verb }) => `${verb} ${token}`).join(', ')} is still open`,
        )
    },
  }
}
