/** The floor: plain better-sqlite3 writing the same rows into an equal database, in the same transactions. */
import Database from 'better-sqlite3'
import type { Commit, DerivedChanges } from '../../src/store/store.ts'
import { replayed } from './replayed.ts'
import type { Written } from './setting.ts'

/** Replays what an engine wrote, in the same transactions; returns commands per second. */
export function floor(path: string, written: readonly Written[]): number {
  const database = new Database(path)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('wal_autocheckpoint = 4000')
  database.pragma('cache_size = -65536')
  const event = database.prepare(
    'INSERT INTO events (position, resource, version, digest, text) VALUES (?, ?, ?, ?, ?)',
  )
  const entry = database.prepare('INSERT INTO streams (resource, version, position) VALUES (?, ?, ?)')
  const snapshot = database.prepare(
    'INSERT INTO snapshots (resource, version, rules, checksum, text) VALUES (?, ?, ?, 0, ?) ON CONFLICT (resource) DO UPDATE SET version = excluded.version, text = excluded.text',
  )
  const row = database.prepare(
    'INSERT INTO inventory (id, account, state, version, position, createdAt, updatedAt, attributes) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state, version = excluded.version, position = excluded.position, updatedAt = excluded.updatedAt, attributes = excluded.attributes',
  )
  const watermark = database.prepare('UPDATE watermarks SET position = ?')
  const writeCommit = (commit: Commit) => {
    for (const each of commit.events) {
      event.run(each.position, each.resource, each.version, each.digest, each.text)
      entry.run(each.resource, each.version, each.position)
    }
    if (commit.derived) writeDerived(commit.derived)
  }
  const writeDerived = (derived: DerivedChanges) => {
    for (const each of derived.snapshots) snapshot.run(each.resource, each.version, each.rules, each.text)
    for (const { row: each } of derived.rows) row.run(...(each!.ready as unknown[]))
    watermark.run(derived.watermark)
  }
  // What JavaScript must prepare is not SQL's work: done before the clock starts.
  for (const each of written) {
    const derived = 'derived' in each ? each.derived : each.commit.derived
    for (const change of derived?.rows ?? []) {
      const { id, account, state, version, position, createdAt, updatedAt, attributes } = change.row!
      Object.assign(change.row!, {
        ready: [id, account, state, version, position, createdAt, updatedAt, JSON.stringify(attributes)],
      })
    }
  }
  const perSecond = replayed(database, written, { writeCommit, writeDerived })
  database.close()
  return perSecond
}
