/**
 * The log run again under the same rules, event by event as it grows: the same state, wants and digest must come out.
 * What it holds is what each resource remembers, which the log alone does not say.
 */
import { createHash } from 'node:crypto'
import { type Envelope, recorded } from '../../machines/grammar.ts'
import type { Catalogue } from '../../src/runtime/catalogue.ts'
import { advance, type Snapshot, unborn } from '../../src/runtime/snapshot.ts'
import { canonical } from '../../src/store/canonical.ts'
import { Violation } from './violation.ts'

const LEGAL = 'I5 legal'

export class Replay {
  readonly #catalogue: Catalogue
  readonly snapshots = new Map<string, Snapshot>()

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue
  }

  apply(event: Envelope, text: string): void {
    const compiled = this.#catalogue.kind(event.kind)
    const from = this.snapshots.get(event.resource) ?? unborn(compiled, event.resource, event.account, event.region)
    const where = `${event.resource}@${event.version} ${event.type}`
    const { next, wants, decision } = compiled.evaluator.step(from, compiled.machineEvent(event))
    const isHeard = decision === 'taken' || event.answers !== undefined
    if (!isHeard)
      throw new Violation(LEGAL, `${where} is in the log, but in ${from.state} the machine says ${decision}`)
    if (from.state !== event.before)
      throw new Violation(LEGAL, `${where} says it left ${event.before}, not ${from.state}`)
    if (next.state !== event.state)
      throw new Violation(LEGAL, `${where} says it led to ${event.state}, not ${next.state}`)
    if (canonical(wants.map(recorded)) !== canonical(event.wants ?? []))
      throw new Violation(LEGAL, `${where} wanted ${JSON.stringify(event.wants)}; replayed ${JSON.stringify(wants)}`)
    const digest = createHash('sha256')
      .update(`[${JSON.stringify(from.digest)},${text}]`)
      .digest('base64url')
    if (digest !== event.digest) throw new Violation(LEGAL, `${where} does not chain to the event before it`)
    this.snapshots.set(event.resource, advance(compiled, from, event, next.context))
  }

  /** Whether the resource is in a state tagged so. */
  is(resource: string, tag: 'working' | 'settled' | 'terminal'): boolean {
    const snapshot = this.snapshots.get(resource)
    return snapshot !== undefined && this.#catalogue.kind(snapshot.kind).is(snapshot.state, tag)
  }

  /** The resources a working state waits for. */
  awaits(resource: string): readonly string[] {
    const snapshot = this.snapshots.get(resource)!
    const leaf = this.#catalogue.kind(snapshot.kind).evaluator.chart.leaves.get(snapshot.state)
    return leaf?.awaits?.(snapshot.context) ?? []
  }

  working(): string[] {
    return [...this.snapshots.keys()].filter(resource => this.is(resource, 'working'))
  }
}
