/**
 * From a candidate event to everything that follows from it in the same transaction: the machine is asked, the event is
 * sealed and appended, its wants become outbox and timer rows, and what it tells others is decided in turn.
 * (design: contract points 2, 3, 4.)
 */
import { type Envelope, type Json, type Origin, recorded, type Tell, type Want } from '../../machines/grammar.ts'
import type { Catalogue, CompiledKind } from './catalogue.ts'
import type { Draft } from './draft.ts'
import { type Hash, seal } from './envelope.ts'
import type { Decision } from './evolve.ts'
import { BrokenRule } from './refusal.ts'
import { advance, askToken, dueTime, type Snapshot, unborn } from './snapshot.ts'

/** Deeper cascades are a loop in the rules; wider ones would hold the writer for too long. */
export const TELL_DEPTH_MAX = 8
export const EVENTS_PER_CASCADE_MAX = 50_000

/** Something that may become an event. */
export interface Candidate {
  readonly type: string
  readonly origin: Origin
  readonly data: Json
  readonly facts?: Json
  readonly actor: string
  readonly token?: string
  readonly answers?: string
  readonly dueAt?: number
  /** Of the event that caused it; none for the first of a story. */
  readonly causation?: number
  readonly correlation?: number
}

export interface Verdict {
  readonly decision: Decision
  readonly snapshot: Snapshot
  readonly event?: Envelope
}

/** A proposal to another resource was refused: the request that began the cascade is refused with its reasons. */
export class ProposalRefused {
  readonly compiled: CompiledKind
  readonly snapshot: Snapshot
  readonly type: string
  readonly data: Json
  /** Others of whom the same request asks, and who say no too. */
  readonly others: readonly ProposalRefused[]
  constructor(compiled: CompiledKind, snapshot: Snapshot, type: string, data: Json, others: ProposalRefused[] = []) {
    this.compiled = compiled
    this.snapshot = snapshot
    this.type = type
    this.data = data
    this.others = others
  }
  with(others: readonly ProposalRefused[]): ProposalRefused {
    if (others.length === 0) return this
    const all = [...this.others, ...others.flatMap(each => [each, ...each.others])]
    return new ProposalRefused(this.compiled, this.snapshot, this.type, this.data, all)
  }
}

export class Cascade {
  readonly #catalogue: Catalogue
  readonly #draft: Draft
  readonly #hash: Hash
  readonly #now: number
  readonly #path: string[] = []
  #begunByRequest = false
  #width = 0

  constructor(catalogue: Catalogue, draft: Draft, hash: Hash, now: number) {
    this.#catalogue = catalogue
    this.#draft = draft
    this.#hash = hash
    this.#now = now
  }

  /**
   * Asks the machine; if it takes the event (or `always`, for the answer of an open ask), appends it and follows its
   * wants. Throws Missing, ProposalRefused, BrokenRule.
   */
  offer(compiled: CompiledKind, from: Snapshot, candidate: Candidate, always = false): Verdict {
    const draft = this.#draft
    const at = Math.max(this.#now, draft.at)
    const version = from.version + 1
    const { type, origin, data, facts } = candidate
    const machineEvent = { type, resource: from.resource, version, account: from.account, at, data, facts: facts ?? {} }
    const { next, wants, decision } = compiled.evaluator.step(from, machineEvent)
    if (decision !== 'taken' && !always) return { decision, snapshot: from }
    this.#width += 1
    if (this.#width > EVENTS_PER_CASCADE_MAX)
      throw new BrokenRule(`one command or report made over ${EVENTS_PER_CASCADE_MAX} events`)

    const position = draft.position + 1
    const spec = compiled.spec(type)
    const { stored, envelope } = seal(
      {
        position,
        resource: from.resource,
        kind: compiled.kind.name,
        version,
        type,
        origin,
        at,
        before: from.state,
        state: next.state,
        data,
        facts,
        wants: wants.length ? wants.map(recorded) : undefined,
        rules: compiled.kind.rules,
        schema: spec.schema,
        account: from.account,
        region: from.region,
        actor: candidate.actor,
        token: candidate.token,
        correlation: candidate.correlation ?? position,
        causation: candidate.causation,
        answers: candidate.answers,
        dueAt: candidate.dueAt,
      },
      from.digest,
      this.#hash,
    )
    const snapshot = advance(compiled, from, envelope, next.context)
    draft.append(stored, envelope, snapshot)
    if (candidate.answers !== undefined) draft.asksClosed.push(candidate.answers)
    if (candidate.dueAt !== undefined)
      draft.timerChanges.push({ key: { resource: from.resource, event: type }, armed: undefined })
    if (wants.length) this.#follow(from, envelope, wants)
    return { decision, snapshot, event: envelope }
  }

  #follow(before: Snapshot, event: Envelope, wants: readonly Want[]): void {
    this.#ask(before, event, wants)
    this.#time(event, wants)
    const root = this.#path.length === 0
    if (root) this.#begunByRequest = event.origin === 'requested'
    this.#path.push(`${event.resource} ${event.type}`)
    try {
      this.#tellAll(event, wants)
    } finally {
      this.#path.pop()
    }
  }

  /** Whoever is asked by a request and says no is heard, also after another has: its caller reads every reason at once. */
  #tellAll(event: Envelope, wants: readonly Want[]): void {
    const refused: ProposalRefused[] = []
    for (const want of wants) {
      if (want.want !== 'tell') continue
      try {
        this.#tell(event, want)
      } catch (error) {
        if (!(error instanceof ProposalRefused)) throw error
        refused.push(error)
      }
    }
    const [first, ...others] = refused
    if (first) throw first.with(others)
  }

  #ask(before: Snapshot, event: Envelope, wants: readonly Want[]): void {
    let index = 0
    let open = before.asks.filter(ask => ask.token !== event.answers).map(ask => ask.token)
    for (const want of wants) {
      if (want.want !== 'ask') continue
      const token = askToken(event.resource, event.version, index)
      index += 1
      if (want.supersedes) this.#draft.asksClosed.push(...open.splice(0))
      open = [...open, token]
      this.#draft.asksOpened.push({
        token,
        resource: event.resource,
        verb: want.verb,
        provider: want.provider,
        args: JSON.stringify(want.args),
        done: want.answers.done,
        rejected: want.answers.rejected,
        progressed: want.answers.progressed,
        supersedes: want.supersedes ?? false,
        position: event.position,
        correlation: event.correlation,
        attempts: 0,
        dueAt: event.at,
      })
    }
  }

  #time(event: Envelope, wants: readonly Want[]): void {
    for (const want of wants) {
      if (want.want !== 'arm' && want.want !== 'disarm') continue
      const key = { resource: event.resource, event: want.event }
      const { position, correlation } = event
      const armed = want.want === 'arm' ? { ...key, dueAt: dueTime(want, event.at), position, correlation } : undefined
      this.#draft.timerChanges.push({ key, armed })
    }
  }

  #tell(from: Envelope, { resource, event: type, data }: Tell): void {
    const step = `${resource} ${type}`
    if (this.#path.length > TELL_DEPTH_MAX || this.#path.includes(step))
      throw new BrokenRule(`tells go round or too deep: ${[...this.#path, step].join(' -> ')}`)
    const compiled = this.#catalogue.ofEvent(type)
    const { origin } = compiled.spec(type)
    if (origin !== 'told' && origin !== 'proposed')
      throw new BrokenRule(`${from.type} tells ${type}, which is ${origin}; only told and proposed events can be told`)
    if (origin === 'proposed' && !this.#begunByRequest)
      throw new BrokenRule(`${from.type} proposes ${type} in a cascade that no request began`)
    const target = this.#draft.snapshot(resource) ?? unborn(compiled, resource, from.account, from.region)
    const stranger = target.account !== from.account || target.kind !== compiled.kind.name
    const candidate: Candidate = {
      type,
      origin,
      data,
      actor: from.actor,
      causation: from.position,
      correlation: from.correlation,
    }
    const { decision } = stranger ? { decision: 'undecided' } : this.offer(compiled, target, candidate)
    if (decision === 'refused' || decision === 'undecided') {
      if (this.#begunByRequest) throw new ProposalRefused(compiled, target, type, data)
      throw new BrokenRule(`${type} was told to ${resource} in state ${target.state}, which does not decide it`)
    }
  }
}
