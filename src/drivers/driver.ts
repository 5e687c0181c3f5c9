/**
 * The contract of a provider driver: the only way the engine reaches the world. (spec: drivers-and-qemu 8.)
 *
 * 1. The engine chooses every id and token before it calls; both are in the event log.
 * 2. Every changing call describes a desired state and may be repeated with the same id, token and arguments.
 * 3. A driver answers fast and never retries or waits in secret: long work is `pending`, and the engine polls.
 * 4. Only answers and observations are facts; hints are not.
 * 5. Throwing is a bug and counts as an unknown outcome.
 */
import type { Json } from '../../machines/grammar.ts'
import type { Capabilities } from './capabilities.ts'

export { type Answers, answersOf } from './answers.ts'
export { type Capabilities, capabilities, capabilitiesSchema, type DeclaredCapabilities } from './capabilities.ts'
export { type DerivedCapabilities, derived } from './derived.ts'
export { CapabilityRefused, narrowed, weaker } from './narrowing.ts'

export type ResourceKind = 'image' | 'volume' | 'volumeSnapshot' | 'instance' | 'vmSnapshot' | 'attachment'

/** A driver's own name and notes for a resource; stored by the engine, at most 4 KiB. */
export interface Reference {
  readonly providerId?: string
  readonly private?: Json
}

export interface CallContext {
  /** Idempotency token of the ask, `<resource>.<version>.<n>`: the same for every attempt. */
  readonly token: string
  /** 1 for the first attempt. */
  readonly attempt: number
  /** After this time (ms since 1970) the engine no longer waits and counts the outcome as unknown. */
  readonly deadline: number
  readonly signal: AbortSignal
  readonly now: () => number
  /**
   * Whose call it is: what it makes is marked with this where the provider can store it, and shown with it. What is
   * marked otherwise is not this caller's to change. Without it, the driver's own default.
   */
  readonly owner?: string
}

export type Facts = { readonly [key: string]: Json | undefined }

export interface Handle {
  readonly op: string
  readonly token: string
  readonly data?: Json
}

export type Outcome =
  /** Done; `already` when a repeated call found it done. */
  | { readonly kind: 'done'; readonly already: boolean; readonly facts: Facts; readonly ref?: Reference }
  /** Accepted; ask `poll(handle)` again after `pollAfterMs`. */
  | {
      readonly kind: 'pending'
      readonly handle: Handle
      readonly pollAfterMs: number
      readonly progress?: { done: number; total: number }
    }
  /** Certain: no effect, now or later. */
  | { readonly kind: 'rejected'; readonly error: DriverError }
  /** An effect is possible: settle it before anything else. */
  | { readonly kind: 'unknown'; readonly error: DriverError; readonly handle?: Handle }

export type ErrorCode =
  | 'busy'
  | 'unavailable'
  | 'exhausted'
  | 'precondition'
  | 'conflict'
  | 'notFound'
  | 'invalid'
  | 'unsupported'
  | 'denied'
  | 'corrupt'
  | 'partial'
  | 'unknownOutcome'
  | 'guestRefused'
  | 'ended'

export interface DriverError {
  readonly code: ErrorCode
  readonly effect: 'none' | 'partial' | 'possible'
  /** `same` and `later`: the engine repeats the call. `observe-first`: it looks. Others end the ask as rejected. */
  readonly retry: 'same' | 'later' | 'after-change' | 'observe-first' | 'never'
  readonly retryAfterMs?: number
  readonly message: string
  readonly providerCode?: string
}

export interface Observation {
  readonly kind: ResourceKind
  readonly id: string
  readonly exists: 'yes' | 'no' | 'unknown'
  /** Same facts as the `done` answer of the call that made it. */
  readonly facts: Facts
  readonly ref?: Reference
  /** Number of the launch, on instances: observations of an older one are dropped. */
  readonly generation?: number
  /** Whose it is, where the provider stores that: ours only if it equals the engine's owner tag. */
  readonly owner?: string
  readonly token?: string
  /** When it was made (ms since 1970), where the provider stores that. */
  readonly madeAt?: number
  readonly observedAt: number
}
export interface Page {
  readonly items: readonly Observation[]
  readonly next?: string
}
export interface ProbeReport {
  readonly usable: boolean
  readonly facts: Facts
  readonly problems: readonly string[]
}

/** What the guest has written to its console so far, or the end of it. */
export interface ConsoleOutput {
  /** At most the last 64 KiB, as base64: a guest may write anything. */
  readonly outputBase64: string
  /** When the provider last saw something new (ms since 1970). */
  readonly at: number
}

// Arguments of the calls. All sizes are integer bytes.
export interface VolumeSpec {
  readonly sizeBytes: number
  readonly zone: string
  /** The pool it is to lie in, by its name; a provider that knows no names of pools ignores it. */
  readonly pool?: string
  readonly volumeType?: string
  /** Operations each second. */
  readonly iops?: number
  readonly throughputMiBps?: number
  /** Asked for only where the capability `volume.encrypt` is declared. */
  readonly encrypted?: boolean
  /** Name of the key to encrypt with; without it, the provider's own. */
  readonly kmsKey?: string
  readonly from?: { readonly kind: 'image' | 'volumeSnapshot'; readonly id: string }
}
/** What a snapshot keeps: a volume as it is when the call is first accepted, or what another snapshot keeps. */
export interface SnapshotSpec {
  readonly volume?: string
  readonly from?: { readonly snapshot: string }
  /** Of a copy: encrypted where the original is not. */
  readonly encrypted?: boolean
  readonly kmsKey?: string
}
/**
 * What a volume is to be like: not smaller, and where `volume.retype` is declared of another type or with other rates.
 * What is not named stays; with another type, it is as that type has it.
 */
export interface ResizeSpec {
  readonly sizeBytes: number
  readonly volumeType?: string
  readonly iops?: number
  readonly throughputMiBps?: number
}
/** Snapshots of several volumes as they are at one moment: all of them or none. Where `volumeSnapshot.group` is declared. */
export interface SnapshotGroupSpec {
  readonly members: readonly { readonly snapshot: string; readonly volume: string }[]
}
/** Takes a volume back to what one of its snapshots keeps. Where `volumeSnapshot.revert` is declared. */
export interface VolumeRevertSpec {
  readonly snapshot: string
}
/** Moves a volume to this pool, with what it holds. Where `volume.migrate` is not `none`. */
export interface VolumeMigrateSpec {
  readonly pool: string
}
export interface DeviceSpec {
  readonly device: string
  readonly volume: string
  readonly root: boolean
}
/** What an instance boots from, where no volume among its devices is its root. */
export type RootSpec =
  /**
   * A disk of its own, which the provider makes of the image: the volume `volume` for every call and look, stopped or
   * running. Where `clonesOnLaunch` is not `never`. Without a size, it has that of the image. `pool`: as of a volume.
   */
  | { readonly kind: 'private'; readonly volume: string; readonly sizeBytes?: number; readonly pool?: string }
  /** The image itself, which keeps what the guest writes. Where `runsOnImage` is declared. */
  | { readonly kind: 'image' }
export interface InstanceSpec {
  readonly zone: string
  readonly image: string
  /**
   * Not together with a root among the devices. Without either, it is what the provider does by itself: a private one,
   * known as the volume `<instance>/root`, or else the image where `runsOnImage` is declared, or else nothing.
   */
  readonly root?: RootSpec
  readonly vcpus: number
  readonly memoryBytes: number
  readonly devices: readonly DeviceSpec[]
  /** Number of this launch: 1 at first, one more at each start. */
  readonly generation: number
  readonly userData?: string
  /** Without it, `userData` is the text itself. */
  readonly userDataEncoding?: 'base64'
}
/** What goes with an instance that is destroyed, where the provider takes flags; without them it all stays. */
export interface DestroySpec {
  /** Where `rootOnDestroy` is `byFlag`: the root that the provider made. */
  readonly deleteRoot?: boolean
  /** Where `attachmentsOnDestroy` is `byFlag`: these of the volumes it was given. */
  readonly deleteVolumes?: readonly string[]
}
export interface PowerSpec {
  /**
   * `suspended`: its guest waits, with the volumes it has. `running`, of the launch that is suspended, lets it go on as it
   * was, with the same volumes; `off` ends that launch as any other.
   */
  readonly want: 'running' | 'paused' | 'off' | 'suspended'
  /** Of `off`. */
  readonly mode: 'graceful' | 'hard'
  readonly generation: number
  /** Of a stop that destroys. */
  readonly ending?: DestroySpec
  /** What is connected when it runs: a stopped instance holds no volume, so every start names them again. */
  readonly devices?: readonly DeviceSpec[]
  /** Its size from this start on; without it, as before. */
  readonly vcpus?: number
  readonly memoryBytes?: number
  /** Its user data from this start on; without it, as before. */
  readonly userData?: string
  readonly userDataEncoding?: 'base64'
}
export interface AttachSpec {
  readonly instance: string
  readonly volume: string
  readonly device: string
  readonly generation: number
  readonly force?: boolean
}
/** All writable disks of an instance at one moment, and what is in its memory if that is asked for. */
export interface VmSnapshotSpec {
  readonly snapshot: string
  /** Of a guest that runs or is paused. Without it, the disks alone: of a stopped one, and where `live` of others. */
  readonly memory: boolean
  readonly generation: number
  /** Its guest is to write out first what it holds back. Asked for only where `vmSnapshot.quiesce` is declared. */
  readonly quiesce?: boolean
  /**
   * The volumes that its caller believes to be kept, its root among them. Of an instance that has others it is refused
   * as `precondition`. A stopped instance holds none that it was given, so there these are the ones.
   */
  readonly volumes?: readonly string[]
}
export interface VmSnapshotRevertSpec {
  readonly snapshot: string
  /**
   * The launch that runs: what was in memory is loaded into it. The next one: it begins there, from memory or, with
   * disks alone, by booting from them.
   */
  readonly generation: number
  /** False: the instance is off after it, with its disks as they were; what was in memory is not used. */
  readonly run: boolean
  /** What the next launch has, as at every start. One that goes on from memory has what it had then, whatever this says. */
  readonly devices?: readonly DeviceSpec[]
}
export interface VmSnapshotDeleteSpec {
  readonly snapshot: string
}

/**
 * A provider. Changing calls take the resource's id first; which optional ones exist follows from the capabilities
 * (checked by the contract suite). A clone of an image is a volume: `volumeEnsure` from an image makes one, to be the
 * root among the devices of one instance, and `volumeDelete` cleans it up (docs/decisions/0021).
 *
 * An image, and an instance, may offer less than its provider: then the fact `capabilities` of its observation (and of
 * the answer that makes the instance) names all that is narrower than the provider, to be given to `narrowed`. Images are asked where `imagesNarrow` is
 * declared, before something is launched from one or made of one.
 *
 * Facts of the answers:
 * - `volumeEnsure`, `volumeResize`: `{ sizeBytes }`; also `{ allocatedBytes }` where measured. `volumeResize` adds
 *   `optimizing: true` when the volume is as asked for but its contents are still being moved; it is then asked again
 *   every minute until it answers without.
 * - `volumeSnapshotEnsure`: `{ sizeBytes }`, the size of the disk it keeps; also `{ allocatedBytes }` where measured. The
 *   moment it keeps is the one when the call is first accepted, be it with `pending`: what is written to the volume later
 *   is not in it. The engine deletes no volume before the answer. A copy is complete in itself.
 * - `instanceEnsure`, `instancePower`: `{ status: 'running' | 'stopped' | 'paused' | 'suspended', generation, host?,
 *   privateAddress? }`, and what it boots from: `root: { kind: 'private' | 'volume', volume } | { kind: 'image' }`. An
 *   image that is in use, where `imageExclusive` is declared, is `precondition`. A suspended guest goes on in the launch it
 *   was in: `running` with its generation. To resume one whose memory is lost is `corrupt`, or `notFound` where nothing of
 *   it is left: it is shown `stopped` or missing, and its next launch starts from its disks, which are as they were.
 *   A guest whose writes find no room is `paused`, with `pauseReason: 'io-error'` and why in `pauseMessage`. It is let go
 *   on by `running` of the launch it is in, which is `exhausted` where there is still no room.
 *   To start a launch whose guest has run and is off again is `ended`: nothing runs twice under one number, and whoever
 *   missed the first answer learns that it did run. Its volumes may be held until it is turned off.
 * - `volumeSnapshotGroupEnsure`: `{ members: { <snapshot>: { sizeBytes } } }`. Each member then is a snapshot like others,
 *   to observe, list and delete. Before all of them are complete there is none.
 * - `volumeRevert`: `{ sizeBytes }`: the size it had, where `revertRestoresSize` is declared, else the one it has. Nobody
 *   may be running with the volume: that is `precondition`.
 * - `volumeMigrate`: `{ sizeBytes, pool }`, and `pool` is among the facts of volumes there. One that is in the pool already is
 *   done. Where `volume.migrate` is `offline` nobody may be running with it: that is `precondition`. It is in one pool or
 *   in the other, whatever fails, and what it holds and its snapshots stay as they are.
 * - `vmSnapshotEnsure`: `{ instance, state: 'running' | 'stopped', memoryBytes, disks: { <volume>: { sizeBytes } },
 *   parent? }`, also of its observation. `state` is whether its guest goes on from memory; `parent` is the one that the
 *   instance was at, by the last that was taken or reverted to. The moment is the one when the call is accepted.
 * - `vmSnapshotRevert`: those of the instance, and `disks` with the sizes after it: they go back too. Repeated with its
 *   token it is done already, whatever its guest did since. A suspended instance is resumed or stopped first.
 * - `vmSnapshotDelete`: `{}`; others keep what they have, and the children of one that goes are those of its parent.
 * - `imageDelete`, `volumeDelete`, `volumeSnapshotDelete`, `detach`: `{}`; not found is done with `already: true`. An image
 *   that something still needs, such as a disk that is a layer over it, stays: that is `precondition`.
 * - `instanceDestroy`: the same, and `{ left }` where something that the provider made beside it is still there, by kind
 *   (`seed`, `nic`, `address`, `key`). It is done only when the compute is confirmed gone and every disk of it is
 *   disconnected.
 *
 * A stopped instance holds no volume that it was given; it keeps the root that the provider made for it, and its image.
 * One that was never turned off, since it has not run or its guest ended by itself, may hold them until `off` is done.
 *
 * While an instance has VM snapshots, what `vmSnapshot.blocks` names is refused as `precondition`, and so are the end of
 * a volume that they keep and its use by another instance. They go when it is destroyed.
 */
export interface Driver {
  /** Static and pure. */
  describe(): Capabilities
  probe(context: CallContext): Promise<ProbeReport>

  imageDelete?(id: string, spec: Record<string, never>, context: CallContext): Promise<Outcome>

  volumeEnsure?(id: string, spec: VolumeSpec, context: CallContext): Promise<Outcome>
  volumeResize?(id: string, spec: ResizeSpec, context: CallContext): Promise<Outcome>
  volumeDelete?(id: string, spec: Record<string, never>, context: CallContext): Promise<Outcome>

  volumeSnapshotEnsure?(id: string, spec: SnapshotSpec, context: CallContext): Promise<Outcome>
  volumeSnapshotDelete?(id: string, spec: Record<string, never>, context: CallContext): Promise<Outcome>

  volumeSnapshotGroupEnsure?(id: string, spec: SnapshotGroupSpec, context: CallContext): Promise<Outcome>
  volumeRevert?(id: string, spec: VolumeRevertSpec, context: CallContext): Promise<Outcome>
  volumeMigrate?(id: string, spec: VolumeMigrateSpec, context: CallContext): Promise<Outcome>

  instanceEnsure(id: string, spec: InstanceSpec, context: CallContext): Promise<Outcome>
  instancePower?(id: string, spec: PowerSpec, context: CallContext): Promise<Outcome>
  instanceReset?(id: string, spec: { generation: number }, context: CallContext): Promise<Outcome>
  instanceDestroy(id: string, spec: DestroySpec, context: CallContext): Promise<Outcome>

  /** Id of both is the instance's: calls of one resource are never in flight at once. */
  attach?(id: string, spec: AttachSpec, context: CallContext): Promise<Outcome>
  detach?(id: string, spec: AttachSpec, context: CallContext): Promise<Outcome>

  /** Id of all three is the instance's. Which kinds there are, and of what guests, follows from `vmSnapshot`. */
  vmSnapshotEnsure?(id: string, spec: VmSnapshotSpec, context: CallContext): Promise<Outcome>
  vmSnapshotRevert?(id: string, spec: VmSnapshotRevertSpec, context: CallContext): Promise<Outcome>
  vmSnapshotDelete?(id: string, spec: VmSnapshotDeleteSpec, context: CallContext): Promise<Outcome>

  poll(handle: Handle, context: CallContext): Promise<Outcome>
  /** The engine has persisted the outcome; notes kept for a repeated call may go. May be lost. */
  settle?(token: string): void
  observe(kind: ResourceKind, id: string, context: CallContext): Promise<Observation>
  list(kind: ResourceKind, cursor: string | undefined, context: CallContext): Promise<Page>
  /**
   * How much there is, and is used: of the pool with this name, if it says so with `pool` among the facts; else of
   * everything the provider has. Of volumes: `totalVolumeBytes`, `freeVolumeBytes`, `usedVolumeBytes`,
   * `provisionedVolumeBytes`, each where it is known.
   */
  capacity(pool: string | undefined, context: CallContext): Promise<Facts>
  /** Undefined for an instance it does not know. Reads only, and is asked for when somebody looks. */
  consoleOutput?(instance: string, context: CallContext): Promise<ConsoleOutput | undefined>
  /** Unasked news ("look at this"), until the signal aborts: an observation to compare, never trusted over an answer. */
  watch?(signal: AbortSignal): AsyncIterable<Observation>
  close?(): Promise<void>
}
