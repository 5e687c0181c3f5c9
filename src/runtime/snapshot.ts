/** The fold of one resource's stream: what the next decision is made on. Immutable; a new event makes a new one. */
import type { Envelope, RecordedWant } from '../../machines/grammar.ts'
import type { SnapshotRow, StoredEvent } from '../store/store.ts'
import type { CompiledKind } from './catalogue.ts'
import { GENESIS, type Hash, verified } from './envelope.ts'
import type { MachineState } from './evolve.ts'

export interface OpenAsk {
  readonly token: string
  readonly verb: string
}

export interface Snapshot extends MachineState {
  readonly resource: string
  readonly kind: string
  readonly account: string
  readonly region: string
  readonly version: number
  readonly digest: string
  /** Of the last event. */
  readonly position: number
  readonly at: number
  readonly createdAt: number
  readonly asks: readonly OpenAsk[]
  /** Armed timers: event type to due time. */
  readonly timers: Readonly<Record<string, number>>
  /** The event that led into a terminal state; what is heard after it does not move it. */
  readonly ended?: { readonly at: number; readonly position: number }
}

const none: readonly never[] = Object.freeze([])
const unarmed: Readonly<Record<string, number>> = Object.freeze({})

/** The resource before its first event. */
export const unborn = (compiled: CompiledKind, resource: string, account: string, region: string): Snapshot => ({
  ...compiled.evaluator.initial,
  resource,
  kind: compiled.kind.name,
  account,
  region,
  version: 0,
  digest: GENESIS,
  position: 0,
  at: 0,
  createdAt: 0,
  asks: none,
  timers: unarmed,
})

export const askToken = (resource: string, version: number, index: number): string => `${resource}.${version}.${index}`

/** The snapshot after an event, given what the machine made of it. */
export function advance(compiled: CompiledKind, from: Snapshot, event: Envelope, context: unknown): Snapshot {
  return {
    resource: from.resource,
    kind: from.kind,
    account: event.account,
    region: event.region,
    state: event.state,
    context,
    version: event.version,
    digest: event.digest,
    position: event.position,
    at: event.at,
    createdAt: from.version === 0 ? event.at : from.createdAt,
    asks: asksAfter(from, event),
    timers: timersAfter(from.timers, event),
    ended: compiled.isEnd(event) ? { at: event.at, position: event.position } : from.ended,
  }
}

function asksAfter({ asks }: Snapshot, { answers, wants, resource, version }: Envelope): readonly OpenAsk[] {
  let open = answers === undefined ? asks : asks.filter(ask => ask.token !== answers)
  let index = 0
  for (const want of wants ?? none) {
    if (want.want !== 'ask') continue
    const ask = { token: askToken(resource, version, index), verb: want.verb }
    open = want.supersedes ? [ask] : [...open, ask]
    index += 1
  }
  return open.length ? open : none
}

function timersAfter(timers: Snapshot['timers'], { wants, dueAt, type, at }: Envelope): Snapshot['timers'] {
  if (dueAt === undefined && !wants?.some(isTimer)) return timers
  const next: Record<string, number> = { ...timers }
  if (dueAt !== undefined) delete next[type]
  for (const want of wants ?? none)
    if (want.want === 'arm') next[want.event] = dueTime(want, at)
    else if (want.want === 'disarm') delete next[want.event]
  return Object.keys(next).length ? next : unarmed
}

const isTimer = ({ want }: RecordedWant) => want === 'arm' || want === 'disarm'
export const dueTime = ({ dueAt, afterMs = 0 }: { dueAt?: number; afterMs?: number }, at: number) =>
  dueAt ?? at + afterMs

/** A snapshot as a row of the store: a cache that is refolded when its rules or its checksum differ. */
export function toRow({ resource, version, ...rest }: Snapshot, rules: number): SnapshotRow {
  return { resource, version, rules, text: JSON.stringify(rest) }
}
/** Stands for a stream that could not be folded: no kind has these rules, so that whoever loads it folds it again. */
export const unfoldable = (resource: string): SnapshotRow => ({ resource, version: 0, rules: -1, text: '{}' })
export function fromRow({ resource, version, text }: SnapshotRow): Snapshot {
  return { resource, version, ...JSON.parse(text) }
}

/** Folds stored events onto a snapshot, checking the chain. Throws Damaged at the first event that does not hold. */
export function refold(compiled: CompiledKind, from: Snapshot, events: readonly StoredEvent[], hash: Hash): Snapshot {
  let snapshot = from
  for (const stored of events) {
    const event = compiled.upcast(verified(stored, snapshot.digest, hash))
    const { next } = compiled.evaluator.step(snapshot, compiled.machineEvent(event))
    snapshot = advance(compiled, snapshot, event, next.context)
  }
  return snapshot
}
