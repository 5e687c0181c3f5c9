/**
 * A volume that VM snapshots of its instance keep: while there is one, it is not resized where the provider cannot do
 * that; while one is being taken or gone back to, nothing else is done to it; and none is begun while something is.
 * (spec: cloudstack 2.1 C12, C15, 2.5.)
 */
import { needs } from './grammar.ts'
import type { VolumeEventNamed as Named, Now, VolumeContext } from './volume.alphabet.ts'

/** VM snapshots that keep it, and the one that is being taken or gone back to. */
export interface Covering {
  readonly ids: readonly string[]
  readonly task?: string
}
type Change = Partial<VolumeContext>

export const coveringRequirements = {
  noSnapshotPending: ({ context }: Now) => context.snapshots === undefined,
  noVmSnapshotTask: ({ context }: Now) => context.vmSnapshots?.task === undefined,
  /** C12, on the platform whose rules it is. */
  memoryUnencrypted: ({ context, event }: { context: VolumeContext; event: Named<'vmSnapshotProposed'> }) =>
    !event.data.plainMemory || context.encrypted !== true,
  /** On the platform whose rule it is. */
  notBesideSnapshots: ({ context, event }: { context: VolumeContext; event: Named<'vmSnapshotProposed'> }) =>
    !event.data.alone || context.ownSnapshots === undefined,
  /** Its own size alone: type and rates are no part of a VM snapshot. */
  sizeUncovered: ({ context, event }: { context: VolumeContext; event: Named<'modifyRequested'> }) =>
    context.vmSnapshots === undefined || (event.data.sizeBytes ?? context.sizeBytes) === context.sizeBytes,
}
const snapshotOf = ({ event }: Now) => (event as Named<'vmSnapshotEnded'>).data.snapshot
export const coveringChanges = {
  vmSnapshotBegun: (now: Now): Change => ({
    vmSnapshots: { ids: now.context.vmSnapshots?.ids ?? [], task: snapshotOf(now) },
  }),
  vmSnapshotEnded: (now: Now): Change => {
    const { snapshot, covers, sizeBytes } = (now.event as Named<'vmSnapshotEnded'>).data
    const { ids = [], task } = now.context.vmSnapshots ?? {}
    const others = ids.filter(each => each !== snapshot)
    const left = covers ? [...others, snapshot] : others
    const going = task === snapshot ? undefined : task
    const size = sizeBytes === undefined ? {} : { sizeBytes }
    return { vmSnapshots: left.length || going ? { ids: left, ...(going && { task: going }) } : undefined, ...size }
  },
}

/** Of a volume that an instance has. */
export const coverable = {
  'volume.vmSnapshotProposed': {
    guard: needs(
      'present',
      'notReverting',
      'notMigrating',
      'noSnapshotPending',
      'notResizing',
      'noVmSnapshotTask',
      'memoryUnencrypted',
      'notBesideSnapshots',
    ),
    actions: 'vmSnapshotBegun',
  },
  'volume.vmSnapshotEnded': { actions: 'vmSnapshotEnded' },
} as const
