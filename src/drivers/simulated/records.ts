/** What the simulated provider knows: one record per object, its own truth, in a shape of its own. */
import type { ChangingCall } from '../changing-calls.ts'
import type { Facts, InstanceSpec, Observation, Outcome, Reference, SnapshotSpec, VolumeSpec } from '../driver.ts'

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
  /** Until then (ms since 1970) its contents are moved, after a change. */
  movingUntil?: number
  /** Instances that have it. */
  users: string[]
}
export interface SnapshotRecord extends Owned {
  readonly kind: 'volumeSnapshot'
  readonly spec: SnapshotSpec
  readonly sizeBytes: number
  /** Whether a guest was using the disk at that moment. */
  readonly live: boolean
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
  /** Token of the last reset, so that it is not done twice. */
  resetToken?: string
  resets: number
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
  readonly dueAt: number
  /** When it was accepted, of work whose progress is shown. */
  readonly begunAt?: number
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
}
export type ObjectRecord = VolumeRecord | SnapshotRecord | InstanceRecord
export type AnyRecord = ObjectRecord | OperationRecord | GoneRecord

export const factsOf = (record: ObjectRecord): Facts => {
  if (record.kind === 'volume') {
    const { sizeBytes, volumeType, iops, throughputMiBps, spec } = record
    return { sizeBytes, volumeType, iops, throughputMiBps, encrypted: spec.encrypted || undefined }
  }
  if (record.kind === 'volumeSnapshot') return { sizeBytes: record.sizeBytes, live: record.live }
  const { status, generation, host, privateAddress, spec } = record
  return { status, generation, host, privateAddress, vcpus: spec.vcpus, memoryBytes: spec.memoryBytes }
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
  observedAt,
})

export const absence = (kind: Observation['kind'], id: string, observedAt: number): Observation => ({
  kind,
  id,
  exists: 'no',
  facts: {},
  observedAt,
})

/** An attachment has no life of its own: it is the instance, the volume and the device, under `<instance>/<volume>`. */
export const attachmentOf = (instance: InstanceRecord, device: Device, observedAt: number): Observation => ({
  kind: 'attachment',
  id: `${instance.id}/${device.volume}`,
  exists: 'yes',
  facts: { instance: instance.id, volume: device.volume, device: device.device, root: device.root },
  generation: instance.generation,
  owner: instance.owner,
  token: instance.token,
  observedAt,
})
