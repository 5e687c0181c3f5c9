/** One commit: everything it expects is checked by the statements that write it. */
import { crc32 } from 'node:zlib'
import {
  type AskRow,
  type ClaimChange,
  type Commit,
  Conflict,
  type DerivedChanges,
  SNAPSHOTS,
  type SnapshotRow,
  type StoredEvent,
} from '../store.ts'
import { isKeyTaken } from './failures.ts'
import type { Statements } from './statements.ts'
import type { StreamIndex } from './stream-index.ts'
import { type ViewTables, writeClaimedRow, writeRow } from './view-rows.ts'

/** The writes of a commit, inside the caller's transaction. Throws Conflict. */
export function writeCommit(commit: Commit, statements: Statements, streams: StreamIndex, views: ViewTables): void {
  for (const event of commit.events) insertEvent(event, statements, streams)
  streams.write()
  writeAsks(commit, statements)
  for (const { resource, event } of commit.timersDisarmed) statements.disarm.run(resource, event)
  for (const { resource, event, dueAt, position, correlation } of commit.timersArmed)
    statements.arm.run(resource, event, dueAt, position, correlation)
  for (const { account, token, digest, result, at } of commit.tokens)
    if (statements.token.run(account, token, digest, result, at).changes !== 1)
      throw new Conflict('token', `${account}/${token}`)
  const last = commit.events.at(-1)
  for (const claim of commit.claims) writeClaim(claim, last?.position ?? claim.expected + 1, views)
  if (last) for (const name of commit.claimedViews ?? views.claimed) statements.watermark.run(last.position, name)
  if (commit.derived) writeDerivedRows(commit.derived, statements, views)
}

function insertEvent(event: StoredEvent, statements: Statements, streams: StreamIndex): void {
  const { position, resource, version, digest, text } = event
  try {
    statements.event.run(position, resource, version, digest, text)
  } catch (cause) {
    if (isKeyTaken(cause)) throw new Conflict('position', String(position), { cause })
    throw cause
  }
  streams.add(event)
}

/** Opened, updated, closed: in that order one commit may do all three to the same ask. */
function writeAsks({ asksOpened, asksUpdated, asksClosed }: Commit, { ask, updateAsk, closeAsk }: Statements): void {
  for (const opened of asksOpened) insertAsk(opened, ask)
  for (const { token, attempts, dueAt, handle, lastError } of asksUpdated)
    if (updateAsk.run(attempts, dueAt, handle ?? null, lastError ?? null, token).changes !== 1)
      throw new Conflict('ask', token)
  for (const token of asksClosed) if (closeAsk.run(token).changes !== 1) throw new Conflict('ask', token)
}

function insertAsk(ask: AskRow, statement: Statements['ask']): void {
  statement.run(
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
    ask.progressed ?? null,
  )
}

function writeClaim(claim: ClaimChange, revision: number, views: ViewTables): void {
  if (!writeClaimedRow(views.named(claim.view), claim, revision))
    throw new Conflict('claim', `${claim.view}/${claim.key}`)
}

/** Snapshots and endings, rows of views, and how far they are complete, inside the caller's transaction. */
export function writeDerivedRows(changes: DerivedChanges, statements: Statements, views: ViewTables): void {
  for (const row of changes.snapshots)
    statements.snapshot.run(row.resource, row.version, row.rules, checksumOf(row), row.text)
  for (const { kind, position, resource, at } of changes.endings ?? [])
    statements.ending.run(kind, position, resource, at)
  for (const change of changes.rows) writeRow(views.named(change.view), change, changes.watermark)
  for (const name of changes.views ?? [...views.derived, SNAPSHOTS]) statements.watermark.run(changes.watermark, name)
}

/** Tells a damaged snapshot row from a sound one; the events themselves are chained by digests. */
export const checksumOf = ({ resource, version, rules, text }: SnapshotRow): number =>
  crc32(text, crc32(`${resource} ${version} ${rules}`))
