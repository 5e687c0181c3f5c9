/** Everything that happens before a store can be used: lock, durability, schema, and the tables of the views. */
import type Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import type { Projection } from '../../../projections/contract.ts'
import { type Opened, SNAPSHOTS, StoreError } from '../store.ts'
import { dropAnnexes } from './annex.ts'
import { Checkpointer } from './checkpointer.ts'
import { asFailure } from './failures.ts'
import { lockForWriting, type WriterLock } from './lock.ts'
import { checkSqliteVersion, connect, mapIntoMemory, prepareForWriting } from './open.ts'
import { Prunes } from './prune/beginning.ts'
import { readerOf, readerOfFile } from './reader.ts'
import { dropUnfinished } from './refill.ts'
import { checkSchema, migrate, SCHEMA_VERSION } from './schema/migrations.ts'
import type { Tables } from './schema/tables.ts'
import { prepareStatements, type Statements } from './statements.ts'
import { StreamIndex } from './stream-index.ts'
import { inSlowTransaction, undo } from './transaction.ts'
import { ViewTables, viewTable } from './view-rows.ts'
import { checkNames, findView, makeView } from './view-schema.ts'

/** Where a store is: a file, memory, or a connection that the caller keeps. */
export interface Place {
  readonly path: string
  readonly given: Database.Database | undefined
  readonly readOnly: boolean
  /** Folder of the archives; undefined: none are looked for. */
  readonly archives: string | undefined
}

/** Whether it is a file that nobody else has opened for the store. */
export const isFile = ({ path, given }: Place): boolean => given === undefined && path !== ':memory:' && path !== ''

/** An open store. */
export interface Parts {
  readonly database: Database.Database
  readonly kysely: Kysely<Tables>
  readonly statements: Statements
  readonly views: ViewTables
  /** For stores that write. */
  readonly streams: StreamIndex | undefined
  readonly reader: Kysely<never>
  readonly lock: WriterLock | undefined
  /** For files that this store writes. */
  readonly checkpointer: Checkpointer | undefined
  readonly opened: Opened
  readonly prunes: Prunes
}

/** Opens all of it or nothing. Throws StoreError, having closed and unlocked what it had opened. */
export async function openParts(place: Place, projections: readonly Projection[]): Promise<Parts> {
  const { path, given, readOnly } = place
  const isOwnFile = isFile(place)
  for (const each of projections) checkNames(each)
  const lock = isOwnFile && !readOnly ? lockForWriting(path) : undefined
  let database: Database.Database | undefined
  try {
    database = given ?? connect(path, readOnly)
    // A connection handed over by a store that died in the middle: what that one had begun never happened.
    undo(database)
    const kysely = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) })
    const watermarks = await (readOnly ? findSchema : prepareSchema)(database, kysely, path, projections)
    const statements = prepareStatements(kysely, database)
    const present = projections.filter(({ name }) => !readOnly || watermarks.has(name))
    const tables = new ViewTables(present.map(each => viewTable(kysely, database!, each)))
    const last = statements.last.get(1)
    const position = last?.position ?? 0
    const at = last ? (JSON.parse(last.text).at as number) : 0
    // Every commit moves the claimed views, so one that is elsewhere missed something: it is folded from the start.
    for (const name of tables.claimed) if (watermarks.get(name) !== position) watermarks.set(name, 0)
    for (const { name } of projections) if (!watermarks.has(name)) watermarks.set(name, 0)
    const reader = isOwnFile ? readerOfFile<never>(path) : readerOf<never>(database)
    if (lock) dropAnnexes(path)
    const checkpointer = lock && new Checkpointer(database, path)
    const owner = await ownerIn(kysely)
    const opened = { position, at, watermarks, horizons: await findHorizons(kysely), owner }
    const streams = readOnly ? undefined : new StreamIndex(statements)
    const prunes = new Prunes(database, owner, place.archives)
    return { database, kysely, statements, views: tables, streams, reader, lock, checkpointer, opened, prunes }
  } catch (error) {
    if (!given) database?.close()
    lock?.release()
    throw asFailure(error, path, 'it was not opened')
  }
}

type Watermarks = Map<string, number>

const findHorizons = async (kysely: Kysely<Tables>): Promise<Map<string, number>> => {
  const rows = await kysely.selectFrom('horizons').selectAll().execute()
  return new Map(rows.map(({ kind, position }) => [kind, position]))
}

const ownerIn = async (kysely: Kysely<Tables>): Promise<string> =>
  (await kysely.selectFrom('identity').select('owner').executeTakeFirstOrThrow()).owner

/** Brings schema and views up to date in one transaction, so that a crash leaves them as they were. */
async function prepareSchema(
  database: Database.Database,
  kysely: Kysely<Tables>,
  path: string,
  projections: readonly Projection[],
): Promise<Watermarks> {
  prepareForWriting(database)
  const schema = database.pragma('user_version', { simple: true }) as number
  checkSchema(schema, path)
  return inSlowTransaction(database, async () => {
    if (schema < SCHEMA_VERSION) await migrate(kysely as unknown as Kysely<never>)
    database.pragma(`user_version = ${SCHEMA_VERSION}`)
    dropUnfinished(database, kysely)
    const watermarks: Watermarks = new Map([[SNAPSHOTS, await snapshotMark(kysely)]])
    for (const each of projections) {
      const found = await findView(kysely, each)
      if (found === undefined) await makeView(kysely, each)
      watermarks.set(each.name, found ?? 0)
    }
    return watermarks
  })
}

/** The snapshot rows are watched over like a view. */
async function snapshotMark(kysely: Kysely<Tables>): Promise<number> {
  await kysely
    .insertInto('watermarks')
    .values({ view: SNAPSHOTS, version: 1, shape: '', position: 0 })
    .onConflict(conflict => conflict.doNothing())
    .execute()
  const marks = kysely.selectFrom('watermarks').select('position').where('view', '=', SNAPSHOTS)
  return (await marks.executeTakeFirstOrThrow()).position
}

/** What a reader finds: views of another version are left out, since nothing may be made anew. */
async function findSchema(
  database: Database.Database,
  kysely: Kysely<Tables>,
  path: string,
  projections: readonly Projection[],
): Promise<Watermarks> {
  checkSqliteVersion(database)
  // Whoever only reads mostly reads the whole log.
  mapIntoMemory(database)
  const schema = database.pragma('user_version', { simple: true }) as number
  checkSchema(schema, path)
  if (schema < SCHEMA_VERSION)
    throw new StoreError(
      'failed',
      `${path} has schema ${schema}, not ${SCHEMA_VERSION}; open it once for writing, which mends that.`,
    )
  const watermarks: Watermarks = new Map([[SNAPSHOTS, await snapshotMarkOf(kysely)]])
  for (const each of projections) {
    const found = await findView(kysely, each)
    if (found !== undefined) watermarks.set(each.name, found)
  }
  return watermarks
}

const snapshotMarkOf = async (kysely: Kysely<Tables>) => {
  const mark = await kysely.selectFrom('watermarks').select('position').where('view', '=', SNAPSHOTS).executeTakeFirst()
  return mark?.position ?? 0
}
