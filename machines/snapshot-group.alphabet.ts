/** What a group of snapshots remembers, and what can happen to it. */
import { z } from 'zod'
import { type EventNamed, type EventOf, elapsed, events, rejection, reported, requested, told } from './grammar.ts'
import { type Scheduled, scheduledEvents } from './scheduled.ts'
import { type Tags, tagEvents, tags } from './tags.ts'

export interface SnapshotGroupContext extends Scheduled {
  readonly provider: string
  /** Whose volumes they are, where they were taken of an instance. */
  readonly instance?: string
  readonly members: readonly Member[]
  /** Snapshots of it that are still there. */
  readonly left: readonly string[]
  readonly description?: string
  readonly tags?: Tags
  readonly completedAt?: number
  readonly overdue?: boolean
  readonly reason?: { readonly code: string; readonly message: string; readonly at: number }
}
export const unborn: SnapshotGroupContext = { provider: '', members: [], left: [] }

const member = z.strictObject({ volume: z.string(), snapshot: z.string() })
export type Member = z.infer<typeof member>

export const snapshotGroupEvents = events('snapshot-group', {
  createRequested: requested(
    {
      provider: z.string(),
      instance: z.string().optional(),
      members: z.array(member),
      /** Every snapshot gets the tags of its volume besides the given ones. */
      copyTags: z.boolean().optional(),
      description: z.string().optional(),
      tags: tags.optional(),
    },
    { account: z.object({ state: z.string() }).nullable() },
  ),
  deleteRequested: requested(),
  ...tagEvents,

  /** Without members where it was seen that they are there. */
  taken: reported({ members: z.record(z.string(), z.object({ sizeBytes: z.int().positive() })).optional() }),
  takeFailed: reported(rejection),
  takeTimedOut: elapsed(),

  /** From a snapshot of it, which is gone. */
  memberGone: told({ snapshot: z.string() }),
  ...scheduledEvents,
})
export type SnapshotGroupEvent = EventOf<typeof snapshotGroupEvents>
export type SnapshotGroupEventNamed<K extends string> = EventNamed<typeof snapshotGroupEvents, K>
/** What functions of a group see. */
export interface Now {
  readonly context: SnapshotGroupContext
  readonly event: SnapshotGroupEvent
}
