/**
 * What a prune leaves instead of the streams it takes out, as one text that can be sealed and signed: which archive has
 * them, the last state and digest of each, and every row that views had then. (docs/decisions/0059.)
 */
import { createHash, hash } from 'node:crypto'
import type Database from 'better-sqlite3'
import { canonical } from '../../canonical.ts'

/** Each part by its name, with a hash of what it holds. */
export interface SealedContent {
  readonly owner: string
  readonly number: number
  readonly position: number
  readonly at: number
  /** Where the archive is, absolute or from the folder of the database, and the end of the chain through its events. */
  readonly archive: string
  readonly chain: string
  /** Position of its last event. Prunes of before it was kept lack it. */
  readonly taken?: number
  /** Seal of the prune before this one. */
  readonly before: string
  /** Hashes of rows, by what they are. */
  readonly parts: Readonly<Record<string, string>>
}

export const contentText = (content: SealedContent): string => canonical(content)
export const sealOf = (text: string): string => hash('sha256', text, 'base64url')

/** What is in the database now. */
export function partsIn(database: Database.Database): Record<string, string> {
  const parts: Record<string, string> = {
    streams: hashed(database, 'select resource, version, rules, text from pruned order by resource'),
    endings: hashed(database, 'select kind, position, resource, at from "beginningEndings" order by kind, position'),
    views: hashed(database, 'select view, version, shape from "beginningViews" order by view'),
  }
  const names = database.prepare('select view from "beginningViews" order by view').pluck().all() as string[]
  for (const name of names)
    parts[`view ${name}`] = hashed(database, 'select key, text from "beginningRows" where view = ? order by key', name)
  return parts
}

function hashed(database: Database.Database, sql: string, ...values: string[]): string {
  const sum = createHash('sha256')
  for (const row of database
    .prepare(sql)
    .raw()
    .iterate(...values))
    sum.update(`${JSON.stringify(row)}\n`)
  return sum.digest('base64url')
}
