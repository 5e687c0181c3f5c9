/**
 * What the world says: answers of drivers, unasked reports, deadlines, and the progress of asks that are still open.
 * (design: contract points 5, 6.)
 */
import type { Json } from '../../machines/grammar.ts'
import type { AskUpdate, TimerRow } from '../store/store.ts'
import { Cascade } from './cascade.ts'
import type { CompiledKind } from './catalogue.ts'
import type { Surroundings } from './decide.ts'
import type { Draft } from './draft.ts'
import { InvalidRequest } from './refusal.ts'
import type { Member } from './writer.ts'

type Around = Pick<Surroundings, 'catalogue' | 'hash'>

/** What became of a piece of news. `stale`: it answered a closed ask or a timer that is gone, and only counts. */
export type NewsOutcome = 'taken' | 'ignored' | 'stale'

export interface ReportInput {
  readonly resource: string
  /** Full event type; its origin is `reported`. */
  readonly type: string
  readonly data: Json
  /** Token of the ask it answers; none for unasked news. */
  readonly answers?: string
  /** Of the event that asked. */
  readonly causation?: number
  readonly correlation?: number
  readonly actor: string
}

/** A driver said what happened. The answer of an open ask is always appended, even where the machine ignores it. */
export class Report implements Member<NewsOutcome> {
  readonly reads: readonly string[]
  readonly #report: ReportInput
  readonly #around: Around

  constructor(report: ReportInput, around: Around) {
    this.#report = report
    this.#around = around
    this.reads = [report.resource]
  }

  decide(draft: Draft): NewsOutcome {
    const { resource, type, data, answers, causation, correlation, actor } = this.#report
    const snapshot = draft.snapshot(resource)
    if (!snapshot) return 'stale'
    if (answers !== undefined && !snapshot.asks.some(ask => ask.token === answers)) return 'stale'
    const compiled = this.#around.catalogue.kind(snapshot.kind)
    // The worker has parsed the facts of answers already.
    const said = answers === undefined ? unaskedData(compiled, this.#report) : data
    const cascade = new Cascade(this.#around.catalogue, draft, this.#around.hash, draft.now)
    const candidate = { type, origin: 'reported', data: said, answers, causation, correlation, actor } as const
    const { decision } = cascade.offer(compiled, snapshot, candidate, answers !== undefined)
    return decision === 'taken' ? 'taken' : 'ignored'
  }
}

/**
 * The data of unasked news in the shape its event declares. Throws InvalidRequest for what cannot be reported of it:
 * whoever reports nonsense must not have the resource set aside.
 */
function unaskedData({ kind }: CompiledKind, { resource, type, data }: ReportInput): Json {
  const { specs } = kind.events
  const name = type.slice(kind.name.length + 1)
  const spec = type === `${kind.name}.${name}` && Object.hasOwn(specs, name) ? specs[name] : undefined
  if (spec?.origin !== 'reported')
    throw new InvalidRequest(
      'invalidInput',
      'type',
      `${type} is nothing that can be reported of the ${kind.name} '${resource}'.`,
    )
  const parsed = spec.data.safeParse(data)
  if (!parsed.success)
    throw new InvalidRequest(
      'invalidInput',
      'data',
      `${type} was reported with data it does not have: ${parsed.error.message}`,
    )
  return parsed.data as Json
}

/** A deadline has come. If its timer is gone nothing happens; one that the machine ignores is removed and counted. */
export class Deadline implements Member<NewsOutcome> {
  readonly reads: readonly string[]
  readonly #timer: TimerRow
  readonly #around: Around

  constructor(timer: TimerRow, around: Around) {
    this.#timer = timer
    this.#around = around
    this.reads = [timer.resource]
  }

  decide(draft: Draft): NewsOutcome {
    const { resource, event: type, dueAt, position, correlation } = this.#timer
    const snapshot = draft.snapshot(resource)
    const key = { resource, event: type }
    if (snapshot?.timers[type] !== dueAt) {
      // A row without its timer would be found due for ever.
      if (snapshot?.timers[type] === undefined) draft.timerChanges.push({ key, armed: undefined })
      return 'stale'
    }
    const compiled = this.#around.catalogue.ofEvent(type)
    const cascade = new Cascade(this.#around.catalogue, draft, this.#around.hash, draft.now)
    const candidate = {
      type,
      origin: 'elapsed',
      data: {},
      dueAt,
      causation: position,
      correlation,
      actor: 'engine',
    } as const
    const { decision } = cascade.offer(compiled, snapshot, candidate)
    if (decision === 'taken') return 'taken'
    draft.timerChanges.push({ key, armed: undefined })
    return 'ignored'
  }
}

/** An ask is still open: what is remembered of its attempts. Not an event. */
export class Progress implements Member<NewsOutcome> {
  readonly reads: readonly string[]
  readonly #resource: string
  readonly #update: AskUpdate

  constructor(resource: string, update: AskUpdate) {
    this.#resource = resource
    this.#update = update
    this.reads = [resource]
  }

  decide(draft: Draft): NewsOutcome {
    const isOpen = draft.snapshot(this.#resource)?.asks.some(ask => ask.token === this.#update.token)
    if (!isOpen) return 'stale'
    draft.asksUpdated.push(this.#update)
    return 'taken'
  }
}
