/**
 * Taking streams that are over out of a log. The archive is written whole before anything changes here; then one
 * transaction takes the events away and leaves in their place what folds go on from.
 */
import { basename } from 'node:path'
import type Database from 'better-sqlite3'
import { canonical } from '../../canonical.ts'
import { type SnapshotRow, type StoredEvent, StoreError } from '../../store.ts'
import type { Parts } from '../opening.ts'
import { inTransaction } from '../transaction.ts'
import { rowOf } from '../view-rows.ts'
import { writeArchive } from './archive.ts'
import { contentText, partsIn, sealOf } from './sealing.ts'

export interface PruneAsked {
  /** The streams, as they are at their end. */
  readonly streams: readonly SnapshotRow[]
  /** Where their events go: a file that is not there. */
  readonly archive: string
  /** Signs the seal, with a key that the operator keeps. */
  readonly sign?: (text: string) => string
}

export interface PruneDone {
  readonly number: number
  readonly events: number
  readonly position: number
  readonly seal: string
  readonly signature: string | undefined
}

const CHUNK = 1_000
const STREAMS_CHUNK = 500

/** Throws StoreError failed where a view is not complete, the newest event would go, or the archive cannot be written. */
export function prune(parts: Parts, { streams, archive, sign }: PruneAsked): PruneDone {
  const { database, statements, opened } = parts
  const { owner = '' } = opened
  const last = statements.last.get(1)
  const taken = new Set(streams.map(({ resource }) => resource))
  if (!last || taken.has(last.resource))
    throw new StoreError('failed', 'the newest event stays: positions and times go on from it')
  checkComplete(parts, last.position)
  const before = database.prepare('select number, seal from prunes order by number desc').get() as Before | undefined
  const number = (before?.number ?? 0) + 1
  let events = 0
  const counted = function* () {
    for (const event of eventsOf(parts, taken)) {
      events += 1
      yield event
    }
  }
  const chain = writeArchive(archive, owner, number, counted())
  const { position } = last
  const at = JSON.parse(last.text).at as number
  let sealed: Pick<PruneDone, 'seal' | 'signature'> = { seal: '', signature: undefined }
  inTransaction(database, statements, () => {
    writeStreams(database, streams)
    writeViews(parts)
    const parted = partsIn(database)
    const name = basename(archive)
    const content = contentText({
      ...{ owner, number, position, at, archive: name, chain, before: before?.seal ?? '', parts: parted },
    })
    const seal = sealOf(content)
    sealed = { seal, signature: sign?.(seal) }
    database
      .prepare('insert into prunes values (?, ?, ?, ?, ?, ?, ?, ?)')
      .run(number, position, at, name, chain, content, seal, sealed.signature ?? null)
  })
  return { number, events, position, ...sealed }
}

interface Before {
  readonly number: number
  readonly seal: string
}

function checkComplete({ statements, views }: Parts, position: number): void {
  const behind = [...views.claimed, ...views.derived].filter(
    name => statements.findWatermark.get(name)?.position !== position,
  )
  if (behind.length === 0) return
  throw new StoreError('failed', `${behind.join(', ')} lack events; open the database once with an engine, then prune`)
}

function* eventsOf({ statements }: Parts, taken: ReadonlySet<string>): Generator<StoredEvent> {
  for (let after = 0; ; ) {
    const chunk = statements.log.all(after, CHUNK) as [number, string, number, string, string][]
    for (const [position, resource, version, digest, text] of chunk)
      if (taken.has(resource)) yield { position, resource, version, digest, text }
    if (chunk.length < CHUNK) return
    after = chunk.at(-1)![0]
  }
}

function writeStreams(database: Database.Database, streams: readonly SnapshotRow[]): void {
  const keep = database.prepare('insert or replace into pruned values (?, ?, ?, ?)')
  const removeEvents = database.prepare(
    `delete from events where position in
      (select position from streams where resource in (select value from json_each(?)))`,
  )
  const removeEntries = database.prepare('delete from streams where resource in (select value from json_each(?))')
  for (const { resource, version, rules, text } of streams) keep.run(resource, version, rules, text)
  for (let from = 0; from < streams.length; from += STREAMS_CHUNK) {
    const resources = JSON.stringify(streams.slice(from, from + STREAMS_CHUNK).map(({ resource }) => resource))
    removeEvents.run(resources)
    removeEntries.run(resources)
  }
}

/** What folds go on from where the archive is not at hand: views as they are, whatever they are folded from. */
function writeViews({ database, views }: Parts): void {
  for (const table of ['beginningViews', 'beginningRows', 'beginningEndings']) database.prepare(clearing[table]!).run()
  database.prepare('insert into "beginningEndings" select kind, position, resource, at from endings').run()
  const insert = database.prepare('insert into "beginningRows" values (?, ?, ?)')
  const shape = database.prepare(
    'insert into "beginningViews" select view, version, shape from watermarks where view = ?',
  )
  for (const name of [...views.claimed, ...views.derived]) {
    const { projection, all } = views.named(name)
    shape.run(name)
    for (const stored of all.all()) {
      const row = rowOf(projection, stored)
      insert.run(name, row[projection.key] as string, canonical(row))
    }
  }
}

const clearing: Readonly<Record<string, string>> = {
  beginningViews: 'delete from "beginningViews"',
  beginningRows: 'delete from "beginningRows"',
  beginningEndings: 'delete from "beginningEndings"',
}
