/**
 * One attempt at an ask: the driver is called, polled or looked at, and what it says closes the ask or sets the time of
 * the next attempt. Unknown outcomes are settled by asking again where the driver declares idempotency, else by looking.
 * (design: contract point 5.)
 */
import type { Json } from '../../machines/grammar.ts'
import type { Capabilities, Driver, DriverError, Observation, Outcome } from '../drivers/driver.ts'
import type { Clock } from '../runtime/clock.ts'
import type { NewsOutcome, ReportInput } from '../runtime/news.ts'
import type { AskRow, AskUpdate } from '../store/store.ts'
import { Abort, call, contextOf, within } from './call.ts'
import type { Task } from './lane.ts'
import { withWhatIsLeft } from './narrower.ts'
import { isSafeTwice, knowsAgain, leavesTrace, sighting, whereToLook } from './observe.ts'
import { backoffMs, FLOOR_MS, WAIT_MS_MAX } from './retry.ts'

/** Progress is an event each time: at most twenty of one call. */
const STEP_PERCENT = 5

export interface Provider {
  readonly driver: Driver
  readonly capabilities: Capabilities
}

export interface CarrierOptions {
  /** Whose calls these are. */
  readonly owner: string
  readonly clock: Clock
  /** Commits an answer. */
  readonly report: (report: ReportInput) => Promise<NewsOutcome>
  /** Remembers the attempts of an ask that is still open. */
  readonly progress: (resource: string, update: AskUpdate) => Promise<NewsOutcome>
  /** Parses a driver's facts by the answer's schema; undefined if they do not fit. */
  readonly parse: (type: string, data: unknown) => Json | undefined
  /** It is to be attempted again when it is due. */
  readonly offer: (task: Task) => void
  /** It is not open any more. */
  readonly close: (token: string) => void
}

export class Carrier {
  readonly #options: CarrierOptions
  readonly counts = { calls: 0, done: 0, rejected: 0, retries: 0, unknown: 0, stale: 0 }

  constructor(options: CarrierOptions) {
    this.#options = options
  }

  /** Makes an attempt; without a provider there is nobody to ask yet. Never rejects. */
  async carry(task: Task, provider: Provider | undefined): Promise<void> {
    try {
      await (provider ? this.#attempt(task, provider) : this.#waitForProvider(task))
    } catch (error) {
      // Whatever was not foreseen must not end the process, nor leave this ask to nobody.
      if (!task.isClosed) await this.#again(task, failure(`it went wrong: ${String(error)}`))
    }
  }

  #waitForProvider(task: Task): Promise<void> {
    // Counted like a call, so that it is looked for less and less often.
    task.ask = { ...task.ask, attempts: task.ask.attempts + 1 }
    return this.#again(task, failure(`no driver is registered as '${task.ask.provider}'; register it and restart`))
  }

  async #attempt(task: Task, provider: Provider): Promise<void> {
    const isPoll = task.ask.handle !== undefined
    task.abort = new Abort()
    if (!isPoll) {
      // One of an earlier process may be as old as it likes.
      task.calledAt ??= task.doubtUntil === undefined ? this.#options.clock.now() : Number.NEGATIVE_INFINITY
      if (task.doubtUntil !== undefined) return this.#look(task, provider)
      if (task.isUnsure && !this.#isKnown(task, provider)) return this.#beginToDoubt(task, provider, task.ask.lastError)
      task.ask = { ...task.ask, attempts: task.ask.attempts + 1 }
    }
    this.counts.calls += 1
    const timeoutMs = provider.capabilities.limits.callTimeoutMs
    const outcome = await call(provider.driver, task.ask, { ...this.#options, timeoutMs, abort: task.abort })
    if (task.isClosed) {
      this.counts.stale += 1
      return
    }
    await this.#settle(task, provider, outcome)
  }

  async #settle(task: Task, provider: Provider, outcome: Outcome): Promise<void> {
    switch (outcome.kind) {
      case 'done':
        return this.#done(task, provider, factsOf(outcome))
      case 'pending':
        return this.#pending(task, outcome)
      case 'rejected':
        if (outcome.error.retry === 'same' || outcome.error.retry === 'later') return this.#again(task, outcome.error)
        if (outcome.error.retry === 'observe-first') return this.#doubt(task, provider, outcome.error)
        return this.#answer(task, provider.driver, task.ask.rejected, rejectionOf(outcome.error), 'rejected')
      case 'unknown':
        return this.#doubt(task, provider, outcome.error)
    }
  }

  /** It is being done: whoever wants to know hears of it, and it is asked for again later. */
  async #pending(task: Task, { handle, pollAfterMs, progress }: Extract<Outcome, { kind: 'pending' }>): Promise<void> {
    await this.#tell(task, percentOf(progress))
    if (!task.isClosed) await this.#wait(task, Math.max(FLOOR_MS, pollAfterMs), undefined, JSON.stringify(handle))
  }

  async #tell(task: Task, percent: number): Promise<void> {
    const { resource, progressed: type, position, correlation, provider: name } = task.ask
    if (type === undefined || percent < (task.percent ?? -STEP_PERCENT) + STEP_PERCENT) return
    const news = { resource, type, data: { percent }, causation: position, correlation, actor: `driver:${name}` }
    // What cannot be written now is told with the next poll.
    const outcome = await this.#options.report(news).catch(() => undefined)
    if (outcome !== undefined) task.percent = percent
  }

  #done(task: Task, provider: Provider, facts: Record<string, unknown>): Promise<void> {
    const data = this.#parsed(task.ask.done, facts, provider)
    if (data === undefined) return this.#doubt(task, provider, failure(`its facts do not fit ${task.ask.done}`))
    return this.#answer(task, provider.driver, task.ask.done, data, 'done')
  }

  #parsed(type: string, facts: Record<string, unknown>, { capabilities }: Provider): Json | undefined {
    const whole = withWhatIsLeft(facts, capabilities)
    return whole && this.#options.parse(type, whole)
  }

  /** Unknown: ask again where that is safe, else look at the world first. */
  #doubt(task: Task, provider: Provider, error: DriverError): Promise<void> {
    this.counts.unknown += 1
    const isSafe = isSafeTwice(task.ask.verb, JSON.parse(task.ask.args)) || error.code === 'partial'
    if (!isSafe && !this.#isKnown(task, provider)) return this.#beginToDoubt(task, provider, error.message)
    // While it waits, its provider may forget it.
    task.isUnsure = !isSafe
    return this.#again(task, error)
  }

  #isKnown({ calledAt = Number.NEGATIVE_INFINITY }: Task, { capabilities }: Provider): boolean {
    return knowsAgain(capabilities, calledAt, this.#options.clock.now())
  }

  #beginToDoubt(task: Task, provider: Provider, lastError: string | undefined): Promise<void> {
    task.doubtUntil = this.#options.clock.now() + provider.capabilities.consistency.lagMs
    task.ask = { ...task.ask, lastError, handle: undefined }
    return this.#look(task, provider)
  }

  /**
   * Looks whether the call has had its effect. A look may show a time before the call: what it finds, there or not there,
   * counts only after the declared lag. What is not there then is asked for again.
   */
  async #look(task: Task, provider: Provider): Promise<void> {
    const { driver, capabilities } = provider
    const { clock, owner } = this.#options
    const { ask } = task
    const waitMs = backoffMs(Math.max(1, ask.attempts), ask.token)
    const args = JSON.parse(ask.args) as unknown
    const { kind, id } = whereToLook(ask.verb, ask.resource, args)
    const { callTimeoutMs } = capabilities.limits
    task.abort = new Abort()
    const context = contextOf(ask, { clock, timeoutMs: callTimeoutMs, abort: task.abort, owner })
    const since = clock.now()
    let seen: Observation
    try {
      seen = await within(clock, callTimeoutMs, task.abort, () => driver.observe(kind, id, context))
    } catch (thrown) {
      return task.isClosed ? undefined : this.#wait(task, waitMs, `observing it failed: ${String(thrown)}`, undefined)
    }
    if (task.isClosed) return
    const found = sighting(ask.verb, args, seen)
    const isOfNow = since >= task.doubtUntil!
    if (found.verdict === 'done' && isOfNow) {
      const data = this.#parsed(ask.done, found.facts, provider)
      if (data !== undefined) return this.#answer(task, driver, ask.done, data, 'done')
    }
    const isAskedAgain = found.verdict === 'asBefore' || (found.verdict === 'notDone' && isOfNow)
    if (isAskedAgain) {
      task.doubtUntil = undefined
      task.isUnsure = false
    }
    return this.#wait(task, isAskedAgain ? waitMs : capabilities.consistency.lagMs + waitMs, ask.lastError, undefined)
  }

  #again(task: Task, error: DriverError): Promise<void> {
    this.counts.retries += 1
    const waitMs = backoffMs(task.ask.attempts, task.ask.token, error.retryAfterMs)
    return this.#wait(task, waitMs, error.message, undefined)
  }

  async #wait(task: Task, waitMs: number, lastError: string | undefined, handle: string | undefined): Promise<void> {
    const dueAt = this.#options.clock.now() + Math.min(waitMs, WAIT_MS_MAX)
    task.ask = { ...task.ask, dueAt, lastError, handle }
    const { token, attempts } = task.ask
    // If this cannot be written, memory still knows; after a crash the call is repeated, as any call may be.
    const update = { token, attempts, dueAt, lastError, handle }
    const outcome = await this.#options.progress(task.ask.resource, update).catch(() => 'unwritten' as const)
    if (outcome === 'stale') this.#forget(token)
    else if (!task.isClosed) this.#options.offer(task)
  }

  /** It was closed before it was loaded here: nobody waits for its answer, and it must not hold up the next. */
  #forget(token: string): void {
    this.counts.stale += 1
    this.#options.close(token)
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

/**
 * Until when an ask is in doubt that an earlier process may have called: what is not seen by then is not there. Undefined
 * where calling it again is safe.
 */
export function doubtOf(
  { verb, args, handle }: AskRow,
  provider: Provider | undefined,
  now: number,
): number | undefined {
  const known = provider?.capabilities
  const isSafe =
    known === undefined ||
    knowsAgain(known, Number.NEGATIVE_INFINITY, now) ||
    handle !== undefined ||
    isSafeTwice(verb, JSON.parse(args)) ||
    !leavesTrace(verb)
  return isSafe ? undefined : now + known.consistency.lagMs
}

/** Found done already is worth knowing where the answer's shape has a place for it. */
const factsOf = ({ facts, ref, already }: Extract<Outcome, { kind: 'done' }>) => ({
  ...facts,
  ref,
  ...(already && { already }),
})

/** What a driver says of its progress, if that is anything. */
function percentOf(progress: { done: number; total: number } | undefined): number {
  const percent = Math.floor((100 * Number(progress?.done)) / Number(progress?.total))
  return Number.isFinite(percent) ? Math.min(Math.max(percent, 0), 100) : 0
}

const failure = (message: string): DriverError => ({
  code: 'unknownOutcome',
  effect: 'possible',
  retry: 'same',
  message,
})
const rejectionOf = ({ code, message, retry }: DriverError): Json => ({ code, message, retry })
