/**
 * One writing process for each file. The lock is a transaction held open on a small database beside it: the operating
 * system lets go of it when the process ends, however it ends. A second file says who holds it, for people and programs.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { StoreError } from '../store.ts'

/** Who writes to a file now. `url` is where its server listens, if it has one. */
export interface Owner {
  readonly pid: number
  readonly startedAt: string
  readonly url?: string
}

export interface WriterLock {
  announce(url: string): void
  release(): void
}

const ownerPath = (path: string) => `${path}-owner`
const lockPath = (path: string) => `${path}-writer`

/** Throws StoreError alreadyOpen, naming the holder. */
export function lockForWriting(path: string): WriterLock {
  const lock = new Database(lockPath(path))
  try {
    lock.pragma('busy_timeout = 0')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    const holder = ownerNote(path)
    const who = holder ? `process ${holder.pid}${holder.url ? ` (${holder.url})` : ''}` : 'another process'
    throw new StoreError(
      'alreadyOpen',
      `${path} is being written by ${who}; talk to that one, or end it and try again.`,
      { cause },
    )
  }
  const startedAt = new Date().toISOString()
  const note = (url?: string) => {
    const owner: Owner = { pid: process.pid, startedAt, url }
    writeFileSync(ownerPath(path), `${JSON.stringify(owner)}\n`, { mode: 0o600 })
  }
  note()
  return {
    announce: note,
    release() {
      rmSync(ownerPath(path), { force: true })
      lock.exec('ROLLBACK')
      lock.close()
    },
  }
}

/** The process that writes to this file now, or undefined if none does. */
export function readOwner(path: string): Owner | undefined {
  let probe: Database.Database | undefined
  try {
    probe = new Database(lockPath(path), { fileMustExist: true })
    probe.pragma('busy_timeout = 0')
    probe.exec('BEGIN EXCLUSIVE')
    probe.exec('ROLLBACK')
    return undefined
  } catch (error) {
    return (error as { code?: string }).code?.startsWith('SQLITE_BUSY') ? ownerNote(path) : undefined
  } finally {
    probe?.close()
  }
}

function ownerNote(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(ownerPath(path), 'utf8')) as Owner
  } catch {
    // The holder has not written it yet, or has just removed it: there is nothing to name.
    return undefined
  }
}
