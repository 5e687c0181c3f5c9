/** The tables of a journal of refusals, and what is done with them. */
import type Database from 'better-sqlite3'
import { type Compilable, Kysely, SqliteDialect } from 'kysely'
import type { RefusalEntry, RefusalLimits, RefusalQuery } from '../../refusals.ts'
import { StoreError } from '../../store.ts'

interface Tables {
  refusals: { id: number; at: number; account: string; resource: string; bytes: number; text: string }
  /** One row: what the entries come to, so that nobody has to count them. */
  sizes: { id: number; entries: number; bytes: number }
}

export interface Ring {
  append(entries: readonly RefusalEntry[]): void
  /** The newest that match, newest last. */
  read(query: RefusalQuery): RefusalEntry[]
  size(): { entries: number; bytes: number }
}

/** Entries that one append may remove beyond those it adds: a ring that was made smaller shrinks little by little. */
const SHRINK_MAX = 64
/** Says whose file this is: "strj". */
const APPLICATION_ID = 0x7374726a

/** Makes the tables in a file that is empty. Throws StoreError failed for a file of somebody else. */
export function ringIn(database: Database.Database, limits: Required<RefusalLimits>): Ring {
  prepareSchema(database)
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) })
  const prepared = <Row>(query: Compilable) => database.prepare<unknown[], Row>(query.compile().sql)
  // Parameters are bound by place: what stands here only says where.
  const [text, number] = ['', 0]
  const entry = { at: number, account: text, resource: text, bytes: number, text }
  const insert = prepared(db.insertInto('refusals').values(entry as Tables['refusals']))
  const oldest = prepared<{ id: number; bytes: number }>(
    db.selectFrom('refusals').select(['id', 'bytes']).orderBy('id').limit(1),
  )
  const remove = prepared(db.deleteFrom('refusals').where('id', '=', number))
  const size = prepared<{ entries: number; bytes: number }>(db.selectFrom('sizes').select(['entries', 'bytes']))
  const resize = prepared(db.updateTable('sizes').set({ entries: number, bytes: number }))

  const append = database.transaction((entries: readonly RefusalEntry[]) => {
    const sum = size.get()!
    for (const entry of entries) {
      const line = JSON.stringify(entry)
      insert.run(entry.at, entry.account, entry.resource, line.length, line)
      sum.entries += 1
      sum.bytes += line.length
    }
    for (let left = entries.length + SHRINK_MAX; left > 0; left -= 1) {
      if (sum.entries <= limits.entriesMax && sum.bytes <= limits.bytesMax) break
      const first = oldest.get(1)!
      remove.run(first.id)
      sum.entries -= 1
      sum.bytes -= first.bytes
    }
    resize.run(sum.entries, sum.bytes)
  })

  return {
    append: entries => append.immediate(entries),
    size: () => size.get()!,
    read({ resource, account, since, limit }) {
      let found = db.selectFrom('refusals').select('text').orderBy('at', 'desc').orderBy('id', 'desc').limit(limit)
      if (resource !== undefined) found = found.where('resource', '=', resource)
      if (account !== undefined) found = found.where('account', '=', account)
      if (since !== undefined) found = found.where('at', '>=', since)
      const { sql, parameters } = found.compile()
      const rows = database.prepare<unknown[], { text: string }>(sql).all(...parameters)
      return rows.reverse().map(row => JSON.parse(row.text) as RefusalEntry)
    },
  }
}

function prepareSchema(database: Database.Database): void {
  const found = database.pragma('application_id', { simple: true }) as number
  const isEmpty = database.prepare('select 1 from sqlite_schema').get() === undefined
  if (found !== APPLICATION_ID && !isEmpty)
    throw new StoreError('failed', `${database.name} is no journal of refusals; name a file of its own`)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = OFF')
  if (!isEmpty) return
  database.exec(`
    begin immediate;
    create table refusals (
      id integer primary key autoincrement, at integer not null, account text not null, resource text not null,
      bytes integer not null, text text not null
    );
    create index refusalsByAt on refusals (at);
    create index refusalsByAccount on refusals (account, at);
    create index refusalsByResource on refusals (resource, at);
    create table sizes (id integer primary key check (id = 1), entries integer not null, bytes integer not null);
    insert into sizes values (1, 0, 0);
    pragma application_id = 1937011306;
    commit;
  `)
}
