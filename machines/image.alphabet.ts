/** What an image remembers, and what can happen to it. */
import { z } from 'zod'
import { type EventNamed, type EventOf, events, proposed, requested, told } from './grammar.ts'
import { deviceName, type ImageDevice, imageDevice } from './image.devices.ts'
import { type Mode, modes } from './modes.ts'
import { type Tags, tagEvents, tags } from './tags.ts'

export interface ImageContext {
  readonly name: string
  readonly description?: string
  readonly architecture: string
  readonly virtualization: string
  readonly kernel?: string
  readonly ramdisk?: string
  /** Where its snapshots are; unknown of what a provider holds as an image. */
  readonly provider?: string
  readonly rootDevice: string
  /** Size of the root disk, in bytes: the least that a launch may ask for. */
  readonly sizeBytes: number
  /** What the root disk is made from; without it, the image itself. */
  readonly snapshot?: string
  readonly encrypted?: boolean
  /** What a launch has besides the root; an entry of the root says more about it. */
  readonly blockDevices: readonly ImageDevice[]
  /** What it was built for; both, unless it says so. */
  readonly targets?: readonly Mode[]
  /** The instance that runs on the image itself: nobody else can use it meanwhile. */
  readonly directUser?: string
  readonly public?: boolean
  /** Accounts that may see and launch it. */
  readonly sharedWith?: readonly string[]
  readonly tags?: Tags
  readonly annotations?: Readonly<Record<string, string>>
  readonly createdFrom?: { readonly instance?: string; readonly image?: string }
  /** Snapshots that are not completed yet. */
  readonly awaited: readonly string[]
  readonly reason?: { readonly code: string; readonly message: string; readonly at: number }
  /** It has failed, and its name may be another's. */
  readonly nameless?: boolean
}
export const unborn: ImageContext = {
  name: '',
  architecture: '',
  virtualization: '',
  rootDevice: '',
  sizeBytes: 0,
  blockDevices: [],
  awaited: [],
}

const inState = z.object({ state: z.string() })
/** Who has the name, if anybody; a claim, so that nobody takes it at the same time. */
const holder = z.object({ id: z.string() }).nullable()
const described = {
  name: z.string(),
  description: z.string().optional(),
  architecture: z.string(),
  virtualization: z.string(),
  kernel: z.string().optional(),
  ramdisk: z.string().optional(),
  provider: z.string().optional(),
  rootDevice: deviceName,
  snapshot: z.string().optional(),
  encrypted: z.boolean().optional(),
  blockDevices: z.array(imageDevice),
  targets: z.array(z.enum(modes)).min(1).optional(),
  tags: tags.optional(),
}
const captured = z.strictObject({ volume: z.string(), snapshot: z.string() })
const copy = z.strictObject({
  from: z.string(),
  snapshot: z.string(),
  sizeBytes: z.int().positive(),
  encrypted: z.boolean().optional(),
})

export const imageEvents = events('image', {
  registerRequested: requested(
    {
      ...described,
      sizeBytes: z.int().positive(),
      public: z.boolean().optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    },
    { account: inState.nullable(), holder, rootSnapshot: inState.nullable(), snapshots: z.array(inState) },
  ),
  createRequested: requested(
    {
      ...described,
      instance: z.string(),
      /** The guest is turned off while the disks are taken, if it runs. */
      quiet: z.boolean(),
      captures: z.array(captured),
      snapshotTags: tags.optional(),
    },
    { account: inState.nullable(), holder, instance: inState, snapshots: z.array(inState) },
  ),
  copyRequested: requested(
    {
      ...described,
      sizeBytes: z.int().positive(),
      image: z.string(),
      /** The original's snapshots, and what copies of them will be called. */
      copies: z.array(copy),
      /** The original is of the same account: its snapshots wait until they are copied. */
      guarded: z.boolean(),
    },
    { account: inState.nullable(), holder, image: inState, provider: z.object({ name: z.string() }) },
  ),
  modifyRequested: requested({ description: z.string() }),
  shareRequested: requested({
    public: z.boolean().optional(),
    add: z.array(z.string()).optional(),
    remove: z.array(z.string()).optional(),
  }),
  /** Carries what others forget with it. */
  deregisterRequested: requested({ name: z.string(), sharedWith: z.array(z.string()) }),
  ...tagEvents,

  /** From a volume of the instance: what its snapshot will hold. */
  snapshotBegun: told({
    snapshot: z.string(),
    sizeBytes: z.int().positive(),
    volumeType: z.string().optional(),
    iops: z.int().optional(),
    throughputMiBps: z.int().optional(),
    encrypted: z.boolean().optional(),
  }),
  snapshotCompleted: told({ snapshot: z.string(), sizeBytes: z.int() }),
  snapshotFailed: told({ snapshot: z.string(), code: z.string(), message: z.string() }),
  /** From the instance: its guest could not be turned off for this. */
  captureFailed: told({ code: z.string(), message: z.string() }),
  instanceTerminated: told({ instance: z.string() }),
  /** An instance is to run on the image itself. */
  directUseProposed: proposed({ instance: z.string() }),
  directUseEnded: told({ instance: z.string() }),
  /** To itself, when it fails: its name may be taken again. */
  nameFreed: told({ name: z.string() }),
})
export type ImageEvent = EventOf<typeof imageEvents>
export type ImageEventNamed<K extends string> = EventNamed<typeof imageEvents, K>
/** What functions of an image see. */
export interface Now {
  readonly context: ImageContext
  readonly event: ImageEvent
}
