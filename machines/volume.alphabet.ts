/** What a volume remembers, and what can happen to it. */
import { z } from 'zod'
import { type Boots, boots } from './boots.ts'
import {
  type EventNamed,
  type EventOf,
  elapsed,
  events,
  proposed,
  reference,
  rejection,
  reported,
  requested,
  told,
} from './grammar.ts'
import { type Orphan, orphanEvents } from './orphans.ts'
import type { Failure } from './retries.ts'
import { type Sighted, sightEvents } from './sights.ts'
import { type Tags, tagEvents, tags } from './tags.ts'
import type { Covering } from './volume.vm-snapshots.ts'

export interface VolumeContext extends Sighted {
  readonly sizeBytes: number
  readonly zone: string
  readonly provider: string
  /** Where it was placed, at a provider that has pools. */
  readonly pool?: string
  /** What its provider can do, as far as later requests depend on it. */
  readonly offers: z.infer<typeof offers>
  readonly name?: string
  readonly tags?: Tags
  readonly volumeType?: string
  readonly iops?: number
  readonly throughputMiBps?: number
  readonly encrypted?: boolean
  readonly kmsKey?: string
  readonly from?: { readonly kind: 'image' | 'volumeSnapshot'; readonly id: string }
  /** What an instance launched on it runs as, where it was made from an image. */
  readonly boots?: Boots
  /** It needs its image for as long as it exists. */
  readonly pinsImage?: boolean
  /** Its provider takes it for a root, and for nothing else. */
  readonly onlyRoot?: boolean
  /** The one claim on it. */
  readonly attachment?: Attachment
  /** Its instance is gone already and wanted it deleted. */
  readonly condemned?: boolean
  /** The instance that owes its end, and waits for it. */
  readonly cleanupOf?: string
  /** Of its deletion. */
  readonly failure?: Failure
  readonly orphans?: readonly Orphan[]
  /** A change under way, with what to return to if it fails; then its provider still moves what the volume holds. */
  readonly modification?: { readonly state: 'modifying' | 'optimizing'; readonly original: Shape }
  /** It is being taken back to a snapshot, with the size to return to if that fails. */
  readonly revert?: { readonly snapshot: string; readonly originalBytes: number }
  /** It is being moved to this pool; it leaves its own when that is done. */
  readonly migration?: { readonly pool: string }
  /** Snapshots of it that are being taken: until then it is not deleted at its provider. */
  readonly snapshots?: readonly string[]
  /** How many complete snapshots there are of it alone, not taken with those of others. */
  readonly ownSnapshots?: number
  /** VM snapshots of its instance that keep it. */
  readonly vmSnapshots?: Covering
  readonly overdue?: boolean
  readonly reason?: { readonly code: string; readonly message: string }
}
export interface Attachment {
  readonly instance: string
  readonly device: string
  /** The instance was terminated, and may be recovered. */
  readonly terminated?: boolean
}
/** What a modification changes, in full. */
export type Shape = Pick<VolumeContext, 'sizeBytes' | 'volumeType' | 'iops' | 'throughputMiBps'>

const offers = z.strictObject({
  minBytes: z.int(),
  maxBytes: z.int(),
  stepBytes: z.int().positive(),
  /** When a volume can be made larger. */
  grow: z.enum(['online', 'offline', 'none']),
  /** Can its type and rates change? */
  retype: z.boolean(),
  encrypt: z.boolean(),
  /** Of which volumes snapshots can be taken. */
  snapshotOf: z.array(z.enum(['available', 'in-use'])),
  /** Its snapshots are kept beside it, and do not outlive it. */
  keepsSnapshots: z.boolean().optional(),
  /** Takes snapshots of several volumes at one moment. */
  group: z.boolean().optional(),
  /** Takes a volume back to a snapshot; with the size it had. */
  revert: z.boolean().optional(),
  revertRestoresSize: z.boolean().optional(),
  /** When it can be moved to another pool: only while nobody runs with it, or always. Not at all where it is not named. */
  migrate: z.enum(['offline', 'online']).optional(),
  /** Also while VM snapshots hold layers of it, which move along. */
  migrateKept: z.boolean().optional(),
})
export const unborn: VolumeContext = {
  sizeBytes: 0,
  zone: '',
  provider: '',
  offers: { minBytes: 0, maxBytes: 0, stepBytes: 1, grow: 'none', retype: false, encrypt: false, snapshotOf: [] },
}

const origin = z.strictObject({ kind: z.enum(['image', 'volumeSnapshot']), id: z.string() })
const shape = {
  sizeBytes: z.int().positive(),
  volumeType: z.string().optional(),
  iops: z.int().positive().optional(),
  throughputMiBps: z.int().positive().optional(),
}
const disk = {
  ...shape,
  encrypted: z.boolean().optional(),
  kmsKey: z.string().optional(),
  zone: z.string(),
  provider: z.string(),
  pool: z.string().optional(),
  offers,
  from: origin.optional(),
  boots: boots.optional(),
  pinsImage: z.boolean().optional(),
  onlyRoot: z.boolean().optional(),
  tags: tags.optional(),
}
const account = z.object({ state: z.string() }).nullable()
const source = z.object({
  id: z.string(),
  state: z.string(),
  sizeBytes: z.int(),
  provider: z.string(),
  impaired: z.boolean().optional(),
})
const imageSource = z.object({
  id: z.string(),
  state: z.string(),
  sizeBytes: z.int(),
  directUser: z.string().nullable(),
})
const measured = { sizeBytes: z.int(), allocatedBytes: z.int().optional() }
/** By rules after which VM snapshots and those of single volumes exclude each other. */
const alone = z.boolean().optional()
const failure = { code: z.string(), message: z.string() }

export const volumeEvents = events('volume', {
  createRequested: requested(
    { ...disk, name: z.string().optional() },
    { account, snapshot: source.nullable(), image: imageSource.nullable() },
  ),
  attachRequested: requested(
    { instance: z.string(), device: z.string() },
    { instance: z.object({ zone: z.string(), provider: z.string() }) },
  ),
  detachRequested: requested(
    { instance: z.string().optional(), device: z.string().optional(), force: z.boolean().optional() },
    { instance: z.object({ id: z.string() }).nullable() },
  ),
  /** What it is to become, in full. */
  modifyRequested: requested(shape, { account }),
  /** `sizeBytes`: what it may have until the answer, the larger of what it has and what it may get. */
  revertRequested: requested(
    { snapshot: z.string(), sizeBytes: z.int().positive() },
    { account, snapshot: source.extend({ volume: z.string().optional(), copiedFrom: z.string().optional() }) },
  ),
  /** `withVmSnapshots`: by rules after which those move along. The size and place say what it takes of the pool. */
  migrateRequested: requested({
    pool: z.string(),
    sizeBytes: z.int().positive(),
    zone: z.string(),
    provider: z.string(),
    withVmSnapshots: z.boolean().optional(),
  }),
  deleteRequested: requested(),
  abandonCleanupRequested: requested(),
  ...tagEvents,
  ...orphanEvents,

  created: reported({ ...measured, ref: reference.optional() }),
  createFailed: reported(rejection),
  /** `optimizing`: it is as asked for, but its provider still moves what it holds. */
  resized: reported({ ...measured, optimizing: z.boolean().optional() }),
  resizeFailed: reported(rejection),
  reverted: reported(measured),
  revertFailed: reported(rejection),
  migrated: reported({ allocatedBytes: z.int().optional() }),
  migrateFailed: reported(rejection),
  deleted: reported(),
  deleteFailed: reported(rejection),
  ...sightEvents,

  createTimedOut: elapsed(),
  deleteTimedOut: elapsed(),
  optimizeCheckDue: elapsed(),
  revertTimedOut: elapsed(),
  migrateTimedOut: elapsed(),
  deleteRetryDue: elapsed(),

  // From the instance
  requestedByInstance: told({ ...disk, instance: z.string(), device: z.string() }),
  /** The provider made it with an instance, and kept it when that was destroyed. It is known from here on, to go too. */
  rootLeft: told({
    instance: z.string(),
    image: z.string(),
    sizeBytes: z.int().positive(),
    zone: z.string(),
    provider: z.string(),
    pool: z.string().optional(),
  }),
  attached: told({ instance: z.string() }),
  attachFailed: told({ instance: z.string(), ...failure }),
  detached: told({ instance: z.string() }),
  detachFailed: told({ instance: z.string(), ...failure }),
  instanceGone: told({ instance: z.string(), deleteOnTermination: z.boolean() }),
  /** It was terminated, and may be recovered: it keeps what it has. */
  instanceTerminated: told({ instance: z.string(), deleteOnTermination: z.boolean() }),
  instanceRecovered: told({ instance: z.string() }),
  /** An instance is to be launched on it. */
  launchProposed: proposed({ instance: z.string(), device: z.string() }),
  /** The operator gives up what of the instance will not go. */
  abandonProposed: proposed({ instance: z.string() }),
  /** For an image. `live`: its guest runs meanwhile. `held`: the snapshot waits until it does not. */
  captureProposed: proposed({
    snapshot: z.string(),
    image: z.string(),
    instance: z.string(),
    live: z.boolean(),
    held: z.boolean(),
    description: z.string().optional(),
    tags: tags.optional(),
  }),

  /** For a group of snapshots at one moment, at this provider. `copyTags`: with the tags of the volume too. */
  groupSnapshotProposed: proposed({
    snapshot: z.string(),
    group: z.string(),
    provider: z.string(),
    copyTags: z.boolean().optional(),
    description: z.string().optional(),
    tags: tags.optional(),
  }),

  // From itself
  /** It is gone, and needed its image until now. */
  imageFreed: told({ image: z.string() }),

  // From VM snapshots of its instance
  /** `plainMemory`: what is in memory is kept with it, and is not to lie beside what is encrypted. */
  vmSnapshotProposed: proposed({ snapshot: z.string(), plainMemory: z.boolean(), alone }),
  /** `sizeBytes`: it is that large again. */
  vmSnapshotEnded: told({ snapshot: z.string(), covers: z.boolean(), sizeBytes: z.int().positive().optional() }),

  // From snapshots
  snapshotProposed: proposed({ snapshot: z.string(), alone }),
  /** `own`: it is complete, and of this volume alone. */
  snapshotEnded: told({ snapshot: z.string(), own: z.boolean().optional() }),
  /** One that was complete, and of this volume alone. */
  ownSnapshotGone: told({ snapshot: z.string() }),
})
export type VolumeEvent = EventOf<typeof volumeEvents>
export type VolumeEventNamed<K extends string> = EventNamed<typeof volumeEvents, K>
/** What functions of a volume see. */
export interface Now {
  readonly context: VolumeContext
  readonly event: VolumeEvent
}
