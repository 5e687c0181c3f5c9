/**
 * A commit being decided: what the batch has written so far, over what is resident in memory. Every member sees what
 * earlier members wrote; a member that is refused is rolled back to its mark and leaves nothing.
 *
 * Reads are synchronous. What is not resident throws `Missing`; the batch loads it and decides the member again, so that
 * deciding never waits in the middle and is the same on any store.
 */
import type { Envelope } from '../../machines/grammar.ts'
import type { Objection, Projection, ViewRow } from '../../projections/contract.ts'
import type {
  AskRow,
  AskUpdate,
  ClaimChange,
  Commit,
  StoredEvent,
  TimerKey,
  TimerRow,
  TokenRow,
} from '../store/store.ts'
import { additions } from './counting.ts'
import { Unavailable } from './refusal.ts'
import type { Snapshot } from './snapshot.ts'

/** What is in memory. `null`: known not to exist; `undefined`: not known, load it. */
export interface Resident {
  snapshot(resource: string): Snapshot | null | undefined
  claim(view: string, key: string): ClaimRow | undefined
}
export interface ClaimRow {
  readonly row: ViewRow | undefined
  readonly revision: number
}

/** The claimed views, and those of them (and others) whose rows are not what the log says, with the cause. */
export interface Claimed {
  readonly complete: readonly Projection[]
  readonly stalled: ReadonlyMap<string, unknown>
}

/** Thrown by a read of something not resident. */
export class Missing {
  readonly resources: readonly string[]
  readonly claims: readonly { view: string; key: string }[]
  constructor(resources: readonly string[], claims: Missing['claims'] = []) {
    this.resources = resources
    this.claims = claims
  }
}

type TimerChange = { readonly key: TimerKey; readonly armed: TimerRow | undefined }
/** Where the draft stood: lengths of its lists. */
interface Mark {
  readonly position: number
  readonly at: number
  readonly undo: number
  readonly events: number
  readonly asksOpened: number
  readonly asksClosed: number
  readonly asksUpdated: number
  readonly timerChanges: number
  readonly tokens: number
  readonly changed: number
}
interface ChangedRow {
  readonly view: Projection
  readonly key: string
  readonly before: ViewRow | undefined
}
const noRow: ClaimRow = { row: undefined, revision: 0 }

export class Draft {
  position: number
  at: number
  readonly events: StoredEvent[] = []
  readonly envelopes: Envelope[] = []
  readonly asksOpened: AskRow[] = []
  readonly asksClosed: string[] = []
  readonly asksUpdated: AskUpdate[] = []
  readonly timerChanges: TimerChange[] = []
  readonly tokens: TokenRow[] = []
  readonly snapshots = new Map<string, Snapshot>()
  readonly claims = new Map<string, ClaimChange & { revision: number }>()
  readonly #resident: Resident
  readonly #claimed: Claimed
  readonly #fresh = new Set<string>()
  /** Rows of views that may object, each time one changes. */
  readonly #changed: ChangedRow[] = []
  readonly #undo: (() => void)[] = []

  /** The clock's time for this batch; events get the larger of it and the last event's. */
  readonly now: number

  constructor(resident: Resident, claimed: Claimed, position: number, at: number, now: number) {
    this.now = now
    this.#resident = resident
    this.#claimed = claimed
    this.position = position
    this.at = at
  }

  /** An id just made: nothing of it exists anywhere. */
  fresh(resource: string): string {
    this.#fresh.add(resource)
    return resource
  }

  /** The resource as this member sees it, or null. Throws Missing. */
  snapshot(resource: string): Snapshot | null {
    const written = this.snapshots.get(resource)
    if (written) return written
    const resident = this.#resident.snapshot(resource)
    if (resident !== undefined) return resident
    if (this.#fresh.has(resource)) return null
    throw new Missing([resource])
  }

  /** All of them at once, so that one load fetches every one that is missing. Throws Missing. */
  all(resources: readonly string[]): (Snapshot | null)[] {
    const missing = resources.filter(
      id => !this.snapshots.has(id) && this.#resident.snapshot(id) === undefined && !this.#fresh.has(id),
    )
    if (missing.length) throw new Missing(missing)
    return resources.map(id => this.snapshot(id))
  }

  /** A row of a claimed view as this member sees it. Throws Missing, and Unavailable viewStalled. */
  claim(view: string, key: string): ClaimRow {
    const { stalled } = this.#claimed
    if (stalled.size > 0 && stalled.has(view)) throw incomplete(view, stalled.get(view))
    const written = this.claims.get(`${view}/${key}`)
    if (written) return written
    const resident = this.#resident.claim(view, key)
    if (resident) return resident
    // Of a resource that was just made there is no row anywhere.
    if (this.#fresh.has(key)) return noRow
    throw new Missing([], [{ view, key }])
  }

  /** Is it a claimed view of this engine, whole or not? */
  keeps(view: string): boolean {
    const { complete, stalled } = this.#claimed
    return stalled.has(view) || complete.some(({ name }) => name === view)
  }

  /** Rows of a claimed view, those that there are; one load fetches every one that is missing. Throws as `claim` does. */
  claimed(view: string, keys: readonly string[]): ViewRow[] {
    const missing: { view: string; key: string }[] = []
    const rows = keys.flatMap(key => {
      try {
        return this.claim(view, key).row ?? []
      } catch (error) {
        if (!(error instanceof Missing)) throw error
        missing.push(...error.claims)
        return []
      }
    })
    if (missing.length) throw new Missing([], missing)
    return rows
  }

  /** Adds an event with the snapshot after it, and folds it into the claimed views. Throws Missing. */
  append(stored: StoredEvent, envelope: Envelope, after: Snapshot): void {
    for (const view of this.#claimed.complete) for (const key of view.keys(envelope)) this.#fold(view, key, envelope)
    this.events.push(stored)
    this.envelopes.push(envelope)
    this.position = envelope.position
    this.at = envelope.at
    const before = this.snapshots.get(after.resource)
    this.#undo.push(() => (before ? this.snapshots.set(after.resource, before) : this.snapshots.delete(after.resource)))
    this.snapshots.set(after.resource, after)
  }

  #fold(view: Projection, key: string, envelope: Envelope): void {
    const { row } = this.claim(view.name, key)
    this.#write(view, key, view.fold(row, envelope, key))
  }

  /** Writes a row of a claimed view, and adds what changed in it to the rows it counts in. Throws Missing. */
  #write(view: Projection, key: string, given: ViewRow | undefined): void {
    const next = given && view.isEmpty?.(given) ? undefined : given
    const name = `${view.name}/${key}`
    const before = this.claims.get(name)
    const { row, revision } = this.claim(view.name, key)
    if (next === row) return
    this.#undo.push(() => (before ? this.claims.set(name, before) : this.claims.delete(name)))
    this.claims.set(name, { view: view.name, key, row: next, expected: before?.expected ?? revision, revision })
    if (view.objects) this.#changed.push({ view, key, before: row })
    for (const { key: above, amounts } of additions(view, row, next))
      this.#write(view, above, view.add!(this.claim(view.name, above).row, above, amounts))
  }

  /** What claimed views have against the rows as they became since the mark, in the order in which they changed. */
  objections(since: Mark): Objection[] {
    const before = new Map<string, ChangedRow>()
    for (const changed of this.#changed.slice(since.changed)) {
      const name = `${changed.view.name}/${changed.key}`
      if (!before.has(name)) before.set(name, changed)
    }
    return [...before].flatMap(([name, { view, before: row }]) => {
      const after = this.claims.get(name)?.row
      return after ? view.objects!(row, after) : []
    })
  }

  mark(): Mark {
    return {
      position: this.position,
      at: this.at,
      undo: this.#undo.length,
      events: this.events.length,
      asksOpened: this.asksOpened.length,
      asksClosed: this.asksClosed.length,
      asksUpdated: this.asksUpdated.length,
      timerChanges: this.timerChanges.length,
      tokens: this.tokens.length,
      changed: this.#changed.length,
    }
  }

  /** Forgets everything since the mark. */
  rollback(mark: Mark): void {
    while (this.#undo.length > mark.undo) this.#undo.pop()!()
    this.events.length = mark.events
    this.envelopes.length = mark.events
    this.asksOpened.length = mark.asksOpened
    this.asksClosed.length = mark.asksClosed
    this.asksUpdated.length = mark.asksUpdated
    this.timerChanges.length = mark.timerChanges
    this.tokens.length = mark.tokens
    this.#changed.length = mark.changed
    this.position = mark.position
    this.at = mark.at
  }

  get isEmpty(): boolean {
    const { events, asksClosed, asksUpdated, timerChanges, tokens } = this
    return events.length + asksClosed.length + asksUpdated.length + timerChanges.length + tokens.length === 0
  }

  /** What to hand to the store: asks opened and closed in one commit, and timers changed twice, are settled here. */
  toCommit(): Commit {
    const closed = new Set(this.asksClosed)
    const opened = closed.size ? this.asksOpened.filter(ask => !closed.has(ask.token)) : this.asksOpened
    for (const ask of this.asksOpened) closed.delete(ask.token)
    const timers = new Map(this.timerChanges.map(change => [`${change.key.resource} ${change.key.event}`, change]))
    const changes = [...timers.values()]
    return {
      events: this.events,
      asksOpened: opened,
      asksClosed: [...closed],
      asksUpdated: this.asksUpdated,
      timersArmed: changes.flatMap(({ armed }) => armed ?? []),
      timersDisarmed: changes.filter(({ armed }) => !armed).map(({ key }) => key),
      tokens: this.tokens,
      claims: [...this.claims.values()],
      claimedViews: this.#claimed.stalled.size ? this.#claimed.complete.map(({ name }) => name) : undefined,
    }
  }
}

const incomplete = (view: string, cause: unknown) =>
  new Unavailable(
    'viewStalled',
    `The view '${view}' is incomplete, so nothing can be claimed from it until it has been rebuilt.`,
    { cause },
  )
