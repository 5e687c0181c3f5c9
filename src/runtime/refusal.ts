/** The ways a request ends without an event. All are errors with a stable `code`; nothing was written. */
import type { Json } from '../../machines/grammar.ts'

export interface Reason {
  /** Name of the requirement that said no, or `state`. */
  readonly requirement: string
  readonly code: string
  readonly sentence: string
}

export interface RefusalOf {
  readonly command: string
  readonly kind: string
  readonly resource: string
  readonly state: string
  readonly reasons: readonly Reason[]
  /** Commands of this kind that this state has an entry for, and that whoever asked may give to this resource. */
  readonly allowed: readonly string[]
  /** Place of the refused command in its submit. */
  readonly index: number
}

/** What a command was decided on, as far as that went: enough to ask the machine the same again. */
export interface Considered {
  /** Of the log, and the time its event would have had (ms since 1970). */
  readonly position: number
  readonly at: number
  /** Of the resource that said no: its last version, and the digest of its last event. */
  readonly version: number
  readonly digest: string
  readonly input: Json
  /** The event that was offered to the machine. */
  readonly event?: { readonly type: string; readonly data: Json }
  readonly facts?: Json
}

/** The machine, or a requirement, said no. `refusals` holds one entry for each refused command of the submit. */
export class Refused extends Error {
  override readonly name: string = 'Refused'
  readonly code: string
  readonly refusals: readonly RefusalOf[]
  // Not a property: it holds what was asked, and an error is easily printed.
  readonly #considered: readonly Considered[]
  /** @param considered of each refusal, where a command was decided */
  constructor(refusals: readonly RefusalOf[], considered: readonly Considered[] = []) {
    const [first] = refusals as [RefusalOf]
    const sentences = refusals.flatMap(refusal => refusal.reasons.map(reason => reason.sentence))
    super([...new Set(sentences)].join(' '))
    this.code = first.reasons[0]?.code ?? 'refused'
    this.refusals = refusals
    this.#considered = considered
  }
  /** What each of `refusals` was decided on; undefined where nothing was. */
  considered(index: number): Considered | undefined {
    return this.#considered[index]
  }
  get resource(): string {
    return this.refusals[0]!.resource
  }
  get state(): string {
    return this.refusals[0]!.state
  }
  get reasons(): readonly Reason[] {
    return this.refusals[0]!.reasons
  }
  get allowed(): readonly string[] {
    return this.refusals[0]!.allowed
  }
}

/** The request itself is wrong: unknown kind or command, a field that does not fit, an id of another kind. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest'
  readonly code: 'unknownKind' | 'unknownCommand' | 'invalidInput' | 'wrongKind' | 'tooLarge' | 'tokenReused'
  /** Dotted path of the offending field. */
  readonly field: string
  readonly issues: readonly { readonly field: string; readonly message: string }[]
  constructor(code: InvalidRequest['code'], field: string, message: string, issues?: InvalidRequest['issues']) {
    super(message)
    this.code = code
    this.field = field
    this.issues = issues ?? [{ field, message }]
  }

  /** The same, said of a field further in. */
  within(place: string): InvalidRequest {
    const issues = this.issues.map(({ field, message }) => ({ field: `${place}${field}`, message }))
    return new InvalidRequest(this.code, `${place}${this.field}`, this.message, issues)
  }
}

/** The stream of a resource is damaged: it is set aside so that others go on. The cause says where. */
export class Contained extends Error {
  override readonly name = 'Contained'
  readonly code = 'contained'
  readonly resource: string
  readonly position: number
  /** Whose it is, as far as that can still be said: others are told that it does not exist. */
  readonly account: string | undefined
  constructor(resource: string, position: number, account?: string, options?: ErrorOptions) {
    super(
      `${resource} is set aside: its history cannot be trusted from position ${position} on; see the cause, restore it`,
      options,
    )
    this.resource = resource
    this.position = position
    this.account = account
  }
}

/** A rule of the kinds is broken (a tell too deep, data its own event does not accept): a bug to report, not a refusal. */
export class BrokenRule extends Error {
  override readonly name = 'BrokenRule'
  readonly code = 'brokenRule'
  readonly detail: Json
  constructor(message: string, detail: Json = {}, options?: ErrorOptions) {
    super(message, options)
    this.detail = detail
  }
}

/**
 * The engine is closing or closed, its queue is full, or the view that was claimed from is incomplete: nothing was
 * decided; try again later or elsewhere.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
  readonly code: 'closed' | 'overloaded' | 'viewStalled' | 'providerSilent' | 'still'
  constructor(code: Unavailable['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
