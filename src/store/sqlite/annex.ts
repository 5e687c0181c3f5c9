/**
 * Where a thread puts the rows it folds for a refill: a file of its own beside the data file, without a journal, an index
 * or a sync, for a row that is lost here is folded again. The connection that writes absorbs them.
 * (docs/decisions/0067.)
 */
import { readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import type { Projection } from '../../../projections/contract.ts'
import type { Annex, Annexes, ByResource, OpenAnnex, RowChange } from '../store.ts'
import { SqliteByResource } from './by-resource.ts'
import { asFailure } from './failures.ts'
import { forReadingAll } from './open.ts'
import { RowInserts } from './row-inserts.ts'
import type { Tables } from './schema/tables.ts'
import { heapOf } from './view-schema.ts'

const ENDING = '.annex-'
export const annexAt = (path: string, nth: number): string => `${path}${ENDING}${nth}`

/** What a thread is told of a data file. */
export const annexesOf = (path: string): Annexes => ({ module: import.meta.url, place: path })

/** Removes what threads left, those that did not come to their end among them; one annex, or all of a data file. */
export function dropAnnexes(path: string, nth?: number): void {
  const beginning = `${basename(path)}${ENDING}`
  const isAnnex = (name: string) => name.startsWith(beginning) && /^\d+$/.test(name.slice(beginning.length))
  try {
    const names = nth === undefined ? readdirSync(dirname(path)).filter(isAnnex) : [`${beginning}${nth}`]
    for (const name of names) rmSync(join(dirname(path), name), { force: true })
  } catch {
    // It takes room until it can be removed, and is never read: an annex begins by removing what is there.
  }
}

/** Throws StoreError failed, as do the annex's methods. */
export const openAnnex: OpenAnnex = (path: string, nth, position, views) => {
  try {
    return new SqliteAnnex(path, annexAt(path, nth), position, views)
  } catch (error) {
    throw asFailure(error, path, 'nothing was changed')
  }
}

class SqliteAnnex implements Annex {
  readonly log: ByResource
  readonly #database: Database.Database
  readonly #tables: ReadonlyMap<string, RowInserts>

  constructor(path: string, annex: string, position: number, views: readonly Projection[]) {
    rmSync(annex, { force: true })
    this.#database = new Database(annex)
    this.#database.pragma('locking_mode = EXCLUSIVE')
    this.#database.pragma('journal_mode = OFF')
    this.#database.pragma('synchronous = OFF')
    // 64 MB, in KiB: what does not fit goes to the file before the end.
    this.#database.pragma('cache_size = -65536')
    const kysely = new Kysely<Tables>({ dialect: new SqliteDialect({ database: this.#database }) })
    for (const view of views) this.#database.exec(heapOf(kysely, view).compile().sql)
    this.#tables = new Map(
      views.map(view => [view.name, new RowInserts(kysely, this.#database, view, { name: view.name, hasKey: false })]),
    )
    this.#database.exec('BEGIN')
    this.log = new SqliteByResource(forReadingAll(path), true, position)
  }

  async write(rows: readonly RowChange[]): Promise<void> {
    try {
      for (const { view, row } of rows) this.#tables.get(view)!.add(row!, this.log.position)
    } catch (error) {
      throw asFailure(error, this.#database.name, 'nothing was changed')
    }
  }

  async close(): Promise<void> {
    await this.log.close()
    if (!this.#database.open) return
    try {
      for (const rows of this.#tables.values()) rows.flush()
      this.#database.exec('COMMIT')
    } catch (error) {
      throw asFailure(error, this.#database.name, 'nothing was changed')
    } finally {
      this.#database.close()
    }
  }
}
