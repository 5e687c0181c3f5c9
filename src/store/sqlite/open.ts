/** Opening a database so that what is committed stays committed: every promise of durability is set and then checked. */
import Database from 'better-sqlite3'
import { StoreError } from '../store.ts'

/** Before it, two connections could corrupt a database in WAL mode. (spec: reliability 2.1.) */
export const SQLITE_FLOOR = '3.51.3'

/** Negative, zero or positive as version a is older than, equal to, or newer than b. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map(version => version.split('.').map(Number)) as [number[], number[]]
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Throws StoreError sqliteTooOld. */
export function checkSqliteVersion(found: string): void {
  if (compareVersions(found, SQLITE_FLOOR) >= 0) return
  throw new StoreError(
    'sqliteTooOld',
    `SQLite ${found} can lose acknowledged writes in WAL mode; install better-sqlite3 13 or later (SQLite ${SQLITE_FLOOR}).`,
  )
}

/** Sets and asserts how the writing connection behaves. Throws StoreError sqliteTooOld or notDurable. */
export function prepareConnection(database: Database.Database): void {
  checkSqliteVersion(database.prepare('SELECT sqlite_version()').pluck().get() as string)
  // Larger pages suit events of 500 bytes; it only takes effect on a new file.
  database.pragma('page_size = 8192')
  if (!database.memory) database.pragma('journal_mode = WAL')
  // better-sqlite3 is compiled to lower this to NORMAL in WAL mode, which would lose commits with the power.
  database.pragma('synchronous = FULL')
  database.pragma('wal_autocheckpoint = 4000')
  database.pragma('cache_size = -65536')
  database.pragma('busy_timeout = 5000')
  database.pragma('temp_store = MEMORY')
  const isFull = database.pragma('synchronous', { simple: true }) === 2
  const isWal = database.memory || database.pragma('journal_mode', { simple: true }) === 'wal'
  if (isFull && isWal) return
  throw new StoreError('notDurable', `${database.name} does not take WAL with synchronous=FULL; is it on a network disk?`)
}

/** A connection of its own that can only read. */
export function openReader(path: string): Database.Database {
  const database = new Database(path, { readonly: true, fileMustExist: true })
  database.pragma('query_only = ON')
  return database
}
