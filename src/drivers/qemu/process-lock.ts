/**
 * Does a machine still have its process? QEMU writes its number into its pid file, keeps a lock on that for life, and is
 * started with its name. A number alone proves nothing: numbers come again, and a dead process that nobody waits for still
 * answers. Nor does a lock that is not shown: the kernel gives its list a page at a time, and who begins or ends meanwhile
 * moves others past the reader. So a process is first looked for by its number and its words, and among the locks only
 * where that finds none: one that starts has the lock before it says its number.
 *
 * One that is killed loses its words first, and only then what it had open: until that is done its disks are locked, so it
 * still counts as a process. (spec: drivers-and-qemu 1.)
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
  if (pid > 0 && (await isOf(pid, pidFile))) return pid
  for (const line of (await locks()).split('\n')) {
    const [, pid, inode] = lockLine.exec(line) ?? []
    // Inode numbers are only unique within a file system.
    if (inode === String(found.ino) && (await isOf(Number(pid), pidFile))) return Number(pid)
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

/** Whose words are gone can not be told apart, but it is only a moment until it is none. */
const isOf = async (pid: number, file: string): Promise<boolean> => (await namesFile(pid, file)) || isEnding(pid)

const namesFile = async (pid: number, file: string): Promise<boolean> =>
  (await readProcess(pid, 'cmdline')).includes(`\0-pidfile\0${file}\0`)

/** The kernel's flag of one that is on its way out. */
const exiting = 0x4

/**
 * Is it on its way out, and may still have files open? One that is dead and that nobody has waited for has none: its last
 * thread has closed them before.
 */
export async function isEnding(pid: number): Promise<boolean> {
  const text = await readProcess(pid, 'stat')
  // Its name comes before in brackets, and may have some too.
  const [state, , , , , , flags, , , , , , , , , , , threads] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const isDead = (state === 'Z' || state === 'X') && Number(threads) <= 1
  return (Number(flags) & exiting) !== 0 && !isDead
}

/** What the kernel says of a process; nothing of one that has ended, also while it was read. */
const readProcess = (pid: number, what: 'cmdline' | 'stat'): Promise<string> =>
  readFile(`/proc/${pid}/${what}`, 'utf8').catch((error: unknown) => {
    // Whatever else is wrong here says nothing of it.
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return ''
    throw error
  })
