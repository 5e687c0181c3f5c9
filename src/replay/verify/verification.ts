/**
 * Running recorded histories again, under today's rules or under rules that are not in use yet: state, context, wants and
 * digests must come out as they were recorded, and what was refused must be refused. (design: contract point 8.)
 */
import { type Envelope, recorded } from '../../../machines/grammar.ts'
import type { Catalogue, CompiledKind } from '../../runtime/catalogue.ts'
import { Damaged, GENESIS, type Hash, verified } from '../../runtime/envelope.ts'
import { advance, fromRow, type Snapshot, toRow, unborn } from '../../runtime/snapshot.ts'
import type { RefusalEntry } from '../../store/refusals.ts'
import type { SnapshotRow, StoredEvent } from '../../store/store.ts'
import { differences } from '../differences.ts'
import type { Differing, Divergence, Verdict } from './divergence.ts'
import { decidedAgain } from './refusals.ts'
import { same } from './same.ts'

export interface VerificationOptions {
  /** The rules to try. */
  readonly catalogue: Catalogue
  /** The rules that the contexts are compared with, where other ones are tried. */
  readonly reference?: Catalogue
  readonly hash: Hash
  /** Of these kinds, accounts and positions only (both included); default: all. Earlier events are run, and not judged. */
  readonly kind?: string
  readonly account?: string
  readonly from?: number
  readonly to?: number
  /** What was refused, as far as it is known. */
  readonly refusals?: readonly RefusalEntry[]
  /** Divergences listed; the others are counted. */
  readonly listMax?: number
}

interface Followed {
  readonly compiled: CompiledKind
  readonly known: CompiledKind | undefined
  snapshot: Snapshot
  /** The same under the rules it is compared with. */
  reference: Snapshot | undefined
}

/** Fed with the log in order, or with whole streams one after the other. */
export class Verification {
  readonly #options: VerificationOptions
  readonly #listMax: number
  /** Null: left out, or found to differ: there is nothing to follow any more. */
  readonly #followed = new Map<string, Followed | null>()
  readonly #refusals = new Map<string, RefusalEntry[]>()
  readonly #divergences: Divergence[] = []
  #counts = { events: 0, resources: 0, refusals: 0, diverged: 0 }

  constructor(options: VerificationOptions) {
    this.#options = options
    this.#listMax = options.listMax ?? 100
    for (const entry of options.refusals ?? []) {
      const known = this.#refusals.get(entry.resource)
      if (known) known.push(entry)
      else this.#refusals.set(entry.resource, [entry])
    }
  }

  knows(resource: string): boolean {
    return this.#followed.has(resource)
  }

  /**
   * A stream whose first events were taken out of the log goes on from what it was then. Under other rules than it was
   * folded by nobody can say what it remembers: it is left out.
   */
  continues(resource: string, row: SnapshotRow | undefined): void {
    if (!row) return
    const snapshot = fromRow(row)
    const { catalogue, reference, kind, account } = this.#options
    const compiled = catalogue.kinds.get(snapshot.kind)
    const known = reference?.kinds.get(snapshot.kind)
    const isWanted = (kind ?? snapshot.kind) === snapshot.kind && (account ?? snapshot.account) === snapshot.account
    const isSame = compiled?.kind.rules === row.rules && (known ?? compiled).kind.rules === row.rules
    if (isWanted) this.#counts.resources += 1
    this.#followed.set(
      resource,
      isWanted && isSame ? { compiled, known, snapshot, reference: known && snapshot } : null,
    )
  }

  apply(stored: StoredEvent): undefined {
    const followed = this.#followed.get(stored.resource)
    if (followed === null || stored.position > (this.#options.to ?? Number.POSITIVE_INFINITY)) return
    this.#counts.events += 1
    const { hash, from = 0 } = this.#options
    let event: Envelope
    try {
      event = verified(stored, followed?.snapshot.digest ?? GENESIS, hash)
    } catch (error) {
      if (!(error instanceof Damaged)) throw error
      return this.#found(placeOf(stored, followed), 'damage', 'a whole chain', error.message)
    }
    try {
      const now = followed ?? this.#begin(event)
      if (now) this.#step(now, event, event.position >= from)
    } catch (error) {
      this.#found(event, 'fault', event.state, String(error))
    }
  }

  /** Compares what is remembered at the end with stored snapshots. Only where the whole log was run. */
  compare(rows: readonly SnapshotRow[]): void {
    for (const row of rows) {
      const followed = this.#followed.get(row.resource)
      if (!followed || row.rules !== followed.compiled.kind.rules) continue
      const { snapshot } = followed
      // Nearly always it is the same to the letter, and need not be read.
      if (toRow(snapshot, row.rules).text === row.text && row.version === snapshot.version) continue
      const { context } = fromRow(row)
      const { position, version, state, resource, kind, account } = snapshot
      const place = { resource, kind, account, position, version, type: `snapshot of ${state}`, rules: row.rules }
      // One that is older follows when an engine opens the store; one that is newer saw what is gone.
      if (row.version > version)
        this.#found(place, 'damage', `version ${row.version}`, `version ${version} is the last`)
      else if (row.version === version && !same(context, snapshot.context))
        this.#found(place, 'context', context, snapshot.context)
    }
  }

  /** Resources that are followed: those whose snapshots are worth comparing. */
  *followed(): Generator<string> {
    for (const [resource, followed] of this.#followed) if (followed) yield resource
  }

  verdict(): Verdict {
    return { ...this.#counts, divergences: [...this.#divergences].sort((a, b) => a.position - b.position) }
  }

  #begin(event: Envelope): Followed | undefined {
    const { catalogue, reference, kind, account } = this.#options
    const { resource } = event
    if ((kind !== undefined && kind !== event.kind) || (account !== undefined && account !== event.account)) {
      this.#counts.events -= 1
      this.#followed.set(resource, null)
      return undefined
    }
    const compiled = catalogue.kind(event.kind)
    const known = reference?.kinds.get(event.kind)
    const start = (each: CompiledKind) => unborn(each, resource, event.account, event.region)
    const followed = { compiled, known, snapshot: start(compiled), reference: known && start(known) }
    this.#counts.resources += 1
    this.#followed.set(resource, followed)
    this.#decide(followed)
    return followed
  }

  #step(followed: Followed, event: Envelope, isJudged: boolean): undefined {
    const { compiled, known, snapshot, reference } = followed
    const machineEvent = compiled.machineEvent(compiled.upcast(event))
    const { next, wants, decision } = compiled.evaluator.step(snapshot, machineEvent)
    if (isJudged) {
      if (next.state !== event.state) return this.#found(event, 'state', event.state, next.state)
      if (!(wants.length === 0 && event.wants === undefined)) {
        const today = wants.map(recorded)
        if (!same(event.wants ?? [], today)) return this.#found(event, 'wants', event.wants ?? [], today)
      }
      // Only the answer of an open ask is recorded when the machine has nothing to do with it.
      if (decision !== 'taken' && event.answers === undefined) return this.#found(event, 'decision', 'taken', decision)
    }
    followed.snapshot = advance(compiled, snapshot, event, next.context)
    if (known && reference) {
      // Rules that disagree about an old shape see the same event differently from there on.
      const before = known.evaluator.step(reference, known.machineEvent(known.upcast(event))).next
      followed.reference = advance(known, reference, event, before.context)
      if (isJudged && !same(before.context, next.context))
        return this.#found(event, 'context', before.context, next.context)
    }
    this.#decide(followed)
  }

  /** What was refused at this version is asked again. */
  #decide({ compiled, snapshot }: Followed): undefined {
    const entries = this.#refusals.size > 0 ? this.#refusals.get(snapshot.resource) : undefined
    for (const entry of entries ?? []) {
      if (entry.version !== snapshot.version || entry.digest !== snapshot.digest) continue
      const again = decidedAgain(compiled, snapshot, entry)
      if (!again) continue
      this.#counts.refusals += 1
      if (same(again.recorded, again.today)) continue
      const place = { ...entry, position: snapshot.position, type: entry.event!.type, rules: compiled.kind.rules }
      return this.#found(place, 'refusal', again.recorded, again.today)
    }
  }

  #found(place: Place, differs: Differing, recorded: unknown, today: unknown): undefined {
    const { resource, kind, account, position, version, type, rules } = place
    this.#followed.set(resource, null)
    this.#counts.diverged += 1
    const now = this.#options.catalogue.kinds.get(kind)?.kind.rules ?? 0
    const changes = differences(recorded, today)
    if (this.#divergences.length >= this.#listMax) return
    this.#divergences.push({
      ...{ resource, kind, account, position, version, type, differs, recorded, today, changes },
      rules: { recorded: rules, today: now },
    })
  }
}

type Place = Pick<Envelope, 'resource' | 'kind' | 'account' | 'position' | 'version' | 'type' | 'rules'>

const placeOf = ({ resource, position, version }: StoredEvent, followed: Followed | undefined): Place => ({
  ...{ resource, position, version, type: 'unreadable', rules: 0 },
  kind: followed?.snapshot.kind ?? '',
  account: followed?.snapshot.account ?? '',
})
