/** One call of a driver: whatever it does (answers, throws, never answers) becomes one Outcome. */
import type { CallContext, Driver, DriverError, Handle, Outcome } from '../drivers/driver.ts'
import type { Clock } from '../runtime/clock.ts'
import type { AskRow } from '../store/store.ts'

type Method = (id: string, args: unknown, context: CallContext) => Promise<Outcome>

const unknown = (message: string): Outcome => ({
  kind: 'unknown',
  error: { code: 'unknownOutcome', effect: 'possible', retry: 'observe-first', message },
})

/** Calls the ask's verb, or polls its handle. Never rejects; after `timeoutMs`, or when aborted, the outcome is unknown. */
export function call(driver: Driver, ask: AskRow, clock: Clock, timeoutMs: number, abort: Abort): Promise<Outcome> {
  const deadline = clock.now() + timeoutMs
  const context: CallContext = {
    token: ask.token,
    attempt: ask.attempts,
    deadline,
    get signal() {
      return abort.signal
    },
    now: () => clock.now(),
  }
  return new Promise(resolve => {
    const forget = clock.wakeAt(deadline, () => {
      abort.abort()
      resolve(unknown(`${ask.verb} of ${ask.resource} gave no answer within ${timeoutMs} ms`))
    })
    attempt(driver, ask, context).then(
      outcome => {
        forget()
        resolve(outcome)
      },
      (error: unknown) => {
        forget()
        resolve(
          unknown(`${ask.verb} of ${ask.resource} threw: ${error instanceof Error ? error.message : String(error)}`),
        )
      },
    )
  })
}

async function attempt(driver: Driver, ask: AskRow, context: CallContext): Promise<Outcome> {
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

/** An AbortController made only when someone looks: most calls answer before anyone does. */
export class Abort {
  #controller: AbortController | undefined
  #isAborted = false
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isAborted) this.#controller.abort()
    return this.#controller.signal
  }
  abort(): void {
    this.#isAborted = true
    this.#controller?.abort()
  }
}
