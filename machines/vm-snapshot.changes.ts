/** How a VM snapshot's memory changes with each event. */
import { assign } from 'xstate'
import { scheduleChanges } from './scheduled.ts'
import { sightChanges } from './sights.ts'
import { tagChanges } from './tags.ts'
import type { VmSnapshotEventNamed as Named, Now, VmSnapshotContext, VmSnapshotEvent } from './vm-snapshot.alphabet.ts'

type Change = Partial<VmSnapshotContext>

const requested = ({ event }: Now): Change => {
  const { volumes, quiesce: _, profile: __, ...asked } = (event as Named<'createRequested'>).data
  return { ...asked, volumes: volumes.map(({ volume }) => volume) }
}
const kept = ({ event }: Now): Change => {
  const { disks, memoryBytes, parent } = (event as Named<'kept'>).data
  const sizeBytes = disks.reduce((sum, disk) => sum + disk.sizeBytes, 0)
  return { disks, memoryBytes, parent, sizeBytes, keptAt: event.at }
}
const failed = ({ event }: Now): Change => {
  const { code, message } = (event as Named<'keepFailed'>).data
  return { reason: { code, message, at: event.at } }
}

const all = {
  requested,
  kept,
  failed,
  reverted: (): Change => ({ reason: undefined }),
  reparented: ({ event }: Now): Change => ({ parent: (event as Named<'reparented'>).data.parent }),
  deferred: ({ context }: Now): Change => ({ deferrals: (context.deferrals ?? 0) + 1 }),
  overdue: (): Change => ({ overdue: true }),
  answered: (): Change => ({ overdue: undefined }),
  ...tagChanges,
  ...sightChanges,
  ...scheduleChanges,
}
const remember = (change: (now: Now) => Change) =>
  assign<VmSnapshotContext, VmSnapshotEvent, undefined, VmSnapshotEvent, never>(change)

/** The named changes, as the machine runs them. */
export const vmSnapshotChanges = Object.fromEntries(
  Object.entries(all).map(([name, change]) => [name, remember(change)]),
) as Record<keyof typeof all, ReturnType<typeof remember>>
