/** A provider written by hand: it notes every call, answers at once, and otherwise as the test tells it. */
import { capabilities, type DeclaredCapabilities, type Driver, type Outcome } from '../../src/drivers/driver.ts'

export interface Call {
  readonly verb: string
  readonly id: string
  readonly token: string
  readonly attempt: number
  readonly args?: unknown
  readonly signal: AbortSignal
}
/** What a test makes of a call. Anything but an Outcome is what a driver must not answer. */
// biome-ignore lint/suspicious/noExplicitAny: drivers may be wrong, and the engine has to survive it
export type Answer = (call: Call) => any

export const done = (facts = {}): Outcome => ({ kind: 'done', already: false, facts })
export const rejected: Outcome = {
  kind: 'rejected',
  error: { code: 'exhausted', effect: 'none', retry: 'never', message: 'no room' },
}
export const unknown: Outcome = {
  kind: 'unknown',
  error: { code: 'unknownOutcome', effect: 'possible', retry: 'observe-first', message: 'the line went dead' },
}
/** A provider that never answers. */
export const silence: Answer = () => new Promise(() => {})

export class Bench {
  readonly calls: Call[] = []
  /** Calls under way, and the most there ever were. */
  underWay = 0
  underWayMax = 0
  readonly driver: Driver
  readonly #answers = new Map<string, Answer[]>()
  readonly #always = new Map<string, Answer>()

  constructor(declared: DeclaredCapabilities = { idempotency: { by: 'token' } }) {
    const known = capabilities({ stop: 'none', start: 'none', ...declared })
    this.driver = {
      describe: () => known,
      probe: async () => ({ usable: true, facts: {}, problems: [] }),
      instanceEnsure: (id, args, { token, attempt, signal }) =>
        this.#answer({ verb: 'instanceEnsure', id, token, attempt, args, signal }),
      instanceDestroy: (id, _, { token, attempt, signal }) =>
        this.#answer({ verb: 'instanceDestroy', id, token, attempt, signal }),
      poll: ({ op }, { token, attempt, signal }) => this.#answer({ verb: 'poll', id: op, token, attempt, signal }),
      observe: (_, id, { token, attempt, signal }) => this.#answer({ verb: 'observe', id, token, attempt, signal }),
      list: async () => ({ items: [] }),
      capacity: async () => ({}),
    }
  }

  /** The next call of the verb is answered in this way; several wait in line. */
  next(verb: string, ...answers: (Answer | Outcome)[]): this {
    const line = this.#answers.get(verb) ?? []
    this.#answers.set(verb, line)
    for (const answer of answers) line.push(typeof answer === 'function' ? answer : () => answer)
    return this
  }

  /** Every call of the verb that nothing waits for in line. */
  always(verb: string, answer: Answer): this {
    this.#always.set(verb, answer)
    return this
  }

  verbs(): string[] {
    return this.calls.map(({ verb }) => verb)
  }

  async #answer(call: Call) {
    this.calls.push(call)
    this.underWay += 1
    this.underWayMax = Math.max(this.underWayMax, this.underWay)
    try {
      return await (this.#answers.get(call.verb)?.shift() ?? this.#always.get(call.verb) ?? (() => done()))(call)
    } finally {
      this.underWay -= 1
    }
  }
}
