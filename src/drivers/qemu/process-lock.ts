/**
 * Does a machine still have its process? QEMU writes its number into its pid file, keeps a lock on that for life, and is
 * started with its name. A number alone proves nothing: numbers come again, and a dead process that nobody waits for still
 * answers. Nor does a lock that is not shown: the kernel gives its list a page at a time, and who begins or ends meanwhile
 * moves others past the reader. So a process is first looked for by its number and its words, and among the locks only
 * where that finds none: one that starts has the lock before it says its number. (spec: drivers-and-qemu 1.)
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { hasCode } from './files.ts'

/** Locks as the kernel shows them: number, kind, mode, access, pid, device:inode, range. */
const lockLine = /^\d+: (?:POSIX|OFDLCK) +\S+ +WRITE +(-?\d+) +\S+:(\d+) /

const readLocks = (): Promise<string> => readFile('/proc/locks', 'utf8')

/** The process whose pid file this is, undefined if it has none. */
export async function holderOf(pidFile: string, locks: () => Promise<string> = readLocks): Promise<number | undefined> {
  const [found, text] = await Promise.all([stat(pidFile), readFile(pidFile, 'utf8')]).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  })
  if (found === undefined) return undefined
  const pid = Number(text)
  if (pid > 0 && (await namesFile(pid, pidFile))) return pid
  for (const line of (await locks()).split('\n')) {
    const [, pid, inode] = lockLine.exec(line) ?? []
    // Inode numbers are only unique within a file system.
    if (inode === String(found.ino) && (await namesFile(Number(pid), pidFile))) return Number(pid)
  }
  return undefined
}

/**
 * Processes that were started with this pid file, also those that have not written it yet: whoever started one may have
 * been killed in that moment.
 */
export async function startedWith(pidFile: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).map(Number)
  const isOurs = await Promise.all(pids.map(async pid => pid !== process.pid && (await namesFile(pid, pidFile))))
  return pids.filter((_, at) => isOurs[at])
}

const namesFile = async (pid: number, file: string): Promise<boolean> => {
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch((error: unknown) => {
    // It has ended, also while it was read. Whatever else is wrong here says nothing of it.
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return ''
    throw error
  })
  return words.includes(`\0-pidfile\0${file}\0`)
}
