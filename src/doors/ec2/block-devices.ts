/**
 * `BlockDeviceMapping.N`: what a request says of disks, by device name. Syntax is checked here; what depends on an
 * image or a snapshot is the engine's to refuse. (spec: ec2 6.1, 6.2)
 */
import { Ec2Error } from './errors.ts'
import { flag, integer, type ParametersOf, structure, text } from './parameters.ts'

const GIB = 2 ** 30

const entry = {
  DeviceName: text(),
  VirtualName: text(),
  /** Given empty: leaves out what the image has there. */
  NoDevice: text(),
  Ebs: structure({
    SnapshotId: text(),
    VolumeSize: integer({ min: 1 }),
    VolumeType: text(),
    DeleteOnTermination: flag(),
    Iops: integer({ min: 1 }),
    Throughput: integer({ min: 1 }),
    Encrypted: flag(),
    KmsKeyId: text(),
  }),
}
export const blockDeviceMapping = structure(entry)
export type BlockDeviceMapping = ParametersOf<typeof entry>

/** One entry as the engine takes it. Sizes in bytes. */
export interface EngineMapping {
  readonly device: string
  readonly sizeBytes?: number
  readonly snapshot?: string
  readonly volumeType?: string
  readonly iops?: number
  readonly throughputMiBps?: number
  readonly deleteOnTermination?: boolean
  readonly encrypted?: boolean
  readonly kmsKey?: string
  readonly ephemeral?: string
  readonly noDevice?: boolean
}

/**
 * Throws Ec2Error MissingParameter for an entry that is incomplete, InvalidRequest for a `NoDevice` that says something,
 * InvalidBlockDeviceMapping for one that is two things at once, and InvalidParameterDependency for a key to nothing.
 */
export function checkMappings(mappings: readonly BlockDeviceMapping[] = []): void {
  for (const { DeviceName, VirtualName, NoDevice, Ebs } of mappings) {
    if (DeviceName === undefined || DeviceName === '') throw missing('deviceName')
    if (NoDevice !== undefined && NoDevice !== '')
      throw new Ec2Error('InvalidRequest', 'The request received was invalid')
    const kinds = [VirtualName, NoDevice, Ebs].filter(each => each !== undefined).length
    if (kinds === 0) throw missing('ebs')
    if (kinds > 1)
      throw new Ec2Error(
        'InvalidBlockDeviceMapping',
        `The device '${DeviceName}' is one of ebs, virtualName and noDevice, not several of them`,
      )
  }
}

const missing = (name: string) => new Ec2Error('MissingParameter', `The request must contain the parameter ${name}`)

/** The entries in the order of the request. They have been checked. */
export const engineMappings = (mappings: readonly BlockDeviceMapping[] = []): readonly EngineMapping[] =>
  mappings.map(({ DeviceName, VirtualName, NoDevice, Ebs }) => ({
    device: DeviceName!,
    ...(VirtualName !== undefined && { ephemeral: VirtualName }),
    ...(NoDevice !== undefined && { noDevice: true }),
    ...(Ebs && {
      sizeBytes: Ebs.VolumeSize === undefined ? undefined : Ebs.VolumeSize * GIB,
      snapshot: Ebs.SnapshotId,
      volumeType: Ebs.VolumeType,
      deleteOnTermination: Ebs.DeleteOnTermination,
      iops: Ebs.Iops,
      throughputMiBps: Ebs.Throughput,
      encrypted: Ebs.Encrypted,
      kmsKey: Ebs.KmsKeyId,
    }),
  }))
