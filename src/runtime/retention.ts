/**
 * Which resources are forgotten. One that has ended is kept for the retention of its kind; then its derived rows go, and
 * its history stays. (design: contract point 12; docs/decisions/0013.)
 *
 * What is forgotten is a matter of the log, not of the clock: each kind has a horizon, a position that only rises, and a
 * resource is forgotten if the event that ended it is not beyond it. So rows that are folded again from the first event
 * are the same as those that were kept, whatever the time and the retention are by then.
 */
import type { Envelope } from '../../machines/grammar.ts'
import type { Projection, ViewRow } from '../../projections/contract.ts'
import type { Catalogue } from './catalogue.ts'
import { BrokenRule } from './refusal.ts'
import type { Snapshot } from './snapshot.ts'

type Passage = Pick<Envelope, 'kind' | 'before' | 'state' | 'position'>

export class Retention {
  readonly #catalogue: Catalogue
  readonly #horizons: Map<string, number>
  readonly #given: Readonly<Record<string, number | undefined>>

  /**
   * @param horizons by kind, as the store has them
   * @param given retention by kind in ms, instead of what the kind declares. Throws BrokenRule for what is none.
   */
  constructor(
    catalogue: Catalogue,
    horizons: ReadonlyMap<string, number>,
    given: Readonly<Record<string, number | undefined>> = {},
  ) {
    for (const [kind, retentionMs] of Object.entries(given)) {
      if (!catalogue.kinds.has(kind)) throw new BrokenRule(`retentionMs names '${kind}', which is none of the kinds`)
      if (retentionMs !== undefined && !(retentionMs >= 0))
        throw new BrokenRule(`retentionMs of ${kind} is ${retentionMs}, not a number of milliseconds`)
    }
    this.#catalogue = catalogue
    this.#horizons = new Map(horizons)
    this.#given = given
  }

  /** By kind, up to which position what has ended is forgotten. */
  get horizons(): ReadonlyMap<string, number> {
    return this.#horizons
  }

  /** Kinds whose resources are forgotten one day, and how long after their end, in ms. */
  *periods(): Generator<[kind: string, retentionMs: number]> {
    for (const [name, { kind }] of this.#catalogue.kinds) {
      const retentionMs = this.#given[name] ?? kind.retentionMs
      if (retentionMs !== Number.POSITIVE_INFINITY) yield [name, retentionMs]
    }
  }

  /** Everything of this kind that had ended by this position is forgotten now. */
  moveTo(kind: string, horizon: number): void {
    this.#horizons.set(kind, Math.max(horizon, this.#horizonOf(kind)))
  }

  /** Whether a resource that has no snapshot row may have a history all the same. */
  mayBeForgotten(resource: string): boolean {
    const { size } = this.#horizons
    return size > 0 && this.#horizons.has(this.#catalogue.ofId(resource)?.kind.name ?? '')
  }

  isForgotten({ kind, ended }: Snapshot): boolean {
    return ended !== undefined && ended.position <= this.#horizonOf(kind)
  }

  /**
   * Whether what ended then is forgotten now, and had been by this time (ms since 1970): a past shows what ended shortly
   * before it, as its readers saw it.
   */
  wasForgotten({ kind, position, at }: { kind: string; position: number; at: number }, timeMs: number): boolean {
    const retentionMs = this.#given[kind] ?? this.#catalogue.kinds.get(kind)?.kind.retentionMs ?? 0
    return position <= this.#horizonOf(kind) && at + retentionMs <= timeMs
  }

  /**
   * The row after an event. In a view whose rows belong to resources the event that ends a forgotten one takes its row
   * away, and what a resource hears after its end makes no row where there is none.
   */
  fold(view: Projection, row: ViewRow | undefined, event: Envelope, key: string): ViewRow | undefined {
    if (!view.perResource) return view.fold(row, event, key)
    if (key !== event.resource)
      throw new TypeError(`view '${view.name}' is perResource, and an event of ${event.resource} touches row ${key}`)
    if (row === undefined && this.#isOver(event)) return undefined
    return this.#isForgottenBy(event) ? undefined : view.fold(row, event, key)
  }

  #horizonOf(kind: string): number {
    return this.#horizons.get(kind) ?? 0
  }

  #isOver({ kind, before }: Passage): boolean {
    return this.#catalogue.kinds.get(kind)?.is(before, 'terminal') ?? false
  }

  #isForgottenBy(event: Passage): boolean {
    if (event.position > this.#horizonOf(event.kind)) return false
    return this.#catalogue.kinds.get(event.kind)?.isEnd(event) ?? false
  }
}
