/** What snapshots, images and key pairs refuse. (spec: ec2 4, 5) */
import { asked, said, target, type WordsTable, words } from './words.ts'

const unsupported = words('UnsupportedOperation')

export const imageWords: WordsTable = {
  snapshotInUse: words(
    'InvalidSnapshot.InUse',
    of => `The snapshot ${target(of)} is currently in use by ${said(of, /is used by (.*); deregister/)}`,
  ),
  'snapshot.wrongState': words(
    'IncorrectState',
    of => `Snapshot '${target(of)}' is in invalid state - ${of.refusal.state}`,
  ),
  sourceNotCompleted: words('IncorrectState', () => 'Snapshot is in invalid state - pending'),
  copyUnsupported: unsupported,

  missingRoot: words('InvalidBlockDeviceMapping', () => 'No root snapshot specified in device mapping.'),
  nameTaken: words('InvalidAMIName.Duplicate', of => `AMI name ${asked(of, 'Name')} is already in use.`),
  'key-pair.nameTaken': words(
    'InvalidKeyPair.Duplicate',
    of => `The keypair '${asked(of, 'KeyName')}' already exists.`,
  ),
  originalUnavailable: words('InvalidAMIID.Unavailable'),
  imageNotCopyable: unsupported,
  'image.wrongState': words('InvalidAMIID.Unavailable', of => `The image ID '${target(of)}' is no longer available`),
}
