/**
 * What the writer knows of resources without asking the store: those changed and not yet written behind, and those used
 * lately. Loads what is missing, refolds what is damaged or was folded under other rules, and sets aside a resource
 * whose history does not hold, so that others go on. (design: contract points 8, 11.)
 */
import {
  type DerivedChanges,
  type EndingRow,
  Pruned,
  type SnapshotRow,
  type Store,
  type StoredEvent,
} from '../store/store.ts'
import type { Catalogue } from './catalogue.ts'
import type { ClaimRow, Draft, Missing } from './draft.ts'
import { Damaged, type Hash, unseal } from './envelope.ts'
import { Recent } from './recent.ts'
import { Contained } from './refusal.ts'
import type { Retention } from './retention.ts'
import { fromRow, refold, type Snapshot, toRow, unborn } from './snapshot.ts'

const STREAM_CHUNK = 1_000
const PEEK_CHUNK = 500

type SnapshotRows = Required<Pick<DerivedChanges, 'snapshots' | 'endings'>>

export class Residence {
  readonly #store: Store
  readonly #catalogue: Catalogue
  readonly #hash: Hash
  readonly #recent: Recent<Snapshot>
  readonly #claims: Recent<ClaimRow>
  /** Changed since the last write behind; never evicted. */
  #dirty = new Map<string, Snapshot>()
  #writing = new Map<string, Snapshot>()
  /** Resources set aside, with what is wrong. */
  readonly contained = new Map<string, Contained>()
  readonly retention: Retention
  refolds = 0

  constructor(store: Store, catalogue: Catalogue, hash: Hash, capacity: number, retention: Retention) {
    this.retention = retention
    this.#store = store
    this.#catalogue = catalogue
    this.#hash = hash
    this.#recent = new Recent(capacity)
    this.#claims = new Recent(capacity)
  }

  get size(): number {
    return this.#recent.size
  }

  get dirtyCount(): number {
    return this.#dirty.size
  }

  snapshot(resource: string): Snapshot | undefined {
    const contained = this.contained.size > 0 ? this.contained.get(resource) : undefined
    if (contained) throw contained
    return this.#dirty.get(resource) ?? this.#writing.get(resource) ?? this.#recent.get(resource)
  }

  claim(view: string, key: string): ClaimRow | undefined {
    return this.#claims.get(`${view}/${key}`)
  }

  /** The resource as of the last commit, loaded if need be; null if it never existed. Throws Contained. */
  async find(resource: string): Promise<Snapshot | null> {
    const resident = this.snapshot(resource)
    if (resident) return resident
    const found = (await this.load([resource])).get(resource) ?? null
    // While it was read a commit may have left a newer one here, or its stream was found damaged.
    const newer = this.snapshot(resource)
    if (newer) return newer
    if (found) this.#recent.set(resource, found)
    return found
  }

  /**
   * These as of the last commit; null where there never was one, and nothing of those that are set aside. What has to be
   * loaded is not kept: whoever looks through all of them must not push out what is in use.
   */
  async peek(resources: Iterable<string>): Promise<Map<string, Snapshot | null>> {
    const found = new Map<string, Snapshot | null>()
    const missing: string[] = []
    for (const resource of resources) {
      if (this.contained.has(resource)) continue
      const resident = this.snapshot(resource)
      if (resident) found.set(resource, resident)
      else missing.push(resource)
    }
    for (let from = 0; from < missing.length; from += PEEK_CHUNK)
      for (const [resource, loaded] of await this.load(missing.slice(from, from + PEEK_CHUNK)))
        if (!this.contained.has(resource)) found.set(resource, this.snapshot(resource) ?? loaded)
    return found
  }

  /** Takes over what a batch wrote and read. */
  absorb(draft: Draft): void {
    for (const [resource, snapshot] of draft.snapshots) {
      this.#dirty.set(resource, snapshot)
      this.#recent.set(resource, snapshot)
    }
    for (const [name, claim] of draft.claims) {
      // The revision a store gives to the row: the position of the commit's last event, and 0 for no row.
      this.#claims.set(name, { row: claim.row, revision: claim.row ? draft.position : 0 })
    }
  }

  /** Remembers resources and claims that were loaded for a batch. */
  keep(snapshots: ReadonlyMap<string, Snapshot | null>, claims: ReadonlyMap<string, ClaimRow>): void {
    for (const [resource, snapshot] of snapshots) if (snapshot) this.#recent.set(resource, snapshot)
    for (const [name, claim] of claims) this.#claims.set(name, claim)
  }

  /** Someone else changed these, or their rows are gone: the next read loads them again. */
  forget(resources: Iterable<string>, claims: Iterable<string>): void {
    for (const resource of resources) this.#recent.delete(resource)
    for (const name of claims) this.#claims.delete(name)
  }

  /** A claimed view was folded anew: its rows have other revisions. */
  forgetClaims(): void {
    this.#claims.clear()
  }

  /** Loads resources by id; null where there is no such resource. Damaged ones are contained and left out. */
  async load(resources: readonly string[]): Promise<Map<string, Snapshot | null>> {
    const found = new Map<string, Snapshot | null>()
    const { rows, damaged } = await this.#store.snapshots(resources)
    const byId = new Map(rows.map(row => [row.resource, row]))
    for (const resource of resources) {
      const row = byId.get(resource)
      if (row && this.#isCurrent(row)) found.set(resource, fromRow(row))
      else if (row || damaged.includes(resource) || this.retention.mayBeForgotten(resource))
        await this.#refold(resource, found)
      else found.set(resource, null)
    }
    return found
  }

  async loadClaims(missing: Missing['claims']): Promise<Map<string, ClaimRow>> {
    const found = new Map<string, ClaimRow>()
    for (const { view, key } of missing) {
      const rows = await this.#store.claims(view, [key])
      found.set(`${view}/${key}`, rows.get(key) ?? { row: undefined, revision: 0 })
    }
    return found
  }

  #isCurrent({ resource, rules }: SnapshotRow): boolean {
    return this.#catalogue.ofId(resource)?.kind.rules === rules
  }

  async #refold(resource: string, found: Map<string, Snapshot | null>): Promise<void> {
    this.refolds += 1
    const snapshot = await this.fold(resource)
    if (this.contained.has(resource)) return
    // A reader may have folded it while a commit went on: what that left here is newer.
    const newer = this.#dirty.get(resource) ?? this.#writing.get(resource)
    if (newer && newer.version >= (snapshot?.version ?? 0)) return void found.set(resource, newer)
    found.set(resource, snapshot)
    if (snapshot && !this.retention.isForgotten(snapshot)) this.#dirty.set(resource, snapshot)
  }

  /**
   * Folds a stream from its first event, or what comes after a snapshot, up to and including a position. A damaged stream
   * is contained and gives null.
   */
  async fold(resource: string, from?: Snapshot, until = Number.POSITIVE_INFINITY): Promise<Snapshot | null> {
    let snapshot = from ?? (await this.#prunedAs(resource))
    for (;;) {
      const stored = await this.#store.stream(resource, (snapshot?.version ?? 0) + 1, STREAM_CHUNK)
      const events = stored.filter(({ position }) => position <= until)
      if (events.length === 0) return snapshot ?? null
      try {
        const first = snapshot ? undefined : unseal(events[0]!)
        const compiled = this.#catalogue.kind(snapshot?.kind ?? first!.kind)
        const start = snapshot ?? unborn(compiled, resource, first!.account, first!.region)
        if (events[0]!.version !== start.version + 1)
          throw new Damaged(
            events[0]!.position,
            resource,
            `has version ${events[0]!.version}, not ${start.version + 1}`,
          )
        snapshot = refold(compiled, start, events, this.#hash)
      } catch (cause) {
        this.contain(
          resource,
          cause instanceof Damaged ? cause.position : events[0]!.position,
          cause,
          snapshot?.account ?? accountIn(events),
        )
        return null
      }
    }
  }

  /** Where a stream was taken out of the log, and its archive is not at hand: what it was then. */
  async #prunedAs(resource: string): Promise<Snapshot | undefined> {
    if (!this.retention.mayBeForgotten(resource)) return undefined
    const beginning = await this.#store.beginning?.()
    const row = await beginning?.snapshot(resource)
    if (!beginning || !row) return undefined
    if (this.#isCurrent(row)) return fromRow(row)
    const cause = new Pruned(`${resource} was pruned under other rules, and its history`, beginning)
    this.contain(resource, beginning.position, cause)
    return undefined
  }

  /** Sets a resource aside. What it came to by its last commit is written all the same: the watermark passes over it. */
  contain(resource: string, position: number, cause: unknown, account?: string): void {
    const owner =
      account ?? (this.#dirty.get(resource) ?? this.#writing.get(resource) ?? this.#recent.get(resource))?.account
    this.contained.set(resource, new Contained(resource, position, owner, { cause }))
    this.#recent.delete(resource)
  }

  /** A resource refolded while catching up after a crash: its row is out of date until written. */
  markDirty(snapshot: Snapshot): void {
    this.#dirty.set(snapshot.resource, snapshot)
  }

  /** Rows of everything changed since the last call. Call `written` once they are stored, or `unwritten`. */
  takeDirty(): SnapshotRows {
    this.#writing = this.#dirty
    this.#dirty = new Map()
    return this.rowsOf(this.#writing.values())
  }
  /** A forgotten resource has none, whatever is still heard of it. */
  rowsOf(from: Iterable<Snapshot>): SnapshotRows {
    const snapshots: SnapshotRow[] = []
    const endings: EndingRow[] = []
    for (const each of from) {
      if (this.retention.isForgotten(each)) continue
      snapshots.push(toRow(each, this.#catalogue.kind(each.kind).kind.rules))
      if (each.ended) endings.push({ resource: each.resource, kind: each.kind, ...each.ended })
    }
    return { snapshots, endings }
  }
  written(): void {
    this.#writing = new Map()
  }
  unwritten(): void {
    for (const [resource, snapshot] of this.#dirty) this.#writing.set(resource, snapshot)
    this.#dirty = this.#writing
    this.#writing = new Map()
  }
}

/** Whose a stream is, by the first of its events that can still be read. */
function accountIn(events: readonly StoredEvent[]): string | undefined {
  for (const { text } of events) {
    try {
      const { account } = JSON.parse(text) as { account?: unknown }
      if (typeof account === 'string') return account
    } catch {
      // Not this one: the next may still be whole.
    }
  }
  return undefined
}
