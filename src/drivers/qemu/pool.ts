/**
 * Where everything is. Names follow from ids alone, so what a driver made is found again by one that remembers nothing.
 *
 *     POOL/{images,volumes,snapshots}/<id>.qcow2   disks; images are never written
 *     POOL/states/<id>.<generation>                memory of a suspended guest
 *     POOL/records/<kind>/<id>.json                what was asked for
 *     POOL/run/<id>/                               process, sockets and console of a machine
 *     POOL/.tmp/                                   what is being made: same file system, private names
 *     POOL/{lock,owner.json}                       held by the process that uses the pool, and who that is
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { lockPool } from './pool-lock.ts'

/** A folder that can not be a pool. */
export class PoolRefused extends Error {
  override readonly name = 'PoolRefused'
  readonly code = 'poolRefused'
}

/** A Unix socket's path has no more bytes than this. */
const socketPathBytesMax = 107
/** What is in `.tmp` longer than this belongs to nobody any more: no single piece of work takes so long. */
const abandonedMs = 24 * 3_600_000

/** Ids become file names and words of QEMU's command line: letters, digits, `.`, `_` and `-`, beginning with one of the first two. */
export const isName = (id: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id)

/** Bytes in the longest path of a socket in a pool, and how many may be. */
export const socketPathOf = (folder: string) => ({
  bytes: Buffer.byteLength(join(folder, 'run', 'i'.repeat(21), 'events')),
  bytesMax: socketPathBytesMax,
})

/** Gives the folder back. Throws PoolRefused for a path that can not hold sockets or reach QEMU. */
export const fitting = (folder: string): string => {
  if (/[\n\r\0]/.test(folder)) throw new PoolRefused('the path of a pool has no line breaks')
  const { bytes, bytesMax } = socketPathOf(folder)
  if (bytes <= bytesMax) return folder
  throw new PoolRefused(`${folder} is too long: a socket in it has ${bytes} bytes, and at most ${bytesMax} go`)
}

export class Pool {
  readonly folder: string
  /** Lets another process have it. */
  readonly release: () => void
  #made = 0

  /**
   * Makes the folders that are missing, and keeps other processes out. Throws PoolRefused for a path that can not hold
   * sockets or reach QEMU, and PoolInUse.
   */
  constructor(folder: string) {
    fitting(resolve(folder))
    for (const part of ['images', 'volumes', 'snapshots', 'states', 'run', '.tmp', 'records']) {
      mkdirSync(join(resolve(folder), part), { recursive: true, mode: 0o700 })
    }
    this.folder = fitting(realpathSync(folder))
    this.release = lockPool(this.folder)
    this.#sweep()
  }

  image = (id: string): string => join(this.folder, 'images', `${id}.qcow2`)
  /** The same, as a disk names it that is a layer over it: so a pool can be moved, or copied while nobody uses it. */
  imageFromDisk = (id: string): string => join('..', 'images', `${id}.qcow2`)
  volume = (id: string): string => join(this.folder, 'volumes', `${id}.qcow2`)
  snapshot = (id: string): string => join(this.folder, 'snapshots', `${id}.qcow2`)
  state = (instance: string, generation: number): string => join(this.folder, 'states', `${instance}.${generation}`)
  /** Of all its launches. */
  statesOf = async (instance: string): Promise<string[]> => {
    const names = await readdir(join(this.folder, 'states'))
    const own = names.filter(name => name.slice(0, name.lastIndexOf('.')) === instance)
    return own.map(name => join(this.folder, 'states', name))
  }
  records = (kind: string): string => join(this.folder, 'records', kind)
  run = (instance: string): string => join(this.folder, 'run', instance)

  /** A name nobody else uses, for something that is made and published in one go. */
  temporary = (id: string): string => join(this.folder, '.tmp', `${id}.${process.pid}.${Date.now()}.${++this.#made}`)
  /** The name under which a machine itself makes a snapshot: known again after a restart. */
  backup = (snapshot: string): string => join(this.folder, '.tmp', `${snapshot}.backup`)
  /** The name under which a machine writes its memory, and the one under which is said how that ended. */
  memory = (instance: string, generation: number) => {
    const path = join(this.folder, '.tmp', `${instance}.${generation}.memory`)
    return { path, ended: `${path}.ended` }
  }

  #sweep(): void {
    const folder = join(this.folder, '.tmp')
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
      if (age > abandonedMs) rmSync(path, { force: true })
    }
  }
}

/** QEMU's own name for a volume: at most 31 characters, beginning with a letter. (spec: drivers-and-qemu 2, trap 10.) */
export const nodeOf = (volume: string): string =>
  /^[A-Za-z0-9-]{1,27}$/.test(volume)
    ? `v-${volume}`
    : `h-${createHash('sha256').update(volume).digest('hex').slice(0, 26)}`

/** By what a guest knows the disk: the volume's id without its dash where that is all that virtio shows, 20 characters. */
export const serialOf = (volume: string): string =>
  /^vol-[A-Za-z0-9]{1,17}$/.test(volume)
    ? volume.replace('-', '')
    : createHash('sha256').update(volume).digest('hex').slice(0, 20)

/** Job ids begin with a letter and go on with letters, digits, `-`, `.` and `_`. */
export const jobOf = (what: 'backup' | 'save' | 'load' | 'drop', snapshot: string): string =>
  `${what}-${createHash('sha256').update(snapshot).digest('hex').slice(0, 20)}`

/** The name of a VM snapshot in each of its disks: never only digits, which would be taken for a number. */
export const tagOf = (snapshot: string): string => `vm-${snapshot}`

export const isThere = existsSync
