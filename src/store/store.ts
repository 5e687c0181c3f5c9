/**
 * The contract of a store: an append-only log with optimistic versions, the rows that must be true together with it,
 * and derived rows that may lag behind. (design: contract points 4, 6, 11, "Store facts".)
 *
 * A commit is decided in memory and handed over whole; the store applies it in one transaction or not at all, checking
 * every expectation in it. Nothing here supposes a single process: what this process believed is checked at commit.
 */
import type { Json } from '../../machines/grammar.ts'
import type { AnyProjection, Projection, ViewRow } from '../../projections/contract.ts'
import type { CheckpointFile } from './checkpoints.ts'
import type { RefusalJournal, RefusalLimits } from './refusals.ts'

/** One event as stored: `text` is the canonical JSON of its envelope without the digest. */
export interface StoredEvent {
  readonly position: number
  readonly resource: string
  readonly version: number
  readonly text: string
  readonly digest: string
}

/** The cached fold of one resource's stream. `checksum` is the store's own business. */
export interface SnapshotRow {
  readonly resource: string
  readonly version: number
  readonly rules: number
  /** Canonical JSON of the rest of the snapshot. */
  readonly text: string
}

/** The end of a resource's life, from the snapshot that shows it until the resource is forgotten. */
export interface EndingRow {
  readonly resource: string
  readonly kind: string
  /** Of the event that ended it: its place in the log, and its time (ms since 1970). */
  readonly position: number
  readonly at: number
}

/** An open ask: one row from the commit of its event until its answer. */
export interface AskRow {
  readonly token: string
  readonly resource: string
  readonly verb: string
  readonly provider: string
  /** JSON text. */
  readonly args: string
  /** Event types that close it. */
  readonly done: string
  readonly rejected: string
  /** Event type that says it is being done, if anybody wants to know. */
  readonly progressed?: string
  readonly supersedes: boolean
  /** Position of the event that asked, and of the first event of its story. */
  readonly position: number
  readonly correlation: number
  /** Calls begun so far. */
  readonly attempts: number
  /** Not before this time (ms since 1970). */
  readonly dueAt: number
  /** JSON text of the driver's handle while it is pending. */
  readonly handle?: string
  /** Message of the last failed attempt. */
  readonly lastError?: string
}
export type AskUpdate = Pick<AskRow, 'token' | 'attempts' | 'dueAt' | 'handle' | 'lastError'>

export interface TimerRow {
  readonly resource: string
  readonly event: string
  readonly dueAt: number
  readonly position: number
  readonly correlation: number
}
export type TimerKey = Pick<TimerRow, 'resource' | 'event'>

/** A remembered request: the same token with the same digest answers `result` again. */
export interface TokenRow {
  readonly account: string
  readonly token: string
  readonly digest: string
  /** JSON text. */
  readonly result: string
  readonly at: number
}

/** A new value of one row of a view; `row` undefined removes it. Columns that are null or undefined read as absent. */
export interface RowChange {
  readonly view: string
  readonly key: string
  readonly row: ViewRow | undefined
  /** What it was before, where that is known: columns that stay the same need not be written. */
  readonly before?: ViewRow
}
/**
 * A change of a claimed view's row: fails the commit unless the stored revision is `expected` (0: no row). Its new
 * revision is the position of the commit's last event, so that none is used twice, even if the row goes and comes back.
 */
export interface ClaimChange extends RowChange {
  readonly expected: number
}

/** Rows that follow from the events: everything up to and including `watermark` is folded into them. */
export interface DerivedChanges {
  readonly snapshots: readonly SnapshotRow[]
  /** One that is known already is none too many. */
  readonly endings?: readonly EndingRow[]
  readonly rows: readonly RowChange[]
  readonly watermark: number
  /** Whose watermarks move (views, and SNAPSHOTS); all derived ones if not given. */
  readonly views?: readonly string[]
}

export interface Commit {
  readonly events: readonly StoredEvent[]
  readonly asksOpened: readonly AskRow[]
  /** Each must still be open, else the commit fails with a Conflict. */
  readonly asksClosed: readonly string[]
  /** Each must be open, else the commit fails with a Conflict; one that is also closed here is updated before. */
  readonly asksUpdated: readonly AskUpdate[]
  readonly timersArmed: readonly TimerRow[]
  /** One that is not armed is none too many. */
  readonly timersDisarmed: readonly TimerKey[]
  readonly tokens: readonly TokenRow[]
  readonly claims: readonly ClaimChange[]
  /** Claimed views that are complete up to this commit: their watermarks move; those of all if not given. */
  readonly claimedViews?: readonly string[]
  /** With strict consistency, derived rows ride in the same transaction. */
  readonly derived?: DerivedChanges
}

/** Someone else changed what this commit was decided on. Nothing was written; decide again. */
export class Conflict extends Error {
  override readonly name = 'Conflict'
  readonly code = 'conflict'
  readonly on: 'version' | 'position' | 'ask' | 'claim' | 'token'
  readonly key: string
  constructor(on: Conflict['on'], key: string, options?: ErrorOptions) {
    super(`${on} ${key} has changed since this commit was decided`, options)
    this.on = on
    this.key = key
  }
}

/** The store cannot be opened or used; the message says what was found and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: 'sqliteTooOld' | 'schemaTooNew' | 'alreadyOpen' | 'notDurable' | 'closed' | 'failed'
  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Something was taken out of the log and is not at hand. The message says where it is. */
export class Pruned extends Error {
  override readonly name = 'Pruned'
  readonly code = 'pruned'
  readonly what: string
  /** Where the archives should be that are not there: paths, as far as the store knows a folder. */
  readonly missing: readonly string[]
  /** What comes after this position can be read without them. */
  readonly wholeAfter: number
  /** @param what is in them */
  constructor(what: string, { missing, wholeAfter }: Pick<Beginning, 'missing' | 'wholeAfter'>) {
    const [is, it] = missing.length === 1 ? ['is', 'it'] : ['are', 'them']
    super(`${what} is in ${missing.join(', ')}, which ${is} not there; put ${it} back, or beside the data file`)
    this.what = what
    this.missing = missing
    this.wholeAfter = wholeAfter
  }
}

/**
 * What a log begins with, where streams that had ended were taken out and not every archive is at hand: what came before
 * `position` cannot be folded again, so folds go on from here.
 */
export interface Beginning {
  readonly position: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** Where the archives should be that are not there. */
  readonly missing: readonly string[]
  /** The last position in any of these, or a later one: nothing was taken out after it. */
  readonly wholeAfter: number
  /** The stream of a resource that was taken out: what is heard later continues it. */
  snapshot(resource: string): Promise<SnapshotRow | undefined>
  /** Every row of a view as it was then. Throws Pruned for one that was not there, or folds differently now. */
  rows(view: AnyProjection): Promise<ViewRow[]>
  /** What had ended by then, and was not forgotten. */
  endings(): Promise<EndingRow[]>
}

/** Part of what a prune left, or of an archive, that is not what was sealed. */
export interface PruneDamage {
  /** The archive, or the part of this database. */
  readonly name: string
  readonly key: string
  readonly sealed?: unknown
  readonly found?: unknown
}

/** Whether a signature is of this text; without a check, signatures are not looked at. */
export type SignatureCheck = (text: string, signature: string) => boolean

export interface Opened {
  /** Last position and time in the log; 0 for an empty one. */
  readonly position: number
  readonly at: number
  /**
   * Position up to which rows are complete. A view whose version or shape changed starts at 0 with an empty table; a
   * claimed view is complete or at 0, because every commit moves it.
   */
  readonly watermarks: ReadonlyMap<string, number>
  /** By kind: position up to which everything that had ended is forgotten. */
  readonly horizons: ReadonlyMap<string, number>
  /**
   * Name of this log, made with it and never the same twice: what its engine asks providers for is marked with it, so
   * that two engines at one provider know their own. Without it, `stemma`.
   */
  readonly owner?: string
}

/** Values strictly between these, or on one side of one; what is absent is in no range. */
export interface Range {
  readonly above?: string | number
  readonly below?: string | number
}
/** What a reader may ask of a view's table: equal to a value, to any of a list, or within a range. */
export type Condition = Readonly<Record<string, string | number | null | readonly (string | number)[] | Range>>
export interface ViewQuery {
  readonly where?: Condition
  /** Besides `where`, at least one of these must hold. */
  readonly anyOf?: readonly Condition[]
  readonly sort?: readonly { readonly column: string; readonly direction: 'asc' | 'desc' }[]
  readonly limit: number
  /** Values of the sort columns and the key of the last row seen. */
  readonly after?: readonly (string | number | null)[]
}

/**
 * Tables beside those of some views: filled from the first event while everybody reads and writes the old ones, and put
 * in their place at one stroke. What was begun and not swapped is thrown away when the store is opened again.
 */
export interface Refill {
  /** Rows by key, of those written here. */
  rows(view: string, keys: readonly string[]): Promise<Map<string, ViewRow>>
  /** Writes rows, each of them once, in a transaction of its own. `watermark` becomes the revision of a claimed view's row. */
  write(rows: readonly RowChange[], watermark: number): Promise<void>
  /**
   * How other threads of this process fill tables of their own, whose rows are then absorbed. Absent where only this
   * thread can, as in memory.
   */
  readonly annexes?: Annexes
  /** Takes over the next rows of an annex, which is closed; false if there are none left. */
  absorb?(annex: number): Promise<boolean>
  /** Makes one index that is not there yet, best once most is written; false if all are there. */
  index(): Promise<boolean>
  /**
   * Writes the last rows, and puts the tables of these views in the place of the old ones, complete up to `watermark`:
   * all of it in one transaction. The others are thrown away. Nothing can be done with them here afterwards.
   */
  swap(views: readonly string[], rows: readonly RowChange[], watermark: number): Promise<void>
  /** Throws away what was not swapped. Safe to call twice. */
  discard(): Promise<void>
}

/**
 * One of several parts of a log, from 0, or some that follow each other: a reader who has less time than others takes
 * fewer. Each resource is in exactly one part; in which one is up to the store, and the same every time.
 */
export interface Share {
  readonly part: number
  readonly parts: number
  /** How many, from `part` on; default: 1. */
  readonly count?: number
}

/** The resources from one id on and before another one, in the order in which a store gives them. */
export interface ResourceRange {
  readonly from: string
  /** Undefined: all that follow. */
  readonly before?: string
}

/** The log resource by resource, read once from its beginning. */
export interface ByResource {
  /** It has the events up to this position, and none beyond. */
  readonly position: number
  /** At most so many ranges of about as many events, which together are all of it. */
  ranges(count: number): Promise<readonly ResourceRange[]>
  /** What is read next is this range, from its beginning. */
  seek(range: ResourceRange): void
  /** The next ones, at most `limit`: those of one resource follow each other, in their order. None at the end. */
  next(limit: number): Promise<StoredEvent[]>
  /** Events at these positions, in order of position. */
  at(positions: readonly number[]): Promise<StoredEvent[]>
  /** Safe to call twice. */
  close(): Promise<void>
}

/** What is sent to a thread, so that it can open annexes of a refill. */
export interface Annexes {
  /** Address of a module of the store; it exports `openAnnex`, an `OpenAnnex`. */
  readonly module: string
  /** The first argument of it; it can be cloned. */
  readonly place: unknown
}

/**
 * Opens an annex of a refill in the thread that will fill it.
 * @param nth from 0; each is opened once
 * @param position up to which the log is read, that of a `ByResource` of this store; it becomes the revision of claimed views' rows
 */
export type OpenAnnex = (place: never, nth: number, position: number, views: readonly Projection[]) => Annex

/** Where one thread puts the rows that it folds. */
export interface Annex {
  readonly log: ByResource
  /** Writes rows that are new, each of them once. */
  write(rows: readonly RowChange[]): Promise<void>
  /** Then its rows can be absorbed. Safe to call twice. */
  close(): Promise<void>
}

/** Name under which the watermark of the snapshot rows is kept, beside those of the views. */
export const SNAPSHOTS = 'snapshots'

export interface Store {
  /**
   * Creates or migrates the schema, prepares the tables of the views (dropping those of another version), takes the
   * writer's lock. Throws StoreError with code sqliteTooOld, schemaTooNew, alreadyOpen or notDurable.
   */
  open(views: readonly AnyProjection[]): Promise<Opened>
  /** Applies all of it in one durable transaction. Throws Conflict, or whatever the database threw, having written nothing. */
  commit(commit: Commit): Promise<void>
  /** Writes derived rows in a transaction of their own. */
  writeDerived(changes: DerivedChanges): Promise<void>
  /** Empties the view's table and sets its watermark to 0. */
  resetView(view: string): Promise<void>
  /** Begins to fill these views anew, beside what there is; one that was being filled so before is begun again. */
  refill(views: readonly string[]): Promise<Refill>

  /** Snapshot rows that exist and whose checksum holds; `damaged` names those whose does not. */
  snapshots(resources: readonly string[]): Promise<{ rows: SnapshotRow[]; damaged: string[] }>
  /** A stream in order, from `fromVersion`, at most `limit`. */
  stream(resource: string, fromVersion: number, limit: number): Promise<StoredEvent[]>
  /** The log in order, positions greater than `after`, at most `limit`; with a share, of its resources only. */
  log(after: number, limit: number, share?: Share): Promise<StoredEvent[]>
  /** The log in another order: the same, and faster to fold. Undefined where parts of it are elsewhere. */
  byResource?(): Promise<ByResource | undefined>
  /** Rows of a claimed view with their revisions. */
  claims(view: string, keys: readonly string[]): Promise<Map<string, { row: ViewRow; revision: number }>>
  /** Rows of any view by key. */
  rows(view: string, keys: readonly string[]): Promise<Map<string, ViewRow>>
  query(view: string, query: ViewQuery): Promise<ViewRow[]>
  token(account: string, token: string): Promise<TokenRow | undefined>
  /** Open asks in order of position, after the given one. */
  asks(afterPosition: number, limit: number): Promise<AskRow[]>
  countAsks(): Promise<number>
  /** Timers by due time, earliest first. */
  timers(limit: number): Promise<TimerRow[]>
  /** Deletes tokens older than `before`, at most `limit`; returns how many. */
  pruneTokens(before: number, limit: number): Promise<number>
  /** Resources of a kind that have ended and are not forgotten, in the order in which they ended. */
  endings(kind: string, limit: number): Promise<EndingRow[]>
  /**
   * Forgets these, the next that `endings` gives: removes their snapshots, and their rows of these views as far as a view
   * has folded their end already, and moves the kind's horizon to the last of them, all in one transaction. Events stay.
   */
  forget(kind: string, endings: readonly EndingRow[], perResource: readonly string[]): Promise<void>
  /** What the log begins with; undefined where it is whole. Stores from which nothing is taken out have none. */
  beginning?(): Promise<Beginning | undefined>
  /** Holds what prunes left, and the archives that are there, against what was sealed. */
  pruneDamages?(isSigned?: SignatureCheck): Promise<PruneDamage[]>
  /** A journal of refusals beside this store, not made yet. Without one they are kept in memory. */
  refusals?(limits: RefusalLimits): RefusalJournal
  /** Checkpoints of views beside this store. Without them, a past is folded by every process anew. */
  checkpoints?(): CheckpointFile | undefined
  /** Bytes on disk, pages, WAL size: whatever the store can say about itself. */
  measures(): Promise<Record<string, number>>
  close(): Promise<void>
}

/** Where the event with this version is not at hand: throws Pruned if it was taken out of the log. */
export async function checkStream(store: Pick<Store, 'beginning'>, resource: string, version: number): Promise<void> {
  const beginning = await store.beginning?.()
  const taken = await beginning?.snapshot(resource)
  if (beginning && taken && version <= taken.version)
    throw new Pruned(`the history of ${resource} up to version ${taken.version}`, beginning)
}

/** Throws Pruned where events after a position were taken out of the log and are not at hand. */
export async function checkReadable(store: Pick<Store, 'beginning'>, after: number): Promise<void> {
  const beginning = await store.beginning?.()
  if (!beginning || after >= beginning.wholeAfter) return
  const { wholeAfter } = beginning
  throw new Pruned(
    `some of what came after #${after} and up to #${wholeAfter}, after which all can be read,`,
    beginning,
  )
}

export type { Json, Projection, ViewRow }
