/** What a VM snapshot wants of its instance, of the volumes it keeps, and of the clock. */
import type { Arm, Disarm, Tell } from './grammar.ts'
import { excludesSnapshots } from './profiles.ts'
import { retryAfterMs } from './retries.ts'
import type { VmSnapshotEventNamed as Named, Now } from './vm-snapshot.alphabet.ts'

/** Memory is written at the speed of a disk: as long as volumes may take, until a reader is told. */
const PATIENCE_MS = 30 * 60_000

// Of the clock

export const patience: Arm = { event: 'vm-snapshot.taskTimedOut', afterMs: PATIENCE_MS }
export const patienceOver: Disarm = { event: 'vm-snapshot.taskTimedOut' }
export const expiry = ({ context: { expiresAt } }: Now): Arm[] =>
  expiresAt === undefined ? [] : [{ event: 'vm-snapshot.expiryDue', dueAt: expiresAt }]
export const expiryNoMore = ({ context: { expiresAt } }: Now): Disarm[] =>
  expiresAt === undefined ? [] : [{ event: 'vm-snapshot.expiryDue' }]
export const expireLater = ({ context: { deferrals } }: Now): Arm => ({
  event: 'vm-snapshot.removalRetryDue',
  afterMs: retryAfterMs(deferrals!),
})
export const expireNow: Disarm = { event: 'vm-snapshot.removalRetryDue' }

// Of its instance

export const proposeKeeping = ({ event }: Now): Tell[] => {
  const { resource, data } = event as Named<'createRequested'>
  const { instance, name, memory, quiesce, profile, volumes } = data
  return [
    {
      resource: instance,
      event: 'instance.vmSnapshotProposed',
      data: { snapshot: resource, name, memory, quiesce, profile },
    },
    ...volumes.map(({ volume, root }) => ({
      resource: volume,
      event: 'volume.vmSnapshotProposed',
      data: {
        snapshot: resource,
        plainMemory: memory && root && profile === 'cloudstack-kvm',
        alone: excludesSnapshots(profile),
      },
    })),
  ]
}
export const proposeRevert = ({ context, event: { resource, data } }: Now): Tell[] => [
  {
    resource: context.instance,
    event: 'instance.vmSnapshotRevertProposed',
    data: {
      snapshot: resource,
      memory: context.memory,
      settings: { ...context.settings },
      profile: (data as Named<'revertRequested'>['data']).profile,
    },
  },
  ...context.volumes.map(volume => ({
    resource: volume,
    event: 'volume.vmSnapshotProposed',
    data: { snapshot: resource, plainMemory: false },
  })),
]
export const proposeRemoval = ({ context: { instance }, event }: Now): Tell => {
  const { resource, data } = event as Named<'deleteRequested'>
  const { subtree = false } = data
  return { resource: instance, event: 'instance.vmSnapshotRemovalProposed', data: { snapshot: resource, subtree } }
}
export const expire = ({ context: { instance }, event: { resource } }: Now): Tell => ({
  resource: instance,
  event: 'instance.vmSnapshotExpired',
  data: { snapshot: resource },
})

// Of its volumes

const ended = (covers: boolean, { context: { volumes }, event: { resource } }: Now, disks: Disks = []): Tell[] =>
  volumes.map(volume => ({
    resource: volume,
    event: 'volume.vmSnapshotEnded',
    data: { snapshot: resource, covers, sizeBytes: disks.find(disk => disk.volume === volume)?.sizeBytes },
  }))
type Disks = Named<'reverted'>['data']['disks']
/** They are part of it from now on, as they were before, or not any more. */
export const covered = (now: Now) => ended(true, now)
export const restored = (now: Now) => ended(true, now, (now.event as Named<'reverted'>).data.disks)
export const unrestored = covered
export const uncovered = (now: Now) => ended(false, now)
