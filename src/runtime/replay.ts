/**
 * Running a recorded stream again under today's rules: state, wants and digests must come out as they were recorded. The
 * first event where they do not is a divergence. (design: contract point 8.)
 */
import { type Envelope, recorded } from '../../machines/grammar.ts'
import { canonical } from '../store/canonical.ts'
import type { StoredEvent } from '../store/store.ts'
import type { CompiledKind } from './catalogue.ts'
import { GENESIS, type Hash, verified } from './envelope.ts'
import { advance, type Snapshot, unborn } from './snapshot.ts'

export interface Divergence {
  readonly resource: string
  readonly position: number
  readonly version: number
  readonly type: string
  /** What differs, as recorded and as it comes out today. */
  readonly differs: 'state' | 'wants' | 'decision'
  readonly recorded: unknown
  readonly today: unknown
}

export type Replayed =
  | { readonly snapshot: Snapshot; readonly divergence?: undefined }
  | { readonly divergence: Divergence }

/** Replays one whole stream. Throws Damaged where the digests do not hold. */
export function replay(compiled: CompiledKind, events: readonly StoredEvent[], hash: Hash): Replayed {
  let snapshot: Snapshot | undefined
  for (const stored of events) {
    const event = compiled.upcast(verified(stored, snapshot?.digest ?? GENESIS, hash))
    snapshot ??= unborn(compiled, event.resource, event.account, event.region)
    const { next, wants, decision } = compiled.evaluator.step(snapshot, compiled.machineEvent(event))
    const divergence =
      difference(event, 'state', event.state, next.state) ??
      difference(event, 'wants', event.wants ?? [], wants.map(recorded)) ??
      // Only the answer of an open ask is recorded when the machine has nothing to do with it.
      (decision === 'taken' || event.answers !== undefined
        ? undefined
        : difference(event, 'decision', 'taken', decision))
    if (divergence) return { divergence }
    snapshot = advance(compiled, snapshot, event, next.context)
  }
  if (!snapshot) throw new RangeError('a stream has at least one event')
  return { snapshot }
}

function difference(
  { resource, position, version, type }: Envelope,
  differs: Divergence['differs'],
  recorded: unknown,
  today: unknown,
): Divergence | undefined {
  if (canonical(recorded) === canonical(today)) return undefined
  return { resource, position, version, type, differs, recorded, today }
}
