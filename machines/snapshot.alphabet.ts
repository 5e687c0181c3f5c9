/** What a snapshot remembers, and what can happen to it. */
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
import { profile } from './profiles.ts'
import type { Failure } from './retries.ts'
import { type Scheduled, scheduledEvents } from './scheduled.ts'
import { type Sighted, sightEvents } from './sights.ts'
import { type Tags, tagEvents, tags } from './tags.ts'

export interface SnapshotContext extends Sighted, Scheduled {
  /** What it is a snapshot of, also after that volume is gone; of a copy: what the original is of, where that is known. */
  readonly volume?: string
  /** Of the volume, at the moment of the request; then what the provider says it holds. */
  readonly sizeBytes: number
  readonly provider: string
  readonly description?: string
  readonly encrypted?: boolean
  readonly kmsKey?: string
  /** What its volume was made to boot as. */
  readonly boots?: Boots
  /** Where it is kept, if that is beside its volume. */
  readonly primary?: { readonly zone: string; readonly pool?: string }
  readonly tags?: Tags
  /** How much of it is stored, in percent. */
  readonly progress: number
  readonly completedAt?: number
  /** The snapshot it is a copy of; `guarded` while that one keeps its data for it. */
  readonly copiedFrom?: string
  readonly guarded?: boolean
  /** Of one that is part of an image of an instance. */
  readonly capturedFor?: { readonly image: string; readonly instance: string }
  /** Images that use it: while there is one, it stays. */
  readonly images: readonly string[]
  /** What reads it now: copies of it that are being made, volumes that are being taken back to it. */
  readonly readers: readonly string[]
  /** It is taken at one moment with the others of this group. */
  readonly group?: string
  /** Somebody asked to delete it before it was complete. */
  readonly condemned?: boolean
  /** Of its deletion. */
  readonly failure?: Failure
  readonly orphans?: readonly Orphan[]
  readonly overdue?: boolean
  readonly reason?: { readonly code: string; readonly message: string; readonly at: number }
}
export const unborn: SnapshotContext = { sizeBytes: 0, provider: '', progress: 0, images: [], readers: [] }

const inState = z.object({ state: z.string() })
const volume = { volume: z.string() }
const content = {
  sizeBytes: z.int().positive(),
  provider: z.string(),
  description: z.string().optional(),
  encrypted: z.boolean().optional(),
  kmsKey: z.string().optional(),
  boots: boots.optional(),
  /** Where the volume is, at a provider that keeps snapshots beside their volumes. */
  primary: z.strictObject({ zone: z.string(), pool: z.string().optional() }).optional(),
  tags: tags.optional(),
}

export const snapshotEvents = events('snapshot', {
  createRequested: requested(
    { ...volume, ...content, profile: profile.optional() },
    { account: inState.nullable(), volume: inState },
  ),
  copyRequested: requested(
    { ...content, volume: z.string().optional(), snapshot: z.string() },
    { account: inState.nullable(), snapshot: inState, provider: z.object({ name: z.string() }) },
  ),
  deleteRequested: requested(),
  abandonCleanupRequested: requested(),
  ...tagEvents,
  ...orphanEvents,

  /** The provider has begun: the moment it shows is fixed, and it is stored from now on. */
  progressed: reported({ percent: z.number().min(0).max(100) }),
  completed: reported({ sizeBytes: z.int(), allocatedBytes: z.int().optional(), ref: reference.optional() }),
  createFailed: reported(rejection),
  deleted: reported(),
  deleteFailed: reported(rejection),
  ...sightEvents,

  createTimedOut: elapsed(),
  deleteTimedOut: elapsed(),
  deleteRetryDue: elapsed(),

  /** From a volume, for an image of its instance. `held`: not before the guest is off. */
  requestedByVolume: told({ ...volume, ...content, image: z.string(), instance: z.string(), held: z.boolean() }),
  /** From a volume, for a group of snapshots at one moment. */
  requestedByGroup: told({ ...volume, ...content, group: z.string() }),
  /** From that group: what came of the one call for all of them. */
  groupTaken: told({ sizeBytes: z.int().positive().optional() }),
  groupFailed: told({ code: z.string(), message: z.string() }),
  ...scheduledEvents,
  /** From its group: it goes with all the others, or none does. */
  deleteProposed: proposed(),
  /** From an image that is a copy. `guarded`: the original is of the same account and waits for it. */
  requestedByImage: told({ ...content, image: z.string(), snapshot: z.string(), guarded: z.boolean() }),
  /** From an instance: its guest is off for this. */
  guestQuieted: told({ instance: z.string() }),
  useProposed: proposed({ image: z.string() }),
  imageGone: told({ image: z.string() }),
  copyProposed: proposed({ copy: z.string() }),
  copyEnded: told({ copy: z.string() }),
  /** From a volume that is to be taken back to it. */
  revertProposed: proposed({ volume: z.string() }),
  revertEnded: told({ volume: z.string() }),
})
export type SnapshotEvent = EventOf<typeof snapshotEvents>
export type SnapshotEventNamed<K extends string> = EventNamed<typeof snapshotEvents, K>
/** What functions of a snapshot see. */
export interface Now {
  readonly context: SnapshotContext
  readonly event: SnapshotEvent
}
