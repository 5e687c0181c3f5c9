/**
 * Snapshots of a volume. It lists those that are being taken, and while there is one it is not deleted at its provider:
 * whoever deletes it sees it deleting at once, and the provider is asked when the last snapshot has been answered. So a
 * snapshot can be taken of what is about to go, at any provider. (spec: ec2 3.3, 4.)
 */
import { ignore, needs, type Tell } from './grammar.ts'
import type { VolumeEventNamed as Named, Now, VolumeContext } from './volume.alphabet.ts'

/** Snapshots of one volume that are taken at a time, as at EC2. */
const AT_ONCE_MAX = 5

type Change = Partial<VolumeContext>
type Proposal = Named<'snapshotProposed' | 'captureProposed' | 'groupSnapshotProposed'>

export const snapshotRequirements = {
  /** Taken of a disk that a guest uses only where the provider can do that. */
  snapshotOffered: ({ context: { offers, attachment }, event }: { context: VolumeContext; event: Proposal }) => {
    const { live = attachment !== undefined } = event.data as { live?: boolean }
    return offers.snapshotOf.includes(live ? 'in-use' : 'available')
  },
  /** On the platform whose rule it is. (spec: cloudstack 2.2, 2.5.) */
  notBesideVmSnapshots: ({ context, event }: { context: VolumeContext; event: Named<'snapshotProposed'> }) =>
    !event.data.alone || context.vmSnapshots === undefined,
  snapshotSlotFree: ({ context }: Now) => (context.snapshots?.length ?? 0) < AT_ONCE_MAX,
}

const ended = ({ event }: Now) => (event as Named<'snapshotEnded'>).data.snapshot
const remaining = ({ context, event }: Now) =>
  context.snapshots?.filter(each => each !== ended({ context, event })) ?? []

export const snapshotChoices = {
  beingTaken: ({ context }: Now) => context.snapshots !== undefined,
  snapshotAwaited: (now: Now) => now.context.snapshots?.includes(ended(now)) ?? false,
  hasOwnSnapshots: ({ context }: Now) => context.ownSnapshots !== undefined,
  lastSnapshot: (now: Now) => now.context.snapshots !== undefined && remaining(now).length === 0,
}

export const snapshotChanges = {
  snapshotBegun: ({ context, event }: Now): Change => ({
    snapshots: [...(context.snapshots ?? []), (event as Proposal).data.snapshot],
  }),
  snapshotEnded: (now: Now): Change => ({
    snapshots: remaining(now).length ? remaining(now) : undefined,
    ...((now.event as Named<'snapshotEnded'>).data.own && { ownSnapshots: (now.context.ownSnapshots ?? 0) + 1 }),
  }),
  ownSnapshotGone: ({ context: { ownSnapshots = 1 } }: Now): Change => ({
    ownSnapshots: ownSnapshots - 1 || undefined,
  }),
}

/** The snapshot comes into being, and its image hears what it will hold. */
export const capture = ({ context, event }: Now): Tell[] => {
  const { resource, data } = event as Named<'captureProposed'>
  const { snapshot, image, live: _, ...rest } = data
  const { sizeBytes, encrypted, kmsKey, provider, volumeType, iops, throughputMiBps, offers, zone, pool } = context
  const primary = offers.keepsSnapshots ? { zone, pool } : undefined
  const content = { volume: resource, sizeBytes, encrypted, kmsKey, provider, primary }
  const disk = { snapshot, sizeBytes, encrypted, volumeType, iops, throughputMiBps }
  return [
    { resource: snapshot, event: 'snapshot.requestedByVolume', data: { ...rest, ...content, image } },
    { resource: image, event: 'image.snapshotBegun', data: disk },
  ]
}

const notAwaited = ignore('it knows no such snapshot')

const takeable = [
  'present',
  'ownerAlive',
  'notReverting',
  'notMigrating',
  'snapshotOffered',
  'snapshotSlotFree',
  'noVmSnapshotTask',
] as const
/** Of a volume that is there, attached or not. */
export const takingSnapshots = {
  'volume.snapshotProposed': {
    guard: needs(...takeable, 'notBesideVmSnapshots'),
    actions: 'snapshotBegun',
  },
  'volume.captureProposed': {
    guard: needs(...takeable),
    actions: ['snapshotBegun', { type: 'tell', params: capture }],
  },
  'volume.snapshotEnded': [{ guard: 'snapshotAwaited', actions: 'snapshotEnded' }, notAwaited],
} as const
/** Wherever it lives. */
export const countingSnapshots = {
  'volume.ownSnapshotGone': [
    { guard: 'hasOwnSnapshots', actions: 'ownSnapshotGone' },
    ignore('it was complete before they were counted'),
  ],
} as const

/** Of one that is to be deleted, and may not be yet. */
export const untilTaken = {
  tags: 'working',
  meta: { awaits: (context: VolumeContext) => context.snapshots ?? [] },
  on: {
    'volume.snapshotEnded': [
      { guard: 'lastSnapshot', target: 'asking', actions: 'snapshotEnded' },
      { guard: 'snapshotAwaited', actions: 'snapshotEnded' },
      notAwaited,
    ],
    'volume.deleted': ignore('nothing was asked for yet'),
    'volume.deleteFailed': ignore('nothing was asked for yet'),
    'volume.deleteRetryDue': ignore('nothing was asked for yet'),
  },
} as const
