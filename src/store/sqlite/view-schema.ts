/** The tables of the views: one for each projection, dropped and made anew when it folds differently. */
import type { Compilable, Kysely } from 'kysely'
import type { ColumnType, Projection } from '../../../projections/contract.ts'
import { StoreError } from '../store.ts'
import { ownTables, type Tables } from './schema/tables.ts'

const identifier = /^[a-z][A-Za-z0-9_]{0,62}$/

/** Column of claimed views: position of the commit that wrote the row. */
export const REVISION = 'revision'

/** Throws StoreError failed for names that cannot be, or are taken, and for a claimed view whose rows would be forgotten. */
export function checkNames(projection: Projection): void {
  const { name, columns, key, indexes = [], consistency, perResource, leaves } = projection
  const refuse = (what: string) => new StoreError('failed', `view '${name}': ${what}`)
  const bad = [name, ...Object.keys(columns)].find(each => !identifier.test(each))
  if (bad !== undefined)
    throw refuse(`'${bad}' is no name for a table or column; begin with a-z, go on with letters and digits`)
  if (ownTables.includes(name) || name.startsWith('sqlite'))
    throw refuse(`the store has a table of that name; take another`)
  if (Object.hasOwn(columns, REVISION)) throw refuse(`'${REVISION}' is the store's own column; take another name`)
  if (perResource && consistency === 'claimed')
    throw refuse(`it is claimed and perResource; what commands claim from is not forgotten`)
  if (leaves && (perResource || consistency === 'claimed'))
    throw refuse(`it leaves rows behind, which only a derived view does whose rows belong to no resource`)
  if ((projection.counts === undefined) !== (projection.add === undefined))
    throw refuse(`it has one of counts and add; what is counted is added somewhere`)
  if (projection.objects && consistency !== 'claimed')
    throw refuse(`it objects to requests, which only a claimed view can: a derived one knows of them too late`)
  const unknown = [key, ...indexes.flat()].find(each => !Object.hasOwn(columns, each))
  if (unknown !== undefined) throw refuse(`'${unknown}' is none of its columns ${Object.keys(columns).join(', ')}`)
}

const sqlTypes: Record<ColumnType, 'text' | 'integer' | 'real'> = {
  text: 'text',
  integer: 'integer',
  real: 'real',
  json: 'text',
}

/** What a table is made of. A change of it makes the table anew even if its author forgot the version. */
export const shapeOf = ({ key, columns, indexes = [], consistency = 'derived', perResource }: Projection): string =>
  JSON.stringify([key, columns, indexes, consistency, ...(perResource ? ['perResource'] : [])])

/** The watermark of a view whose table is there and of this very shape and version; undefined otherwise. */
export async function findView(db: Kysely<Tables>, projection: Projection): Promise<number | undefined> {
  const known = await db.selectFrom('watermarks').selectAll().where('view', '=', projection.name).executeTakeFirst()
  const isSame = known?.version === projection.version && known.shape === shapeOf(projection)
  return isSame ? known.position : undefined
}

/** A table for a view's rows, under the view's own name or another, without indexes but its key's. */
export function tableOf({ schema }: Kysely<Tables>, projection: Projection, name = projection.name): Compilable {
  const { columns, key, consistency } = projection
  let table = schema.createTable(name)
  for (const [column, type] of Object.entries(columns))
    table = table.addColumn(column, sqlTypes[type], each => (column === key ? each.primaryKey().notNull() : each))
  return consistency === 'claimed' ? table.addColumn(REVISION, 'integer', column => column.notNull()) : table
}

/** A table of the same columns whose rows may be in any order and are found by nothing. */
export function heapOf({ schema }: Kysely<Tables>, { name, columns, consistency }: Projection): Compilable {
  let table = schema.createTable(name)
  for (const [column, type] of Object.entries(columns)) table = table.addColumn(column, sqlTypes[type])
  return consistency === 'claimed' ? table.addColumn(REVISION, 'integer') : table
}

/** The indexes that a view declares, on a table of its rows. Names of indexes are one for the whole database. */
export const indexesOf = (
  { schema }: Kysely<Tables>,
  { name, indexes = [] }: Projection,
  on: { readonly table: string; readonly ending: string } = { table: name, ending: '' },
): Compilable[] =>
  indexes.map((columns, place) =>
    schema
      .createIndex(`${name}By${place}${on.ending}`)
      .on(on.table)
      .columns([...columns]),
  )

/** Drops the view's table, if there is one, and makes it anew with its indexes and a watermark of 0. */
export async function makeView(db: Kysely<Tables>, projection: Projection): Promise<void> {
  const { name, version } = projection
  await db.schema.dropTable(name).ifExists().execute()
  for (const query of [tableOf(db, projection), ...indexesOf(db, projection)]) await db.executeQuery(query.compile())
  const mark = { version, shape: shapeOf(projection), position: 0 }
  await db
    .insertInto('watermarks')
    .values({ view: name, ...mark })
    .onConflict(conflict => conflict.column('view').doUpdateSet(mark))
    .execute()
}
