/**
 * Tables beside those of views, filled without indexes and then renamed: what a rebuild writes is read by nobody before
 * it is whole. Statements run at once, for others use the connection between two of them. (docs/decisions/0053.)
 */
import type Database from 'better-sqlite3'
import type { Compilable, Kysely } from 'kysely'
import type { Projection, ViewRow } from '../../../projections/contract.ts'
import { type Refill, type RowChange, StoreError } from '../store.ts'
import type { Checkpointer } from './checkpointer.ts'
import type { Tables } from './schema/tables.ts'
import type { Statements } from './statements.ts'
import { inTransaction } from './transaction.ts'
import { rowOf, ViewTables, viewTable, writeRow, writeRows } from './view-rows.ts'
import { indexesOf, tableOf } from './view-schema.ts'

/** No view can have such a name. */
const PREFIX = '_next_'
const besides = (view: string) => `${PREFIX}${view}`

export interface RefillParts {
  readonly database: Database.Database
  readonly kysely: Kysely<Tables>
  readonly statements: Statements
  readonly checkpointer: Checkpointer | undefined
}

/** Throws away what somebody began to fill and did not swap: of these views, or of all. */
export function dropUnfinished(database: Database.Database, kysely: Kysely<Tables>, views?: readonly string[]): void {
  const tables = database.prepare<[], string>("select name from sqlite_schema where type = 'table'").pluck().all()
  for (const name of tables)
    if (name.startsWith(PREFIX) && (!views || views.includes(name.slice(PREFIX.length))))
      database.exec(kysely.schema.dropTable(name).compile().sql)
}

export class SqliteRefill implements Refill {
  readonly #parts: RefillParts
  readonly #views: readonly Projection[]
  readonly #tables: ViewTables
  /** Indexes that are not there yet. */
  readonly #indexes: Compilable[]
  #isOver = false

  /** Makes the tables. */
  constructor(parts: RefillParts, views: readonly Projection[]) {
    const { database, kysely, statements } = parts
    this.#parts = parts
    this.#views = views
    const names = views.map(({ name }) => name)
    inTransaction(database, statements, () => {
      dropUnfinished(database, kysely, names)
      for (const view of views) this.#run(tableOf(kysely, view, besides(view.name)))
    })
    this.#indexes = this.#namedApart()
    this.#tables = new ViewTables(views.map(view => viewTable(kysely, database, view, besides(view.name))))
  }

  async rows(view: string, keys: readonly string[]): Promise<Map<string, ViewRow>> {
    const { projection, byKeys } = this.#open().named(view)
    const found = byKeys.all(JSON.stringify(keys))
    return new Map(found.map(row => [row[projection.key] as string, rowOf(projection, row)]))
  }

  async write(rows: readonly RowChange[], watermark: number): Promise<void> {
    const tables = this.#open()
    this.#inTransaction(() => writeAll(tables, rows, watermark), 'NORMAL')
  }

  async index(): Promise<boolean> {
    this.#open()
    const [index] = this.#indexes
    if (!index) return false
    this.#inTransaction(() => this.#run(index), 'NORMAL')
    this.#indexes.shift()
    return true
  }

  async swap(views: readonly string[], rows: readonly RowChange[], watermark: number): Promise<void> {
    const tables = this.#open()
    const { kysely, statements } = this.#parts
    this.#inTransaction(() => {
      writeAll(tables, rows, watermark)
      for (const index of this.#indexes) this.#run(index)
      for (const name of views) {
        this.#run(kysely.schema.dropTable(name))
        this.#run(kysely.schema.alterTable(besides(name)).renameTo(name))
        statements.watermark.run(watermark, name)
      }
      this.#drop()
    })
    this.#isOver = true
  }

  async discard(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    // What is left where the store is closed already is found when it is opened again.
    if (this.#parts.database.open) this.#inTransaction(() => this.#drop())
  }

  #drop(): void {
    const { database, kysely } = this.#parts
    const names = this.#views.map(({ name }) => name)
    dropUnfinished(database, kysely, names)
  }

  /** The old table has indexes of the first names, or of the second ones, and goes with them. */
  #namedApart(): Compilable[] {
    const { database, kysely } = this.#parts
    const isTaken = database.prepare("select 1 from sqlite_schema where type = 'index' and name = ?")
    return this.#views.flatMap(view => {
      const ending = isTaken.get(`${view.name}By0`) ? 'b' : ''
      return indexesOf(kysely, view, { table: besides(view.name), ending })
    })
  }

  #run(query: Compilable): void {
    this.#parts.database.exec(query.compile().sql)
  }

  /** With NORMAL it need not be on the disk yet: what is lost with the power was not promised to anybody. */
  #inTransaction(work: () => void, synchronous: 'FULL' | 'NORMAL' = 'FULL'): void {
    const { database, statements, checkpointer } = this.#parts
    if (synchronous !== 'FULL') database.pragma(`synchronous = ${synchronous}`)
    try {
      inTransaction(database, statements, work)
    } finally {
      if (synchronous !== 'FULL') database.pragma('synchronous = FULL')
    }
    checkpointer?.committed()
  }

  #open(): ViewTables {
    if (!this.#isOver) return this.#tables
    throw new StoreError('failed', 'these views have been swapped or thrown away; begin to fill them again')
  }
}

/** Rows that were there before may go; the others come in the order in which they are given. */
function writeAll(tables: ViewTables, changes: readonly RowChange[], watermark: number): void {
  const made = new Map<string, ViewRow[]>()
  for (const change of changes) {
    const { view, row, before } = change
    if (!row || before) {
      writeRow(tables.named(view), change, watermark)
      continue
    }
    const rows = made.get(view)
    if (rows) rows.push(row)
    else made.set(view, [row])
  }
  for (const [view, rows] of made) writeRows(tables.named(view), rows, watermark)
}
