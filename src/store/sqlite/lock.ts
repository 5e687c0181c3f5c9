/**
 * One writing process for each file. The lock is a transaction held open on a small database beside it: the operating
 * system lets go of it when the process ends, however it ends. A second file says who holds it, for people and programs.
 */
import { readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type Database from 'better-sqlite3'
import { StoreError } from '../store.ts'
import { isBusy } from './failures.ts'
import { connect } from './open.ts'

/** Who writes to a file now. `url` is where its server listens, if it has one. */
export interface Owner {
  readonly pid: number
  /** ISO 8601. */
  readonly startedAt: string
  readonly url?: string
}

export interface WriterLock {
  /** Adds the address of the server to what others find. */
  announce(url: string): void
  release(): void
}

/**
 * A connection that nothing refers to is closed when memory is collected, and its lock goes with it. A file stays its
 * process's until it is released, also where a program has forgotten its store.
 */
const heldByThisProcess = new Set<Database.Database>()

/** Names beside the file itself: two processes that come by different links must meet at the same lock. */
const beside = (path: string, suffix: string) => {
  try {
    return `${realpathSync(path)}${suffix}`
  } catch {
    // The file is not made yet; its folder may still be a link.
    return join(realpathSync(dirname(path)), `${basename(path)}${suffix}`)
  }
}

/**
 * Takes the lock. Throws StoreError alreadyOpen, naming the holder, or StoreError failed if the folder is not there.
 * A program of ours must never open and close these files by other means than SQLite: closing drops the locks.
 */
export function lockForWriting(path: string): WriterLock {
  let ownerPath = ''
  let lock: Database.Database | undefined
  const startedAt = new Date().toISOString()
  const note = (url?: string) => {
    const owner: Owner = { pid: process.pid, startedAt, url }
    writeFileSync(ownerPath, `${JSON.stringify(owner)}\n`, { mode: 0o600 })
  }
  try {
    ownerPath = beside(path, '-owner')
    lock = connect(beside(path, '-writer'), false)
    lockAlone(lock)
    note()
  } catch (cause) {
    lock?.close()
    if (isBusy(cause)) throw alreadyOpen(path, ownerPath, cause)
    throw new StoreError('failed', `${path} cannot be locked for writing: ${(cause as Error).message}`, { cause })
  }
  const held = lock
  heldByThisProcess.add(held)
  return {
    announce: note,
    release() {
      heldByThisProcess.delete(held)
      try {
        rmSync(ownerPath, { force: true })
      } finally {
        held.close()
      }
    },
  }
}

/** Each waits for a quarter of a second. */
const ATTEMPTS_MAX = 20

/** Throws what SQLite throws while another connection has it. */
function lockAlone(lock: Database.Database): void {
  for (let attempt = 1; ; attempt += 1) {
    lock.pragma('busy_timeout = 250')
    try {
      lock.exec('BEGIN EXCLUSIVE')
      return
    } catch (error) {
      // Who only asks whether the file is taken reads it for an instant, which is long where that process is held up.
      if (!isBusy(error) || attempt === ATTEMPTS_MAX || !isReadable(lock)) throw error
    }
  }
}

/** Nobody has it for writing. */
function isReadable(lock: Database.Database): boolean {
  lock.pragma('busy_timeout = 0')
  try {
    lock.prepare('select 1 from sqlite_schema').get()
    return true
  } catch (error) {
    if (isBusy(error)) return false
    throw error
  }
}

function alreadyOpen(path: string, ownerPath: string, cause: unknown): StoreError {
  const holder = noteAt(ownerPath)
  const who = holder ? `process ${holder.pid}${holder.url ? ` (${holder.url})` : ''}` : 'another process'
  return new StoreError(
    'alreadyOpen',
    `${path} is being written by ${who}; talk to that one, or end it and try again.`,
    {
      cause,
    },
  )
}

/** The process that writes to this file now, or undefined if none does. */
export function readOwner(path: string): Owner | undefined {
  let probe: Database.Database | undefined
  try {
    probe = connect(beside(path, '-writer'), true)
    probe.pragma('busy_timeout = 0')
    probe.prepare('select 1 from sqlite_schema').get()
    return undefined
  } catch (error) {
    return isBusy(error) ? noteAt(beside(path, '-owner')) : undefined
  } finally {
    probe?.close()
  }
}

function noteAt(ownerPath: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(ownerPath, 'utf8')) as Owner
  } catch {
    // The holder has not written it yet, or has just removed it: there is nothing to name.
    return undefined
  }
}
