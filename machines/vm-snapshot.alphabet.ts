/** What a VM snapshot remembers, and what can happen to it. */
import { z } from 'zod'
import { type EventNamed, type EventOf, elapsed, events, requested, told } from './grammar.ts'
import { profile } from './profiles.ts'
import { type Scheduled, scheduledEvents } from './scheduled.ts'
import { type Sighted, sightEvents } from './sights.ts'
import { type Tags, tagEvents, tags } from './tags.ts'

/** What of an instance goes back with its disks. */
export interface Settings {
  readonly type: string
  readonly vcpus: number
  readonly memoryBytes: number
}
export interface Disk {
  readonly volume: string
  readonly sizeBytes: number
}

export interface VmSnapshotContext extends Sighted, Scheduled {
  readonly instance: string
  readonly provider: string
  readonly name: string
  readonly description?: string
  /** It keeps what was in memory too. */
  readonly memory: boolean
  readonly settings: Settings
  /** The volumes that it was asked to keep; a root of the provider's is not among them. */
  readonly volumes: readonly string[]
  /** What it keeps, once it does. */
  readonly disks?: readonly Disk[]
  readonly memoryBytes?: number
  /** The one it was taken after. */
  readonly parent?: string
  readonly tags?: Tags
  readonly keptAt?: number
  /** When it is deleted without being asked. */
  readonly expiresAt?: number
  /** How often its end had to wait for its instance. */
  readonly deferrals?: number
  readonly overdue?: boolean
  readonly reason?: { readonly code: string; readonly message: string; readonly at: number }
}
export const unborn: VmSnapshotContext = {
  sizeBytes: 0,
  instance: '',
  provider: '',
  name: '',
  memory: false,
  settings: { type: '', vcpus: 0, memoryBytes: 0 },
  volumes: [],
}

const account = z.object({ state: z.string() }).nullable()
const ofInstance = { instance: z.string() }
const disks = z.array(z.strictObject({ volume: z.string(), sizeBytes: z.int().positive() }))
const failure = { code: z.string(), message: z.string() }

export const settings = z.strictObject({
  type: z.string(),
  vcpus: z.int().positive(),
  memoryBytes: z.int().positive(),
})

export const vmSnapshotEvents = events('vm-snapshot', {
  createRequested: requested(
    {
      ...ofInstance,
      provider: z.string(),
      name: z.string(),
      description: z.string().optional(),
      memory: z.boolean(),
      /** Its guest is asked to write out first what it holds back. */
      quiesce: z.boolean().optional(),
      settings,
      profile: profile.optional(),
      volumes: z.array(z.strictObject({ volume: z.string(), root: z.boolean() })),
      expiresAt: z.int().optional(),
      tags: tags.optional(),
    },
    { account, instance: z.object({ state: z.string() }) },
  ),
  revertRequested: requested({ ...ofInstance, profile: profile.optional() }, { account }),
  /** `subtree`: with all that come after it. */
  deleteRequested: requested({ subtree: z.boolean().optional() }),
  ...tagEvents,
  ...sightEvents,
  ...scheduledEvents,

  /** It is as old as it was to become. */
  expiryDue: elapsed({ ends: true }),
  removalRetryDue: elapsed(),
  /** What it waits for takes long. */
  taskTimedOut: elapsed(),

  // From its instance, which has it and asks for it
  /** `parent`: what the disks came from until now. `root`: the name of the root disk, if it has one of its own. */
  kept: told({
    ...ofInstance,
    parent: z.string().optional(),
    memoryBytes: z.int().nonnegative(),
    disks,
    root: z.string().optional(),
  }),
  keepFailed: told({ ...ofInstance, ...failure }),
  reverted: told({ ...ofInstance, disks }),
  revertFailed: told({ ...ofInstance, ...failure }),
  /** It goes with one that it came after, or because nothing needs it any more. */
  removalBegun: told(ofInstance),
  removed: told(ofInstance),
  removeFailed: told({ ...ofInstance, ...failure }),
  /** Others come after it: it stays, and is nobody's any more. */
  hidden: told(ofInstance),
  reparented: told({ ...ofInstance, parent: z.string().optional() }),
  /** Not now: something else is being done to its instance. */
  removalDeferred: told(ofInstance),
  instanceGone: told(ofInstance),
})
export type VmSnapshotEvent = EventOf<typeof vmSnapshotEvents>
export type VmSnapshotEventNamed<K extends string> = EventNamed<typeof vmSnapshotEvents, K>
/** What functions of a VM snapshot see. */
export interface Now {
  readonly context: VmSnapshotContext
  readonly event: VmSnapshotEvent
}
