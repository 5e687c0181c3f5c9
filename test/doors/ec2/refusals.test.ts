/**
 * Every way the machines say no has words of EC2. Walks the catalogue of kinds, so that a new requirement without words,
 * and words that nothing uses any more, fail here.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kinds } from '../../../machines/index.ts'
import { measures } from '../../../projections/index.ts'
import { type ErrorCode, errorCodes, statusOf } from '../../../src/doors/ec2/error-codes.ts'
import { table, wordsFor } from '../../../src/doors/ec2/refusals/table.ts'
import { translated } from '../../../src/doors/ec2/refusals.ts'
import {
  Conflict,
  Contained,
  InvalidRequest,
  type Reason,
  type RefusalOf,
  Refused,
  Unavailable,
} from '../../../src/index.ts'

/** What the engine says whatever the kind, and what a provider that lacks something is refused with. */
const ofEngine = ['notFound', 'notPermitted', 'alreadyExists', 'versionMismatch', 'wrongState', 'consoleUnsupported']
/** Section 10 of the specification: the codes there are, and their status. */
const specified: Readonly<Record<number, readonly string[]>> = {
  400: `IncompleteSignature RequestExpired InvalidAction NoSuchVersion MissingParameter InvalidParameterValue
    InvalidParameterCombination InvalidParameterDependency UnknownParameter InvalidInstanceID.NotFound
    InvalidInstanceID.Malformed IncorrectInstanceState IncorrectState UnsupportedOperation OperationNotPermitted
    InvalidInstanceAttributeValue InvalidVolume.NotFound InvalidVolume.ZoneMismatch VolumeInUse VolumeLimitExceeded
    IncorrectModificationState VolumeModificationRateExceeded InvalidAttachment.NotFound AttachmentLimitExceeded
    InvalidSnapshot.NotFound InvalidSnapshot.InUse SnapshotLimitExceeded ConcurrentSnapshotLimitExceeded
    InvalidAMIID.NotFound InvalidAMIID.Malformed InvalidAMIID.Unavailable InvalidAMIName.Malformed
    InvalidAMIName.Duplicate InvalidBlockDeviceMapping InvalidZone.NotFound InvalidKeyPair.NotFound
    InvalidKeyPair.Duplicate InvalidGroup.NotFound InvalidUserData.Malformed InstanceLimitExceeded TagLimitExceeded
    InvalidID InvalidNextToken FilterLimitExceeded IdempotentParameterMismatch IdempotentInstanceTerminated`.split(
    /\s+/,
  ),
  401: ['AuthFailure'],
  403: ['MissingAuthenticationToken', 'InvalidClientTokenId', 'SignatureDoesNotMatch', 'UnauthorizedOperation'],
  412: ['DryRunOperation'],
  500: ['InsufficientInstanceCapacity', 'InsufficientVolumeCapacity', 'InternalError', 'InternalFailure'],
  503: ['RequestLimitExceeded', 'Unavailable'],
}

/** What the view of limits says, of whatever is asked for. */
const ofLimits = Object.values(measures).map(({ code }) => code)
const every = Object.values(kinds).flatMap(kind =>
  Object.keys(kind.commands).flatMap(verb =>
    [...ofEngine, ...ofLimits, ...Object.values(kind.refusals).map(({ code }) => code)].map(code => ({
      command: `${kind.name}.${verb}`,
      kind: kind.name,
      code,
    })),
  ),
)
/** Refusals that one command brings from another kind, which it has to ask. */
const asked = ['volume.attach', 'volume.detach', 'image.create'].flatMap(command =>
  Object.values(kinds.instance.refusals).map(({ code }) => ({ command, kind: 'instance', code })),
)

describe('the table of words', () => {
  it('has words for everything that any command of any kind is refused for', () => {
    const wordless = [...every, ...asked].filter(({ command, kind, code }) => !wordsFor(command, kind, code))
    expect(wordless).toEqual([])
  })

  it('has none that no machine uses', () => {
    const codes = new Set([...every, ...asked].map(({ code }) => code))
    expect(Object.keys(table).filter(key => !codes.has(key.split('.').at(-1)!))).toEqual([])
  })

  it('names kinds and commands that there are', () => {
    const words = new Set([
      ...Object.keys(kinds),
      ...Object.values(kinds).flatMap(kind => [kind.name, ...Object.keys(kind.commands)]),
      'provider',
    ])
    const unknown = Object.keys(table).flatMap(key =>
      key
        .split('.')
        .slice(0, -1)
        .filter(part => !words.has(part)),
    )
    expect(unknown).toEqual([])
  })
})

describe('the codes', () => {
  const codes = Object.keys(errorCodes) as ErrorCode[]

  it.each(Object.entries(specified))('that the specification gives status %s have it', (status, those) => {
    const used = codes.filter(code => those.includes(code))
    expect(used).not.toEqual([])
    expect(used.filter(code => statusOf(code) !== Number(status))).toEqual([])
  })

  it('that it does not have are the caller’s to mend', () => {
    const known = Object.values(specified).flat()
    expect(codes.filter(code => !known.includes(code) && statusOf(code) !== 400)).toEqual([])
  })

  it('are all said somewhere', () => {
    const door = join(import.meta.dirname, '../../../src/doors/ec2')
    const sources = readdirSync(door, { recursive: true, encoding: 'utf8' })
      .filter(path => path.endsWith('.ts') && path !== 'error-codes.ts')
      .map(path => readFileSync(join(door, path), 'utf8'))
      .join('\n')
    expect(codes.filter(code => !sources.includes(`'${code}'`))).toEqual([])
  })
})

const i = 'i-0123456789abcdef0'
const vol = 'vol-0123456789abcdef0'
const refusal = (
  command: string,
  resource: string,
  reasons: readonly Partial<Reason>[],
  state = 'running',
): RefusalOf => ({
  command,
  kind: command.split('.')[0]!,
  resource,
  state,
  reasons: reasons.map(each => ({ requirement: 'any', code: 'any', sentence: 'any.', ...each })),
  allowed: [],
  index: 0,
})
const said = (refusals: readonly RefusalOf[], parameters: Record<string, unknown> = {}) => {
  const { code, message } = translated(new Refused(refusals), parameters)
  return `${code}: ${message}`
}
const missing = (kind: string, id: string) => ({ code: 'notFound', sentence: `The ${kind} '${id}' does not exist.` })

describe('a refusal', () => {
  it('names all ids that do not exist, in one sentence', () => {
    const one = refusal('instance.stop', 'i-1', [missing('instance', 'i-1')])
    const other = refusal('instance.stop', 'i-2', [missing('instance', 'i-2')])
    expect(said([one])).toBe("InvalidInstanceID.NotFound: The instance ID 'i-1' does not exist")
    expect(said([one, other, one])).toBe("InvalidInstanceID.NotFound: The instance IDs 'i-1, i-2' do not exist")
  })

  it('says of something that a command only names what kind of thing is missing', () => {
    const launch = (kind: string, id: string) => said([refusal('instance.launch', i, [missing(kind, id)])])
    expect(launch('image', 'img-0a')).toBe("InvalidAMIID.NotFound: The image id '[ami-0a]' does not exist")
    expect(launch('offering', 'offering/x.y')).toBe(
      'InvalidParameterValue: The following supplied instance types do not exist: [x.y]',
    )
    expect(launch('snapshot', 'snap-1')).toBe("InvalidSnapshot.NotFound: The snapshot 'snap-1' does not exist.")
  })

  it('says what is protected before it says in which state it is', () => {
    const reasons = [{ code: 'wrongState' }, { code: 'stopProtected' }, { code: 'terminationProtected' }]
    expect(said([refusal('instance.terminate', i, reasons)])).toMatch(
      /^OperationNotPermitted: .* may not be terminated\. Modify its 'disableApiTermination'/,
    )
    expect(said([refusal('instance.terminate', i, reasons.slice(0, 2))])).toMatch(
      /^OperationNotPermitted: .* may not be terminated\. Modify its 'disableApiStop'/,
    )
  })

  it('says who said no, when a command had to ask another resource', () => {
    const no = [{ code: 'wrongState' }]
    expect(said([refusal('volume.attach', i, no, 'stopping')])).toBe(
      `IncorrectState: Instance '${i}' is not 'running'.`,
    )
    expect(said([refusal('volume.attach', vol, no, 'creating')])).toBe(`IncorrectState: ${vol} is not 'available'.`)
    expect(said([refusal('image.create', i, no, 'pending')])).toBe(
      `IncorrectInstanceState: The instance '${i}' is not in the 'running' or 'stopped' state.`,
    )
  })

  it('says of a detach that there is no such attachment before it says the state', () => {
    const reasons = [{ code: 'wrongState' }, { code: 'attachmentNotFound' }]
    const parameters = { VolumeId: vol, InstanceId: i, Device: '/dev/sdf' }
    expect(said([refusal('volume.detach', vol, reasons, 'available')], parameters)).toBe(
      `InvalidAttachment.NotFound: The volume ${vol} is not attached to instance ${i} as device /dev/sdf`,
    )
    expect(said([refusal('volume.detach', vol, reasons.slice(0, 1), 'available')])).toBe(
      `IncorrectState: Volume '${vol}'is in the 'available' state.`,
    )
  })

  it('gives sizes in GB, as its clients do', () => {
    const why = `volume of size ${8 * 2 ** 30} bytes is smaller than snapshot 'snap-1', expect size >= ${30 * 2 ** 30}`
    const { sentence } = kinds.instance.refusals.mappingValid!
    const of = { resource: i, state: 'absent', context: {}, data: { why } }
    const reasons = [{ code: 'invalidDeviceMapping', sentence: (sentence as (of: object) => string)(of) }]
    expect(said([refusal('instance.launch', i, reasons)])).toBe(
      "InvalidBlockDeviceMapping: Volume of size 8GB is smaller than snapshot 'snap-1', expect size >= 30GB",
    )
  })

  it('shows images by the ids that clients know', () => {
    const reasons = [{ code: 'captureInProgress', sentence: `The guest is off for the image img-0a.` }]
    expect(said([refusal('instance.stop', i, reasons)])).toBe(
      'IncorrectInstanceState: The guest is off for the image ami-0a.',
    )
  })
})

/** Words that read something out of the engine's sentence, with the sentence that the machine really says. */
describe('what a sentence quotes is what the machine said', () => {
  const cases: [string, keyof typeof kinds, string, Record<string, unknown>, string][] = [
    [
      'volume.delete',
      'volume',
      'unattached',
      { context: { attachment: { instance: i } } },
      `currently attached to ${i}`,
    ],
    ['instance.launch', 'instance', 'zoneOffered', { data: { zone: 'a b', zones: [] } }, 'Zone (a b)'],
    ['volume.create', 'volume', 'zoneOffered', { data: { zone: 'nowhere', zones: [] } }, "zone 'nowhere'"],
    ['instance.launch', 'instance', 'imageAvailable', { data: { image: 'img-0a' } }, "ID 'ami-0a' is no"],
    ['instance.launch', 'instance', 'offeringActive', { data: { type: 'x.y' } }, 'not exist: [x.y]'],
    ['instance.modify', 'instance', 'offeringActive', { data: { type: 'x.y' } }, "type 'x.y' does"],
    [
      'instance.launch',
      'instance',
      'snapshotKnown',
      { data: { why: "the snapshot 'snap-xx y' does not exist" } },
      "snapshot 'snap-xx y' does not exist.",
    ],
    ['instance.start', 'instance', 'rootAttached', { context: { rootDevice: '/dev/xvda' } }, 'root (/dev/xvda)'],
    [
      'instance.modify',
      'instance',
      'devicesMapped',
      { data: { deleteOnTermination: { '/dev/sdz': true } } },
      'mapped at /dev/sdz',
    ],
    ['snapshot.delete', 'snapshot', 'unused', { context: { images: ['img-0a', 'img-0b'] } }, 'by ami-0a, ami-0b'],
  ]
  it.each(cases)('%s: %s.%s', (command, kind, requirement, of, expected) => {
    const { code, sentence } = kinds[kind].refusals[requirement]!
    const worded = (sentence as (of: object) => string)({ resource: i, state: 'running', context: {}, data: {}, ...of })
    expect(said([refusal(command, `${kinds[kind].idPrefix}-0123`, [{ code, sentence: worded }])])).toContain(expected)
  })
})

describe('what is no refusal', () => {
  it.each<[string, Error, string]>([
    ['a token used for something else', new InvalidRequest('tokenReused', 'token', 'x'), 'IdempotentParameterMismatch'],
    ['a field that does not fit', new InvalidRequest('invalidInput', 'name', 'x'), 'InvalidParameterValue'],
    ['too many at once', new InvalidRequest('tooLarge', 'commands', 'x'), 'InvalidParameterValue'],
    ['an id of another kind', new InvalidRequest('wrongKind', 'id', 'x'), 'InvalidID'],
    ['a command of the door that there is not', new InvalidRequest('unknownCommand', 'x', 'x'), 'InternalError'],
    ['a race that was lost', new Conflict('version', 'x'), 'RequestLimitExceeded'],
    ['a queue that is full', new Unavailable('overloaded', 'x'), 'RequestLimitExceeded'],
    ['an engine that closes', new Unavailable('closed', 'x'), 'Unavailable'],
    ['a provider that does not answer', new Unavailable('providerSilent', 'x'), 'Unavailable'],
    ['a resource that is set aside', new Contained(i, 7), 'InternalError'],
    ['a fault of ours', new TypeError('secret detail'), 'InternalError'],
  ])('%s', (_, error, code) => {
    const answer = translated(error)
    expect({ code: answer.code, cause: answer.cause }).toEqual({ code, cause: error })
    expect(answer.message).not.toContain('secret detail')
  })
})
