/** What instances refuse. Sentences with a quotation of ids are recorded ones. (spec: ec2 2.2, 2.5, 6.3, 9) */
import { shownState } from '../instances/states.ts'
import { asked, said, target, type WordsTable, why, words } from './words.ts'

const unsupported = words('UnsupportedOperation')
const mapping = words('InvalidBlockDeviceMapping', why)
const protectedBy = (verb: string, attribute: string) =>
  words(
    'OperationNotPermitted',
    of =>
      `The instance '${target(of)}' may not be ${verb}. Modify its '${attribute}' instance attribute and try again.`,
  )
const noRoot = (verb: string) =>
  words(
    'UnsupportedOperation',
    of => `The instance '${target(of)}' does not have an 'ebs' root device type and cannot be ${verb}.`,
  )
const notStopped = words('IncorrectInstanceState', of => `The instance '${target(of)}' is not in the 'stopped' state.`)
const notCapturable = words(
  'IncorrectInstanceState',
  of => `The instance '${target(of)}' is not in the 'running' or 'stopped' state.`,
)

export const instanceWords: WordsTable = {
  'instance.start.wrongState': words(
    'IncorrectInstanceState',
    of => `The instance '${target(of)}' is not in a state from which it can be started.`,
  ),
  'instance.stop.wrongState': words('IncorrectInstanceState', of =>
    of.refusal.state === 'pending'
      ? `Instance '${target(of)}' cannot be stopped as it has never reached the 'running' state.`
      : `This instance '${target(of)}' is not in a state from which it can be stopped.`,
  ),
  'instance.reboot.wrongState': words(
    'IncorrectInstanceState',
    of => `The instance '${target(of)}' is not in a state from which it can be rebooted.`,
  ),
  'instance.modify.wrongState': notStopped,
  'instance.wrongState': words(
    'IncorrectInstanceState',
    of => `The instance '${target(of)}' is not in a state for this operation; it is ${shownState(of.refusal.state)}.`,
  ),
  'image.create.wrongState': notCapturable,
  'instance.suspend.wrongState': words(
    'IncorrectInstanceState',
    of => `This instance '${target(of)}' is not in a state from which it can be stopped.`,
  ),
  'volume.attach.instance.wrongState': words('IncorrectState', of => `Instance '${target(of)}' is not 'running'.`),
  'volume.detach.instance.wrongState': words('IncorrectState', of => `Instance '${target(of)}' is not 'running'.`),

  terminationProtected: protectedBy('terminated', 'disableApiTermination'),
  stopProtected: protectedBy('stopped', 'disableApiStop'),
  'instance.terminate.stopProtected': protectedBy('terminated', 'disableApiStop'),
  notStateful: noRoot('stopped'),
  'instance.start.notStateful': noRoot('started'),
  'image.create.notStateful': words(
    'UnsupportedOperation',
    of => `The instance '${target(of)}' does not have an 'ebs' root device type, so no image can be made of it.`,
  ),
  rootNotAttached: words(
    'InvalidParameterValue',
    of =>
      `Invalid value '${target(of)}' for instanceId. Instance does not have a volume attached at root (${said(of, /root device (\S+);/)})`,
  ),
  instanceNotStopped: notStopped,
  deviceNotMapped: words(
    'InvalidInstanceAttributeValue',
    of => `No device is currently mapped at ${said(of, /all of: (.*)\.$/)}`,
  ),
  rebootUnsupported: unsupported,
  suspendUnsupported: words(
    'UnsupportedOperation',
    of => `The instance '${target(of)}' cannot hibernate here; stop it without Hibernate.`,
  ),
  instanceSuspended: words(
    'IncorrectInstanceState',
    of => `The instance '${target(of)}' has hibernated; start it first.`,
  ),
  stopUnconfirmed: words('IncorrectInstanceState'),
  consoleUnsupported: unsupported,
  captureInProgress: words('IncorrectInstanceState'),
  // No action of this protocol takes VM snapshots; they stand in the way of some.
  hasVmSnapshots: words('IncorrectInstanceState'),
  vmSnapshotInProgress: words('IncorrectInstanceState'),
  vmSnapshotsUnsupported: words('UnsupportedOperation'),
  memoryUnsupported: words('UnsupportedOperation'),
  diskOnlyUnsupported: words('UnsupportedOperation'),
  diskOnlyWhileRunning: words('IncorrectInstanceState'),
  notRunning: words('IncorrectInstanceState'),
  quiesceUnsupported: words('UnsupportedOperation'),
  tooManyVmSnapshots: words('ResourceLimitExceeded'),
  vmSnapshotLineTooLong: words('ResourceLimitExceeded'),
  vmSnapshotNameTaken: words('InvalidParameterValue'),
  vmSnapshotKindsMixed: words('UnsupportedOperation'),
  revertNeedsStop: words('IncorrectInstanceState'),
  vmSnapshotsHoldDisks: words('IncorrectInstanceState'),
  migrateNeedsStop: words('IncorrectInstanceState'),
  revertWhileRunningUnsupported: words('IncorrectInstanceState'),
  revertNeedsStart: words('IncorrectInstanceState'),
  revertNeedsStateful: words('UnsupportedOperation'),
  revertPastOthers: words('UnsupportedOperation'),
  attachmentInProgress: words('IncorrectInstanceState'),
  detachmentInProgress: words('IncorrectInstanceState'),
  // No action of this protocol gives a time to recover in; an instance may have one all the same.
  recoveryUnsupported: unsupported,
  vmSnapshotRevertInProgress: words('IncorrectInstanceState'),

  imageUnavailable: words(
    'InvalidAMIID.Unavailable',
    of => `The image ID '${said(of, /The image (\S+) is/)}' is no longer available`,
  ),
  offeringUnavailable: words(
    'InvalidParameterValue',
    of => `The following supplied instance types do not exist: [${said(of, offering)}]`,
  ),
  'instance.modify.offeringUnavailable': words(
    'InvalidInstanceAttributeValue',
    of => `The instance type '${said(of, offering)}' does not exist`,
  ),
  keyPairNotFound: words('InvalidKeyPair.NotFound', of => `The key pair '${asked(of, 'KeyName')}' does not exist`),
  modeNoMatch: unsupported,
  rootUnsupported: mapping,
  rootNotVolume: unsupported,
  missingImage: words('MissingParameter', () => 'The request must contain the parameter ImageId'),
  rootVolumeUnavailable: words('IncorrectState'),
  rootVolumeElsewhere: words('InvalidVolume.ZoneMismatch'),
  volumeNotBootable: unsupported,
  cloneOnlyRoot: unsupported,
  stopUnsupported: unsupported,
  attachmentsLost: unsupported,
  cleanupNotOwed: words('IncorrectInstanceState'),
  imageNotOwned: unsupported,
  imageInUse: words('IncorrectState'),
  invalidShutdownBehaviour: words('InvalidParameterCombination'),
  tooManyVolumes: words('AttachmentLimitExceeded'),
  invalidUserData: words('InvalidUserData.Malformed'),
  annotationsTooLarge: words('InvalidParameterValue'),

  invalidDeviceMapping: mapping,
  invalidRootMapping: words('InvalidBlockDeviceMapping'),
  sizeBelowSnapshot: mapping,
  snapshotNotFound: words(
    'InvalidSnapshot.NotFound',
    of => `The snapshot '${said(of, /snapshot '(.*)' does not exist/)}' does not exist.`,
  ),
}

const offering = /no offering (.*) in use/
