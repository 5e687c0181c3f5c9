/**
 * The statements of the hot paths: written and compiled by Kysely once, prepared by SQLite once. (Kysely's own executor
 * prepares on every call.)
 */
import type Database from 'better-sqlite3'
import { type Compilable, type Kysely, sql } from 'kysely'
import type { Share } from '../store.ts'
import type { Tables } from './schema/tables.ts'

type Value = string | number | null | Uint8Array
/** What the store does with a prepared statement. */
export interface Statement<Row = unknown> {
  run(...values: Value[]): { changes: number }
  get(...values: Value[]): Row | undefined
  all(...values: Value[]): Row[]
  raw(): Statement<Row>
}

/**
 * Resources are shared out by the last two characters of their ids, which are nearly always hexadecimal digits: what is
 * made together has ids that follow each other, and is together. One comparison or two, because it is made for every row
 * that is another's. Bound: the first text of the share, and the first one after it.
 */
export const isOfShare = 'substr(resource, -2) >= ? and substr(resource, -2) < ?'
const LAST_TWO = 256
/** SQLite sorts bytes after every text. */
const END = new Uint8Array(0)

/** What is bound for a share. More parts than there are pairs of digits are empty, but for those that have some. */
export function boundsOf({ part, parts, count = 1 }: Share): [from: Value, before: Value] {
  const bound = (place: number): Value => {
    const pair = Math.round((place * LAST_TWO) / parts)
    return pair <= 0 ? '' : pair >= LAST_TWO ? END : pair.toString(16).padStart(2, '0')
  }
  return [bound(part), bound(part + count)]
}

export type Statements = ReturnType<typeof prepareStatements>

// Parameters are bound by place, limits included: what stands here only says where.
const text = ''
const number = 0

export function prepareStatements(db: Kysely<Tables>, database: Database.Database) {
  const prepared = <Row>(query: Compilable): Statement<Row> => database.prepare<Value[], Row>(query.compile().sql)
  const event = { position: number, resource: text, version: number, digest: text, text }
  const ask = {
    token: text,
    resource: text,
    verb: text,
    provider: text,
    args: text,
    done: text,
    rejected: text,
    supersedes: number,
    position: number,
    correlation: number,
    attempts: number,
    dueAt: number,
    handle: text,
    lastError: text,
    progressed: text,
  }
  const events = db.selectFrom('events').select(['position', 'resource', 'version', 'digest', 'text'])
  return {
    begin: database.prepare('BEGIN IMMEDIATE') as Statement,
    commit: database.prepare('COMMIT') as Statement,
    event: prepared(db.insertInto('events').values(event)),
    ask: prepared(db.insertInto('asks').values(ask)),
    closeAsk: prepared(db.deleteFrom('asks').where('token', '=', text)),
    updateAsk: prepared(
      db
        .updateTable('asks')
        .set({ attempts: number, dueAt: number, handle: text, lastError: text })
        .where('token', '=', text),
    ),
    arm: prepared(
      db
        .insertInto('timers')
        .values({ resource: text, event: text, dueAt: number, position: number, correlation: number })
        .onConflict(conflict =>
          conflict.columns(['resource', 'event']).doUpdateSet(({ ref }) => ({
            dueAt: ref('excluded.dueAt'),
            position: ref('excluded.position'),
            correlation: ref('excluded.correlation'),
          })),
        ),
    ),
    disarm: prepared(db.deleteFrom('timers').where('resource', '=', text).where('event', '=', text)),
    token: prepared(
      db
        .insertInto('tokens')
        .values({ account: text, token: text, digest: text, result: text, at: number })
        .onConflict(conflict => conflict.doNothing()),
    ),
    snapshot: prepared(
      db
        .insertInto('snapshots')
        .values({ resource: text, version: number, rules: number, checksum: number, text })
        .onConflict(conflict =>
          conflict.column('resource').doUpdateSet(({ ref }) => ({
            version: ref('excluded.version'),
            rules: ref('excluded.rules'),
            checksum: ref('excluded.checksum'),
            text: ref('excluded.text'),
          })),
        ),
    ),
    ending: prepared(
      db
        .insertInto('endings')
        .values({ kind: text, position: number, resource: text, at: number })
        .onConflict(conflict => conflict.doNothing()),
    ),
    removeEnding: prepared(db.deleteFrom('endings').where('kind', '=', text).where('position', '=', number)),
    removeSnapshot: prepared(db.deleteFrom('snapshots').where('resource', '=', text)),
    horizon: prepared(
      db
        .insertInto('horizons')
        .values({ kind: text, position: number })
        .onConflict(conflict =>
          conflict.column('kind').doUpdateSet(({ ref }) => ({ position: ref('excluded.position') })),
        ),
    ),
    watermark: prepared(db.updateTable('watermarks').set({ position: number }).where('view', '=', text)),

    last: prepared<Tables['events']>(events.orderBy('position', 'desc').limit(1)),
    log: prepared<unknown>(events.where('position', '>', number).orderBy('position').limit(number)).raw(),
    shareOfLog: prepared<unknown>(
      events
        .where('position', '>', number)
        .where(sql<boolean>`${sql.raw(isOfShare)}`)
        .orderBy('position')
        .limit(number),
    ).raw(),
    eventsAt: prepared<unknown>(
      events.where('position', 'in', sql<number>`(select value from json_each(${text}))`).orderBy('position'),
    ).raw(),
    stream: prepared<unknown>(
      db
        .selectFrom('streams')
        // The entry says where the event is: the other order would walk through the whole log.
        .innerJoin('events', 'events.position', 'streams.position')
        .select(['events.position', 'events.resource', 'events.version', 'events.digest', 'events.text'])
        .where('streams.resource', '=', text)
        .where('streams.version', '>=', number)
        .orderBy('streams.version')
        .limit(number),
    ).raw(),
    streamAfter: prepared<unknown>(
      events
        .where('position', '>', db.selectFrom('watermarks').select('position').where('view', '=', text))
        .where('resource', '=', text)
        .where('version', '>', number)
        .orderBy('position')
        .limit(number),
    ).raw(),
    entry: prepared(
      db
        .insertInto('streams')
        .values({ resource: text, version: number, position: number })
        .onConflict(conflict => conflict.doNothing()),
    ),
    findEntry: prepared<Tables['streams']>(
      db.selectFrom('streams').selectAll().where('resource', '=', text).where('version', '=', number),
    ),
    entriesAfter: prepared<Tables['streams']>(
      db
        .selectFrom('events')
        .select(['resource', 'version', 'position'])
        .where('position', '>', number)
        .orderBy('position')
        .limit(number),
    ),
    snapshots: prepared<Tables['snapshots']>(
      db
        .selectFrom('snapshots')
        .selectAll()
        .where('resource', 'in', sql<string>`(select value from json_each(${text}))`),
    ),
    findToken: prepared<Tables['tokens']>(
      db.selectFrom('tokens').selectAll().where('account', '=', text).where('token', '=', text),
    ),
    endings: prepared<Tables['endings']>(
      db.selectFrom('endings').selectAll().where('kind', '=', text).orderBy('position').limit(number),
    ),
    findWatermark: prepared<Tables['watermarks']>(db.selectFrom('watermarks').selectAll().where('view', '=', text)),
    asks: prepared<Tables['asks']>(
      db
        .selectFrom('asks')
        .selectAll()
        .where('position', '>', number)
        .orderBy('position')
        .orderBy('token')
        .limit(number),
    ),
    countAsks: prepared<{ count: number }>(db.selectFrom('asks').select(({ fn }) => fn.countAll<number>().as('count'))),
    timers: prepared<Tables['timers']>(
      db.selectFrom('timers').selectAll().orderBy('dueAt').orderBy('position').limit(number),
    ),
    pruneTokens: prepared(
      db
        .deleteFrom('tokens')
        .where(sql`rowid`, 'in', sql`(select rowid from tokens where at < ${number} order by at limit ${number})`),
    ),
  }
}
