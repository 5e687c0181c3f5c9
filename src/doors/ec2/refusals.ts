/**
 * Every refusal of the engine in the words of EC2. Machines say why in codes of their own; here each has its EC2 code,
 * and the recorded sentence where clients are known to match on it. A test proves that none is missing. (spec: ec2 2.2,
 * 2.3, 3.3, 4 to 6, 10)
 */
import { Conflict, Contained, InvalidRequest, type Reason, type RefusalOf, Refused, Unavailable } from '../../index.ts'
import { Ec2Error } from './errors.ts'

interface Asked {
  readonly refusal: RefusalOf
  readonly reason: Reason
  /** Ids on the wire of all resources that were refused for this, in the order of the request. */
  readonly ids: readonly string[]
  /** The parameters of the request, for what a sentence quotes. */
  readonly parameters: Readonly<Record<string, unknown>>
}
interface Words {
  readonly code: string
  /** Without one, the engine's own sentence. */
  readonly sentence?: (asked: Asked) => string
}
const words = (code: string, sentence?: Words['sentence']): Words => ({ code, sentence })

/** Ids as clients know them: images are `ami-` there. */
export const wireId = (id: string): string => id.replace(/^img-/, 'ami-')
export const engineId = (id: string): string => id.replace(/^ami-/, 'img-')
const inSentence = (text: string): string => text.replace(/\bimg-/g, 'ami-')
const target = ({ refusal }: Asked): string => wireId(refusal.resource)
/** The first id of a kind that the engine's sentence names. */
const named = ({ reason }: Asked, prefix: string): string =>
  new RegExp(`\\b${prefix}-[0-9a-f]+`).exec(reason.sentence)?.[0] ?? prefix
const quoted = ({ parameters }: Asked, name: string): string => String(parameters[name] ?? '')

const mapping = words('InvalidBlockDeviceMapping')
const value = words('InvalidParameterValue')
const unsupported = words('UnsupportedOperation')
const combination = words('InvalidParameterCombination')

/** By code of the engine; `<kind>.<code>` and `<command>.<code>` come first where one code means several things. */
export const table: Readonly<Record<string, Words>> = {
  // Of the engine itself
  notFound: words('InvalidID', asked => `The ID '${target(asked)}' is not valid`),
  notPermitted: words('UnauthorizedOperation', () => 'You are not authorized to perform this operation.'),
  alreadyExists: words('InvalidParameterValue'),
  versionMismatch: words('IncorrectState'),
  wrongState: words('IncorrectState'),
  accountNotOpen: words('UnauthorizedOperation', () => 'The account is suspended or closed.'),
  tagLimitExceeded: words('TagLimitExceeded'),

  // Nobody there
  'instance.notFound': words('InvalidInstanceID.NotFound', ({ ids }) =>
    ids.length > 1 ? `The instance IDs '${ids.join(', ')}' do not exist` : `The instance ID '${ids[0]}' does not exist`,
  ),
  'volume.notFound': words('InvalidVolume.NotFound', ({ ids }) => `The volume '${ids.join(', ')}' does not exist.`),
  'snapshot.notFound': words(
    'InvalidSnapshot.NotFound',
    ({ ids }) => `The snapshot '${ids.join(', ')}' does not exist.`,
  ),
  'image.notFound': words('InvalidAMIID.NotFound', ({ ids }) => `The image id '[${ids.join(', ')}]' does not exist`),
  'key-pair.notFound': words('InvalidKeyPair.NotFound', ({ ids }) => `The key pair '${ids.join(', ')}' does not exist`),
  'offering.notFound': words(
    'InvalidParameterValue',
    ({ ids }) =>
      `The following supplied instance types do not exist: [${ids.map(id => id.replace(/^offering\//, '')).join(', ')}]`,
  ),
  'provider.notFound': words('InvalidParameterValue', () => 'No provider serves this region.'),

  // Instances
  'instance.start.wrongState': words(
    'IncorrectInstanceState',
    asked => `The instance '${target(asked)}' is not in a state from which it can be started.`,
  ),
  'instance.stop.wrongState': words('IncorrectInstanceState', asked =>
    asked.refusal.state === 'pending'
      ? `Instance '${target(asked)}' cannot be stopped as it has never reached the 'running' state.`
      : `This instance '${target(asked)}' is not in a state from which it can be stopped.`,
  ),
  'instance.reboot.wrongState': words(
    'IncorrectInstanceState',
    asked => `The instance '${target(asked)}' is not in a state from which it can be rebooted.`,
  ),
  'instance.modify.wrongState': words(
    'IncorrectInstanceState',
    asked => `The instance '${target(asked)}' is not in the 'stopped' state.`,
  ),
  'instance.wrongState': words(
    'IncorrectInstanceState',
    asked => `The instance '${target(asked)}' is not in a state for this operation; it is ${asked.refusal.state}.`,
  ),
  'image.create.wrongState': words(
    'IncorrectInstanceState',
    asked => `The instance '${target(asked)}' is not in the 'running' or 'stopped' state.`,
  ),
  'volume.attach.instance.wrongState': words(
    'IncorrectState',
    asked => `Instance '${target(asked)}' is not 'running'.`,
  ),
  'volume.detach.instance.wrongState': words(
    'IncorrectState',
    asked => `Instance '${target(asked)}' is not 'running'.`,
  ),
  terminationProtected: words(
    'OperationNotPermitted',
    asked =>
      `The instance '${target(asked)}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
  ),
  stopProtected: words(
    'OperationNotPermitted',
    asked =>
      `The instance '${target(asked)}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.`,
  ),
  notStateful: words(
    'UnsupportedOperation',
    asked => `The instance '${target(asked)}' does not have an 'ebs' root device type and cannot be stopped.`,
  ),
  rootNotAttached: words('InvalidParameterValue', asked => {
    const device = /root device (\S+?);/.exec(asked.reason.sentence)?.[1] ?? '/dev/sda1'
    return `Invalid value '${target(asked)}' for instanceId. Instance does not have a volume attached at root (${device})`
  }),
  instanceNotStopped: words(
    'IncorrectInstanceState',
    asked => `The instance '${target(asked)}' is not in the 'stopped' state.`,
  ),
  deviceNotMapped: words('InvalidInstanceAttributeValue', ({ reason }) => {
    const devices = /all of: (.*)\.$/.exec(reason.sentence)?.[1] ?? ''
    return `No device is currently mapped at ${devices}`
  }),
  imageUnavailable: words(
    'InvalidAMIID.Unavailable',
    asked => `The image ID '${named(asked, 'img').replace('img-', 'ami-')}' is no longer available`,
  ),
  offeringUnavailable: value,
  keyPairNotFound: words(
    'InvalidKeyPair.NotFound',
    asked => `The key pair '${quoted(asked, 'KeyName')}' does not exist`,
  ),
  modeNoMatch: unsupported,
  invalidShutdownBehaviour: combination,
  tooManyVolumes: words('AttachmentLimitExceeded'),
  invalidUserData: words('InvalidUserData.Malformed'),
  annotationsTooLarge: value,
  rebootUnsupported: unsupported,
  consoleUnsupported: unsupported,
  captureInProgress: words('IncorrectInstanceState'),

  // Where and what
  zoneUnknown: words('InvalidParameterValue', ({ reason }) => {
    const zone = /no zone (\S+);/.exec(reason.sentence)?.[1] ?? ''
    return `Invalid availability zone: [${zone}]`
  }),
  'volume.zoneUnknown': words('InvalidZone.NotFound', ({ reason }) => {
    const zone = /no zone (\S+);/.exec(reason.sentence)?.[1] ?? ''
    return `The zone '${zone}' does not exist.`
  }),
  invalidSize: value,
  sizeOutOfType: value,
  missingSize: words('MissingParameter', () => 'The request must contain the parameter size/snapshot'),
  'instance.missingSize': words('MissingParameter', () => 'The request must contain the parameter size or snapshotId'),
  'image.missingSize': words('MissingParameter', () => 'The request must contain the parameter size or snapshotId'),
  missingIops: words('MissingParameter', () => 'The request must contain the parameter iops'),
  iopsUnsupported: combination,
  throughputUnsupported: words('InvalidParameterDependency'),
  keyWithoutEncryption: words(
    'InvalidParameterDependency',
    () => 'The parameter KmsKeyId requires the parameter Encrypted to be set.',
  ),
  encryptionUnsupported: unsupported,
  encryptionInherited: value,
  invalidDeviceMapping: mapping,
  invalidRootMapping: mapping,
  missingRoot: words('InvalidBlockDeviceMapping', () => 'No root snapshot specified in device mapping.'),
  sizeBelowSnapshot: mapping,
  'volume.sizeBelowSnapshot': words(
    'InvalidParameterValue',
    () => 'The size of a volume can only be equal to or greater than the size of its snapshot',
  ),
  snapshotNotFound: words(
    'InvalidSnapshot.NotFound',
    asked => `The snapshot '${named(asked, 'snap')}' does not exist.`,
  ),
  snapshotNotCompleted: words('IncorrectState', () => 'Snapshot is in invalid state - pending'),
  snapshotElsewhere: value,

  // Volumes and attachments
  volumeInUse: words('VolumeInUse', asked => `Volume ${target(asked)} is currently attached to ${named(asked, 'i')}`),
  'volume.attach.volumeInUse': words('VolumeInUse', asked => `${target(asked)} is already attached to an instance`),
  'volume.attach.volume.wrongState': words('IncorrectState', asked => `${target(asked)} is not 'available'.`),
  'volume.detach.volume.wrongState': words(
    'IncorrectState',
    asked => `Volume '${target(asked)}'is in the '${asked.refusal.state}' state.`,
  ),
  'volume.wrongState': words(
    'IncorrectState',
    asked => `Volume '${target(asked)}' is in the '${asked.refusal.state}' state.`,
  ),
  zoneMismatch: words(
    'InvalidVolume.ZoneMismatch',
    asked =>
      `The volume '${target(asked)}' is not in the same availability zone as instance '${quoted(asked, 'InstanceId')}'`,
  ),
  providerMismatch: words('InvalidVolume.ZoneMismatch'),
  instanceNotFound: words(
    'InvalidInstanceID.NotFound',
    asked => `The instance ID '${quoted(asked, 'InstanceId')}' does not exist`,
  ),
  attachmentNotFound: words('InvalidAttachment.NotFound', ({ parameters }) => {
    const { VolumeId, InstanceId, Device } = parameters
    const where = [`to instance ${InstanceId ?? '(any)'}`, Device === undefined ? '' : ` as device ${Device}`]
    return `The volume ${VolumeId} is not attached ${where.join('')}`
  }),
  invalidDeviceName: words('InvalidParameterValue', asked => {
    const device = quoted(asked, 'Device')
    return `Value (${device}) for parameter device is invalid. ${device} is not a valid EBS device name.`
  }),
  deviceInUse: words('InvalidParameterValue', asked => {
    const device = quoted(asked, 'Device')
    return `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`
  }),
  attachmentLimitExceeded: words('AttachmentLimitExceeded'),
  hotPlugUnsupported: unsupported,
  hotUnplugUnsupported: unsupported,
  rootAttached: words(
    'IncorrectState',
    asked => `Unable to detach root volume '${quoted(asked, 'VolumeId')}' from instance '${target(asked)}'`,
  ),
  modificationInProgress: words(
    'IncorrectModificationState',
    asked => `Volume ${target(asked)} cannot be modified in modification state MODIFYING`,
  ),
  resizingDetached: words('IncorrectState'),
  sizeTooSmall: words('InvalidParameterValue', () => 'New size cannot be smaller than existing size'),
  resizeUnsupported: unsupported,
  retypeUnsupported: unsupported,
  snapshotUnsupported: unsupported,
  concurrentSnapshotLimitExceeded: words('ConcurrentSnapshotLimitExceeded'),

  // Snapshots and images
  snapshotInUse: words(
    'InvalidSnapshot.InUse',
    asked => `The snapshot ${target(asked)} is currently in use by ${named(asked, 'img').replace('img-', 'ami-')}`,
  ),
  'snapshot.wrongState': words(
    'IncorrectState',
    asked => `Snapshot '${target(asked)}' is in invalid state - ${asked.refusal.state}`,
  ),
  sourceNotCompleted: words('IncorrectState', () => 'Snapshot is in invalid state - pending'),
  copyUnsupported: unsupported,
  nameTaken: words(
    'InvalidAMIName.Duplicate',
    asked =>
      `AMI name ${quoted(asked, 'Name')} is already in use by AMI ${quoted(asked, 'takenBy') || 'of this account'}`,
  ),
  'key-pair.nameTaken': words(
    'InvalidKeyPair.Duplicate',
    asked => `The keypair '${quoted(asked, 'KeyName')}' already exists.`,
  ),
  originalUnavailable: words('InvalidAMIID.Unavailable'),
  imageNotCopyable: unsupported,
  'image.wrongState': words(
    'InvalidAMIID.Unavailable',
    asked => `The image ID '${target(asked)}' is no longer available`,
  ),

  // Of domains and accounts, which no action touches
  parentUnknown: value,
  domainUnknown: value,
}

/** What is said first when several things are wrong: who is not there, who may not, protection, state, then the rest. */
const rankOf = ({ code }: Reason): number => {
  if (code === 'notFound') return 0
  if (code === 'notPermitted') return 1
  if (code === 'terminationProtected') return 2
  if (code === 'stopProtected') return 3
  if (code === 'volumeInUse') return 4
  return code === 'wrongState' ? 5 : 6
}

/** The EC2 words for a reason of a refusal; undefined where the table has none. */
export function wordsFor({ command, kind }: Pick<RefusalOf, 'command' | 'kind'>, code: string): Words | undefined {
  for (const key of [`${command}.${kind}.${code}`, `${command}.${code}`, `${kind}.${code}`, code])
    if (Object.hasOwn(table, key)) return table[key]
  return undefined
}

/**
 * Anything an action threw, as EC2 says it. An error that is nobody's fault but ours comes out as InternalError, with the
 * cause kept for the operator.
 */
export function translated(error: unknown, parameters: Readonly<Record<string, unknown>> = {}): Ec2Error {
  if (error instanceof Ec2Error) return error
  if (error instanceof Refused) return refused(error, parameters)
  if (error instanceof InvalidRequest) return invalidRequest(error)
  if (error instanceof Unavailable && error.code === 'overloaded')
    return new Ec2Error('RequestLimitExceeded', 'Request limit exceeded.', { cause: error })
  if (error instanceof Unavailable)
    return new Ec2Error('Unavailable', 'The service is unavailable. Please try again shortly.', { cause: error })
  if (error instanceof Conflict)
    return new Ec2Error('RequestLimitExceeded', 'Request limit exceeded.', { cause: error })
  if (error instanceof Contained) return new Ec2Error('InternalError', error.message, { cause: error })
  return new Ec2Error('InternalError', 'An internal error has occurred', { cause: error })
}

function refused(error: Refused, parameters: Asked['parameters']): Ec2Error {
  const all = error.refusals.flatMap(refusal => refusal.reasons.map(reason => ({ refusal, reason })))
  const { refusal, reason } = all.reduce((first, each) => (rankOf(each.reason) < rankOf(first.reason) ? each : first))
  const missing = reason.code === 'notFound' ? missingOf(reason, refusal) : { kind: refusal.kind, id: refusal.resource }
  const found = wordsFor({ command: refusal.command, kind: missing.kind }, reason.code)
  const same = all.filter(each => each.reason.code === reason.code)
  const ids = [...new Set(same.map(each => wireId(missingOf(each.reason, each.refusal).id)))]
  const asked = { refusal, reason, ids, parameters }
  const sentence = found?.sentence?.(asked) ?? inSentence(reason.sentence)
  return new Ec2Error(found?.code ?? 'InternalError', sentence, { cause: error })
}

/** Who is missing may be the target, or something that the command names: the sentence says which. */
function missingOf({ code, sentence }: Reason, { kind, resource }: RefusalOf): { kind: string; id: string } {
  const found = code === 'notFound' ? /^The ([\w-]+) '([^']*)' does not exist\.$/.exec(sentence) : null
  return found ? { kind: found[1]!, id: found[2]! } : { kind, id: resource }
}

/** A field that the door let through and the engine did not: the caller's to mend all the same. */
function invalidRequest(error: InvalidRequest): Ec2Error {
  const { code, message } = error
  if (code === 'tokenReused')
    return new Ec2Error(
      'IdempotentParameterMismatch',
      'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
      { cause: error },
    )
  if (code === 'wrongKind') return new Ec2Error('InvalidID', inSentence(message), { cause: error })
  return new Ec2Error('InvalidParameterValue', inSentence(message), { cause: error })
}
