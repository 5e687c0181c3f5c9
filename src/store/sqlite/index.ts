/**
 * The store on SQLite: a file that one process writes, or `:memory:`. (design: "Store facts"; spec: reliability 2.)
 *
 * Commits are synchronous statements in one transaction: nothing can come between them, and what a promise resolved for
 * is on disk. Reads of the hot paths use the same connection; `db` is a second one that can only read.
 */
import { statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import type { Projection } from '../../../projections/contract.ts'
import {
  type AskRow,
  type Commit,
  type DerivedChanges,
  type Opened,
  SNAPSHOTS,
  type Store,
  StoreError,
  type StoredEvent,
  type ViewQuery,
} from '../store.ts'
import { checksumOf, inTransaction, tableOf, writeCommit, writeDerivedRows } from './commit.ts'
import { lockForWriting, type WriterLock } from './lock.ts'
import { checkSchema, migrate, SCHEMA_VERSION } from './migrations.ts'
import { openReader, prepareConnection } from './open.ts'
import { runQuery } from './queries.ts'
import { prepareStatements, type Statements } from './statements.ts'
import type { Tables } from './tables.ts'
import { prepareViewTable, type ViewTable, viewTable } from './view-tables.ts'

export { type Owner, readOwner } from './lock.ts'

export interface SqliteOptions {
  /** A file, or `:memory:`. */
  readonly path?: string
  /** An open connection to use instead; the caller keeps it and it is not closed. */
  readonly database?: Database.Database
}

// biome-ignore lint/suspicious/noExplicitAny: its tables are those of the projections the engine was given
export type ReadHandle = Kysely<any>

export interface SqliteStore extends Store {
  /** A read-only Kysely handle over the tables, for an embedder's own queries. Throws StoreError closed before `open`. */
  readonly db: ReadHandle
  /** Says where this process can be reached, to whoever finds the file locked. */
  announce(url: string): void
}

type EventRow = [number, string, number, string, string]

/** A store on a SQLite file, or in memory. Nothing is opened before `open`. */
export function sqlite(options: string | SqliteOptions): SqliteStore {
  return new SqliteFile(typeof options === 'string' ? { path: options } : options)
}

class SqliteFile implements SqliteStore {
  readonly #path: string
  readonly #given: Database.Database | undefined
  #parts: { database: Database.Database; statements: Statements; views: Map<string, ViewTable>; kysely: Kysely<Tables> } | undefined
  #reader: ReadHandle | undefined
  #lock: WriterLock | undefined

  constructor({ path = ':memory:', database }: SqliteOptions) {
    this.#path = database?.name ?? path
    this.#given = database
  }

  async open(projections: readonly Projection[]): Promise<Opened> {
    if (this.#parts) throw new StoreError('alreadyOpen', `${this.#path} is open already in this store; close it first`)
    const isFile = !this.#given && this.#path !== ':memory:' && this.#path !== ''
    if (isFile) this.#lock = lockForWriting(this.#path)
    const database = this.#given ?? this.#connect()
    try {
      prepareConnection(database)
      checkSchema(database.pragma('user_version', { simple: true }) as number, this.#path)
      const kysely = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) })
      await migrate(kysely as unknown as Kysely<never>, this.#path)
      database.pragma(`user_version = ${SCHEMA_VERSION}`)
      const watermarks = new Map<string, number>()
      for (const each of projections) watermarks.set(each.name, await prepareViewTable(kysely, each))
      watermarks.set(SNAPSHOTS, await snapshotMark(kysely))
      const views = new Map(projections.map(each => [each.name, viewTable(kysely, database, each)]))
      const statements = prepareStatements(kysely, database)
      this.#parts = { database, statements, views, kysely }
      this.#reader = isFile ? new Kysely({ dialect: new SqliteDialect({ database: openReader(this.#path) }) }) : readOnly(database)
      const last = statements.last.get()
      return { position: last?.position ?? 0, at: last ? (JSON.parse(last.text).at as number) : 0, watermarks }
    } catch (error) {
      if (!this.#given) database.close()
      this.#lock?.release()
      this.#lock = undefined
      this.#parts = undefined
      throw error
    }
  }

  get db(): ReadHandle {
    if (!this.#reader) throw this.#closed()
    return this.#reader
  }

  announce(url: string): void {
    this.#lock?.announce(url)
  }

  async commit(commit: Commit): Promise<void> {
    const { database, statements, views } = this.#open()
    inTransaction(database, statements, () => writeCommit(commit, statements, views))
  }

  async writeDerived(changes: DerivedChanges): Promise<void> {
    const { database, statements, views } = this.#open()
    inTransaction(database, statements, () => writeDerivedRows(changes, statements, views))
  }

  async resetView(view: string): Promise<void> {
    const { views, kysely } = this.#open()
    tableOf(view, views)
    await (kysely as unknown as ReadHandle).deleteFrom(view).execute()
    await kysely.updateTable('watermarks').set({ position: 0 }).where('view', '=', view).execute()
  }

  async snapshots(resources: readonly string[]) {
    const found = this.#open().statements.snapshots.all(JSON.stringify(resources))
    const isSound = (row: Tables['snapshots']) => checksumOf(row) === row.checksum
    return {
      rows: found.filter(isSound),
      damaged: found.filter(row => !isSound(row)).map(({ resource }) => resource),
    }
  }

  async stream(resource: string, fromVersion: number, limit: number): Promise<StoredEvent[]> {
    return (this.#open().statements.stream.all(resource, fromVersion, limit) as EventRow[]).map(toEvent)
  }

  async log(after: number, limit: number): Promise<StoredEvent[]> {
    return (this.#open().statements.log.all(after, limit) as EventRow[]).map(toEvent)
  }

  async claims(view: string, keys: readonly string[]) {
    const table = tableOf(view, this.#open().views)
    const found = table.byKeys.all(JSON.stringify(keys))
    const { key } = table.projection
    return new Map(found.map(row => [row[key] as string, { row: table.toRow(row), revision: row.revision as number }]))
  }

  async rows(view: string, keys: readonly string[]) {
    const table = tableOf(view, this.#open().views)
    const found = table.byKeys.all(JSON.stringify(keys))
    return new Map(found.map(row => [row[table.projection.key] as string, table.toRow(row)]))
  }

  async query(view: string, query: ViewQuery) {
    const { views, kysely } = this.#open()
    const table = tableOf(view, views)
    return (await runQuery(kysely, view, query)).map(row => table.toRow(row))
  }

  async token(account: string, token: string) {
    return this.#open().statements.findToken.get(account, token)
  }

  async asks(afterPosition: number, limit: number): Promise<AskRow[]> {
    return this.#open()
      .statements.asks.all(afterPosition, limit)
      .map(row => ({
        ...row,
        supersedes: row.supersedes === 1,
        handle: row.handle ?? undefined,
        lastError: row.lastError ?? undefined,
      }))
  }

  async countAsks(): Promise<number> {
    return this.#open().statements.countAsks.get()?.count ?? 0
  }

  async timers(limit: number) {
    return this.#open().statements.timers.all(limit)
  }

  async pruneTokens(before: number, limit: number): Promise<number> {
    return this.#open().statements.pruneTokens.run(before, limit).changes
  }

  async measures(): Promise<Record<string, number>> {
    const { database } = this.#open()
    const pages = database.pragma('page_count', { simple: true }) as number
    const pageBytes = database.pragma('page_size', { simple: true }) as number
    return { bytes: pages * pageBytes, walBytes: sizeOf(`${this.#path}-wal`) }
  }

  async close(): Promise<void> {
    const parts = this.#parts
    if (!parts) return
    this.#parts = undefined
    await this.#reader?.destroy()
    this.#reader = undefined
    if (!this.#given) parts.database.close()
    this.#lock?.release()
    this.#lock = undefined
  }

  #connect(): Database.Database {
    try {
      return new Database(this.#path)
    } catch (cause) {
      this.#lock?.release()
      this.#lock = undefined
      throw new StoreError('failed', `${this.#path} cannot be opened: ${(cause as Error).message}`, { cause })
    }
  }

  #open() {
    if (!this.#parts) throw this.#closed()
    return this.#parts
  }

  #closed(): StoreError {
    return new StoreError('closed', `${this.#path} is not open; open it, or a new store on it`)
  }
}

const toEvent = ([position, resource, version, digest, text]: EventRow): StoredEvent => ({ position, resource, version, text, digest })

async function snapshotMark(kysely: Kysely<Tables>): Promise<number> {
  await kysely
    .insertInto('watermarks')
    .values({ view: SNAPSHOTS, version: 1, position: 0 })
    .onConflict(conflict => conflict.doNothing())
    .execute()
  const { position } = await kysely.selectFrom('watermarks').select('position').where('view', '=', SNAPSHOTS).executeTakeFirstOrThrow()
  return position
}

/** In memory there is only one connection: reading through it is made safe by refusing statements that write. */
function readOnly(database: Database.Database): ReadHandle {
  const prepare = (source: string) => {
    const statement = database.prepare(source)
    if (!statement.readonly) throw new StoreError('failed', `this handle only reads: ${source}`)
    return statement
  }
  const guarded = { close: () => {}, prepare }
  return new Kysely({ dialect: new SqliteDialect({ database: guarded as unknown as Database.Database }) })
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
