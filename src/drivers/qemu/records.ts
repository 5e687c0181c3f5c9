/**
 * What was asked for, one small file each, written before anything is done and read once when the driver opens. What a
 * disk or a process is like is never read from here. The record of what was deleted stays for a while, so that a late
 * repetition of its creation finds that it was.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type {
  DeviceSpec,
  InstanceSpec,
  SnapshotGroupSpec,
  SnapshotSpec,
  VmSnapshotSpec,
  VolumeSpec,
} from '../driver.ts'
import { remove, replace } from './files.ts'
import type { Pool } from './pool.ts'

interface Common {
  readonly id: string
  readonly owner: string
  /** Of the call that made it. */
  readonly token: string
  /** When it was asked for first, ms since 1970. */
  readonly madeAt: number
  /** When it was deleted, ms since 1970. */
  readonly goneAt?: number
}
export interface VolumeRecord extends Common {
  readonly kind: 'volume'
  readonly spec: VolumeSpec
  /** The image that what is on it began as, with whose kernel it boots. */
  readonly image?: string
  /** Of the call that took it back last: the file that it put in its place. */
  readonly reverted?: { readonly token: string; readonly inode: string }
}
export interface SnapshotRecord extends Common {
  readonly kind: 'volumeSnapshot'
  readonly spec: SnapshotSpec
  /** As of a volume. */
  readonly image?: string
  /** The machine that makes it while it runs. */
  readonly madeBy?: Maker
  /** The group that it is made with: before that is complete, it is not there. */
  readonly group?: string
  /** Token of the call that was accepted and whose moment is gone: the machine ended before it was whole. */
  readonly lostToken?: string
}
/** A launch of an instance: what it was doing ends with it. */
export interface Maker {
  readonly instance: string
  readonly generation: number
}
export interface GroupRecord extends Common {
  readonly kind: 'snapshotGroup'
  readonly spec: SnapshotGroupSpec
  readonly madeBy?: Maker
  readonly isComplete: boolean
  readonly lostToken?: string
}
/** What has to be the same for a machine to go on from what is kept of another one's memory. */
export interface Layout {
  readonly machine?: string
  readonly accelerator?: 'tcg' | 'kvm'
  readonly vcpus: number
  readonly memoryBytes: number
  readonly devices: readonly Device[]
}
export interface VmSnapshotRecord extends Common {
  readonly kind: 'vmSnapshot'
  readonly spec: VmSnapshotSpec
  readonly instance: string
  /** The one that the instance was at. */
  readonly parent?: string
  /** Root first. */
  readonly volumes: readonly string[]
  readonly layout: Layout
  readonly userData?: string
  readonly userDataEncoding?: 'base64'
  /** The machine that makes it while it runs. */
  readonly madeBy?: Maker
  readonly isComplete: boolean
  readonly lostToken?: string
}
/** A connected disk and the root port it sits in. */
export interface Device extends DeviceSpec {
  readonly port: number
}
export interface InstanceRecord extends Common {
  readonly kind: 'instance'
  /** As it was asked for at first: what a repeated call is compared with. */
  readonly spec: InstanceSpec
  /** As it is launched now. */
  readonly vcpus: number
  readonly memoryBytes: number
  readonly userData?: string
  readonly userDataEncoding?: 'base64'
  /** The newest launch anybody asked about. */
  readonly generation: number
  /** The newest launch that had a process. */
  readonly launched: number
  /** That launch was ended by a call. */
  readonly isOff: boolean
  readonly devices: readonly Device[]
  /** Those of the last launch, the machine type with its version: what is kept of its memory fits no other. */
  readonly machine?: string
  readonly accelerator?: 'tcg' | 'kvm'
  /** Of the last reset. */
  readonly resetToken?: string
  /** What is being done to it step by step, and how it is shown until that is done. */
  readonly underway?: Underway
  /** Its memory waits on the disk. */
  readonly isSuspended?: boolean
  /** The VM snapshot it is at: the last that was taken, or that it was taken back to. */
  readonly current?: string
  /** Of the call that took it back last. */
  readonly revertToken?: string
  /** Why that launch ended, kept when its process had to go. */
  readonly endReason?: string
  /** Since when the guest is asked to end, ms since 1970. */
  readonly stoppingSince?: number
}
export type Status = 'running' | 'paused' | 'stopped' | 'suspended'
export interface Underway {
  readonly token: string
  readonly verb: 'reset' | 'revert' | 'suspend'
  /** `held`: the part that must not be done twice is done, and its guest does not run yet. */
  readonly step: 'begun' | 'held'
  readonly shown: Status
}
export type AnyRecord = VolumeRecord | SnapshotRecord | GroupRecord | InstanceRecord | VmSnapshotRecord
type RecordOf<K extends AnyRecord['kind']> = Extract<AnyRecord, { kind: K }>

const kinds = ['volume', 'volumeSnapshot', 'snapshotGroup', 'instance', 'vmSnapshot'] as const
/** No call is repeated after this. */
const forgottenMs = 7 * 24 * 3_600_000

export class Records {
  readonly #pool: Pool
  readonly #all = Object.fromEntries(kinds.map(kind => [kind, new Map()])) as unknown as {
    [K in AnyRecord['kind']]: Map<string, RecordOf<K>>
  }

  constructor(pool: Pool, now: number) {
    this.#pool = pool
    for (const kind of kinds) {
      const folder = pool.records(kind)
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      for (const name of readdirSync(folder).filter(name => name.endsWith('.json'))) {
        const record = JSON.parse(readFileSync(join(folder, name), 'utf8'))
        if (record.goneAt !== undefined && record.goneAt + forgottenMs < now)
          rmSync(join(folder, name), { force: true })
        else this.#all[kind].set(record.id, record)
      }
    }
  }

  /** Also when it is gone. */
  any<K extends AnyRecord['kind']>(kind: K, id: string): RecordOf<K> | undefined {
    return this.#all[kind].get(id)
  }
  get<K extends AnyRecord['kind']>(kind: K, id: string): RecordOf<K> | undefined {
    const record = this.#all[kind].get(id)
    return record?.goneAt === undefined ? record : undefined
  }
  all<K extends AnyRecord['kind']>(kind: K): RecordOf<K>[] {
    return [...this.#all[kind].values()].filter(({ goneAt }) => goneAt === undefined)
  }
  /** The instances that have this volume. */
  usersOf(volume: string): InstanceRecord[] {
    return this.all('instance').filter(({ devices }) => devices.some(device => device.volume === volume))
  }
  /** Those that keep this volume. */
  keepersOf(volume: string): VmSnapshotRecord[] {
    return this.all('vmSnapshot').filter(
      ({ volumes, lostToken }) => lostToken === undefined && volumes.includes(volume),
    )
  }
  vmSnapshotsOf(instance: string): VmSnapshotRecord[] {
    return this.all('vmSnapshot').filter(each => each.lostToken === undefined && each.instance === instance)
  }
  /** Is it there for others, or made with a group that is not complete? */
  isWhole({ group }: SnapshotRecord): boolean {
    return group === undefined || this.#all.snapshotGroup.get(group)?.isComplete === true
  }

  async keep<R extends AnyRecord>(record: R): Promise<R> {
    // In memory first: whoever looks meanwhile must see that it is meant to be.
    const all = this.#all[record.kind] as unknown as Map<string, AnyRecord>
    const before = all.get(record.id)
    all.set(record.id, record)
    try {
      await replace(this.#pool.temporary(record.id), this.#path(record), JSON.stringify(record))
    } catch (error) {
      // What is not on the disk would be true only until the next driver.
      if (before) all.set(record.id, before)
      else all.delete(record.id)
      throw error
    }
    return record
  }
  /** As if it had never been asked for. */
  async drop(record: AnyRecord): Promise<void> {
    this.#all[record.kind].delete(record.id)
    await remove(this.#path(record))
  }

  #path({ kind, id }: AnyRecord): string {
    return join(this.#pool.records(kind), `${id}.json`)
  }
}
