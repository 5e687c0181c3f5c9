/** What the engine itself refuses, whatever the kind. */
import { said, type WordsTable, words } from './words.ts'

const invalidValue = words('InvalidParameterValue')

const absent = (noun: string, ids: readonly string[]): string =>
  ids.length > 1 ? `The ${noun}s '${ids.join(', ')}' do not exist.` : `The ${noun} '${ids[0]}' does not exist.`

export const engineWords: WordsTable = {
  notFound: words('InvalidID', of => `The ID '${of.ids.join(', ')}' is not valid`),
  notPermitted: words('UnauthorizedOperation', () => 'You are not authorized to perform this operation.'),
  alreadyExists: invalidValue,
  versionMismatch: words('IncorrectState'),
  wrongState: words('IncorrectState'),
  accountNotOpen: words('UnauthorizedOperation', () => 'The account is suspended or closed.'),
  tagLimitExceeded: words('TagLimitExceeded'),
  instanceLimitExceeded: words('InstanceLimitExceeded'),
  vcpuLimitExceeded: words('VcpuLimitExceeded'),
  memoryLimitExceeded: words('InstanceLimitExceeded'),
  volumeLimitExceeded: words('VolumeLimitExceeded'),
  primaryStorageLimitExceeded: words('VolumeLimitExceeded'),
  snapshotLimitExceeded: words('SnapshotLimitExceeded'),
  secondaryStorageLimitExceeded: words('SnapshotLimitExceeded'),
  vmSnapshotLimitExceeded: words('ResourceLimitExceeded'),
  imageLimitExceeded: words('ResourceLimitExceeded'),

  'instance.notFound': words('InvalidInstanceID.NotFound', ({ ids }) =>
    ids.length > 1 ? `The instance IDs '${ids.join(', ')}' do not exist` : `The instance ID '${ids[0]}' does not exist`,
  ),
  'volume.notFound': words('InvalidVolume.NotFound', ({ ids }) => absent('volume', ids)),
  'snapshot.notFound': words('InvalidSnapshot.NotFound', ({ ids }) => absent('snapshot', ids)),
  'image.notFound': words('InvalidAMIID.NotFound', ({ ids }) => `The image id '[${ids.join(', ')}]' does not exist`),
  'key-pair.notFound': words('InvalidKeyPair.NotFound', ({ ids }) => `The key pair '${ids.join(', ')}' does not exist`),
  'offering.notFound': words(
    'InvalidParameterValue',
    ({ ids }) =>
      `The following supplied instance types do not exist: [${ids.map(id => id.replace(/^offering\//, '')).join(', ')}]`,
  ),
  'instance.modify.offering.notFound': words(
    'InvalidInstanceAttributeValue',
    ({ ids }) => `The instance type '${ids[0]?.replace(/^offering\//, '')}' does not exist`,
  ),
  'provider.notFound': words('InvalidParameterValue', () => 'No provider serves this region.'),

  // Disks, whatever is to become of them
  zoneUnknown: words('InvalidZone.NotFound', of => `The zone '${said(of, zone)}' does not exist.`),
  'instance.zoneUnknown': words('InvalidParameterValue', of => `Invalid Availability Zone (${said(of, zone)})`),
  invalidSize: invalidValue,
  sizeOutOfType: invalidValue,
  missingSize: words('MissingParameter', () => 'The request must contain the parameter size or snapshotId'),
  'volume.missingSize': words('MissingParameter', () => 'The request must contain the parameter size/snapshot'),
  missingIops: words('MissingParameter', () => 'The request must contain the parameter iops'),
  iopsUnsupported: words('InvalidParameterCombination'),
  throughputUnsupported: words('InvalidParameterDependency'),
  keyWithoutEncryption: words(
    'InvalidParameterDependency',
    () => 'The parameter KmsKeyId requires the parameter Encrypted to be set.',
  ),
  encryptionUnsupported: words('UnsupportedOperation'),
  snapshotNotCompleted: words('IncorrectState', () => 'Snapshot is in invalid state - pending'),
  snapshotElsewhere: invalidValue,

  // Of domains, which no action touches
  parentUnknown: invalidValue,
  domainUnknown: invalidValue,
  rootUnlimited: invalidValue,
}

const zone = /no zone (.*); the provider/
