/** What an instance remembers, and what can happen to it. */
import { z } from 'zod'
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
  secret,
  told,
  warned,
} from './grammar.ts'
import { type RootOwner, rootOwners } from './instance.mode.ts'
import { type Mode, modes } from './modes.ts'
import { cleanEvents } from './sights.ts'
import { type Tags, tagEvents, tags } from './tags.ts'

export interface Device {
  readonly volume: string
  /** As its user spelled it; the key is the normalised name. */
  readonly device: string
  readonly root: boolean
  readonly deleteOnTermination: boolean
  readonly status: 'attaching' | 'attached' | 'detaching'
  readonly attachedAt: number
}

/** A disk that lives and dies with the host. */
export interface Ephemeral {
  readonly device: string
  /** Its number: `ephemeral0`. */
  readonly ephemeral: string
}

/** It was launched in another mode than asked for. */
export interface ModeWarning {
  readonly code: string
  readonly sentence: string
  readonly requested: Mode
  readonly resolved: Mode
  readonly reason: 'DRIVER' | 'IMAGE'
  readonly remedy: string
}

export interface InstanceContext {
  readonly image: string
  readonly type: string
  /** A stateful instance keeps its disks when it stops; a stateless one has nothing to come back to. */
  readonly mode: Mode
  /** Who made its root, and so who cleans it up; `image`: it runs on its image itself. */
  readonly rootOwner: RootOwner
  /** What its launch was warned of. */
  readonly warning?: ModeWarning
  readonly zone: string
  readonly provider: string
  readonly vcpus: number
  readonly memoryBytes: number
  readonly rootDevice: string
  /** Claims on volumes, by normalised device name. */
  readonly devices: Readonly<Record<string, Device>>
  /** Names of devices whose attach or detach is asked for, in the order in which the answers will come. */
  readonly changing: readonly string[]
  /** Ephemeral disks, by the device names they occupy. */
  readonly ephemeral?: readonly Ephemeral[]
  /** What its provider can do, as far as later requests depend on it. */
  readonly offers: {
    readonly reboot: boolean
    readonly hotPlug: boolean
    readonly hotUnplug: boolean
    readonly attachMax: number
    /** It destroys nothing that runs: the power goes first. */
    readonly destroysStopped?: boolean
    /** Stopping it is destroying it: there is no other call. */
    readonly destroysByStop?: boolean
    /** It keeps a root that it made, unless it is told that the root goes too. */
    readonly deletesRootByFlag?: boolean
    /** It keeps what is stopped. */
    readonly preserves?: boolean
    /** It turns nothing off. */
    readonly neverOff?: boolean
    /** It starts nothing that was stopped: what is to run again is made anew. */
    readonly startsAnew?: boolean
    /** How long a stateless instance that turned itself off is left alone before it is destroyed, in ms. */
    readonly offGraceMs?: number
  }
  /** Number of the current launch: one more at each start. */
  readonly generation: number
  /** When the current launch was asked for. */
  readonly launchedAt: number
  readonly shutdownBehaviour: 'stop' | 'terminate'
  readonly terminationProtection?: boolean
  readonly stopProtection?: boolean
  readonly name?: string
  readonly tags?: Tags
  readonly userData?: string
  /** How `userData` is written here; its provider gets it as it is. */
  readonly userDataEncoding?: 'text' | 'base64'
  /** It was changed after the provider had it. */
  readonly userDataChanged?: boolean
  /** Name of the key pair whose public half its guest trusts. */
  readonly keyPair?: string
  /** Name of the request that launched it together with others, and its place among them. */
  readonly launchGroup?: string
  readonly launchIndex?: number
  /** Of its image, which may be forgotten before it is. */
  readonly architecture?: string
  readonly virtualization?: string
  readonly kernel?: string
  readonly ramdisk?: string
  readonly ebsOptimized?: boolean
  /** What a door keeps with it; it means nothing here. */
  readonly annotations?: Readonly<Record<string, string>>
  readonly host?: string
  readonly privateAddress?: string
  /** Why it is not running: the driver's words, or `userInitiated`, `guestShutdown`. */
  readonly reason?: { readonly code: string; readonly message?: string; readonly at: number }
  /** Its provider no longer sees it although nobody stopped it. */
  readonly impaired?: boolean
  /** Its guest is being restarted. */
  readonly rebooting?: boolean
  /** Images that are being made of it. */
  readonly captures?: readonly string[]
  /** Its guest is off for an image: what is still to be taken of its disks. */
  readonly quieted?: { readonly image: string; readonly uncut: readonly string[] }
  readonly overdue?: boolean
  /** When something of it was found at its provider after its end, and taken away. */
  readonly cleanedAt?: number
}

export const unborn: InstanceContext = {
  image: '',
  type: '',
  mode: 'stateful',
  rootOwner: 'engine',
  zone: '',
  provider: '',
  vcpus: 0,
  memoryBytes: 0,
  rootDevice: '',
  devices: {},
  changing: [],
  offers: { reboot: false, hotPlug: false, hotUnplug: false, attachMax: 0 },
  generation: 0,
  launchedAt: 0,
  shutdownBehaviour: 'stop',
}

const inState = z.object({ state: z.string() })
const launch = { generation: z.int() }
const place = { host: z.string().optional(), privateAddress: z.string().optional() }
const attributes = {
  name: z.string().optional(),
  terminationProtection: z.boolean().optional(),
  stopProtection: z.boolean().optional(),
  userData: secret(z.string()).optional(),
  userDataEncoding: z.enum(['text', 'base64']).optional(),
  kernel: z.string().optional(),
  ramdisk: z.string().optional(),
  ebsOptimized: z.boolean().optional(),
}
const capabilities = z.object({
  stop: z.string(),
  start: z.string(),
  reboot: z.string(),
  destroy: z.string(),
  destroyFrom: z.array(z.string()),
  rootOnDestroy: z.string(),
  settle: z.object({ missingGraceMs: z.int() }),
  volumeAttach: z.object({ hotPlug: z.boolean(), hotUnplug: z.boolean(), max: z.int() }),
  volume: z.object({
    minBytes: z.int(),
    maxBytes: z.int(),
    stepBytes: z.int(),
    grow: z.enum(['online', 'offline', 'none']),
    retype: z.boolean(),
    encrypt: z.boolean(),
  }),
  volumeSnapshot: z.object({ of: z.array(z.enum(['available', 'in-use'])), live: z.boolean() }),
})
const account = inState.nullable()
const mismatch = {
  requested: z.enum(modes),
  resolved: z.enum(modes),
  reason: z.enum(['DRIVER', 'IMAGE']),
  remedy: z.string(),
}
const modeWarning = { code: z.string(), sentence: z.string(), ...mismatch }
const capture = {
  image: z.string(),
  captures: z.array(z.strictObject({ volume: z.string(), snapshot: z.string() })),
  description: z.string().optional(),
  tags: tags.optional(),
}

export const instanceEvents = events('instance', {
  launchRequested: requested(
    {
      image: z.string(),
      type: z.string(),
      mode: z.enum(modes),
      rootOwner: z.enum(rootOwners),
      warning: z.strictObject(modeWarning).optional(),
      zone: z.string(),
      provider: z.string(),
      vcpus: z.int().positive(),
      memoryBytes: z.int().positive(),
      rootDevice: z.string(),
      devices: z.array(
        z.strictObject({
          device: z.string(),
          volume: z.string(),
          sizeBytes: z.int().positive(),
          deleteOnTermination: z.boolean(),
          snapshot: z.string().optional(),
          volumeType: z.string().optional(),
          iops: z.int().positive().optional(),
          throughputMiBps: z.int().positive().optional(),
          encrypted: z.boolean().optional(),
          kmsKey: z.string().optional(),
        }),
      ),
      ephemeral: z.array(z.strictObject({ device: z.string(), ephemeral: z.string() })).optional(),
      shutdownBehaviour: z.enum(['stop', 'terminate']),
      ...attributes,
      tags: tags.optional(),
      volumeTags: tags.optional(),
      keyPair: z.string().optional(),
      launchGroup: z.string().optional(),
      launchIndex: z.int().optional(),
      architecture: z.string().optional(),
      virtualization: z.string().optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    },
    {
      account,
      image: z.object({ state: z.string(), account: z.string(), directUser: z.string().nullable() }),
      offering: inState,
      provider: z.object({ capabilities }),
      keyPair: z.object({ id: z.string() }).nullable(),
      snapshots: z.array(z.object({ id: z.string(), state: z.string(), sizeBytes: z.int(), provider: z.string() })),
    },
  ),
  startRequested: requested({}, { account }),
  stopRequested: requested({ force: z.boolean().optional() }),
  rebootRequested: requested(),
  terminateRequested: requested(),
  modifyRequested: requested(
    {
      ...attributes,
      shutdownBehaviour: z.enum(['stop', 'terminate']).optional(),
      /** New flags by device name, in any spelling. */
      deleteOnTermination: z.record(z.string(), z.boolean()).optional(),
      /** Laid over those it has; null takes one away. */
      annotations: z.record(z.string(), z.string().nullable()).optional(),
      type: z.string().optional(),
      vcpus: z.int().positive().optional(),
      memoryBytes: z.int().positive().optional(),
    },
    { offering: inState.nullable() },
  ),
  ...tagEvents,

  created: reported({ status: z.enum(['running', 'stopped']), ...launch, ...place, ref: reference.optional() }),
  createFailed: reported(rejection),
  started: reported({ ...launch, ...place }),
  startFailed: reported(rejection),
  stopped: reported(launch),
  stopFailed: reported(rejection),
  rebooted: reported(),
  rebootFailed: reported(rejection),
  destroyed: reported(),
  destroyFailed: reported(rejection),
  attached: reported(),
  attachFailed: reported(rejection),
  detached: reported(),
  detachFailed: reported(rejection),
  /** Unasked: the guest shut itself down. */
  poweredOff: reported(launch),
  /** Unasked: the provider no longer knows it. */
  vanished: reported(launch),
  ...cleanEvents,

  launchTimedOut: elapsed(),
  stopTimedOut: elapsed(),
  terminateTimedOut: elapsed(),
  captureTimedOut: elapsed(),
  stopRetryDue: elapsed(),
  /** It turned itself off, is stateless, and was left alone for long enough. */
  offGraceDue: elapsed({ ends: true }),
  destroyRetryDue: elapsed(),

  // From itself
  /** It was launched in another mode than asked for. */
  modeMismatchWarned: warned(mismatch),
  /** It has no volumes to wait for. */
  prepared: told(),

  // From volumes
  volumeReady: told({ volume: z.string() }),
  volumeFailed: told({ volume: z.string(), code: z.string(), message: z.string() }),
  attachProposed: proposed({ volume: z.string(), device: z.string() }),
  detachProposed: proposed({ volume: z.string(), device: z.string().optional(), force: z.boolean().optional() }),

  // From images and their snapshots
  captureProposed: proposed(capture),
  /** The same, of a guest that is turned off for it if it runs. */
  quietCaptureProposed: proposed(capture),
  captureEnded: told({ image: z.string() }),
  /** The moment it keeps is fixed, or it never will be: it needs no quiet guest any longer. */
  snapshotCut: told({ snapshot: z.string() }),
})
export type InstanceEvent = EventOf<typeof instanceEvents>
export type InstanceEventNamed<K extends string> = EventNamed<typeof instanceEvents, K>
/** What functions of an instance see. */
export interface Now {
  readonly context: InstanceContext
  readonly event: InstanceEvent
}
