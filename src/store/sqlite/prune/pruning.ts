/**
 * Taking streams that are over out of a log. The archive is written whole before anything changes here; then one
 * transaction takes the events away and leaves in their place what folds go on from.
 */
import { dirname, isAbsolute } from 'node:path'
import type Database from 'better-sqlite3'
import { canonical } from '../../canonical.ts'
import { type SnapshotRow, type StoredEvent, StoreError } from '../../store.ts'
import type { Parts } from '../opening.ts'
import { inTransaction } from '../transaction.ts'
import { rowOf } from '../view-rows.ts'
import { writeArchive } from './archive.ts'
import { freeName, keptAs, placeOf } from './places.ts'
import { contentText, partsIn, sealOf } from './sealing.ts'

export interface PruneAsked {
  /** The streams, as they are at their end. */
  readonly streams: readonly SnapshotRow[]
  /**
   * Where their events go: a file that is not there, absolute or from the folder of the database, which will look for it
   * there. Default: beside the database.
   */
  readonly archive?: string
  /** Signs the seal, with a key that the operator keeps. */
  readonly sign?: (text: string) => string
}

export interface PruneDone {
  readonly number: number
  /** Where the events are now. */
  readonly archive: string
  readonly events: number
  readonly position: number
  readonly seal: string
  readonly signature: string | undefined
}

const CHUNK = 1_000
const STREAMS_CHUNK = 500

/**
 * @param path of the database; undefined for one in memory. Throws StoreError failed where a view is not complete, the
 * newest event would go, or the archive cannot be written.
 */
export function prune(parts: Parts, { streams, sign, ...asked }: PruneAsked, path: string | undefined): PruneDone {
  const { database, statements, opened } = parts
  const { owner = '' } = opened
  const last = statements.last.get(1)
  const taken = new Set(streams.map(({ resource }) => resource))
  if (!last || taken.has(last.resource))
    throw new StoreError('failed', 'the newest event stays: positions and times go on from it')
  checkComplete(parts, last.position)
  const before = database.prepare('select number, seal, archive from prunes order by number').all() as Before[]
  const number = (before.at(-1)?.number ?? 0) + 1
  const { name, archive } = placeFor(asked.archive, path, number, before)
  let events = 0
  let takenUpTo = 0
  const counted = function* () {
    for (const event of eventsOf(parts, taken)) {
      events += 1
      takenUpTo = event.position
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
    const content = contentText({
      ...{ owner, number, position, at, archive: name, chain, taken: takenUpTo, parts: parted },
      before: before.at(-1)?.seal ?? '',
    })
    const seal = sealOf(content)
    sealed = { seal, signature: sign?.(seal) }
    database
      .prepare('insert into prunes values (?, ?, ?, ?, ?, ?, ?, ?)')
      .run(number, position, at, name, chain, content, seal, sealed.signature ?? null)
  })
  return { number, archive, events, position, ...sealed }
}

interface Before {
  readonly number: number
  readonly seal: string
  readonly archive: string
}

/** The name that the database keeps, and the path that it means. */
function placeFor(asked: string | undefined, path: string | undefined, number: number, before: readonly Before[]) {
  const folder = path === undefined ? undefined : dirname(path)
  if (folder === undefined && (asked === undefined || !isAbsolute(asked)))
    throw new StoreError('failed', 'what is in memory has no folder; say where the archive goes by an absolute path')
  const names = before.map(each => each.archive)
  const name = keptAs(asked ?? freeName(path!, folder!, number, names))
  const archive = placeOf(name, folder)
  const other = before.find(each => placeOf(each.archive, folder) === archive)
  if (other) throw new StoreError('failed', `${archive} is where archive ${other.number} belongs; give another place`)
  return { name, archive }
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
