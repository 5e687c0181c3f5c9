/** A resource's history event by event, with what each made of it: state, context, open asks and timers. */
import type { Envelope } from '../../../machines/grammar.ts'
import type { CompiledKind } from '../../runtime/catalogue.ts'
import { advance, type Snapshot, unborn } from '../../runtime/snapshot.ts'
import { type Difference, differences } from '../differences.ts'

export interface StepTaken {
  readonly event: Envelope
  readonly before: Snapshot
  readonly after: Snapshot
}

/** Folds events of one resource, from its first on. */
export function* stepsOf(compiled: CompiledKind, events: Iterable<Envelope>): Generator<StepTaken> {
  let before: Snapshot | undefined
  for (const recorded of events) {
    const event = compiled.upcast(recorded)
    before ??= unborn(compiled, event.resource, event.account, event.region)
    const { next } = compiled.evaluator.step(before, compiled.machineEvent(event))
    const after = advance(compiled, before, event, next.context)
    yield { event: recorded, before, after }
    before = after
  }
}

/** One step as people read it. */
export interface ToldStep {
  readonly event: Envelope
  /** Dotted paths of the states it left and led to. */
  readonly from: string
  readonly to: string
  /** What changed in what the resource remembers. */
  readonly changes: readonly Difference[]
  /** Tokens of the asks that are open after it, and the timers armed then with their due times (ms since 1970). */
  readonly asks: readonly string[]
  readonly timers: Readonly<Record<string, number>>
}

export const toldStep = ({ event, before, after }: StepTaken): ToldStep => ({
  event,
  from: before.state,
  to: after.state,
  changes: differences(before.context, after.context),
  asks: after.asks.map(({ token }) => token),
  timers: after.timers,
})
