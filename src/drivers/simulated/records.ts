/** What the simulated provider knows: one record per object, its own truth, in a shape of its own. */
import type { ChangingCall } from '../changing-calls.ts'
import type {
  ErrorCode,
  Facts,
  InstanceSpec,
  Observation,
  Outcome,
  Reference,
  SnapshotSpec,
  VmSnapshotSpec,
  VolumeSpec,
} from '../driver.ts'
import { type Content, digestOf } from './content.ts'

interface Owned {
  readonly id: string
  /** The id it was asked for under, and the how-manieth object made under it. They differ only for a provider that makes another object when a call is repeated. */
  readonly askedFor: string
  readonly nth: number
  /** Order of creation. */
  readonly sequence: number
  readonly owner: string
  /** Token of the call that made it, and when (ms since 1970). */
  readonly token: string
  readonly madeAt: number
  /** A call did only some of its work; it is neither here nor gone until the call is repeated. */
  incomplete?: 'making' | 'removing'
}
export interface VolumeRecord extends Owned {
  readonly kind: 'volume'
  /** As it was made. */
  readonly spec: VolumeSpec
  sizeBytes: number
  volumeType?: string
  iops?: number
  throughputMiBps?: number
  /** Where it lies, if it was told a pool. */
  pool?: string
  /** Until then (ms since 1970) its contents are moved, after a change. */
  movingUntil?: number
  /** Instances that have it. */
  users: string[]
  /** The instance it was made for, of a root that the provider makes. */
  readonly rootOf?: string
  /** Nothing was ever on it, where there is none. */
  content?: Content
  /** Token of the call that took it back last. */
  revertToken?: string
}
export interface SnapshotRecord extends Owned {
  readonly kind: 'volumeSnapshot'
  /** `group`: the one that it was made with. */
  readonly spec: SnapshotSpec & { readonly group?: string }
  readonly sizeBytes: number
  /** Whether a guest was using the disk at that moment. */
  readonly live: boolean
  readonly content?: Content
}
/** An instance as a whole, at one moment. */
export interface VmSnapshotRecord extends Owned {
  readonly kind: 'vmSnapshot'
  readonly spec: VmSnapshotSpec
  readonly instance: string
  parent?: string
  readonly state: 'running' | 'stopped'
  readonly memoryBytes: number
  readonly devices: readonly Device[]
  readonly disks: readonly KeptDisk[]
  /** Of an instance that runs on its image. */
  readonly imageContent?: Content
}
interface KeptDisk {
  readonly volume: string
  readonly sizeBytes: number
  readonly content?: Content
}
export interface ImageRecord extends Owned {
  readonly kind: 'image'
  /** Instances that run on it. */
  users: string[]
  content: Content
}
export type Status = 'running' | 'stopped' | 'paused' | 'suspended'
export interface Device {
  readonly device: string
  readonly volume: string
  readonly root: boolean
}
export interface InstanceRecord extends Owned {
  readonly kind: 'instance'
  spec: InstanceSpec
  readonly host: string
  readonly privateAddress: string
  status: Status
  /** The newest launch it has heard of, and the last one that had a process. */
  generation: number
  launched: number
  devices: Device[]
  /** What it boots from, if that is none of its devices. */
  root?: { readonly kind: 'private'; readonly volume: string } | { readonly kind: 'image'; readonly volume?: undefined }
  /** Where its guest waits while it is suspended. */
  suspendedTo?: 'memory' | 'disk'
  /** It waited in memory, and the machine under it was lost. */
  memoryLost?: boolean
  /** Paused because it could not write: there is no room, or there is again. */
  held?: 'full' | 'room'
  /** Its guest does nothing of what it is asked to. */
  hangs?: boolean
  /** Kinds of what was made beside it. */
  readonly auxiliary?: readonly string[]
  /** Token of the last reset, so that it is not done twice. */
  resetToken?: string
  resets: number
  /** It stands still while it is kept. */
  stunned?: boolean
  /** The VM snapshot that it is at: the last that was taken, or that it was taken back to. */
  current?: string
  /** Token of the call that took it back last. */
  revertToken?: string
}
/** Work that was accepted, with its outcome once there is one. */
export interface OperationRecord {
  readonly kind: 'operation'
  /** The token of the call. */
  readonly id: string
  readonly sequence: number
  readonly verb: ChangingCall
  readonly resource: string
  readonly spec: unknown
  /** Who asked for it. */
  readonly owner?: string
  readonly dueAt: number
  /** When it was accepted, of work whose progress is shown. */
  readonly begunAt?: number
  /** It is not going to be done when it is due. */
  readonly refusal?: ErrorCode
  outcome?: Outcome
}
/** What is left of an object: enough to know a late call about it. */
export interface GoneRecord {
  readonly kind: 'gone'
  /** `<kind> <id>` of what is gone. */
  readonly id: string
  readonly sequence: number
  readonly generation: number
  /** How many objects were made under this id. */
  readonly made: number
  /** Of an instance: the image it was made of. */
  readonly image?: string
  /** Kinds of what was made beside an instance, and is still there. */
  readonly left?: readonly string[]
}
export type ObjectRecord = VolumeRecord | SnapshotRecord | InstanceRecord | ImageRecord | VmSnapshotRecord
export type AnyRecord = ObjectRecord | OperationRecord | GoneRecord

export const disksFact = (disks: VmSnapshotRecord['disks']) =>
  Object.fromEntries(disks.map(({ volume, sizeBytes }) => [volume, { sizeBytes }]))

/** What a guest waits for whose disk can not be written. */
export const noRoom = 'no space is left for its disks; make room, and start it: its guest goes on where it was'
const heldFacts = ({ status, held }: InstanceRecord): Facts =>
  status === 'paused' && held !== undefined ? { pauseReason: 'io-error', pauseMessage: noRoom } : {}

export const factsOf = (record: ObjectRecord): Facts => {
  if (record.kind === 'volume') {
    const { sizeBytes, volumeType, iops, throughputMiBps, pool, spec } = record
    return { sizeBytes, volumeType, iops, throughputMiBps, pool, encrypted: spec.encrypted || undefined }
  }
  if (record.kind === 'volumeSnapshot') return { sizeBytes: record.sizeBytes, live: record.live }
  if (record.kind === 'vmSnapshot') {
    const { instance, state, memoryBytes, disks, parent } = record
    return { instance, state, memoryBytes, disks: disksFact(disks), parent }
  }
  if (record.kind === 'image') return { digest: digestOf(record.content) }
  const status = record.stunned && record.status === 'running' ? 'paused' : record.status
  const { generation, host, privateAddress, spec, devices } = record
  const onDevice = devices.find(device => device.root)
  const root = record.root ?? (onDevice && { kind: 'volume', volume: onDevice.volume })
  const size = { vcpus: spec.vcpus, memoryBytes: spec.memoryBytes }
  return { status, generation, host, privateAddress, ...size, root, ...heldFacts(record) }
}

export const referenceOf = (record: ObjectRecord): Reference => ({ providerId: `sim/${record.id}` })

export const observationOf = (record: ObjectRecord, observedAt: number): Observation => ({
  kind: record.kind,
  id: record.id,
  exists: record.incomplete === undefined ? 'yes' : 'unknown',
  facts: factsOf(record),
  ref: referenceOf(record),
  generation: record.kind === 'instance' ? record.generation : undefined,
  owner: record.owner,
  token: record.token,
  madeAt: record.madeAt,
  observedAt,
})

export const absence = (kind: Observation['kind'], id: string, observedAt: number): Observation => ({
  kind,
  id,
  exists: 'no',
  facts: {},
  observedAt,
})

/** What a guest reads as the serial number of a disk: 20 characters are what a virtual disk has. */
export const serialOf = (volume: string): string => volume.slice(-20)

/** An attachment has no life of its own: it is the instance, the volume and the device, under `<instance>/<volume>`. */
export const attachmentOf = (
  instance: InstanceRecord,
  device: Device,
  bySerial: boolean,
  observedAt: number,
): Observation => ({
  kind: 'attachment',
  id: `${instance.id}/${device.volume}`,
  exists: 'yes',
  facts: {
    instance: instance.id,
    volume: device.volume,
    device: device.device,
    root: device.root,
    serial: bySerial ? serialOf(device.volume) : undefined,
  },
  generation: instance.generation,
  owner: instance.owner,
  token: instance.token,
  observedAt,
})
