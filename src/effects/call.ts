/** One call of a driver: whatever it does (answers, throws, never answers) becomes one Outcome. */
import type { CallContext, Driver, DriverError, Handle, Outcome } from '../drivers/driver.ts'
import type { Clock } from '../runtime/clock.ts'
import type { AskRow } from '../store/store.ts'
import { understood } from './understood.ts'

type Method = (id: string, args: unknown, context: CallContext) => Promise<Outcome>

const unknown = (message: string): Outcome => ({
  kind: 'unknown',
  error: { code: 'unknownOutcome', effect: 'possible', retry: 'observe-first', message },
})

/** What is called: an ask, or what is like one. */
export type Called = Pick<AskRow, 'token' | 'attempts' | 'verb' | 'resource' | 'args' | 'handle'>

/** How a call is made: as whose, how long its answer is waited for, and who ends the wait. */
export interface Calling {
  readonly owner: string
  readonly clock: Clock
  readonly timeoutMs: number
  readonly abort: Abort
}

/** Calls the ask's verb, or polls its handle. Never rejects; after `timeoutMs`, or when aborted, the outcome is unknown. */
export function call(driver: Driver, ask: Called, how: Calling): Promise<Outcome> {
  const context = contextOf(ask, how)
  return within(how.clock, how.timeoutMs, how.abort, () => attempt(driver, ask, context)).then(
    understood,
    (error: unknown) =>
      unknown(`${ask.verb} of ${ask.resource}: ${error instanceof Error ? error.message : String(error)}`),
  )
}

/** What a driver is told about a call. */
export const contextOf = (
  { token, attempts }: Pick<AskRow, 'token' | 'attempts'>,
  { owner, clock, timeoutMs, abort }: Calling,
): CallContext => ({
  token,
  attempt: attempts,
  deadline: clock.now() + timeoutMs,
  get signal() {
    return abort.signal
  },
  now: () => clock.now(),
  owner,
})

/** Does the work, but waits no longer than `timeoutMs`, nor past the abort: then it rejects, and the work is told. */
export function within<T>(clock: Clock, timeoutMs: number, abort: Abort, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const forget = clock.wakeAt(clock.now() + timeoutMs, () => abort.abort(`gave no answer within ${timeoutMs} ms`))
    abort.heard(why => {
      forget()
      reject(new Error(why))
    })
    const answer = async () => work()
    answer().then(resolve, reject).finally(forget)
  })
}

async function attempt(driver: Driver, ask: Called, context: CallContext): Promise<Outcome> {
  if (ask.handle !== undefined) return driver.poll(JSON.parse(ask.handle) as Handle, context)
  const method = (driver as unknown as Record<string, Method | undefined>)[ask.verb]
  if (typeof method !== 'function') return { kind: 'rejected', error: unsupported(ask.verb) }
  return method.call(driver, ask.resource, JSON.parse(ask.args), context)
}

const unsupported = (verb: string): DriverError => ({
  code: 'unsupported',
  effect: 'none',
  retry: 'never',
  message: `this provider has no ${verb}`,
})

/** Of one attempt. An AbortController is made only when someone looks: most calls answer before anyone does. */
export class Abort {
  #controller: AbortController | undefined
  #isAborted = false
  #listener: ((why: string) => void) | undefined
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isAborted) this.#controller.abort()
    return this.#controller.signal
  }
  /** Whoever waits for the answer hears why it waits no longer. */
  heard(listener: (why: string) => void): void {
    this.#listener = listener
  }
  abort(why: string): void {
    if (this.#isAborted) return
    this.#isAborted = true
    this.#controller?.abort()
    this.#listener?.(why)
  }
}
