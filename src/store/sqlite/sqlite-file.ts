/** The store's methods, each a few prepared statements on the one writing connection. */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import type Database from 'better-sqlite3'
import type { Kysely } from 'kysely'
import type { Projection } from '../../../projections/contract.ts'
import type { CheckpointFile } from '../checkpoints.ts'
import { memoryRefusals, type RefusalJournal, type RefusalLimits } from '../refusals.ts'
import {
  type AskRow,
  type Beginning,
  type ByResource,
  type Commit,
  type DerivedChanges,
  type EndingRow,
  type Opened,
  type PruneDamage,
  type Refill,
  type Share,
  type SignatureCheck,
  type SnapshotRow,
  type Store,
  type StoredEvent,
  StoreError,
  type TimerRow,
  type TokenRow,
  type ViewQuery,
  type ViewRow,
} from '../store.ts'
import { copyTo } from './backup.ts'
import { SqliteByResource } from './by-resource.ts'
import { sqliteCheckpoints } from './checkpoints.ts'
import { checksumOf, writeCommit, writeDerivedRows } from './commit.ts'
import { asFailure } from './failures.ts'
import { writeForgotten } from './forget.ts'
import { forReadingAll } from './open.ts'
import { isFile, openParts, type Parts, type Place } from './opening.ts'
import { merged } from './prune/archive.ts'
import { type PruneAsked, type PruneDone, prune } from './prune/pruning.ts'
import { compileQuery } from './queries.ts'
import { SqliteRefill } from './refill.ts'
import { sqliteRefusals } from './refusals/index.ts'
import type { Tables } from './schema/tables.ts'
import { boundsOf } from './statements.ts'
import { type EventRow, readStream, type StreamIndex, toEvent } from './stream-index.ts'
import { inTransaction } from './transaction.ts'
import { rowOf } from './view-rows.ts'
import { REVISION } from './view-schema.ts'

const isInMemory = (path: string) => path === ':memory:' || path === ''

type WritableParts = Parts & { readonly streams: StreamIndex }

export class SqliteFile implements Store {
  readonly #place: Place
  #parts: Parts | undefined
  #isOpening = false

  constructor(options: { path?: string; database?: Database.Database; readOnly?: boolean; archives?: string | false }) {
    const { path: given = ':memory:', database, readOnly = false } = options
    const path = database?.name ?? given
    const { archives = isInMemory(path) ? undefined : dirname(path) } = options
    this.#place = { path, given: database, readOnly, archives: archives === false ? undefined : archives }
  }

  async open(projections: readonly Projection[]): Promise<Opened> {
    const { path } = this.#place
    if (this.#parts || this.#isOpening)
      throw new StoreError('alreadyOpen', `${path} is open already in this very store; close it first`)
    this.#isOpening = true
    try {
      this.#parts = await openParts(this.#place, projections)
      return this.#parts.opened
    } finally {
      this.#isOpening = false
    }
  }

  get db(): Kysely<never> {
    return this.#open().reader
  }

  announce(url: string): void {
    this.#open().lock?.announce(url)
  }

  backup(path: string): void {
    this.#read(({ database }) => copyTo(database, path))
  }

  async beginning(): Promise<Beginning | undefined> {
    return this.#open().prunes.beginning()
  }

  async pruneDamages(isSigned?: SignatureCheck): Promise<PruneDamage[]> {
    return this.#read(({ prunes }) => prunes.damages(isSigned))
  }

  prune(asked: PruneAsked): PruneDone {
    const parts = this.#writable()
    writeStreams(parts)
    const { path } = this.#place
    return this.#read(() => prune(parts, asked, isInMemory(path) ? undefined : path))
  }

  /** In `<path>.refusals`; in memory for what is in memory, and for whoever only reads. */
  refusals(limits: RefusalLimits): RefusalJournal {
    const { path, readOnly } = this.#place
    return isFile(this.#place) && !readOnly ? sqliteRefusals(`${path}.refusals`, limits) : memoryRefusals(limits)
  }

  /** In `<path>.past`; none for what is in memory. */
  checkpoints(): CheckpointFile | undefined {
    const { path, readOnly } = this.#place
    return isFile(this.#place) ? sqliteCheckpoints(`${path}.past`, { readOnly }) : undefined
  }

  async commit(commit: Commit): Promise<void> {
    const { database, statements, views, streams, checkpointer } = this.#writable()
    try {
      inTransaction(database, statements, () => writeCommit(commit, statements, streams, views))
    } catch (error) {
      streams.undone()
      throw error
    }
    streams.committed()
    checkpointer?.committed()
  }

  async writeDerived(changes: DerivedChanges): Promise<void> {
    const { database, statements, views, checkpointer } = this.#writable()
    inTransaction(database, statements, () => writeDerivedRows(changes, statements, views))
    checkpointer?.committed()
  }

  async resetView(view: string): Promise<void> {
    const { database, statements, views } = this.#writable()
    const { clear } = views.named(view)
    inTransaction(database, statements, () => {
      clear.run()
      statements.watermark.run(0, view)
    })
  }

  async refill(names: readonly string[]): Promise<Refill> {
    const parts = this.#writable()
    const projections = names.map(name => parts.views.named(name).projection)
    return this.#read(() => new SqliteRefill(parts, projections, isFile(this.#place) ? this.#place.path : undefined))
  }

  async snapshots(resources: readonly string[]): Promise<{ rows: SnapshotRow[]; damaged: string[] }> {
    const found = this.#read(({ statements }) => statements.snapshots.all(JSON.stringify(resources)))
    const isSound = (row: Tables['snapshots']) => checksumOf(row) === row.checksum
    return {
      rows: found.filter(isSound).map(({ resource, version, rules, text }) => ({ resource, version, rules, text })),
      damaged: found.filter(row => !isSound(row)).map(({ resource }) => resource),
    }
  }

  async stream(resource: string, fromVersion: number, limit: number): Promise<StoredEvent[]> {
    const rows = this.#read(({ statements, streams, prunes }) => {
      const here = streams
        ? streams.read(resource, fromVersion, limit)
        : readStream(statements, resource, fromVersion, limit)
      if (!prunes.hasArchives) return here
      const away = [...prunes.archives].map(archive => archive.stream(resource, fromVersion, limit))
      return merged([here, ...away], 2, limit)
    })
    return rows.map(toEvent)
  }

  async log(after: number, limit: number, share?: Share): Promise<StoredEvent[]> {
    const rows = this.#read(({ statements, prunes }) => {
      const here = share
        ? statements.shareOfLog.all(after, ...boundsOf(share), limit)
        : statements.log.all(after, limit)
      const away = [...prunes.archives].map(archive => archive.log(after, limit, share))
      return merged([here as EventRow[], ...away], 0, limit)
    })
    return rows.map(toEvent)
  }

  async byResource(): Promise<ByResource | undefined> {
    const parts = this.#writable()
    if (parts.prunes.hasArchives || (await parts.prunes.beginning())) return undefined
    // What waits would be missed.
    this.#read(writeStreams)
    return this.#read(({ database, statements }) => {
      const own = isFile(this.#place) ? forReadingAll(this.#place.path) : undefined
      return new SqliteByResource(own ?? database, own !== undefined, statements.last.get(1)?.position ?? 0)
    })
  }

  async claims(view: string, keys: readonly string[]): Promise<Map<string, { row: ViewRow; revision: number }>> {
    const { projection, claim } = this.#open().views.named(view)
    if (!claim) throw new StoreError('failed', `view '${view}' is derived; only a claimed one can be claimed`)
    const rows = this.#byKeys(view, keys)
    return new Map(
      rows.map(row => [
        row[projection.key] as string,
        { row: rowOf(projection, row), revision: row[REVISION] as number },
      ]),
    )
  }

  async rows(view: string, keys: readonly string[]): Promise<Map<string, ViewRow>> {
    const { projection } = this.#open().views.named(view)
    return new Map(this.#byKeys(view, keys).map(row => [row[projection.key] as string, rowOf(projection, row)]))
  }

  async query(view: string, query: ViewQuery): Promise<ViewRow[]> {
    return this.#read(({ views, kysely, database }) => {
      const { projection } = views.named(view)
      const { sql, parameters } = compileQuery(kysely, projection, query)
      const rows = database.prepare<unknown[], Record<string, unknown>>(sql).all(...parameters)
      return rows.map(row => rowOf(projection, row))
    })
  }

  async token(account: string, token: string): Promise<TokenRow | undefined> {
    return this.#read(({ statements }) => statements.findToken.get(account, token))
  }

  async asks(afterPosition: number, limit: number): Promise<AskRow[]> {
    return this.#read(({ statements }) => statements.asks.all(afterPosition, limit)).map(toAsk)
  }

  async countAsks(): Promise<number> {
    return this.#read(({ statements }) => statements.countAsks.get()?.count ?? 0)
  }

  async timers(limit: number): Promise<TimerRow[]> {
    return this.#read(({ statements }) => statements.timers.all(limit))
  }

  async pruneTokens(before: number, limit: number): Promise<number> {
    this.#writable()
    return this.#read(({ statements }) => statements.pruneTokens.run(before, limit).changes)
  }

  async endings(kind: string, limit: number): Promise<EndingRow[]> {
    return this.#read(({ statements }) => statements.endings.all(kind, limit))
  }

  async forget(kind: string, endings: readonly EndingRow[], perResource: readonly string[]): Promise<void> {
    const { database, statements, views, checkpointer } = this.#writable()
    inTransaction(database, statements, () => writeForgotten(kind, endings, perResource, statements, views))
    checkpointer?.committed()
  }

  /** `bytes` and `pages` of the database, `walBytes` of the log beside it, `entriesWaiting` to be written. */
  async measures(): Promise<Record<string, number>> {
    return this.#read(({ database, streams }) => {
      const pages = database.pragma('page_count', { simple: true }) as number
      const pageBytes = database.pragma('page_size', { simple: true }) as number
      const wal = database.memory ? undefined : statSync(`${this.#place.path}-wal`, { throwIfNoEntry: false })
      return { bytes: pages * pageBytes, pages, walBytes: wal?.size ?? 0, entriesWaiting: streams?.waiting ?? 0 }
    })
  }

  /** Writes the log back into the file, closes it and lets go of the lock. Safe to call twice. */
  async close(): Promise<void> {
    const parts = this.#parts
    if (!parts) return
    this.#parts = undefined
    try {
      await parts.checkpointer?.close()
      await parts.reader.destroy()
      parts.prunes.close()
      if (!this.#place.readOnly) writeStreams(parts)
      if (!this.#place.readOnly) parts.database.pragma('wal_checkpoint(PASSIVE)')
      if (!this.#place.given) parts.database.close()
    } finally {
      parts.lock?.release()
    }
  }

  #byKeys(view: string, keys: readonly string[]): Record<string, unknown>[] {
    return this.#read(({ views }) => views.named(view).byKeys.all(JSON.stringify(keys)))
  }

  #read<T>(work: (parts: Parts) => T): T {
    const parts = this.#open()
    try {
      return work(parts)
    } catch (error) {
      throw asFailure(error, this.#place.path, 'nothing was changed')
    }
  }

  #writable(): WritableParts {
    const parts = this.#open()
    if (parts.streams) return parts as WritableParts
    throw new StoreError('failed', `${this.#place.path} was opened for reading only; open it without readOnly to write`)
  }

  #open(): Parts {
    if (this.#parts) return this.#parts
    throw new StoreError('closed', `${this.#place.path} is not open; open it, or a new store on it`)
  }
}

/** What the index lacks now, the next one would have to find. */
function writeStreams({ database, statements, streams }: Parts): void {
  while (streams && streams.waiting > 0) {
    inTransaction(database, statements, () => streams.writeRun())
    streams.committed()
  }
}

const toAsk = ({ supersedes, handle, lastError, progressed, ...row }: Tables['asks']): AskRow => ({
  ...row,
  supersedes: supersedes === 1,
  handle: handle ?? undefined,
  lastError: lastError ?? undefined,
  progressed: progressed ?? undefined,
})
