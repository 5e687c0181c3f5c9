/**
 * Carries out asks: one call in flight for each resource, many resources at once, at least once, with the same token for
 * every attempt. Knows verbs and answers, never kinds. (design: contract point 5.)
 *
 * An ask ends here in one of two ways: its answer is committed, or a superseding ask closed it. Everything else (an
 * unknown outcome, a timeout, a driver that throws, a commit that fails) leads to another attempt, by asking again where
 * the driver declares idempotency, else by looking.
 */
import type { Json } from '../../machines/grammar.ts'
import type { Capabilities, Driver, DriverError, Observation, Outcome } from '../drivers/driver.ts'
import type { Clock } from '../runtime/clock.ts'
import type { NewsOutcome, ReportInput } from '../runtime/news.ts'
import type { AskRow, AskUpdate, Store } from '../store/store.ts'
import { Abort, call, contextOf, within } from './call.ts'
import { isSafeTwice, leavesTrace, sighting, whereToLook } from './observe.ts'
import { backoffMs, FLOOR_MS } from './retry.ts'

export interface Provider {
  readonly driver: Driver
  readonly capabilities: Capabilities
}

export interface WorkerOptions {
  readonly store: Pick<Store, 'asks'>
  readonly clock: Clock
  readonly providers: ReadonlyMap<string, Provider>
  /** Commits an answer. */
  readonly report: (report: ReportInput) => Promise<NewsOutcome>
  /** Remembers the attempts of an ask that is still open. */
  readonly progress: (resource: string, update: AskUpdate) => Promise<NewsOutcome>
  /** Parses a driver's facts by the answer's schema; undefined if they do not fit. */
  readonly parse: (type: string, data: unknown) => Json | undefined
  /** Open asks kept in memory; beyond it the rest waits in the store. */
  readonly residentMax: number
}

interface Task {
  ask: AskRow
  /** Of the attempt under way: one that was given up must not spoil the next. */
  abort: Abort
  /**
   * The call may have been made already: until this time what is not seen may still appear. Where calls are not
   * idempotent, nothing is called before a look later than this has found it not done.
   */
  doubtUntil: number | undefined
  state: 'queued' | 'waiting' | 'running' | 'answering'
  isClosed: boolean
  forget?: () => void
}

/** When a store that could not be read is tried again. */
const READ_AGAIN_MS = 1_000

export class Worker {
  readonly #options: WorkerOptions
  /** Open asks of each resource, oldest first; only the first is worked on. */
  readonly #lines = new Map<string, Task[]>()
  readonly #ready = new Map<string, Task[]>()
  readonly #running = new Map<string, number>()
  readonly #calls = new Set<Promise<void>>()
  #resident = 0
  #lastTaken = 0
  #isBehind = false
  #isLoading = false
  /** Asks were opened while a chunk was being read, which may not have them. */
  #isMissed = false
  #isStopped = false
  #idle: (() => void)[] = []
  readonly counts = { calls: 0, done: 0, rejected: 0, retries: 0, unknown: 0, stale: 0, superseded: 0, unread: 0 }

  constructor(options: WorkerOptions) {
    this.#options = options
  }

  /** Open asks in memory, and calls under way. */
  get resident(): number {
    return this.#resident
  }
  get inFlight(): number {
    return this.#calls.size
  }
  get isBehind(): boolean {
    return this.#isBehind
  }

  /** Loads what was open when the last process ended. */
  async start(): Promise<void> {
    this.#isBehind = true
    await this.#load()
  }

  /** A commit opened and closed these. Closed ones first: a superseding ask must not wait behind what it ended. */
  committed(opened: readonly AskRow[], closed: readonly string[]): void {
    for (const token of closed) this.#close(token)
    // Asked and superseded in one commit: it was never open, and must not be called.
    const ended = new Set(closed)
    const open = ended.size ? opened.filter(({ token }) => !ended.has(token)) : opened
    if (!this.#isBehind) for (const ask of open) this.#take(ask)
    else if (open.length) this.#isMissed = true
    this.#after()
  }

  /** Resolves when no ask is ready or running; those that wait for a later time do not count. */
  idle(): Promise<void> {
    return this.isIdle() ? Promise.resolve() : new Promise(resolve => this.#idle.push(resolve))
  }

  /** Starts no more calls; resolves when those under way have been answered and committed. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const line of this.#lines.values()) for (const task of line) task.forget?.()
    while (this.#calls.size) await Promise.race(this.#calls)
  }

  /** Whether no ask is ready or under way. */
  isIdle(): boolean {
    if (this.#calls.size || this.#isLoading || this.#isBehind) return false
    for (const ready of this.#ready.values()) if (ready.length) return false
    return true
  }

  #take(ask: AskRow, doubtUntil?: number): void {
    if (this.#resident >= this.#options.residentMax) {
      this.#isBehind = true
      return
    }
    this.#lastTaken = Math.max(this.#lastTaken, ask.position)
    const line = this.#lines.get(ask.resource) ?? []
    if (line.some(task => task.ask.token === ask.token)) return
    this.#lines.set(ask.resource, line)
    const task: Task = { ask, abort: new Abort(), doubtUntil, state: 'queued', isClosed: false }
    line.push(task)
    this.#resident += 1
    if (line.length === 1) this.#offer(task)
  }

  #offer(task: Task): void {
    const { clock } = this.#options
    if (task.ask.dueAt > clock.now()) {
      task.state = 'waiting'
      task.forget = clock.wakeAt(task.ask.dueAt, () => {
        if (task.isClosed || this.#isStopped) return
        this.#enqueue(task)
        this.#dispatch()
      })
      return
    }
    this.#enqueue(task)
  }

  #enqueue(task: Task): void {
    task.state = 'queued'
    const ready = this.#ready.get(task.ask.provider) ?? []
    this.#ready.set(task.ask.provider, ready)
    ready.push(task)
  }

  #close(token: string): void {
    const resource = token.replace(/\.\d+\.\d+$/, '')
    const line = this.#lines.get(resource)
    const index = line?.findIndex(task => task.ask.token === token) ?? -1
    if (!line || index < 0) return
    const [task] = line.splice(index, 1) as [Task]
    task.isClosed = true
    task.forget?.()
    this.#resident -= 1
    if (task.state === 'running') {
      task.abort.abort('was superseded')
      this.counts.superseded += 1
    }
    if (line.length === 0) this.#lines.delete(resource)
    else if (index === 0) this.#offer(line[0]!)
  }

  #dispatch(): void {
    if (this.#isStopped) return
    for (const [name, ready] of this.#ready) {
      const provider = this.#options.providers.get(name)
      const inFlightMax = provider?.capabilities.limits.callsInFlightMax ?? 1
      let next = 0
      while (next < ready.length && (this.#running.get(name) ?? 0) < inFlightMax) {
        const task = ready[next]!
        next += 1
        if (task.isClosed) continue
        task.state = 'running'
        this.#running.set(name, (this.#running.get(name) ?? 0) + 1)
        const running: Promise<void> = this.#carry(task, provider)
          // Whatever was not foreseen must not end the process, nor leave this ask to nobody.
          .catch(error => (task.isClosed ? undefined : this.#again(task, failure(`it went wrong: ${String(error)}`))))
          .finally(() => {
            this.#running.set(name, (this.#running.get(name) ?? 1) - 1)
            this.#calls.delete(running)
            this.#after()
          })
        this.#calls.add(running)
      }
      if (next > 0) ready.splice(0, next)
    }
    if (this.#idle.length && this.isIdle()) for (const resolve of this.#idle.splice(0)) resolve()
  }

  #after(): void {
    if (this.#isBehind && !this.#isStopped && this.#resident <= this.#options.residentMax / 2)
      void this.#load().catch(() => this.#loadLater())
    this.#dispatch()
  }

  /** The store could not be read; what is open there stays open. */
  #loadLater(): void {
    const { clock } = this.#options
    this.counts.unread += 1
    clock.wakeAt(clock.now() + READ_AGAIN_MS, () => this.#after())
  }

  /** Takes the next asks from the store, in order; done when it has no more. */
  async #load(): Promise<void> {
    if (this.#isLoading) return
    this.#isLoading = true
    try {
      const limit = this.#options.residentMax - this.#resident
      this.#isMissed = false
      // One position may have several asks, and the last of them may not have fitted: begin with it again.
      const rows = limit > 0 ? await this.#options.store.asks(Math.max(0, this.#lastTaken - 1), limit) : []
      this.#isBehind = rows.length >= limit || this.#isMissed
      for (const row of rows) this.#take(row, this.#doubtOf(row))
    } finally {
      this.#isLoading = false
    }
    if (this.#isMissed) this.#after()
    else this.#dispatch()
  }

  /** An ask of an earlier process may have been called by it. */
  #doubtOf({ verb, provider, handle }: AskRow): number | undefined {
    const { clock, providers } = this.#options
    const known = providers.get(provider)?.capabilities
    const isSafe = known?.idempotency.by !== 'none' || handle !== undefined || isSafeTwice(verb) || !leavesTrace(verb)
    return isSafe ? undefined : clock.now() + known.consistency.lagMs
  }

  async #carry(task: Task, provider: Provider | undefined): Promise<void> {
    if (!provider) {
      // Counted like a call, so that it is looked for less and less often.
      task.ask = { ...task.ask, attempts: task.ask.attempts + 1 }
      return this.#again(task, failure(`no driver is registered as '${task.ask.provider}'; register it and restart`))
    }
    const { clock } = this.#options
    const isPoll = task.ask.handle !== undefined
    task.abort = new Abort()
    if (task.doubtUntil !== undefined && !isPoll) return this.#look(task, provider)
    if (!isPoll) task.ask = { ...task.ask, attempts: task.ask.attempts + 1 }
    this.counts.calls += 1
    const timeoutMs = provider.capabilities.limits.callTimeoutMs
    const outcome = await call(provider.driver, task.ask, clock, timeoutMs, task.abort)
    if (task.isClosed) {
      this.counts.stale += 1
      return
    }
    await this.#settle(task, provider, outcome)
  }

  async #settle(task: Task, provider: Provider, outcome: Outcome): Promise<void> {
    switch (outcome.kind) {
      case 'done':
        return this.#done(task, provider, { ...outcome.facts, ref: outcome.ref })
      case 'pending':
        return this.#wait(task, Math.max(FLOOR_MS, outcome.pollAfterMs), undefined, JSON.stringify(outcome.handle))
      case 'rejected':
        if (outcome.error.retry === 'same' || outcome.error.retry === 'later') return this.#again(task, outcome.error)
        if (outcome.error.retry === 'observe-first') return this.#doubt(task, provider, outcome.error)
        return this.#answer(task, provider.driver, task.ask.rejected, rejectionOf(outcome.error), 'rejected')
      case 'unknown':
        return this.#doubt(task, provider, outcome.error)
    }
  }

  #done(task: Task, provider: Provider, facts: Record<string, unknown>): Promise<void> {
    const data = this.#options.parse(task.ask.done, facts)
    if (data === undefined) return this.#doubt(task, provider, failure(`its facts do not fit ${task.ask.done}`))
    return this.#answer(task, provider.driver, task.ask.done, data, 'done')
  }

  /** Unknown: ask again where that is safe, else look at the world first. */
  #doubt(task: Task, provider: Provider, error: DriverError): Promise<void> {
    this.counts.unknown += 1
    const { idempotency, consistency } = provider.capabilities
    if (idempotency.by !== 'none' || isSafeTwice(task.ask.verb) || error.code === 'partial')
      return this.#again(task, error)
    task.doubtUntil = this.#options.clock.now() + consistency.lagMs
    task.ask = { ...task.ask, lastError: error.message, handle: undefined }
    return this.#look(task, provider)
  }

  /**
   * Looks whether the call has had its effect. What is not there yet may still appear: it counts as absent only after
   * the declared lag, and then the call is made again.
   */
  async #look(task: Task, { driver, capabilities }: Provider): Promise<void> {
    const { clock } = this.#options
    const { ask } = task
    const waitMs = backoffMs(Math.max(1, ask.attempts), ask.token)
    const args = JSON.parse(ask.args) as unknown
    const { kind, id } = whereToLook(ask.verb, ask.resource, args)
    const { callTimeoutMs } = capabilities.limits
    task.abort = new Abort()
    const context = contextOf(ask, clock, callTimeoutMs, task.abort)
    const since = clock.now()
    let seen: Observation
    try {
      seen = await within(clock, callTimeoutMs, task.abort, () => driver.observe(kind, id, context))
    } catch (thrown) {
      return task.isClosed ? undefined : this.#wait(task, waitMs, `observing it failed: ${String(thrown)}`, undefined)
    }
    if (task.isClosed) return
    const found = sighting(ask.verb, args, seen)
    if (found.verdict === 'done') {
      const data = this.#options.parse(ask.done, found.facts)
      if (data !== undefined) return this.#answer(task, driver, ask.done, data, 'done')
    }
    const isAbsent = found.verdict === 'notDone' && since >= task.doubtUntil!
    if (isAbsent) task.doubtUntil = undefined
    return this.#wait(task, isAbsent ? waitMs : capabilities.consistency.lagMs + waitMs, ask.lastError, undefined)
  }

  #again(task: Task, error: DriverError): Promise<void> {
    this.counts.retries += 1
    const waitMs = backoffMs(task.ask.attempts, task.ask.token, error.retryAfterMs)
    return this.#wait(task, waitMs, error.message, undefined)
  }

  async #wait(task: Task, waitMs: number, lastError: string | undefined, handle: string | undefined): Promise<void> {
    const dueAt = this.#options.clock.now() + waitMs
    task.ask = { ...task.ask, dueAt, lastError, handle }
    const { token, attempts } = task.ask
    // If this cannot be written, memory still knows; after a crash the call is repeated, as any call may be.
    const update = { token, attempts, dueAt, lastError, handle }
    const outcome = await this.#options.progress(task.ask.resource, update).catch(() => 'unwritten' as const)
    if (outcome === 'stale') this.#forget(token)
    else if (!task.isClosed) this.#offer(task)
  }

  /** It was closed before it was loaded here: nobody waits for its answer, and it must not hold up the next. */
  #forget(token: string): void {
    this.counts.stale += 1
    this.#close(token)
  }

  async #answer(task: Task, driver: Driver, type: string, data: Json, count: 'done' | 'rejected'): Promise<void> {
    const { token, resource, position, correlation, provider: name } = task.ask
    const report = { resource, type, data, answers: token, causation: position, correlation, actor: `driver:${name}` }
    task.state = 'answering'
    try {
      const outcome = await this.#options.report(report)
      if (outcome === 'stale') this.#forget(token)
      else this.counts[count] += 1
      driver.settle?.(token)
    } catch (error) {
      if (!task.isClosed) await this.#again(task, failure(`its answer could not be committed: ${String(error)}`))
    }
  }
}

const failure = (message: string): DriverError => ({
  code: 'unknownOutcome',
  effect: 'possible',
  retry: 'same',
  message,
})
const rejectionOf = ({ code, message, retry }: DriverError): Json => ({ code, message, retry })
