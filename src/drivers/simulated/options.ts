/** What a simulated provider can be told to be. */
import {
  type Capabilities,
  capabilities,
  type DeclaredCapabilities,
  type ErrorCode,
  type Observation,
  type Outcome,
} from '../driver.ts'
import type { SimulatedCapacity } from './capacity.ts'
import type { SimulatedClock } from './clock.ts'
import { type Fault, type FaultPlan, FaultPlanInvalid, type FaultStep, plans, type Verb } from './faults.ts'

export interface SimulatedOptions {
  /** File that holds the provider's truth, its own and outside any engine's. Without it the truth is lost with the process. */
  readonly file?: string
  /** Replaces entries of the default capabilities, whole entry by whole entry; a group that is given is given in full. */
  readonly capabilities?: DeclaredCapabilities
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
  /** How long the contents of a volume are moved after a change of its size or type. Default 0: not at all. */
  readonly optimizeMs?: number
  /** Owner tag of what this driver makes. Default `stemma`. */
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
  /** An object is gone without anybody having asked. False if there is none. */
  vanish(id: string): boolean
  /** Puts a volume there that this driver did not make: an orphan, or a stranger's with another `owner`. */
  plant(volume: { id: string; sizeBytes: number; zone?: string; owner?: string }): void
  /**
   * The next call of this verb goes wrong in this way. Throws FaultPlanInvalid, also for a stale read where neither
   * plan nor script has one: nothing older is kept then.
   */
  failNext(verb: Verb, fault: Fault, code?: ErrorCode): void
  /** From now on nothing goes wrong any more, except what `failNext` asks for later. */
  heal(): void
}

export const everyCapability: DeclaredCapabilities = {
  zones: ['a', 'b'],
  bootFromVolume: true,
  canCreateVolumeFromImage: true,
  stateAfterCreate: 'running',
  stop: 'preserves',
  stopStyles: ['acpi', 'hard'],
  start: 'both',
  reboot: 'both',
  graceful: 'reported',
  consoleOutput: true,
  destroyFrom: ['running', 'stopped', 'suspended', 'pending', 'error'],
  volume: { grow: 'online', retype: true, encrypt: true },
  volumeAttach: { hotPlug: true, hotUnplug: true, max: 26, identity: 'serial' },
  volumeSnapshot: { of: ['available', 'in-use'], live: true, independentOfVolume: true },
  idempotency: { by: 'id' },
  capacity: 'measured',
}

/** A plan with stale reads is declared as a lag. Throws ZodError, or FaultPlanInvalid for stale reads without a lag. */
export const declaredBy = (options: SimulatedOptions): Capabilities => {
  const staleReads = plans('staleRead', options.faults, options.script)
  const declared = capabilities({
    ...everyCapability,
    ...(staleReads ? { consistency: { readAfterWrite: false, lagMs: 1000 } } : {}),
    ...options.capabilities,
  })
  if (staleReads && declared.consistency.lagMs === 0) {
    throw new FaultPlanInvalid(
      'stale reads need a declared lag: set capabilities.consistency.lagMs, or leave consistency out',
    )
  }
  return declared
}
