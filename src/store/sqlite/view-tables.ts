/** The tables of the views: one for each projection, dropped and made anew when it folds differently. */
import type Database from 'better-sqlite3'
import { type Kysely, sql } from 'kysely'
import type { ColumnType, Projection, ViewRow } from '../../../projections/contract.ts'
import { StoreError } from '../store.ts'
import { ownTables, type Tables } from './tables.ts'

type Value = string | number | null
type Statement = Database.Statement<Value[], Record<string, unknown>>

/** A view's table with its hot statements, prepared once. */
export interface ViewTable {
  readonly projection: Projection
  readonly upsert: Statement
  readonly remove: Statement
  readonly byKeys: Statement
  toValues(row: ViewRow, revision: number): Value[]
  toRow(stored: Record<string, unknown>): ViewRow
}

const identifier = /^[a-z][A-Za-z0-9_]{0,62}$/

function checkNames({ name, columns, key }: Projection): void {
  const reserved = (ownTables as readonly string[]).includes(name) || name.startsWith('sqlite')
  const bad = [name, ...Object.keys(columns)].find(each => !identifier.test(each)) ?? (reserved ? name : undefined)
  if (bad !== undefined) throw new StoreError('failed', `view ${name}: '${bad}' cannot name a table or column; use letters and digits`)
  if (!Object.hasOwn(columns, key)) throw new StoreError('failed', `view ${name}: its key '${key}' is none of its columns`)
}

const sqlTypes: Record<ColumnType, 'text' | 'integer' | 'real'> = { text: 'text', integer: 'integer', real: 'real', json: 'text' }

/** Makes the view's table if it is not there, or is of another version; returns the watermark it starts from. */
export async function prepareViewTable(db: Kysely<Tables>, projection: Projection): Promise<number> {
  checkNames(projection)
  const { name, version, columns, key, indexes = [] } = projection
  const known = await db.selectFrom('watermarks').selectAll().where('view', '=', name).executeTakeFirst()
  if (known?.version === version) return known.position
  const { schema } = db
  await schema.dropTable(name).ifExists().execute()
  let table = schema.createTable(name)
  for (const [column, type] of Object.entries(columns))
    table = table.addColumn(column, sqlTypes[type], each => (column === key ? each.primaryKey().notNull() : each))
  // Claims are checked against it; derived rows leave it at 1.
  await table.addColumn('revision', 'integer', column => column.notNull().defaultTo(1)).execute()
  for (const [index, named] of indexes.entries())
    await schema.createIndex(`${name}By${index}`).on(name).columns([...named]).execute()
  await db
    .insertInto('watermarks')
    .values({ view: name, version, position: 0 })
    .onConflict(conflict => conflict.column('view').doUpdateSet({ version, position: 0 }))
    .execute()
  return 0
}

/** JSON with sorted keys: live and rebuilt rows must be the same byte for byte. */
const jsonText = (value: unknown): string =>
  JSON.stringify(value, (_, each) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  )

/** Prepares what the hot paths do with a view's table. */
export function viewTable(db: Kysely<Tables>, database: Database.Database, projection: Projection): ViewTable {
  const { name, columns, key } = projection
  const all = Object.keys(columns)
  // biome-ignore lint/suspicious/noExplicitAny: the table is the projection's, known only at run time
  const anyDb = db as unknown as Kysely<any>
  const blank = Object.fromEntries([...all, 'revision'].map(column => [column, null]))
  const upsert = anyDb
    .insertInto(name)
    .values(blank)
    .onConflict(conflict =>
      conflict.column(key).doUpdateSet(({ ref }) =>
        Object.fromEntries([...all.filter(column => column !== key), 'revision'].map(c => [c, ref(`excluded.${c}`)])),
      ),
    )
    .compile()
  const remove = anyDb.deleteFrom(name).where(key, '=', '').compile()
  const byKeys = anyDb
    .selectFrom(name)
    .selectAll()
    .where(key, 'in', sql`(SELECT value FROM json_each(${'[]'}))` as never)
    .compile()
  const json = new Set(all.filter(column => columns[column] === 'json'))
  return {
    projection,
    upsert: database.prepare(upsert.sql),
    remove: database.prepare(remove.sql),
    byKeys: database.prepare(byKeys.sql),
    toValues(row, revision) {
      const values: Value[] = []
      for (const column of all) {
        const value = row[column]
        values.push(value === undefined || value === null ? null : json.has(column) ? jsonText(value) : value)
      }
      values.push(revision)
      return values
    },
    toRow(stored) {
      const row: ViewRow = {}
      for (const column of all) {
        const value = stored[column]
        if (value !== null) row[column] = json.has(column) ? JSON.parse(value as string) : value
      }
      return row
    },
  }
}
