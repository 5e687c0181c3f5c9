/** Transactions by plain statements, so that whoever wraps the connection sees each of them. */
import type Database from 'better-sqlite3'
import { asFailure } from './failures.ts'
import type { Statements } from './statements.ts'

/** Runs the work between BEGIN IMMEDIATE and COMMIT; whatever is thrown rolls back and is thrown on. */
export function inTransaction(database: Database.Database, statements: Statements, work: () => void): void {
  try {
    statements.begin.run()
    work()
    statements.commit.run()
  } catch (error) {
    undo(database)
    throw asFailure(error, database.name, 'nothing of it was written')
  }
}

/** The same around work that waits: only while the store opens, when nobody else uses the connection. */
export async function inSlowTransaction<T>(database: Database.Database, work: () => Promise<T>): Promise<T> {
  try {
    database.exec('BEGIN IMMEDIATE')
    const result = await work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    undo(database)
    throw error
  }
}

/** Rolls back what is open. A full disk may have done it already, and what was thrown first is what matters. */
export function undo(database: Database.Database): void {
  try {
    if (database.inTransaction) database.exec('ROLLBACK')
  } catch {
    // The connection is beyond help: its next statement says so, and the file is rolled back when it is opened again.
  }
}
