/**
 * A better-sqlite3 handle whose statements are seams: the process can die before or after each of them. Everything else
 * goes straight to the real database.
 */
import type Database from 'better-sqlite3'
import { Crash, type Life } from './crash.ts'

type Handle = Database.Database
type Statement = Database.Statement

/** A handle for one engine. `committed` is called after each COMMIT that reached the database. */
export function mortalDatabase(database: Handle, life: Life, committed: () => void): Handle {
  const around = <T>(source: string, work: () => T): T => {
    if (life.pass('sql', source)) throw new Crash(`before ${source}`)
    const result = work()
    if (source === 'COMMIT' || !database.inTransaction) committed()
    if (life.pass('sqlDone', source)) throw new Crash(`after ${source}`)
    return result
  }
  const wrapped = (statement: Statement, source: string): Statement => {
    const calls: Record<string, unknown> = { reader: statement.reader, readonly: statement.readonly, source }
    for (const name of ['run', 'get', 'all', 'iterate'] as const) {
      const call = (statement[name] as (...all: unknown[]) => unknown).bind(statement)
      calls[name] = (...values: unknown[]) => around(source, () => call(...values))
    }
    for (const name of ['raw', 'pluck'] as const)
      calls[name] = (toggle = true) => {
        statement[name](toggle)
        return calls
      }
    return calls as unknown as Statement
  }
  const handle = {
    name: database.name,
    memory: database.memory,
    get open() {
      return database.open
    },
    get inTransaction() {
      return database.inTransaction
    },
    prepare: (source: string) => wrapped(database.prepare(source), source),
    exec: (source: string) => around(source, () => database.exec(source)),
    pragma: (source: string, options?: Database.PragmaOptions) => database.pragma(source, options),
    close: () => handle,
  }
  return handle as unknown as Handle
}
