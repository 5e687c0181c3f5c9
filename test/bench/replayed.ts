/** What an engine wrote, written again by plain statements: the time of SQLite alone. */
import type Database from 'better-sqlite3'
import type { Commit, DerivedChanges } from '../../src/store/store.ts'
import type { Written } from './setting.ts'

export interface Statements {
  readonly writeCommit: (commit: Commit) => void
  readonly writeDerived: (derived: DerivedChanges) => void
}

/** In the same transactions; returns events per second. */
export function replayed(
  database: Database.Database,
  written: readonly Written[],
  { writeCommit, writeDerived }: Statements,
): number {
  let events = 0
  const begun = process.hrtime.bigint()
  for (const each of written) {
    database.exec('BEGIN IMMEDIATE')
    if ('commit' in each) {
      writeCommit(each.commit)
      events += each.commit.events.length
    } else writeDerived(each.derived)
    database.exec('COMMIT')
  }
  return (events * 1e9) / Number(process.hrtime.bigint() - begun)
}
