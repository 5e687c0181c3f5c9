/** What volumes and their attachments refuse. (spec: ec2 3.3) */
import { asked, said, target, type WordsTable, words } from './words.ts'

const unsupported = words('UnsupportedOperation')

export const volumeWords: WordsTable = {
  snapshotInProgress: words('IncorrectState'),
  volumeInVmSnapshot: words('IncorrectState'),
  volumeHasVmSnapshots: words('IncorrectState'),
  volumeHasSnapshots: words('IncorrectState'),
  instanceTerminated: words('IncorrectState'),
  memoryOfEncryptedDisk: words('UnsupportedOperation'),
  'vm-snapshotVanished': words('IncorrectState'),
  volumeInUse: words(
    'VolumeInUse',
    of => `Volume ${target(of)} is currently attached to ${said(of, /attached to (\S+);/)}`,
  ),
  'volume.attach.volumeInUse': words('VolumeInUse', of => `${target(of)} is already attached to an instance`),
  'volume.attach.volume.wrongState': words('IncorrectState', of => `${target(of)} is not 'available'.`),
  // The missing blank is in what clients have recorded.
  'volume.detach.volume.wrongState': words(
    'IncorrectState',
    of => `Volume '${target(of)}'is in the '${of.refusal.state}' state.`,
  ),
  'volume.wrongState': words('IncorrectState', of => `Volume '${target(of)}' is in the '${of.refusal.state}' state.`),
  zoneMismatch: words(
    'InvalidVolume.ZoneMismatch',
    of => `The volume '${target(of)}' is not in the same availability zone as instance '${asked(of, 'InstanceId')}'`,
  ),
  providerMismatch: words('InvalidVolume.ZoneMismatch'),
  instanceNotFound: words(
    'InvalidInstanceID.NotFound',
    of => `The instance ID '${asked(of, 'InstanceId')}' does not exist`,
  ),
  attachmentNotFound: words('InvalidAttachment.NotFound', of => {
    const { VolumeId, InstanceId, Device } = of.parameters
    const where = [InstanceId && `to instance ${InstanceId}`, Device && `as device ${Device}`].filter(Boolean)
    return `The volume ${VolumeId} is not attached ${where.join(' ') || 'there'}`
  }),
  invalidDeviceName: words('InvalidParameterValue', of => {
    const device = asked(of, 'Device')
    return `Value (${device}) for parameter device is invalid. ${device} is not a valid EBS device name.`
  }),
  deviceInUse: words('InvalidParameterValue', of => {
    const device = asked(of, 'Device')
    return `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`
  }),
  attachmentLimitExceeded: words('AttachmentLimitExceeded'),
  volumeVanished: words('IncorrectState'),
  snapshotVanished: words('IncorrectState'),
  hotPlugUnsupported: unsupported,
  hotUnplugUnsupported: unsupported,
  volumesUnsupported: unsupported,
  rootAttached: words(
    'IncorrectState',
    of => `Unable to detach root volume '${asked(of, 'VolumeId')}' from instance '${target(of)}'`,
  ),

  notBeingDeleted: words('IncorrectState'),
  modificationInProgress: words(
    'IncorrectModificationState',
    of => `Volume ${target(of)} cannot be modified in modification state ${said(of, /\((\w+)\)/).toUpperCase()}`,
  ),
  resizingDetached: words('IncorrectState'),
  sizeTooSmall: words('InvalidParameterValue', () => 'New size cannot be smaller than existing size'),
  resizeUnsupported: unsupported,
  retypeUnsupported: unsupported,
  'volume.sizeBelowSnapshot': words(
    'InvalidParameterValue',
    () => 'The size of a volume can only be equal to or greater than the size of its snapshot',
  ),
  encryptionInherited: words('InvalidParameterValue'),
  severalSources: words('InvalidParameterCombination'),
  imageElsewhere: words('InvalidParameterValue'),
  cloneUnsupported: unsupported,
  sizeBelowImage: words('InvalidParameterValue'),
  volumeReverting: words('IncorrectState'),
  revertUnsupported: unsupported,
  volumeMigrating: words('IncorrectState'),
  migrateUnsupported: unsupported,
  poolUnavailable: words('InvalidParameterValue'),
  vmSnapshotsImmovable: unsupported,
  snapshotOfOther: words('InvalidParameterValue'),
  snapshotGroupUnsupported: unsupported,
  groupElsewhere: unsupported,
  copiedTagLimitExceeded: words('TagLimitExceeded'),
  missingVolumes: words('InvalidParameterValue'),
  exclusionUnknown: words('InvalidParameterValue'),
  // Of schedules, which no action makes
  runInProgress: words('IncorrectState'),
  targetGone: words('IncorrectState'),
  timeZoneUnknown: words('InvalidParameterValue'),
  missingRetention: words('InvalidParameterValue'),
  snapshotUnsupported: unsupported,
  concurrentSnapshotLimitExceeded: words('ConcurrentSnapshotLimitExceeded'),
}
