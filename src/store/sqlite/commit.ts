/** One commit, in one transaction: everything it expects is checked by the statements that write it. */
import type Database from 'better-sqlite3'
import { crc32 } from 'node:zlib'
import { type ClaimChange, type Commit, Conflict, type DerivedChanges, type SnapshotRow, StoreError, type StoredEvent } from '../store.ts'
import type { Statements } from './statements.ts'
import type { ViewTable } from './view-tables.ts'

/** Runs the work between BEGIN IMMEDIATE and COMMIT; anything thrown rolls back and is thrown on. */
export function inTransaction(database: Database.Database, { begin, commit, rollback }: Statements, work: () => void): void {
  try {
    begin.run()
    work()
    commit.run()
  } catch (error) {
    if (database.inTransaction) rollback.run()
    if (error instanceof Conflict || error instanceof StoreError || !isSqlite(error)) throw error
    throw new StoreError('failed', `${database.name}: ${(error as Error).message}; nothing of it was written`, { cause: error })
  }
}

const isSqlite = (error: unknown) => (error as { code?: string }).code?.startsWith('SQLITE_') ?? false

/** The writes of a commit. Throws Conflict. */
export function writeCommit(commit: Commit, statements: Statements, views: ReadonlyMap<string, ViewTable>): void {
  for (const event of commit.events) insertEvent(event, statements)
  for (const ask of commit.asksOpened)
    statements.ask.run(
      ask.token,
      ask.resource,
      ask.verb,
      ask.provider,
      ask.args,
      ask.done,
      ask.rejected,
      ask.supersedes ? 1 : 0,
      ask.position,
      ask.correlation,
      ask.attempts,
      ask.dueAt,
      ask.handle ?? null,
      ask.lastError ?? null,
    )
  for (const token of commit.asksClosed)
    if (statements.closeAsk.run(token).changes !== 1) throw new Conflict('ask', token)
  for (const { token, attempts, dueAt, handle, lastError } of commit.asksUpdated)
    if (statements.updateAsk.run(attempts, dueAt, handle ?? null, lastError ?? null, token).changes !== 1)
      throw new Conflict('ask', token)
  for (const { resource, event } of commit.timersDisarmed) statements.disarm.run(resource, event)
  for (const { resource, event, dueAt, position, correlation } of commit.timersArmed)
    statements.arm.run(resource, event, dueAt, position, correlation)
  for (const row of commit.tokens) {
    try {
      statements.token.run(row.account, row.token, row.digest, row.result, row.at)
    } catch (cause) {
      if (isUnique(cause)) throw new Conflict('token', `${row.account}/${row.token}`, { cause })
      throw cause
    }
  }
  for (const change of commit.claims) writeClaim(change, views)
  if (commit.derived) writeDerivedRows(commit.derived, statements, views)
}

function insertEvent({ position, resource, version, digest, text }: StoredEvent, statements: Statements): void {
  try {
    statements.event.run(position, resource, version, digest, text)
  } catch (cause) {
    const { code } = cause as { code?: string }
    if (code === 'SQLITE_CONSTRAINT_PRIMARYKEY' || code === 'SQLITE_CONSTRAINT_ROWID')
      throw new Conflict('position', String(position), { cause })
    if (code === 'SQLITE_CONSTRAINT_UNIQUE') throw new Conflict('version', `${resource}@${version}`, { cause })
    throw cause
  }
}

const isUnique = (error: unknown) => (error as { code?: string }).code?.startsWith('SQLITE_CONSTRAINT') ?? false

function writeClaim({ view: name, key, row, expected }: ClaimChange, views: ReadonlyMap<string, ViewTable>): void {
  const view = tableOf(name, views)
  const [stored] = view.byKeys.all(JSON.stringify([key]))
  if (((stored?.revision as number | undefined) ?? 0) !== expected) throw new Conflict('claim', `${name}/${key}`)
  if (row) view.upsert.run(...view.toValues(row, expected + 1))
  else view.remove.run(key)
}

export function writeDerivedRows(changes: DerivedChanges, statements: Statements, views: ReadonlyMap<string, ViewTable>): void {
  for (const row of changes.snapshots)
    statements.snapshot.run(row.resource, row.version, row.rules, checksumOf(row), row.text)
  for (const { view: name, key, row } of changes.rows) {
    const view = tableOf(name, views)
    if (row) view.upsert.run(...view.toValues(row, 1))
    else view.remove.run(key)
  }
  const moved = changes.views ?? [...views.keys(), 'snapshots']
  for (const name of moved) statements.watermark.run(changes.watermark, name)
}

export function tableOf(name: string, views: ReadonlyMap<string, ViewTable>): ViewTable {
  const view = views.get(name)
  if (view) return view
  throw new StoreError('failed', `there is no view '${name}'; the store was opened with ${[...views.keys()].join(', ')}`)
}

/** Tells a damaged snapshot row from a sound one; the events themselves are chained by digests. */
export const checksumOf = ({ resource, version, rules, text }: SnapshotRow): number =>
  crc32(text, crc32(`${resource} ${version} ${rules}`))
