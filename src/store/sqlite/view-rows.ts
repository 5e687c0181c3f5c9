/** Rows of views, to and from their tables, by statements that are prepared once for each view. */
import type Database from 'better-sqlite3'
import { type Compilable, type InsertQueryBuilder, type Kysely, sql } from 'kysely'
import type { Projection, ViewRow } from '../../../projections/contract.ts'
import { canonical } from '../canonical.ts'
import { type ClaimChange, type RowChange, StoreError } from '../store.ts'
import { REVISION } from './view-schema.ts'

export type Value = string | number | null
type Statement = Database.Statement<Value[], Record<string, unknown>>

/** A view's table. */
export interface ViewTable {
  readonly projection: Projection
  /** Its columns in their order, without the revision of a claimed view. */
  readonly columns: readonly Column[]
  readonly upsert: Statement
  /** Columns that indexes hold, and a statement that changes all others: indexes are not touched. */
  readonly indexed: readonly string[]
  readonly loose: readonly Column[]
  readonly narrow: Statement | undefined
  readonly remove: Statement
  readonly clear: Statement
  readonly byKeys: Statement
  readonly all: Statement
  /** Only of claimed views: each changes one row, or none if the stored revision is another one. */
  readonly claim?: { readonly create: Statement; readonly update: Statement; readonly remove: Statement }
}

/** A column as it is written. */
export interface Column {
  readonly name: string
  readonly isJson: boolean
}
export const columnsOf = ({ columns }: Projection): Column[] =>
  Object.entries(columns).map(([name, type]) => ({ name, isJson: type === 'json' }))

/** The views a store was opened with. */
export class ViewTables {
  readonly #tables: ReadonlyMap<string, ViewTable>
  readonly claimed: readonly string[]
  readonly derived: readonly string[]

  constructor(tables: readonly ViewTable[]) {
    const names = (claimed: boolean) =>
      tables.filter(({ claim }) => (claim !== undefined) === claimed).map(({ projection }) => projection.name)
    this.#tables = new Map(tables.map(table => [table.projection.name, table]))
    this.claimed = names(true)
    this.derived = names(false)
  }

  /** Throws StoreError failed for a view the store was not opened with. */
  named(name: string): ViewTable {
    const table = this.#tables.get(name)
    if (table) return table
    const known = [...this.#tables.keys()].join(', ') || 'none'
    throw new StoreError('failed', `there is no view '${name}'; the store was opened with ${known}`)
  }
}

/** Prepares what is done with a view's table again and again; it may have another name than the view. */
export function viewTable(
  // biome-ignore lint/suspicious/noExplicitAny: the table is a projection's, known only at run time
  db: Kysely<any>,
  database: Database.Database,
  projection: Projection,
  name = projection.name,
): ViewTable {
  const { columns, key, consistency } = projection
  const isClaimed = consistency === 'claimed'
  const written = columnsOf(projection)
  const all = [...Object.keys(columns), ...(isClaimed ? [REVISION] : [])]
  const prepared = (query: Compilable): Statement => database.prepare(query.compile().sql)
  // Parameters are bound by place: what stands here only says where.
  const blank = Object.fromEntries(all.map(column => [column, '']))
  const insert = db.insertInto(name).values(blank)
  const others = all.filter(column => column !== key)
  const remove = db.deleteFrom(name).where(key, '=', '')
  const update = db
    .updateTable(name)
    .set(Object.fromEntries(others.map(column => [column, ''])))
    .where(key, '=', '')
  const indexed = isClaimed ? [] : [...new Set([key, ...(projection.indexes ?? []).flat()])]
  const loose = all.filter(column => !indexed.includes(column))
  const narrow = db
    .updateTable(name)
    .set(Object.fromEntries(loose.map(column => [column, ''])))
    .where(key, '=', '')
  const isOneOf = sql<boolean>`${sql.ref(key)} in (select value from json_each(${''}))`
  return {
    projection,
    columns: written,
    upsert: prepared(overwriting(insert, projection)),
    indexed,
    loose: written.filter(column => loose.includes(column.name)),
    narrow: isClaimed || loose.length === 0 ? undefined : prepared(narrow),
    remove: prepared(remove),
    clear: prepared(db.deleteFrom(name)),
    all: prepared(db.selectFrom(name).select(all).orderBy(key)),
    byKeys: prepared(db.selectFrom(name).select(all).where(isOneOf)),
    claim: isClaimed
      ? {
          create: prepared(insert.onConflict(conflict => conflict.doNothing())),
          update: prepared(update.where(REVISION, '=', 0)),
          remove: prepared(remove.where(REVISION, '=', 0)),
        }
      : undefined,
  }
}

/**
 * An insert that overwrites the row of its key, if there is one: with nothing, where it has no value for a column.
 * @param insert into a table with the view's columns
 */
export function overwriting(
  // biome-ignore lint/suspicious/noExplicitAny: the table is a projection's, known only at run time
  insert: InsertQueryBuilder<any, string, any>,
  { columns, key, consistency }: Projection,
): Compilable {
  const others = Object.keys(columns).filter(column => column !== key)
  if (consistency === 'claimed') others.push(REVISION)
  return insert.onConflict(conflict =>
    others.length === 0
      ? conflict.column(key).doNothing()
      : conflict
          .column(key)
          .doUpdateSet(({ ref }) => Object.fromEntries(others.map(column => [column, ref(`excluded.${column}`)]))),
  )
}

/** Writes or removes a row, whatever was there. `watermark` becomes the revision of a claimed view's row. */
export function writeRow(view: ViewTable, { key, row, before }: RowChange, watermark: number): void {
  if (row === undefined) view.remove.run(key)
  else if (before && writeNarrowly(view, key, row, before)) return
  else view.upsert.run(...valuesOf(view, row, watermark))
}

/** Writes all columns but the indexed ones, which must be the same as before; false if they are not, or no row is there. */
function writeNarrowly(
  { projection, indexed, loose, narrow }: ViewTable,
  key: string,
  row: ViewRow,
  before: ViewRow,
): boolean {
  if (!narrow || indexed.some(column => (row[column] ?? null) !== (before[column] ?? null))) return false
  const others = loose.map(column => storedValue(projection, column, row))
  return narrow.run(...others, key).changes === 1
}

/** Writes or removes a row if its stored revision is the expected one; false, and nothing is changed, if it is not. */
export function writeClaimedRow(view: ViewTable, change: ClaimChange, revision: number): boolean {
  const { projection, claim, byKeys, columns } = view
  const { key, row, expected } = change
  if (!claim) throw new StoreError('failed', `view '${projection.name}' is derived; only a claimed one can be claimed`)
  if (row === undefined)
    return expected === 0 ? !byKeys.get(JSON.stringify([key])) : claim.remove.run(key, expected).changes === 1
  if (expected === 0) return claim.create.run(...valuesOf(view, row, revision)).changes === 1
  const others = columns
    .filter(({ name }) => name !== projection.key)
    .map(column => storedValue(projection, column, row))
  return claim.update.run(...others, revision, key, expected).changes === 1
}

/** Values in the order of the columns, and the revision of a claimed view's row. */
function valuesOf(view: ViewTable, row: ViewRow, revision: number): Value[] {
  const values: Value[] = []
  addValues(values, view, row, revision)
  return values
}

function addValues(values: Value[], { projection, columns, claim }: ViewTable, row: ViewRow, revision: number): void {
  for (let place = 0; place < columns.length; place += 1) values.push(storedValue(projection, columns[place]!, row))
  if (claim) values.push(revision)
}

/** What is stored. Throws StoreError failed for what SQLite has no value for. */
export function storedValue(projection: Projection, { name, isJson }: Column, row: ViewRow): Value {
  const value = row[name]
  if (value === undefined || value === null) return null
  if (isJson) return canonical(value)
  if (typeof value === 'string' || typeof value === 'number') return value
  const found = `column '${name}' is ${projection.columns[name]} and got a ${typeof value}`
  throw new StoreError(
    'failed',
    `view '${projection.name}': ${found}; declare it json, or fold it into text or a number`,
  )
}

/** The row as it was written, but for columns that were null, which are absent. */
export function rowOf({ columns }: Projection, stored: Record<string, unknown>): ViewRow {
  const row: ViewRow = {}
  for (const column in columns) {
    const value = stored[column]
    if (value !== null) row[column] = columns[column] === 'json' ? JSON.parse(value as string) : value
  }
  return row
}
