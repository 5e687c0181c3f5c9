/**
 * Calls under way: one at a time for each resource. What takes longer than a moment answers `pending`, and goes on; asked
 * for again, by the same call or its handle, it is found. After a restart nothing is found, and the handle does the call
 * again, which is safe because every call is.
 */
import type { ChangingCall } from '../changing-calls.ts'
import type { CallContext, Handle, Outcome } from '../driver.ts'
import { rejected } from '../outcomes.ts'
import { outcomeOf } from './outcome-of.ts'

export type Verb = ChangingCall
export interface Call {
  readonly verb: Verb
  readonly id: string
  // biome-ignore lint/suspicious/noExplicitAny: each verb has its own specification; this only hands it on
  readonly spec: any
  readonly context: CallContext
}
interface Job {
  readonly call: Call
  readonly controller: AbortController
  readonly outcome: Promise<Outcome>
  isAwaited: boolean
}

/** The end of a resource overrides what is being done for it. */
const overriding = new Set<Verb>(['volumeDelete', 'volumeSnapshotDelete', 'instanceDestroy'])
const outcomesMax = 10_000

/** The handle of a call: enough to do it again. */
export const handleOf = ({ verb, id, spec, context }: Call): Handle => ({
  op: verb,
  token: context.token,
  data: { id, spec },
})

export class Work {
  readonly #effect: (call: Call, signal: AbortSignal) => Promise<Outcome>
  readonly #answerWithinMs: number
  readonly #open = new Map<string, Job>()
  /** Outcomes of calls that were answered with `pending`. */
  readonly #ended = new Map<string, Outcome>()

  constructor(effect: (call: Call, signal: AbortSignal) => Promise<Outcome>, answerWithinMs: number) {
    this.#effect = effect
    this.#answerWithinMs = answerWithinMs
  }

  async run(call: Call): Promise<Outcome> {
    for (;;) {
      const job = this.#open.get(call.id)
      if (job === undefined) break
      const { verb, context } = job.call
      if (verb === call.verb && context.token === call.context.token) return this.#answer(job)
      if (!overriding.has(call.verb) || overriding.has(verb)) {
        return rejected('busy', `${call.verb} ${call.id}: ${verb} (${context.token}) is still being done`)
      }
      job.controller.abort()
      await job.outcome
    }
    this.#ended.delete(call.context.token)
    const controller = new AbortController()
    const outcome = this.#effect(call, controller.signal)
      .catch(error => outcomeOf(call, error, controller.signal))
      .then(ended => {
        this.#open.delete(call.id)
        if (job.isAwaited) this.#remember(call.context.token, ended)
        return ended
      })
    const job: Job = { call, controller, outcome, isAwaited: false }
    this.#open.set(call.id, job)
    return this.#answer(job)
  }

  /** Done here is done for the first time: whoever polls has not heard of it yet. */
  async poll(handle: Handle, context: CallContext): Promise<Outcome> {
    const ended = this.#ended.get(handle.token)
    if (ended !== undefined && ended.kind !== 'pending') return ended
    const { id, spec } = handle.data as { id: string; spec: unknown }
    const outcome = await this.run({ verb: handle.op as Verb, id, spec, context: { ...context, token: handle.token } })
    return outcome.kind === 'done' ? { ...outcome, already: false } : outcome
  }

  settle(token: string): void {
    this.#ended.delete(token)
  }

  /** Ends what is being done; what machines do goes on. */
  async close(): Promise<void> {
    for (const { controller } of this.#open.values()) controller.abort()
    await Promise.all([...this.#open.values()].map(({ outcome }) => outcome))
  }

  async #answer(job: Job): Promise<Outcome> {
    let timer: NodeJS.Timeout | undefined
    const moment = new Promise<void>(resolve => {
      timer = setTimeout(resolve, this.#answerWithinMs)
    })
    const outcome = await Promise.race([job.outcome, moment])
    clearTimeout(timer)
    if (outcome) return outcome
    job.isAwaited = true
    return { kind: 'pending', handle: handleOf(job.call), pollAfterMs: 500 }
  }

  #remember(token: string, outcome: Outcome): void {
    this.#ended.set(token, outcome)
    if (this.#ended.size > outcomesMax) this.#ended.delete(this.#ended.keys().next().value!)
  }
}
