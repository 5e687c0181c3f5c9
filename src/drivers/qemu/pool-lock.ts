/**
 * One process uses a pool. The lock is a transaction held open on an empty database in it: the kernel lets go of it when
 * the process ends, however it ends, and other users, containers and process namespaces meet at the same file. A note
 * beside it says who that is, for people; nothing is decided by it. (docs/decisions/0034.)
 *
 * It is the process's lock: a driver opened later in the same process shares it, as it would after a crash.
 */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'

/** Who uses a pool. */
export interface PoolHolder {
  readonly pid: number
  /** ISO 8601. */
  readonly startedAt: string
  /** The program and its words. */
  readonly program: string
}

interface Held {
  readonly database: Database.Database
  readonly inode: bigint
  users: number
}

const lockOf = (folder: string): string => join(folder, 'lock')
const noteOf = (folder: string): string => join(folder, 'owner.json')
const inodeOf = (path: string): bigint | undefined => statSync(path, { bigint: true, throwIfNoEntry: false })?.ino

/** What this process holds, by folder. */
const held = new Map<string, Held>()

/** The pool is used by another process. */
export class PoolInUse extends Error {
  override readonly name = 'PoolInUse'
  readonly code = 'poolInUse'
  /** Undefined for the moment in which it has the lock and has not said its name. */
  readonly holder: PoolHolder | undefined
  constructor(folder: string, holder: PoolHolder | undefined) {
    const who = holder ? `process ${holder.pid} (${holder.program}) since ${holder.startedAt}` : 'another process'
    super(`the pool ${folder} is used by ${who}; one process uses a pool: end that one, or name another pool`)
    this.holder = holder
  }
}

const isBusy = (error: unknown): boolean => String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY')

/**
 * Takes the lock of a pool, whose folder exists by this name without links. Gives back what releases it. Throws PoolInUse,
 * and SQLite's error where the folder can not be written.
 */
export function lockPool(folder: string): () => void {
  const path = lockOf(folder)
  let mine = held.get(folder)
  // A folder of the same name that was removed and made anew has another lock.
  if (mine !== undefined && mine.inode !== inodeOf(path)) {
    mine.database.close()
    mine = undefined
  }
  if (mine === undefined) {
    mine = { database: locked(folder, path), inode: inodeOf(path)!, users: 0 }
    held.set(folder, mine)
  }
  const taken = mine
  taken.users++
  let isReleased = false
  return () => {
    if (isReleased) return
    isReleased = true
    taken.users--
    if (taken.users > 0 || held.get(folder) !== taken) return
    held.delete(folder)
    rmSync(noteOf(folder), { force: true })
    taken.database.close()
  }
}

function locked(folder: string, path: string): Database.Database {
  const database = new Database(path)
  try {
    lockAlone(database)
    const program = process.argv.slice(1, 3).join(' ') || process.title
    const holder: PoolHolder = { pid: process.pid, startedAt: new Date().toISOString(), program }
    writeFileSync(noteOf(folder), `${JSON.stringify(holder)}\n`, { mode: 0o600 })
    return database
  } catch (error) {
    database.close()
    throw isBusy(error) ? new PoolInUse(folder, noted(folder)) : error
  }
}

/** Each waits for a quarter of a second. */
const attemptsMax = 20

/** Throws what SQLite throws while another connection has it. */
function lockAlone(database: Database.Database): void {
  for (let attempt = 1; ; attempt++) {
    database.pragma('busy_timeout = 250')
    try {
      database.exec('BEGIN EXCLUSIVE')
      return
    } catch (error) {
      // Whoever only asks who has it reads it for an instant, which is long where that process is held up.
      if (!isBusy(error) || attempt === attemptsMax || isTaken(database)) throw error
    }
  }
}

/** Somebody has it for writing. */
function isTaken(database: Database.Database): boolean {
  database.pragma('busy_timeout = 0')
  try {
    database.prepare('select 1 from sqlite_schema').get()
    return false
  } catch (error) {
    if (isBusy(error)) return true
    throw error
  }
}

/** The process that uses this pool now; `unnamed` if it has not said its name, undefined if there is none. */
export function poolHolder(folder: string): PoolHolder | 'unnamed' | undefined {
  if (inodeOf(lockOf(folder)) === undefined) return undefined
  const probe = new Database(lockOf(folder), { readonly: true })
  try {
    return isTaken(probe) ? (noted(folder) ?? 'unnamed') : undefined
  } finally {
    probe.close()
  }
}

function noted(folder: string): PoolHolder | undefined {
  try {
    return JSON.parse(readFileSync(noteOf(folder), 'utf8')) as PoolHolder
  } catch {
    return undefined
  }
}
