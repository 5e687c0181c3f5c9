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
import type { CleanupItem } from './instance.cleanup.ts'
import { type Recovery, recoveryAttributes, recoveryEvents } from './instance.recovery.alphabet.ts'
import { type Rooted, rootShape } from './instance.root.alphabet.ts'
import type { Sparing } from './instance.sparing.ts'
import type { Stall } from './instance.stall.ts'
import type { VmSnapshotOffers, VmSnapshotTask } from './instance.vm-snapshots.ts'
import type { Lineage } from './lineage.ts'
import { type Mode, modes } from './modes.ts'
import { type Orphan, orphanEvents } from './orphans.ts'
import { profile } from './profiles.ts'
import type { Failure } from './retries.ts'
import { cleanEvents, rootEvents } from './sights.ts'
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

export interface InstanceContext extends Recovery, Rooted {
  readonly image: string
  readonly type: string
  /** A stateful instance keeps its disks when it stops; a stateless one has nothing to come back to. */
  readonly mode: Mode
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
    /** It restarts a guest in one call. */
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
    /** How volumes are saved from a provider that deletes what an instance has. */
    readonly spares?: Sparing
    /** It keeps what is stopped. */
    readonly preserves?: boolean
    /** What is off there is not shown any more. */
    readonly vanishesOff?: boolean
    /** It turns nothing off. */
    readonly neverOff?: boolean
    /** It starts nothing that was stopped: what is to run again is made anew. */
    readonly startsAnew?: boolean
    /** It suspends guests, starts what is off, and keeps what it stops. */
    readonly suspends?: boolean
    /** It destroys what is suspended; elsewhere the power goes first. */
    readonly destroysSuspended?: boolean
    /** It turns nothing off without asking the guest. */
    readonly neverHard?: boolean
    /** How long it may show something as missing, or off, before that counts, in ms. */
    readonly missingGraceMs?: number
    /** A start, or a stop, that takes longer is asked for again, in ms. */
    readonly startRetryAfterMs?: number
    readonly stopRetryAfterMs?: number
    readonly vmSnapshots?: VmSnapshotOffers
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
  /**
   * Why it is not running, or could not be suspended: the driver's words, or `userInitiated`, `guestShutdown`,
   * `memoryLost`, `forcedStop`.
   */
  readonly reason?: { readonly code: string; readonly message?: string; readonly at: number }
  /** Its provider no longer sees it although nobody stopped it. */
  readonly impaired?: boolean
  /** Its provider did not show it when it last looked; that does not count yet. */
  readonly missing?: boolean
  /** Its provider holds its guest, or held it a moment ago. */
  readonly stall?: Stall
  /** Its guest is being restarted. */
  readonly rebooting?: boolean
  /** It is stopped only to be started again. */
  readonly restarts?: boolean
  /** Its guest is suspended, or may be: its memory refers to its disks as they are. */
  readonly asleep?: boolean
  /** An operator says that it is stopped; its provider has not. */
  readonly unconfirmed?: boolean
  /** Before that it was being stopped, and whatever was asked for before that may still be answered. */
  readonly stopWanted?: boolean
  /** The stop that is under way: how its guest is treated, and how often it was asked for. */
  readonly stopCall?: { readonly mode: 'graceful' | 'hard'; readonly asks: number; readonly stuck?: boolean }
  /** Volumes of it that are being taken back to a snapshot: it does not start before. */
  readonly volumesReverting?: readonly string[]
  /** Volumes of it that are being moved, which its provider does only while it is off. */
  readonly volumesMigrating?: readonly string[]
  /** Images that are being made of it. */
  readonly captures?: readonly string[]
  /** Its guest is off for an image: what is still to be taken of its disks. */
  readonly quieted?: { readonly image: string; readonly uncut: readonly string[] }
  /** Its VM snapshots, and what is being done to them. */
  readonly lineage?: Lineage
  readonly vmSnapshotTask?: VmSnapshotTask
  readonly overdue?: boolean
  /** When something of it was found at its provider after its end, and taken away. */
  readonly cleanedAt?: number
  /** Of the calls to destroy it. */
  readonly failure?: Failure
  /** What its end still needs, once its compute is gone. */
  readonly owed?: readonly CleanupItem[]
  /** Its volumes are saved from its end. */
  readonly spared?: boolean
  /** Its compute was given up. */
  readonly abandoned?: boolean
  readonly orphans?: readonly Orphan[]
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
  ...recoveryAttributes,
}
const capabilities = z.object({
  stop: z.string(),
  stopStyles: z.array(z.string()),
  start: z.string(),
  reboot: z.string(),
  suspend: z.string(),
  destroy: z.string(),
  destroyFrom: z.array(z.string()),
  rootOnDestroy: z.string(),
  attachmentsOnDestroy: z.string(),
  vanishesAfterStop: z.boolean(),
  settle: z.object({ startRetryAfterMs: z.int(), stopRetryAfterMs: z.int(), missingGraceMs: z.int() }),
  volumeAttach: z.object({ hotPlug: z.boolean(), hotUnplug: z.boolean(), max: z.int() }),
  volume: z.object({
    minBytes: z.int(),
    maxBytes: z.int(),
    stepBytes: z.int(),
    grow: z.enum(['online', 'offline', 'none']),
    retype: z.boolean(),
    encrypt: z.boolean(),
    migrate: z.enum(['none', 'offline', 'online']).optional(),
  }),
  volumeSnapshot: z.object({
    of: z.array(z.enum(['available', 'in-use'])),
    live: z.boolean(),
    independentOfVolume: z.boolean().optional(),
    group: z.boolean().optional(),
    revert: z.boolean().optional(),
    revertRestoresSize: z.boolean().optional(),
  }),
  vmSnapshot: z.object({
    memory: z.boolean(),
    diskOnly: z.boolean(),
    live: z.boolean(),
    quiesce: z.boolean(),
    tree: z.boolean(),
    revertWhileRunning: z.boolean(),
    layered: z.boolean(),
    blocks: z.array(z.string()).optional(),
    maxCount: z.int(),
    maxDepth: z.int(),
  }),
})
const account = inState.nullable()
const kept = z.record(z.string(), z.object({ sizeBytes: z.int().positive() }))
const sized = z.strictObject({ type: z.string(), vcpus: z.int().positive(), memoryBytes: z.int().positive() })
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
      ...rootShape,
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
          pool: z.string().optional(),
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
      image: z.object({ state: z.string(), account: z.string(), directUser: z.string().nullable() }).nullable(),
      rootVolume: z.object({ state: z.string(), zone: z.string(), provider: z.string() }).nullable(),
      offering: inState,
      provider: z.object({ capabilities }),
      keyPair: z.object({ id: z.string() }).nullable(),
      snapshots: z.array(z.object({ id: z.string(), state: z.string(), sizeBytes: z.int(), provider: z.string() })),
    },
  ),
  startRequested: requested({}, { account }),
  stopRequested: requested({ force: z.boolean().optional() }),
  suspendRequested: requested(),
  resumeRequested: requested({}, { account }),
  rebootRequested: requested(),
  ...recoveryEvents,
  /** By an operator who cannot reach its provider. */
  forceStopRequested: requested(),
  /** The instance itself, while it is being destroyed; then a volume that is to go with it. */
  abandonCleanupRequested: requested({ item: z.string() }),
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

  /** `capabilities`: what is left of its provider's for this one, if it offers less. */
  created: reported({
    status: z.enum(['running', 'stopped']),
    ...launch,
    ...place,
    ref: reference.optional(),
    capabilities: capabilities.optional(),
  }),
  createFailed: reported(rejection),
  started: reported({ ...launch, ...place }),
  startFailed: reported(rejection),
  stopped: reported(launch),
  stopFailed: reported(rejection),
  suspended: reported(launch),
  suspendFailed: reported(rejection),
  rebooted: reported(),
  rebootFailed: reported(rejection),
  /** `left`: kinds of what the provider made beside it, and leaves there. */
  destroyed: reported({
    left: z.array(z.string()).optional(),
    /** It was gone before it was asked for: nobody told the provider what goes with it. */
    already: z.boolean().optional(),
  }),
  destroyFailed: reported(rejection),
  /** `disks`: those it keeps, by name, as large as they are. */
  vmSnapshotKept: reported({ disks: kept }),
  vmSnapshotKeepFailed: reported(rejection),
  vmSnapshotReverted: reported({ ...launch, ...place, disks: kept.optional() }),
  vmSnapshotRevertFailed: reported(rejection),
  vmSnapshotRemoved: reported(),
  vmSnapshotRemoveFailed: reported(rejection),
  attached: reported(),
  attachFailed: reported(rejection),
  detached: reported(),
  detachFailed: reported(rejection),
  /** Unasked: the guest shut itself down. */
  poweredOff: reported(launch),
  /** Unasked: the provider no longer knows it. */
  vanished: reported(launch),
  /** Unasked: the memory of a suspended guest is gone, and with it what it was doing. */
  memoryLost: reported(launch),
  /** Unasked: what was stopped or suspended runs. */
  externallyStarted: reported({ ...launch, ...place }),
  /** Unasked: what ran is suspended. */
  externallySuspended: reported(launch),
  /** Unasked: its guest is held, because what it writes cannot be written. */
  stalled: reported({ ...launch, code: z.string(), message: z.string() }),
  /** It goes on. */
  recovered: reported(launch),
  recoverFailed: reported(rejection),
  ...cleanEvents,
  /** Unasked: the root that its provider made is that large, or holds that much. */
  ...rootEvents,

  launchTimedOut: elapsed(),
  stopTimedOut: elapsed(),
  suspendTimedOut: elapsed(),
  terminateTimedOut: elapsed(),
  captureTimedOut: elapsed(),
  stallRetryDue: elapsed(),
  startRetryDue: elapsed(),
  stopRetryDue: elapsed(),
  /** It has not been shown for as long as its provider may leave it out. */
  missingGraceDue: elapsed(),
  /** It turned itself off, is stateless, and was left alone for long enough. */
  offGraceDue: elapsed({ ends: true }),
  destroyRetryDue: elapsed(),

  // From itself
  /** It was launched in another mode than asked for. */
  modeMismatchWarned: warned(mismatch),
  /** It is gone, and needed its image until now. */
  imageFreed: told({ image: z.string() }),
  /** It has no volumes to wait for. */
  prepared: told(),
  /** It was asked to stop in every way there is, for as long as each may take, and has not. */
  stopStuck: told(),

  ...orphanEvents,

  // From volumes that are to go with it
  cleanupDone: told({ id: z.string() }),
  cleanupFailed: told({ id: z.string(), attempts: z.int().positive(), code: z.string(), message: z.string() }),
  /** It goes when its snapshots are taken, and asks for that itself. */
  cleanupHandedOver: told({ id: z.string() }),

  // From volumes
  volumeReady: told({ volume: z.string() }),
  volumeFailed: told({ volume: z.string(), code: z.string(), message: z.string() }),
  /** `onlyRoot`: the provider takes that volume for nothing else. */
  growProposed: proposed({ volume: z.string() }),
  attachProposed: proposed({ volume: z.string(), device: z.string(), onlyRoot: z.boolean().optional() }),
  detachProposed: proposed({ volume: z.string(), device: z.string().optional(), force: z.boolean().optional() }),

  /** It is to be taken back to a snapshot, while nobody runs with it. */
  revertProposed: proposed({ volume: z.string() }),
  revertEnded: told({ volume: z.string() }),
  /** It is to be moved to another pool. `live`: also while its guest runs. */
  migrateProposed: proposed({ volume: z.string(), live: z.boolean(), withVmSnapshots: z.boolean() }),
  migrateEnded: told({ volume: z.string() }),
  // From its VM snapshots
  vmSnapshotProposed: proposed({
    snapshot: z.string(),
    name: z.string(),
    memory: z.boolean(),
    profile: profile.optional(),
    quiesce: z.boolean().optional(),
  }),
  vmSnapshotRevertProposed: proposed({
    snapshot: z.string(),
    memory: z.boolean(),
    settings: sized,
    profile: profile.optional(),
  }),
  vmSnapshotRemovalProposed: proposed({ snapshot: z.string(), subtree: z.boolean() }),
  /** It has become as old as it was to become. */
  vmSnapshotExpired: told({ snapshot: z.string() }),
  /** From itself: its type and size are those of the VM snapshot it was taken back to. */
  settingsRestored: told(sized.shape),

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
