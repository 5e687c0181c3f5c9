/** A copy of a database at one moment: one read transaction, so writers go on and the copy has no half of anything. */
import { closeSync, fsyncSync, openSync } from 'node:fs'
import type Database from 'better-sqlite3'

export function copyTo(database: Database.Database, path: string): void {
  const isQueryOnly = database.pragma('query_only', { simple: true }) === 1
  // It keeps a reader from changing the file by mistake; what is written here is another one.
  if (isQueryOnly) database.pragma('query_only = OFF')
  try {
    database.prepare('vacuum into ?').run(path)
  } finally {
    if (isQueryOnly) database.pragma('query_only = ON')
  }
  const copy = openSync(path, 'r+')
  fsyncSync(copy)
  closeSync(copy)
}
