/**
 * The provider's truth in a file of its own, which the engine's transactions never touch: a restart of the engine, or
 * the death of the whole process, leaves the provider as it was. WAL with synchronous NORMAL keeps every commit when
 * the process is killed; a loss of power may cost the last ones, as it may at a real provider.
 */
import Database from 'better-sqlite3'
import type { AnyRecord } from './records.ts'

/** Where records are kept beyond this process. */
export interface Ledger {
  /** All records, in order of creation. */
  load(): AnyRecord[]
  /** One transaction: the removed go first, then the changed are as they are now. Throws if nothing was written. */
  write(changed: Iterable<AnyRecord>, removed: Iterable<AnyRecord>): void
  /** How often the file has been opened, this time included. */
  readonly openings: number
  close(): void
}

/** The file is of a later version of the simulated driver, or not its file at all. */
export class SimulatedFileRefused extends Error {
  override readonly name = 'SimulatedFileRefused'
}
/** Two drivers on one file would each believe themselves; the later one owns it. */
export class SimulatedFileTaken extends Error {
  override readonly name = 'SimulatedFileTaken'
}

const format = 1

const prepareSchema = (database: Database.Database, file: string) => {
  const found = database.pragma('user_version', { simple: true })
  const tables = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()
  if (found === 0 && tables === 0) {
    database.exec(`
      CREATE TABLE record (kind TEXT NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
      CREATE TABLE opening (number INTEGER NOT NULL);
      INSERT INTO opening VALUES (0);
      PRAGMA user_version = ${format};
    `)
  } else if (found !== format) {
    throw new SimulatedFileRefused(
      `${file} is not a file of this simulated driver (format ${found}, expected ${format})`,
    )
  }
}

export const fileLedger = (file: string): Ledger => {
  const database = new Database(file)
  try {
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = NORMAL')
    database.transaction(() => prepareSchema(database, file)).immediate()
  } catch (error) {
    database.close()
    throw error
  }
  const openings = database.prepare('UPDATE opening SET number = number + 1 RETURNING number').pluck().get() as number

  const currentOpening = database.prepare('SELECT number FROM opening').pluck()
  const put = database.prepare('INSERT OR REPLACE INTO record (kind, id, text) VALUES (?, ?, ?)')
  const remove = database.prepare('DELETE FROM record WHERE kind = ? AND id = ?')
  const write = database.transaction((changed: Iterable<AnyRecord>, removed: Iterable<AnyRecord>) => {
    if (currentOpening.get() !== openings) {
      throw new SimulatedFileTaken(`${file} has been opened by another simulated driver, which owns it now`)
    }
    for (const record of removed) remove.run(record.kind, record.id)
    for (const record of changed) put.run(record.kind, record.id, JSON.stringify(record))
  })

  return {
    openings,
    load: () =>
      (database.prepare('SELECT text FROM record').pluck().all() as string[])
        .map(text => JSON.parse(text) as AnyRecord)
        .sort((a, b) => a.sequence - b.sequence),
    write: (changed, removed) => write.immediate(changed, removed),
    close: () => database.close(),
  }
}
