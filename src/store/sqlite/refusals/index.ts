/**
 * A journal of refusals in a small SQLite file of its own, a ring: once it is full the oldest entries make room.
 *
 * It promises less than the log on purpose. Nothing is waited for, neither the disk nor another process; a file that
 * cannot be used costs entries, and one that is damaged is moved aside and begun again.
 */
import { renameSync, rmSync } from 'node:fs'
import type Database from 'better-sqlite3'
import type { RefusalEntry, RefusalJournal, RefusalLimits, RefusalQuery } from '../../refusals.ts'
import { asFailure } from '../failures.ts'
import { connect } from '../open.ts'
import { type Ring, ringIn } from './ring.ts'

const ENTRIES_MAX = 100_000
const BYTES_MAX = 64 * 2 ** 20

/**
 * A journal in this file, made when the first refusal comes. Default: 100 000 entries, 64 MiB of text. What it throws is
 * StoreError failed: the file cannot be opened, is full, or is none of a journal's.
 */
export function sqliteRefusals(path: string, limits: RefusalLimits = {}): RefusalJournal {
  const { entriesMax = ENTRIES_MAX, bytesMax = BYTES_MAX } = limits
  return new RefusalFile(path, { entriesMax, bytesMax })
}

class RefusalFile implements RefusalJournal {
  readonly #path: string
  readonly #limits: Required<RefusalLimits>
  #open: { readonly database: Database.Database; readonly ring: Ring } | undefined
  #damages = 0

  constructor(path: string, limits: Required<RefusalLimits>) {
    this.#path = path
    this.#limits = limits
  }

  async append(entries: readonly RefusalEntry[]): Promise<void> {
    this.#use(ring => ring.append(entries))
  }

  async read(query: RefusalQuery): Promise<RefusalEntry[]> {
    return this.#use(ring => ring.read(query))
  }

  async measures(): Promise<Record<string, number>> {
    // A file that nobody has needed yet is not made for being measured.
    const size = this.#open ? this.#use(ring => ring.size()) : { entries: 0, bytes: 0 }
    return { ...size, damages: this.#damages }
  }

  async close(): Promise<void> {
    this.#open?.database.close()
    this.#open = undefined
  }

  #use<T>(work: (ring: Ring) => T): T {
    try {
      this.#open ??= this.#connect()
      return work(this.#open.ring)
    } catch (error) {
      if (isDamage(error)) this.#moveAside()
      throw asFailure(error, this.#path, 'refusals are lost meanwhile')
    }
  }

  #connect() {
    const database = connect(this.#path, false)
    try {
      // Whoever holds the file is not waited for: commands come by here.
      database.pragma('busy_timeout = 0')
      const ring = ringIn(database, this.#limits)
      return { database, ring }
    } catch (error) {
      database.close()
      throw error
    }
  }

  #moveAside(): void {
    this.#open?.database.close()
    this.#open = undefined
    for (const suffix of ['-wal', '-shm']) rmSync(`${this.#path}${suffix}`, { force: true })
    renameSync(this.#path, `${this.#path}.damaged`)
    this.#damages += 1
  }
}

const isDamage = (error: unknown): boolean =>
  /^SQLITE_(CORRUPT|NOTADB)/.test(String((error as { code?: unknown }).code))
