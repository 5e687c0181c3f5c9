/**
 * Does a machine still have its process? QEMU holds a lock on its pid file for life, and the kernel says who. A pid alone
 * proves nothing: numbers come again, and a dead process that nobody waits for still answers. (spec: drivers-and-qemu 1.)
 */
import { readFile, stat } from 'node:fs/promises'
import { hasCode } from './files.ts'

/** Locks as the kernel shows them: number, kind, mode, access, pid, device:inode, range. */
const lockLine = /^\d+: (?:POSIX|OFDLCK) +\S+ +WRITE +(-?\d+) +\S+:(\d+) /

/** The process that holds the lock on this file, undefined if none does. */
export async function lockHolder(pidFile: string): Promise<number | undefined> {
  const found = await stat(pidFile).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  })
  if (found === undefined) return undefined
  const locks = await readFile('/proc/locks', 'utf8')
  for (const line of locks.split('\n')) {
    const [, pid, inode] = lockLine.exec(line) ?? []
    // Inode numbers are only unique within a file system.
    if (inode === String(found.ino) && (await namesFile(Number(pid), pidFile))) return Number(pid)
  }
  return undefined
}

const namesFile = async (pid: number, file: string): Promise<boolean> => {
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return words.split('\0').includes(file)
}
