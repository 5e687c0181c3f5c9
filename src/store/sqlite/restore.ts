/**
 * Putting a backup where a database was, or shall be: a copy is made beside the place, somebody looks at it, and one
 * rename puts it there. Until then the place is untouched, whatever happens.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreError } from '../store.ts'
import { copyTo } from './backup.ts'
import { asFailure } from './failures.ts'
import { lockForWriting } from './lock.ts'
import { connect } from './open.ts'

export interface Restoration {
  /** The file that will be put there: for a store to open, look at and close. */
  readonly copy: string
  /** Puts it there, durably. Throws StoreError failed, having changed nothing. */
  place(): void
  /** Removes what is left of the copy, and lets go of the place. Safe to call twice. */
  end(): void
}

/** What SQLite or we keep beside a database, and would take for a part of the new one. */
const parts = ['', '-wal', '-shm', '-journal']

/**
 * Takes the place, as a writer would, and copies the backup beside it. Throws StoreError alreadyOpen while an engine has
 * the place open, even if the file is gone; and failed where something is there already, or the backup cannot be read.
 */
export function beginRestore(backup: string, path: string): Restoration {
  const lock = lockForWriting(path)
  const copy = `${path}-restoring`
  const clear = () => {
    for (const part of [...parts, '-writer', '-owner']) rmSync(`${copy}${part}`, { force: true })
  }
  let hasEnded = false
  const end = () => {
    if (hasEnded) return
    hasEnded = true
    clear()
    lock.release()
  }
  try {
    checkFree(path)
    clear()
    const source = connect(backup, true)
    try {
      copyTo(source, copy)
    } finally {
      source.close()
    }
    return { copy, place: () => place(copy, path), end }
  } catch (error) {
    end()
    throw asFailure(error, backup, 'nothing was restored')
  }
}

function checkFree(path: string): void {
  const found = parts.map(part => `${path}${part}`).find(each => existsSync(each))
  if (found === undefined) return
  throw new StoreError('failed', `${found} is there already, and nothing is overwritten; move it away, and keep it.`)
}

function place(copy: string, path: string): void {
  // Whoever looked at it may have left a log beside it, and one file is all that a rename moves.
  const database = connect(copy, false)
  try {
    database.pragma('journal_mode = DELETE')
  } finally {
    database.close()
  }
  flush(copy)
  checkFree(path)
  renameSync(copy, path)
  flush(dirname(path))
}

function flush(path: string): void {
  const file = openSync(path, 'r')
  fsyncSync(file)
  closeSync(file)
}
