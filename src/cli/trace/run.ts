/**
 * Runs a plan through the whole engine on virtual time: submit, outbox, driver, reports. At each instant ends come
 * first, then starts, and time moves on only when the engine is idle, so every event bears the time of its instant.
 *
 * It may die anywhere. Started again on the same file it reads the log, lets the engine finish what was open, and does
 * what the log does not show. (design: contract points 1, 4, 5, 7.)
 */
import { kinds } from '../../../machines/index.ts'
import { projections } from '../../../projections/index.ts'
import { createEngine, type Driver, type Engine, Refused, type Session, type Store } from '../../index.ts'
import { type Figures, figuresOf } from './figures.ts'
import { type Instant, instants, machineCount, type TracePlan } from './plan.ts'
import { batchToken, type Standing, standingOf } from './standing.ts'
import { type RunningMs, usageMs } from './usage.ts'
import { VirtualClock } from './virtual-clock.ts'

type Kinds = typeof kinds
type TraceEngine = Engine<Kinds, typeof projections, Store>
type TraceSession = Session<Kinds>

export interface Progress {
  /** Machines launched so far, of how many. */
  readonly launched: number
  readonly total: number
  readonly second: number
}
export interface TraceOptions {
  readonly store: Store
  readonly driver: Driver
  /** Once aborted, the run stops at the next instant; it is resumed by running it again. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
  readonly residentMax?: number
}
export interface TraceOutcome {
  /** Undefined when interrupted. */
  readonly figures: Figures | undefined
  /** How long machines of each flavour ran, from the view of usage; of an interrupted run, of none. */
  readonly usageMs: RunningMs
  /** Events of this run alone, and what was in the log before it. */
  readonly eventsWritten: number
  readonly eventsFound: number
}

const ACCOUNT = 'azure'
const ACTOR = 'trace@azure'
const ROOT_BYTES = 30 * 2 ** 30
/** Submits waiting at once. Fewer leave transactions half empty, more only hold memory. */
const SUBMITS_MAX = 1_024
/** Sized for the two cores and the 1 GiB that a whole trace must fit into, with 25 thousand machines and their disks. */
const RESIDENT_MAX = 60_000
const ENGINE_BOUNDS = { batchMax: 512, queueMax: 20_000, asksMax: 20_000, behindMax: 8_192 }

/**
 * Runs or resumes the plan. Closes store and driver.
 * Throws TraceMismatch (the file holds something else), StoreError, and whatever the engine met as a fault.
 */
export async function runTrace(plan: TracePlan, options: TraceOptions): Promise<TraceOutcome> {
  const { store, driver, residentMax = RESIDENT_MAX } = options
  const clock = new VirtualClock(plan.startSecond * 1_000)
  const drivers = { azure: driver }
  const engine = await createEngine({
    kinds,
    projections,
    store,
    drivers,
    clock,
    residentMax,
    surveyEveryMs: 0,
    ...ENGINE_BOUNDS,
  })
  try {
    const eventsFound = engine.health().position
    const run = new TraceRun(plan, options, engine, clock, await standingOf(store, plan))
    const isDone = await run.all()
    const figures = isDone ? await figuresOf(store, plan, run.refusals) : undefined
    const used = isDone ? await usageMs(engine.views.usage, plan, letterOf) : {}
    return { figures, usageMs: used, eventsFound, eventsWritten: engine.health().position - eventsFound }
  } finally {
    await engine.close()
  }
}

class TraceRun {
  readonly #plan: TracePlan
  readonly #options: TraceOptions
  readonly #engine: TraceEngine
  readonly #clock: VirtualClock
  readonly #standing: Standing
  readonly #tenant: TraceSession
  readonly #faults: unknown[] = []
  #image = ''
  #launched = 0
  refusals = 0

  constructor(plan: TracePlan, options: TraceOptions, engine: TraceEngine, clock: VirtualClock, standing: Standing) {
    this.#plan = plan
    this.#options = options
    this.#engine = engine
    this.#clock = clock
    this.#standing = standing
    this.#tenant = engine.as({ account: ACCOUNT, actor: ACTOR })
    this.#launched = standing.idByMachine.size + standing.endedCount
    engine.on('fault', error => this.#faults.push(error))
  }

  /** Whether it came to the end; false if interrupted. */
  async all(): Promise<boolean> {
    // Calls that were open when the last run died wait for the time at which they were asked.
    this.#clock.advance(this.#standing.at)
    await this.#settle()
    await this.#prepare()
    for (const instant of instants(this.#plan)) {
      if (this.#options.signal?.aborted) return false
      await this.#pass(instant)
    }
    this.#clock.advance(this.#plan.horizonSecond * 1_000)
    await this.#settle()
    return true
  }

  /** An image to launch from and an offering for each flavour. Their tokens make this the same when it is done again. */
  async #prepare(): Promise<void> {
    const operator = this.#engine.as({ account: ACCOUNT, actor: ACTOR, authority: 'operator' })
    const define = this.#plan.flavours.map(({ letter, vcpus, memoryBytes }) => ({
      kind: 'offering',
      command: 'define',
      input: { name: offeringName(letter), vcpus, memoryBytes },
    }))
    if (define.length) await operator.submit(define, { token: 'azure/flavours' })
    const input = { name: this.#plan.title, sizeBytes: ROOT_BYTES }
    const [image] = await this.#tenant.submit([{ kind: 'image', command: 'register', input }], { token: 'azure/image' })
    this.#image = image!.id
  }

  async #pass({ second, ends, batches, passing }: Instant): Promise<void> {
    this.#clock.advance(second * 1_000)
    await this.#end(ends)
    await this.#launch(batches)
    await this.#end(passing)
    this.#options.onProgress?.({ launched: this.#launched, total: machineCount(this.#plan), second })
  }

  /** Each by a caller of its own; those asked to end before an interruption are known to be. */
  async #end(machines: Uint32Array): Promise<void> {
    const { idByMachine } = this.#standing
    const submits: (() => Promise<unknown>)[] = []
    for (const machine of machines) {
      const id = idByMachine.get(machine)
      if (id !== undefined) submits.push(() => this.#tenant.submit([{ kind: 'instance', command: 'terminate', id }]))
      idByMachine.delete(machine)
    }
    await this.#inWindows(submits)
  }

  async #launch([from, to]: Instant['batches']): Promise<void> {
    const submits: (() => Promise<unknown>)[] = []
    for (let batch = from; batch < to; batch += 1)
      if (!this.#standing.launchedBatches.has(batch)) submits.push(() => this.#launchBatch(batch))
    await this.#inWindows(submits)
  }

  async #launchBatch(batch: number): Promise<void> {
    const { batchStarts, flavourIndexes, flavours } = this.#plan
    const first = batchStarts[batch]!
    const commands = Array.from(flavourIndexes.subarray(first, batchStarts[batch + 1]), flavour => ({
      kind: 'instance',
      command: 'launch',
      input: { image: this.#image, type: offeringName(flavours[flavour]!.letter) },
    }))
    const results = await this.#tenant.submit(commands, { token: batchToken(batch) })
    for (const [nth, { id }] of results.entries()) this.#standing.idByMachine.set(first + nth, id)
    this.#launched += results.length
  }

  /** All of them, SUBMITS_MAX at once, and then whatever the engine makes of them. A refusal is counted, not thrown. */
  async #inWindows(submits: readonly (() => Promise<unknown>)[]): Promise<void> {
    if (submits.length === 0) return
    for (let from = 0; from < submits.length; from += SUBMITS_MAX) {
      const window = submits.slice(from, from + SUBMITS_MAX).map(submit => submit())
      for (const settled of await Promise.allSettled(window)) {
        if (settled.status === 'fulfilled') continue
        if (!(settled.reason instanceof Refused)) throw settled.reason
        this.refusals += 1
      }
    }
    await this.#settle()
  }

  async #settle(): Promise<void> {
    await this.#engine.idle()
    if (this.#faults.length) throw this.#faults[0]
  }
}

const OFFERING = 'azure-'
const offeringName = (letter: string): string => `${OFFERING}${letter}`
const letterOf = (offering: string): string => offering.slice(OFFERING.length)
