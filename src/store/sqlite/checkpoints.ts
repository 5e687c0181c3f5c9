/**
 * Checkpoints in a small SQLite file beside the data file. It is opened for each look and closed again, and nothing is
 * waited for: a file that the power left half written is told by its checksums, and goes.
 */
import { existsSync, rmSync } from 'node:fs'
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import type Database from 'better-sqlite3'
import type { CheckpointFile, CheckpointHead, Entries } from '../checkpoints.ts'
import { connect } from './open.ts'

/** Of this file, and of what its texts mean: one of another format is begun again. */
const FORMAT = 1
/** Speed matters more than size. */
const level = 1

export interface CheckpointLimits {
  /** Checkpoints of one view. */
  readonly perView?: number
  readonly bytesMax?: number
  /** Changes nothing, also nothing that cannot be read. */
  readonly readOnly?: boolean
}

/** Default: 8 of each view, 1 GiB. */
export const sqliteCheckpoints = (path: string, limits: CheckpointLimits = {}): CheckpointFile =>
  new Checkpoints(path, { perView: 8, bytesMax: 2 ** 30, readOnly: false, ...limits })

interface HeadRow extends CheckpointHead {
  /** Lists, and the checksum of all this. */
  readonly lists: number
  readonly checksum: number
}

class Checkpoints implements CheckpointFile {
  readonly #path: string
  readonly #limits: Required<CheckpointLimits>

  constructor(path: string, limits: Required<CheckpointLimits>) {
    this.#path = path
    this.#limits = limits
  }

  heads(view: string): CheckpointHead[] {
    const found = this.#use(database =>
      database.prepare<[string], HeadRow>('select * from heads where view = ? order by position').all(view),
    )
    return (found ?? []).filter(head => head.checksum === checksumOf(head))
  }

  read({ view, position, basis, lineage }: CheckpointHead): unknown[] | undefined {
    return this.#use(database => {
      const head = database
        .prepare<[string, number], HeadRow>('select * from heads where view = ? and position = ?')
        .get(view, position)
      if (!head || head.checksum !== checksumOf(head) || head.basis !== basis || head.lineage !== lineage)
        return undefined
      const rows = database
        .prepare<[string, number], { place: number; checksum: number; data: Buffer }>(
          'select place, checksum, data from lists where view = ? and position = ? order by place',
        )
        .iterate(view, position)
      const entries: unknown[] = []
      let lists = 0
      for (const { place, checksum, data } of rows) {
        if (place !== lists || checksum !== crc32(data, place)) return undefined
        for (const entry of JSON.parse(inflateRawSync(data).toString()) as unknown[]) entries.push(entry)
        lists += 1
      }
      return lists === head.lists ? entries : undefined
    })
  }

  async write(head: CheckpointHead, entries: Entries, pause: () => Promise<void>): Promise<void> {
    if (this.#limits.readOnly) return
    const { view, position, basis, lineage } = head
    this.remove(head)
    let lists = 0
    for (const list of entries) {
      const data = deflateRawSync(JSON.stringify(list), { level })
      const isWritten = this.#use(database =>
        database
          .prepare('insert or replace into lists values (?, ?, ?, ?, ?)')
          .run(view, position, lists, crc32(data, lists), data),
      )
      if (!isWritten) return
      lists += 1
      await pause()
    }
    // Without its head it is not there.
    this.#use(database => {
      const whole = { ...head, lists }
      const values = [view, position, basis, lineage, lists, checksumOf(whole)]
      database.prepare('insert or replace into heads values (?, ?, ?, ?, ?, ?)').run(...values)
      this.#bound(database, head)
    })
  }

  remove({ view, position }: CheckpointHead): void {
    if (existsSync(this.#path)) this.#use(database => erase(database, view, position))
  }

  /** Drops what is missed least, the one that is nearest to the one before it, until there is room. Never the new one. */
  #bound(database: Database.Database, kept: CheckpointHead): void {
    const { perView, bytesMax } = this.#limits
    const all = database.prepare<[], HeadRow>('select * from heads order by view, position')
    const pragma = (name: string) => database.pragma(name, { simple: true }) as number
    for (;;) {
      const heads = all.all()
      const isFull = (pragma('page_count') - pragma('freelist_count')) * pragma('page_size') > bytesMax
      const own = heads.filter(({ view }) => view === kept.view)
      const among = isFull ? heads : own.length > perView ? own : []
      const distance = (head: CheckpointHead) => {
        const before = heads.findLast(each => each.view === head.view && each.position < head.position)
        return head.position - (before?.position ?? 0)
      }
      const least = among
        .filter(({ view, position }) => view !== kept.view || position !== kept.position)
        .sort((a, b) => distance(a) - distance(b))[0]
      if (!least) return
      erase(database, least.view, least.position)
    }
  }

  #discard(): void {
    try {
      for (const end of ['', '-journal']) rmSync(`${this.#path}${end}`, { force: true })
    } catch {
      // A folder that cannot be written: every look folds from the first event then.
    }
  }

  /** Undefined where the file is not there and only read, or cannot be used: then it goes. */
  #use<T>(work: (database: Database.Database) => T): T | undefined {
    const { readOnly } = this.#limits
    if (!existsSync(this.#path) && readOnly) return undefined
    let database: Database.Database | undefined
    try {
      database = connect(this.#path, readOnly)
      if (!readOnly) prepare(database)
      return work(database)
    } catch {
      database?.close()
      database = undefined
      if (!readOnly) this.#discard()
      return undefined
    } finally {
      database?.close()
    }
  }
}

function prepare(database: Database.Database): void {
  database.pragma('journal_mode = DELETE')
  database.pragma('synchronous = OFF')
  const format = database.pragma('user_version', { simple: true })
  if (format === FORMAT) return
  if (format !== 0) throw new Error(`format ${format}`)
  database.exec(`
    create table heads (view text, position integer, basis text, lineage text, lists integer, checksum integer,
      primary key (view, position));
    create table lists (view text, position integer, place integer, checksum integer, data blob,
      primary key (view, position, place)) without rowid;
    pragma user_version = ${FORMAT}`)
}

function erase(database: Database.Database, view: string, position: number): void {
  database.prepare('delete from heads where view = ? and position = ?').run(view, position)
  database.prepare('delete from lists where view = ? and position = ?').run(view, position)
}

const checksumOf = ({ view, position, basis, lineage, lists }: Omit<HeadRow, 'checksum'>): number =>
  crc32(JSON.stringify([view, position, basis, lineage, lists]))
