/** The handle for an embedder's own queries: it reads the tables of the views and can write nothing. */
import type Database from 'better-sqlite3'
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely'
import type { Projection } from '../../../projections/contract.ts'
import { StoreError } from '../store.ts'
import { connect } from './open.ts'

type Column<T> = T extends string | number | null ? T : T extends undefined ? null : string
/** Tables of projections, as Kysely sees them: columns that are neither text nor numbers are JSON text. */
// biome-ignore lint/suspicious/noExplicitAny: any row type will do, and rows are contravariant in their folds
export type TablesOf<P extends Readonly<Record<string, Projection<string, any>>>> = {
  [N in keyof P as P[N]['name']]: P[N] extends Projection<string, infer Row>
    ? { [C in keyof Row]-?: Column<Row[C]> }
    : never
}

/** A connection of its own, opened by the first query and closed by `destroy`. */
export const readerOfFile = <Rows>(path: string): Kysely<Rows> =>
  new Kysely({ dialect: new SqliteDialect({ database: async () => connect(path, true) }) })

/** The store's own connection, where there can be no other; only statements that return rows and change none pass. */
export const readerOf = <Rows>(database: Database.Database): Kysely<Rows> => {
  const guarded: SqliteDatabase = {
    prepare(source) {
      const statement = database.prepare(source)
      // SQLite counts BEGIN, COMMIT and most pragmas as reading, but they would meddle with the store's own work.
      if (statement.reader && statement.readonly && !/^\s*pragma/i.test(source)) return statement as never
      throw new StoreError('failed', `this handle only reads, and was asked for: ${source}`)
    },
    close() {},
  }
  return new Kysely({ dialect: new SqliteDialect({ database: guarded }) })
}
