/** What a simulated provider can be told to be. */
import {
  type Capabilities,
  capabilities,
  type DeclaredCapabilities,
  type ErrorCode,
  narrowed,
  type Observation,
  type Outcome,
} from '../driver.ts'
import type { SimulatedCapacity } from './capacity.ts'
import type { SimulatedClock } from './clock.ts'
import { type Fault, type FaultPlan, FaultPlanInvalid, type FaultStep, plans, type Verb } from './faults.ts'
import type { Quirk } from './quirks.ts'
import type { ImageScope } from './world.ts'

export interface SimulatedOptions {
  /** File that holds the provider's truth, its own and outside any engine's. Without it the truth is lost with the process. */
  readonly file?: string
  /** Replaces entries of the default capabilities, whole entry by whole entry; a group that is given is given in full. */
  readonly capabilities?: DeclaredCapabilities
  /**
   * What it can really do, where that differs from what it declares: a driver that lies, for the tests of those who have
   * to notice. It has the calls that it declares.
   */
  readonly abilities?: DeclaredCapabilities
  readonly quirks?: readonly Quirk[]
  /** By image, what its instances offer less of than the provider does. */
  readonly images?: Readonly<Record<string, DeclaredCapabilities>>
  /** Answers at once: no latency, no timers, no work that is spread over time unless a fault says so. */
  readonly instant?: boolean
  /** How long an answer takes; drawn evenly. Default 2 to 20. The effect itself happens when the call arrives. */
  readonly latencyMs?: { readonly min: number; readonly max: number }
  /** Default: the real time. */
  readonly clock?: SimulatedClock
  /** Same seed, same calls in the same order: same latencies, same faults. Default 1. */
  readonly seed?: number
  /** What goes wrong by chance. */
  readonly faults?: FaultPlan
  /** What goes wrong at an exact call. */
  readonly script?: readonly FaultStep[]
  /** How long delayed work takes. Default 10 to 1000. */
  readonly delayMs?: { readonly min: number; readonly max: number }
  readonly capacity?: SimulatedCapacity
  /** Names of the pools it has: then a volume is put, and moved, to no other. Without them it takes any name. */
  readonly pools?: readonly string[]
  /** How long the contents of a volume are moved after a change of its size or type. Default 0: not at all. */
  readonly optimizeMs?: number
  /** Owner tag of what callers ask for who name none. Default `stemma`. */
  readonly owner?: string
  /** Hears of every answer that is given a second time. */
  readonly onDuplicate?: (token: string, outcome: Outcome) => void
}

/** What tests and operators see of the simulated provider, past its driver contract. */
export interface SimulatedWorld {
  /** Everything that exists, of every owner: instances, volumes, snapshots, attachments. Not a call: never late, never wrong. */
  objects(): readonly Observation[]
  /** How many objects were ever made under this id: more than one for one create ask is a leak. */
  made(id: string): number
  /** Calls so far, by verb. */
  readonly calls: { readonly [V in Verb]: number }
  /** How often the guest was reset. */
  resets(instance: string): number
  /** The guest shuts itself down. False if no guest runs there. */
  powerOffGuest(instance: string): boolean
  /** The machine under a guest is lost: it is off, unless it was suspended to disk. False if nothing was lost. */
  loseHost(instance: string): boolean
  /** Somebody else starts what is stopped: the same launch, with the disks it holds. False if it is not stopped. */
  startGuest(instance: string): boolean
  /** Somebody else suspends a running guest. False if none runs there. */
  suspendGuest(instance: string): boolean
  /** Until it is launched or reset again, the guest does nothing of what it is asked to. False if no guest runs there. */
  hangGuest(instance: string): boolean
  /** What a running guest writes does not fit: it is paused until it is told to run and there is room. False if none runs. */
  stallGuest(instance: string): boolean
  /** There is room again. Who waits for it is not told. */
  makeRoom(): void
  /** A running guest writes to its root, in place of what it wrote before. False if no guest with a root runs there. */
  writeRoot(instance: string, text: string): boolean
  /** What a running guest finds on its root; empty if nothing was written. Undefined if no guest with a root runs there. */
  readRoot(instance: string): string | undefined
  /** Of the content: the same for the same content. Undefined if there is no such object; every name is an image. */
  digest(kind: 'image' | 'volume' | 'volumeSnapshot', id: string): string | undefined
  /** Kinds of what was made beside an instance and is there now, also when the instance is not. */
  auxiliary(instance: string): readonly string[]
  /** Takes an image away. False, and it stays, while an instance runs on it or a linked disk needs it. */
  removeImage(image: string): boolean
  /** An object is gone without anybody having asked. False if there is none. */
  vanish(id: string): boolean
  /** Puts a volume there that this driver did not make: an orphan of whoever called last, or a stranger's with another `owner`. */
  plant(volume: { id: string; sizeBytes: number; zone?: string; owner?: string; madeAt?: number }): void
  /**
   * The next call of this verb goes wrong in this way; with a resource, the next that is about it (of connections, the
   * instance), and others go right meanwhile. Throws FaultPlanInvalid, also for a resource of a verb that is about none,
   * and for a stale read where neither plan nor script has one: nothing older is kept then.
   */
  failNext(verb: Verb, fault: Fault, code?: ErrorCode, resource?: string): void
  /** From now on nothing goes wrong any more, except what `failNext` asks for later. */
  heal(): void
}

export const everyCapability: DeclaredCapabilities = {
  zones: ['a', 'b'],
  clonesOnLaunch: 'optional',
  imageExclusive: true,
  canCloneImage: true,
  canDeleteClone: true,
  canCreateVolumeFromImage: true,
  bootFromVolume: true,
  bootFromSnapshot: true,
  stateAfterCreate: 'running',
  stop: 'preserves',
  stopStyles: ['acpi', 'hard'],
  start: 'both',
  reboot: 'both',
  graceful: 'reported',
  suspend: 'disk',
  pause: true,
  consoleOutput: true,
  destroyFrom: ['running', 'stopped', 'suspended', 'pending', 'error'],
  rootOnDestroy: 'byFlag',
  attachmentsOnDestroy: 'byFlag',
  auxiliaryOnDestroy: ['seed', 'nic', 'address', 'key'],
  volume: { grow: 'online', retype: true, encrypt: true, migrate: 'online' },
  volumeAttach: { hotPlug: true, hotUnplug: true, max: 26, identity: 'serial' },
  volumeSnapshot: {
    of: ['available', 'in-use'],
    live: true,
    group: true,
    independentOfVolume: true,
    revert: true,
    revertRestoresSize: true,
  },
  vmSnapshot: {
    memory: true,
    diskOnly: true,
    live: true,
    quiesce: true,
    tree: true,
    revertWhileRunning: true,
    maxCount: 16,
    maxDepth: 8,
    blocks: ['attach', 'detach', 'resize'],
  },
  idempotency: { by: 'id' },
  capacity: 'measured',
}

export interface Declaration {
  readonly declared: Capabilities
  readonly abilities: Capabilities
  readonly images: ReadonlyMap<string, ImageScope>
}

/**
 * A plan with stale reads is declared as a lag. Throws ZodError, CapabilityRefused for an image that offers more than
 * the provider, or FaultPlanInvalid for stale reads without a lag.
 */
export const declarationOf = (options: SimulatedOptions): Declaration => {
  const staleReads = plans('staleRead', options.faults, options.script)
  const said: DeclaredCapabilities = {
    ...everyCapability,
    ...(options.images ? { imagesNarrow: true } : {}),
    ...(staleReads ? { consistency: { readAfterWrite: false, lagMs: 1000 } } : {}),
    ...options.capabilities,
  }
  const declared = capabilities(said)
  const abilities = options.abilities === undefined ? declared : capabilities({ ...said, ...options.abilities })
  if (staleReads && abilities.consistency.lagMs === 0) {
    throw new FaultPlanInvalid(
      'stale reads need a declared lag: set capabilities.consistency.lagMs, or leave consistency out',
    )
  }
  const images = Object.entries(options.images ?? {}).map(([image, scope]): [string, ImageScope] => [
    image,
    { scope, abilities: narrowed(abilities, scope) },
  ])
  return { declared, abilities, images: new Map(images) }
}
