/** The floor of any cloud: plain better-sqlite3 writing every row that an engine wrote, in the same transactions. */
import Database from 'better-sqlite3'
import type { AnyProjection, ViewRow } from '../../projections/contract.ts'
import type { Commit, DerivedChanges } from '../../src/store/store.ts'
import { replayed } from './replayed.ts'
import type { Written } from './setting.ts'

type Value = string | number | null

/** Replays what an engine wrote into an equal database; returns events per second. */
export function plainly(path: string, written: readonly Written[], views: readonly AnyProjection[]): number {
  const database = new Database(path)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('wal_autocheckpoint = 4000')
  database.pragma('cache_size = -65536')
  const insert = (table: string, columns: readonly string[], key: readonly string[]) => {
    const others = columns.filter(column => !key.includes(column))
    const values = `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`
    const overwrite = others.map(column => `${column} = excluded.${column}`).join(', ')
    const onConflict = others.length ? `do update set ${overwrite}` : 'do nothing'
    return database.prepare<Value[]>(`${values} on conflict (${key.join(', ')}) ${onConflict}`)
  }
  const event = insert('events', ['position', 'resource', 'version', 'digest', 'text'], ['position'])
  const entry = insert('streams', ['resource', 'version', 'position'], ['resource', 'version'])
  const snapshot = insert('snapshots', ['resource', 'version', 'rules', 'checksum', 'text'], ['resource'])
  const askColumns = 'token resource verb provider args done rejected supersedes position correlation attempts dueAt'
  const ask = insert('asks', askColumns.split(' '), ['token'])
  const close = database.prepare('delete from asks where token = ?')
  const timer = insert('timers', ['resource', 'event', 'dueAt', 'position', 'correlation'], ['resource', 'event'])
  const disarm = database.prepare('delete from timers where resource = ? and event = ?')
  const ending = insert('endings', ['kind', 'position', 'resource', 'at'], ['kind', 'position'])
  const watermark = database.prepare('update watermarks set position = ?')
  const tables = new Map(
    views.map(view => {
      const isClaimed = view.consistency === 'claimed'
      const columns = [...Object.keys(view.columns), ...(isClaimed ? ['revision'] : [])]
      const remove = database.prepare(`delete from ${view.name} where ${view.key} = ?`)
      return [view.name, { view, isClaimed, upsert: insert(view.name, columns, [view.key]), remove }]
    }),
  )
  const change = ({ view, key, row }: { view: string; key: string; row?: ViewRow }, position: number) => {
    const { upsert, remove, isClaimed } = tables.get(view)!
    if (!row) remove.run(key)
    else if (isClaimed) upsert.run(...(row.ready as Value[]), position)
    else upsert.run(...(row.ready as Value[]))
  }
  const writeDerived = ({ snapshots, endings = [], rows, watermark: position }: DerivedChanges) => {
    for (const each of snapshots) snapshot.run(each.resource, each.version, each.rules, 0, each.text)
    for (const each of endings) ending.run(each.kind, each.position, each.resource, each.at)
    for (const each of rows) change(each, position)
    watermark.run(position)
  }
  const writeCommit = (commit: Commit) => {
    for (const each of commit.events) {
      event.run(each.position, each.resource, each.version, each.digest, each.text)
      entry.run(each.resource, each.version, each.position)
    }
    for (const each of commit.asksOpened) {
      const { token, resource, verb, provider, args, done, rejected, supersedes, attempts } = each
      const rest = [each.position, each.correlation, attempts, each.dueAt]
      ask.run(token, resource, verb, provider, args, done, rejected, supersedes ? 1 : 0, ...rest)
    }
    for (const token of commit.asksClosed) close.run(token)
    for (const each of commit.timersDisarmed) disarm.run(each.resource, each.event)
    for (const each of commit.timersArmed)
      timer.run(each.resource, each.event, each.dueAt, each.position, each.correlation)
    const position = commit.events.at(-1)?.position ?? 0
    for (const each of commit.claims) change(each, position)
    if (commit.derived) writeDerived(commit.derived)
  }
  // What JavaScript must prepare is not SQL's work: done before the clock starts.
  for (const each of written) {
    const derived = 'derived' in each ? each.derived : each.commit.derived
    const claims = 'commit' in each ? each.commit.claims : []
    for (const { view, row } of [...(derived?.rows ?? []), ...claims]) if (row) makeReady(tables.get(view)!.view, row)
  }
  const perSecond = replayed(database, written, { writeCommit, writeDerived })
  database.close()
  return perSecond
}

function makeReady({ columns }: AnyProjection, row: ViewRow): void {
  const ready = Object.entries(columns).map(([column, type]) => {
    const value = row[column] ?? null
    return type === 'json' && value !== null ? JSON.stringify(value) : value
  })
  Object.assign(row, { ready })
}
