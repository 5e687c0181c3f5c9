/** Connections on which what is committed stays committed: every promise of durability is set and then checked. */
import Database from 'better-sqlite3'
import { StoreError } from '../store.ts'

/** Before it, two connections could corrupt a database in WAL mode. (spec: reliability 2.1.) */
export const SQLITE_FLOOR = '3.51.3'

/** Negative, zero or positive as version a is older than, equal to, or newer than b. Numbers, separated by dots. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map(version => version.split('.').map(Number)) as [number[], number[]]
  for (let place = 0; place < Math.max(left.length, right.length); place += 1) {
    const difference = (left[place] ?? 0) - (right[place] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Throws StoreError sqliteTooOld. */
export function checkSqliteVersion(database: Database.Database): void {
  const found = database.prepare('select sqlite_version() as version').get() as { version: string }
  if (compareVersions(found.version, SQLITE_FLOOR) >= 0) return
  throw new StoreError(
    'sqliteTooOld',
    `SQLite ${found.version} can lose acknowledged writes in WAL mode, and ${SQLITE_FLOOR} is the first that does not; install better-sqlite3 13 or later.`,
  )
}

/** Opens a file. Throws StoreError failed if there is none where there has to be one, or none can be made. */
export function connect(path: string, readOnly: boolean): Database.Database {
  try {
    const database = new Database(path, { readonly: readOnly, fileMustExist: readOnly })
    if (readOnly) database.pragma('query_only = ON')
    return database
  } catch (cause) {
    throw new StoreError('failed', `${path} cannot be opened: ${(cause as Error).message}`, { cause })
  }
}

/**
 * Opens a file to be read from one end to the other. From mapped memory no page has to be copied first; SQLite maps 2 GiB
 * at most, and what is beyond is read. Throws as `connect` does.
 */
export function forReadingAll(path: string): Database.Database {
  const database = connect(path, true)
  mapIntoMemory(database)
  return database
}
export const mapIntoMemory = (database: Database.Database): unknown =>
  database.pragma(`mmap_size = ${2 ** 31 - 65_536}`)

/**
 * Sets and asserts how a writing connection behaves; the time it waits for another one is at most 5 s. Throws StoreError
 * sqliteTooOld, or notDurable where commits would not survive the power.
 */
export function prepareForWriting(database: Database.Database): void {
  checkSqliteVersion(database)
  // What a commit changes are mostly single rows in large trees, and each costs a page: small ones halve the writing. It
  // only takes effect on a new file, and only before WAL.
  database.pragma('page_size = 4096')
  if (!database.memory) database.pragma('journal_mode = WAL')
  // better-sqlite3 is compiled to lower this to NORMAL in WAL mode, which would lose commits with the power.
  database.pragma('synchronous = FULL')
  // 64 MB of log: as far as it may grow if the checkpointer, which begins at 8 MB, does not keep up.
  database.pragma('wal_autocheckpoint = 16000')
  // 64 MB, in KiB.
  database.pragma('cache_size = -65536')
  database.pragma('busy_timeout = 5000')
  database.pragma('temp_store = MEMORY')
  assertDurable(database)
}

function assertDurable(database: Database.Database): void {
  const synchronous = database.pragma('synchronous', { simple: true })
  const journal = database.pragma('journal_mode', { simple: true })
  if (synchronous === 2 && (database.memory || journal === 'wal')) return
  throw new StoreError(
    'notDurable',
    `${database.name} has synchronous=${synchronous} and journal_mode=${journal}, not 2 and wal: commits could be lost. Put it on a local disk that supports WAL.`,
  )
}
