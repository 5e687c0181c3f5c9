/** What the VM snapshots of the simulated provider keep others from doing, as long as there are any. */
import type { Capabilities, Outcome } from '../driver.ts'
import { rejected } from '../outcomes.ts'
import type { InstanceRecord, VmSnapshotRecord } from './records.ts'
import type { World } from './world.ts'

export const snapshotsOf = (world: World, instance: string): VmSnapshotRecord[] =>
  world.vmSnapshots.size === 0 ? [] : [...world.vmSnapshots.values()].filter(each => each.instance === instance)

/** One that keeps this volume. */
export const keeperOf = (world: World, volume: string): VmSnapshotRecord | undefined =>
  world.vmSnapshots.size === 0
    ? undefined
    : [...world.vmSnapshots.values()].find(({ disks }) => disks.some(disk => disk.volume === volume))

type Blocked = Capabilities['vmSnapshot']['blocks'][number]

/** Why this can not be done to an instance that has VM snapshots; undefined if it can. */
export const blockProblem = (world: World, instance: InstanceRecord, what: Blocked): Outcome | undefined => {
  if (!world.abilitiesOf(instance.spec.image).vmSnapshot.blocks.includes(what)) return undefined
  const [snapshot] = snapshotsOf(world, instance.id)
  if (snapshot === undefined) return undefined
  return rejected(
    'precondition',
    `instance ${instance.id} has the VM snapshot ${snapshot.id}: no ${what} until it is gone`,
  )
}

/** The VM snapshots of an instance go with it. */
export const dropSnapshots = (world: World, instance: string): void => {
  for (const snapshot of snapshotsOf(world, instance)) world.remove(snapshot)
}
