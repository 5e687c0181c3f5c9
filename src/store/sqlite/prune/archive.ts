/**
 * Events that were taken out of a log, in a file of their own: an SQLite database with the same rows, and a chain through
 * all of them. It is written once and only read from then on.
 */

import { hash } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect, sql } from 'kysely'
import { chained } from '../../canonical.ts'
import { type Share, type StoredEvent, StoreError } from '../../store.ts'
import { connect } from '../open.ts'
import { boundsOf, isOfShare } from '../statements.ts'
import type { EventRow } from '../stream-index.ts'

const sha256 = (text: string): string => hash('sha256', text, 'base64url')

/** What the chain of an archive begins with. */
const start = (owner: string, number: number): string => sha256(JSON.stringify([owner, number]))

/** Writes the events, in the order of their positions, into a file that is not there yet. Returns the end of their chain. */
export function writeArchive(path: string, owner: string, number: number, events: Iterable<StoredEvent>): string {
  if (existsSync(path)) throw new StoreError('failed', `${path} is there already; nothing is overwritten, move it away`)
  const draft = `${path}-writing`
  rmSync(draft, { force: true })
  const database = new Database(draft)
  let chain = start(owner, number)
  try {
    database.exec(
      `begin;
      create table archive (owner text not null, number integer not null);
      create table events (position integer primary key, resource text not null, version integer not null,
        digest text not null, text text not null, chain text not null);`,
    )
    database.prepare('insert into archive values (?, ?)').run(owner, number)
    const insert = database.prepare('insert into events values (?, ?, ?, ?, ?, ?)')
    for (const { position, resource, version, digest, text } of events) {
      chain = chained(chain, text, digest, sha256)
      insert.run(position, resource, version, digest, text, chain)
    }
    database.exec('create unique index "eventsByStream" on events (resource, version); commit')
  } finally {
    database.close()
  }
  const file = openSync(draft, 'r')
  fsyncSync(file)
  closeSync(file)
  renameSync(draft, path)
  // Its name too, before anything is taken out of the log for it.
  const folder = openSync(dirname(path), 'r')
  fsyncSync(folder)
  closeSync(folder)
  return chain
}

/** Bound in this order: after, both bounds of the share, limit. */
const shareOfEvents = (database: Database.Database): string =>
  new Kysely<{ events: StoredEvent }>({ dialect: new SqliteDialect({ database }) })
    .selectFrom('events')
    .select(['position', 'resource', 'version', 'digest', 'text'])
    .where('position', '>', 0)
    .where(sql<boolean>`${sql.raw(isOfShare)}`)
    .orderBy('position')
    .limit(0)
    .compile().sql

/** An archive that is there. */
export class Archive {
  readonly path: string
  readonly #database: Database.Database
  readonly #log: Database.Statement
  readonly #shareOfLog: Database.Statement
  readonly #stream: Database.Statement

  /** Opens it for reading. Throws StoreError failed where it is another log's, or none. */
  constructor(path: string, owner: string, number: number) {
    this.path = path
    this.#database = connect(path, true)
    try {
      const found = this.#database.prepare('select owner, number from archive').raw().get() as [string, number]
      if (found?.[0] !== owner || found[1] !== number)
        throw new StoreError('failed', `${path} is archive ${found?.[1]} of ${found?.[0]}, not ${number} of ${owner}`)
      const select = 'select position, resource, version, digest, text from events'
      this.#log = this.#database.prepare(`${select} where position > ? order by position limit ?`).raw()
      this.#shareOfLog = this.#database.prepare(shareOfEvents(this.#database)).raw()
      this.#stream = this.#database
        .prepare(`${select} where resource = ? and version >= ? order by version limit ?`)
        .raw()
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  log(after: number, limit: number, share?: Share): EventRow[] {
    const rows = share ? this.#shareOfLog.all(after, ...boundsOf(share), limit) : this.#log.all(after, limit)
    return rows as EventRow[]
  }

  stream(resource: string, fromVersion: number, limit: number): EventRow[] {
    return this.#stream.all(resource, fromVersion, limit) as EventRow[]
  }

  /** The first place at which its chain breaks, or where it ends otherwise than this. */
  brokenAt(owner: string, number: number, end: string): { key: string; sealed?: string; found?: string } | undefined {
    let chain = start(owner, number)
    const all = this.#database.prepare('select position, digest, text, chain from events order by position').raw()
    for (const [position, digest, text, kept] of all.iterate() as Iterable<[number, string, string, string]>) {
      chain = chained(chain, text, digest, sha256)
      if (chain !== kept) return { key: `position ${position}`, sealed: kept, found: chain }
    }
    return chain === end ? undefined : { key: 'its last event', sealed: end, found: chain }
  }

  close(): void {
    this.#database.close()
  }
}

/** Events of several sources, each in order, as one list in the order of a column; at most `limit`. */
export function merged(sources: readonly EventRow[][], column: 0 | 2, limit: number): EventRow[] {
  if (sources.length === 1) return sources[0]!
  return sources
    .flat()
    .sort((a, b) => a[column] - b[column])
    .slice(0, limit)
}
