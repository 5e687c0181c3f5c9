/**
 * Tables beside those of views, filled without indexes and then renamed: what a rebuild writes is read by nobody before
 * it is whole. Statements run at once, for others use the connection between two of them. (docs/decisions/0053.)
 */
import type Database from 'better-sqlite3'
import { type Compilable, type Kysely, sql } from 'kysely'
import type { Projection, ViewRow } from '../../../projections/contract.ts'
import { type Annexes, type Refill, type RowChange, StoreError } from '../store.ts'
import { annexAt, annexesOf, dropAnnexes } from './annex.ts'
import type { Checkpointer } from './checkpointer.ts'
import { RowInserts } from './row-inserts.ts'
import type { Tables } from './schema/tables.ts'
import type { Statements } from './statements.ts'
import { inTransaction } from './transaction.ts'
import { rowOf, ViewTables, viewTable, writeRow } from './view-rows.ts'
import { indexesOf, tableOf } from './view-schema.ts'

/** No view can have such a name. */
const PREFIX = '_next_'
const besides = (view: string) => `${PREFIX}${view}`
/** Rows of one transaction that absorbs: copying one costs a few microseconds. */
const ABSORBED_AT_ONCE = 5_000

export interface RefillParts {
  readonly database: Database.Database
  readonly kysely: Kysely<Tables>
  readonly statements: Statements
  readonly checkpointer: Checkpointer | undefined
}

/** The last row of a table in an annex, and what copies those after one and up to another. */
interface Absorption {
  readonly last: number
  readonly copy: Database.Statement<[number, number]>
}

/** Rows of an annex that are not absorbed yet. */
interface Left {
  readonly annex: number
  readonly tables: Absorption[]
  /** Up to here those of the first table are absorbed. */
  after: number
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
  readonly #inserts = new Map<string, RowInserts>()
  readonly #path: string | undefined
  readonly annexes: Annexes | undefined
  #left: Left | undefined
  #isOver = false

  /**
   * Makes the tables.
   * @param path of a file that other threads can read
   */
  constructor(parts: RefillParts, views: readonly Projection[], path?: string) {
    const { database, kysely, statements } = parts
    this.#parts = parts
    this.#path = path
    this.annexes = path === undefined ? undefined : annexesOf(path)
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
    this.#inTransaction(() => this.#writeAll(rows, watermark), 'NORMAL')
  }

  async absorb(annex: number): Promise<boolean> {
    this.#open()
    const left = this.#left?.annex === annex ? this.#left : this.#attach(annex)
    const [table] = left.tables
    if (!table) {
      this.#detach()
      dropAnnexes(this.#path!, annex)
      return false
    }
    const upTo = Math.min(left.after + ABSORBED_AT_ONCE, table.last)
    this.#inTransaction(() => table.copy.run(left.after, upTo), 'NORMAL')
    left.after = upTo
    if (upTo === table.last) {
      left.tables.shift()
      left.after = 0
    }
    return true
  }

  async index(): Promise<boolean> {
    this.#open()
    const [index] = this.#indexes
    if (!index) return false
    const { database } = this.#parts
    // One to sort, while this one reads.
    database.pragma('threads = 1')
    this.#inTransaction(() => this.#run(index), 'NORMAL')
    database.pragma('threads = 0')
    this.#indexes.shift()
    return true
  }

  async swap(views: readonly string[], rows: readonly RowChange[], watermark: number): Promise<void> {
    this.#open()
    const { kysely, statements } = this.#parts
    this.#dropAnnexes()
    this.#inTransaction(() => {
      this.#writeAll(rows, watermark)
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
    if (!this.#parts.database.open) return
    this.#dropAnnexes()
    this.#inTransaction(() => this.#drop())
  }

  #attach(annex: number): Left {
    const { database, kysely } = this.#parts
    this.#detach()
    database.prepare('attach ? as annex').run(annexAt(this.#path!, annex))
    const tables = this.#views.map(({ name }) => absorption(kysely, database, name))
    this.#left = { annex, tables: tables.filter(({ last }) => last > 0), after: 0 }
    return this.#left
  }

  #detach(): void {
    if (this.#left) this.#parts.database.exec('detach annex')
    this.#left = undefined
  }

  #dropAnnexes(): void {
    this.#detach()
    if (this.#path !== undefined) dropAnnexes(this.#path)
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

  /** Rows that were there before may go; the others come whole. */
  #writeAll(changes: readonly RowChange[], watermark: number): void {
    const tables = this.#open()
    try {
      for (const change of changes) {
        const { view, row, before } = change
        if (!row || before) writeRow(tables.named(view), change, watermark)
        else this.#insertsOf(view).add(row, watermark)
      }
      for (const inserts of this.#inserts.values()) inserts.flush()
    } catch (error) {
      // What they still hold is of a transaction that is rolled back.
      this.#inserts.clear()
      throw error
    }
  }

  #insertsOf(view: string): RowInserts {
    const known = this.#inserts.get(view)
    if (known) return known
    const { database, kysely } = this.#parts
    const { projection } = this.#tables.named(view)
    const made = new RowInserts(kysely, database, projection, { name: besides(view), hasKey: true })
    this.#inserts.set(view, made)
    return made
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

/** A view cannot have a column of that name. */
const ROW = sql.ref<number>('_rowid_')

// biome-ignore lint/suspicious/noExplicitAny: the tables are a projection's, known only at run time
function absorption(kysely: Kysely<any>, database: Database.Database, view: string): Absorption {
  const rows = kysely.selectFrom(`annex.${view}`)
  const last = rows.select(({ fn }) => fn.max(ROW).as('last')).compile().sql
  const some = rows.selectAll().where(ROW, '>', 0).where(ROW, '<=', 0).orderBy(ROW)
  const copy = kysely.insertInto(besides(view)).expression(some).compile().sql
  return { last: database.prepare<[], number | null>(last).pluck().get() ?? 0, copy: database.prepare(copy) }
}
