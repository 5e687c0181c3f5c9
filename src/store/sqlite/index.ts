/**
 * The store on SQLite: a file that one process writes, or `:memory:`. (design: "Store facts"; spec: reliability 2.)
 *
 * Commits are synchronous statements in one transaction: nothing can come between them, and what a promise resolved for
 * is on disk. Reads of the hot paths use the same connection; `db` is a second one that can only read.
 */
import type Database from 'better-sqlite3'
import type { Kysely } from 'kysely'
import type { Store } from '../store.ts'
import type { PruneAsked, PruneDone } from './prune/pruning.ts'
import { SqliteFile } from './sqlite-file.ts'

export { type Owner, readOwner } from './lock.ts'
export type { PruneAsked, PruneDone } from './prune/pruning.ts'
export type { TablesOf } from './reader.ts'
export { sqliteRefusals } from './refusals/index.ts'
export { beginRestore, type Restoration } from './restore.ts'

export interface SqliteOptions {
  /** A file, or `:memory:`. */
  readonly path?: string
  /**
   * An open connection to use instead. The caller keeps it: it is not locked against other processes, and `close` leaves
   * it open. A transaction that is open on it is rolled back by `open`.
   */
  readonly database?: Database.Database
  /** Takes no lock, changes nothing, and refuses to write; the file may be another process's to write. */
  readonly readOnly?: boolean
  /**
   * Folder from which archives that prunes wrote are looked for (default: that of the file): where the file knows them to
   * be, or in this folder under their names. Those that are there are read with the log; false: none is.
   */
  readonly archives?: string | false
}

// biome-ignore lint/suspicious/noExplicitAny: without a type argument, the tables are known only at run time
export interface SqliteStore<Rows = any> extends Store {
  /**
   * A read-only Kysely handle over the views' tables, for an embedder's own queries: `sqlite<TablesOf<typeof
   * projections>>(…)` types it. Sees what is written, so flush the engine before. Throws StoreError closed.
   */
  readonly db: Kysely<Rows>
  /** Says where this process can be reached, to whoever finds the file locked. Nothing to say it to for `:memory:`. */
  announce(url: string): void
  /**
   * Copies everything that is committed now into a file that is not there yet, while others go on writing; the copy is on
   * the disk when it returns. Throws StoreError failed.
   */
  backup(path: string): void
  /**
   * Takes streams that are over out of the log, into an archive, and leaves what folds go on from without it. Nobody may
   * use the store meanwhile; close it afterwards. Throws StoreError failed, having changed nothing.
   */
  prune(asked: PruneAsked): PruneDone
}

/**
 * A store on a SQLite file, or in memory. Nothing is opened before `open`, whose errors are StoreError sqliteTooOld
 * (before 3.51.3), schemaTooNew, alreadyOpen (another process writes it), notDurable, and failed.
 */
// biome-ignore lint/suspicious/noExplicitAny: without a type argument, the tables are known only at run time
export function sqlite<Rows = any>(options: string | SqliteOptions): SqliteStore<Rows> {
  return new SqliteFile(typeof options === 'string' ? { path: options } : options) as unknown as SqliteStore<Rows>
}
