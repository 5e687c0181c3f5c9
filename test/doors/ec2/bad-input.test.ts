/**
 * What clients get wrong, one way at a time: the right code, a sentence of bearable length, and not a byte written. The
 * fuzzer beside this knows no right answers; here they are.
 */
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { actions } from '../../../src/doors/ec2/index.ts'
import { sqlite } from '../../../src/index.ts'
import { contentOf } from '../../runtime/setting.ts'
import { type Ec2Setting, image, openEc2, type Parameters } from './setting.ts'

const database = new Database(':memory:')
const faults: unknown[] = []
let cloud: Ec2Setting
/** What there is: an instance that runs, one that is stopped, a volume, a snapshot of it. */
const ids: Record<'running' | 'stopped' | 'volume' | 'snapshot', string> = {
  running: '',
  stopped: '',
  volume: '',
  snapshot: '',
}
beforeAll(async () => {
  cloud = await openEc2({ store: sqlite({ database }), door: { onFault: error => faults.push(error) } })
  const { instancesSet } = await cloud.ok('RunInstances', { ...launch, MinCount: 2, MaxCount: 2 })
  const [running, stopped] = instancesSet.map((each: { instanceId: string }) => each.instanceId)
  await cloud.ok('StopInstances', { 'InstanceId.1': stopped })
  const volume = (await cloud.ok('CreateVolume', { AvailabilityZone: 'us-east-1a', Size: 1 })).volumeId
  const snapshot = (await cloud.ok('CreateSnapshot', { VolumeId: volume })).snapshotId
  Object.assign(ids, { running, stopped, volume, snapshot })
  await cloud.engine.idle()
})
afterAll(async () => {
  expect(faults).toEqual([])
  await cloud.close()
  database.close()
})

const launch = { ImageId: image, MinCount: 1, MaxCount: 1, InstanceType: 't3.micro' }
const content = async () => {
  await cloud.engine.flush()
  return contentOf(database)
}
/** The code of a request that must be refused, and leave everything as it was. */
async function refused(pairs: readonly (readonly [string, string])[]): Promise<string> {
  const before = await content()
  const { status, code, message } = await cloud.send(pairs)
  expect(status, message).not.toBe(200)
  expect(status, message).toBeLessThan(500)
  expect(message!.length, 'what is shown of a long value').toBeLessThan(1_000)
  expect(await content()).toEqual(before)
  return code!
}
const pairs = (Action: string, parameters: Parameters): [string, string][] =>
  Object.entries({ Action, Version: '2016-11-15', ...parameters }).map(([name, value]) => [name, String(value)])
const code = (Action: string, parameters: Parameters = {}) => refused(pairs(Action, parameters))

/** Ids as cases write them, of what there is only once the cloud is open. */
const filled = (parameters: Parameters): Parameters =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      typeof value === 'string' && Object.hasOwn(ids, value) ? ids[value as keyof typeof ids] : value,
    ]),
  )
type Case = readonly [code: string, action: string, parameters: Parameters]

describe.each([...actions.keys()])('%s', name => {
  it('refuses a parameter that it does not have, whatever else is there', async () => {
    expect(await code(name, { Nonsense: 'x' })).toBe('UnknownParameter')
    expect(await code(name, { 'Nonsense.1.Value.2': 'x' })).toBe('UnknownParameter')
    expect(await code(name, { __proto__x: 'x' })).toBe('UnknownParameter')
    for (const inherited of ['__proto__', 'constructor', 'toString'])
      expect(await refused([...pairs(name, {}), [inherited, 'x']])).toBe('UnknownParameter')
  })

  it('is of no unknown version', async () => {
    expect(await code(name, { Version: '2030-01-01' })).toBe('NoSuchVersion')
  })

  it('has a name in which case counts', async () => {
    for (const wrong of [name.toLowerCase(), ` ${name}`, `${name}\n`, `${name}2`, `<${name}>`])
      expect(await code(wrong)).toBe('InvalidAction')
  })

  it('takes no parameter twice', async () => {
    const dry = [...pairs(name, { DryRun: 'false' }), ['DryRun', 'false'] as const]
    expect(await refused(dry)).toBe('InvalidParameterCombination')
  })
})

describe('malformed ids', () => {
  const wrong = [
    'i-',
    'i-xyz',
    'i-0123',
    'vol-0123456789abcdef0',
    'I-0123456789ABCDEF0',
    '<i>',
    '__proto__',
    'i-😀',
    "'",
  ]

  it.each(wrong)('of an instance: %s', async id => {
    for (const action of ['StartInstances', 'StopInstances', 'RebootInstances', 'TerminateInstances'])
      expect(await code(action, { 'InstanceId.1': id })).toBe('InvalidInstanceID.Malformed')
    expect(await code('DescribeInstances', { 'InstanceId.1': ids.running, 'InstanceId.2': id })).toBe(
      'InvalidInstanceID.Malformed',
    )
    expect(await code('CreateTags', { 'ResourceId.1': id, 'Tag.1.Key': 'a', 'Tag.1.Value': 'b' })).toBe('InvalidID')
  })

  it.each(['vol-', 'vol-xyz', 'i-0123456789abcdef0', '<v>', '__proto__'])('of a volume: %s', async id => {
    for (const action of ['DeleteVolume', 'CreateSnapshot', 'DetachVolume'])
      expect(await code(action, { VolumeId: id })).toBe('InvalidVolume.NotFound')
    expect(await code('AttachVolume', { VolumeId: id, InstanceId: ids.running, Device: '/dev/sdf' })).toBe(
      'InvalidVolume.NotFound',
    )
    expect(await code('DescribeVolumes', { 'VolumeId.1': id })).toBe('InvalidVolume.NotFound')
  })

  it.each(['snap-', 'snap-xyz', 'i-0123456789abcdef0', '<s>'])('of a snapshot: %s', async id => {
    expect(await code('DeleteSnapshot', { SnapshotId: id })).toBe('InvalidSnapshot.NotFound')
    expect(await code('DescribeSnapshots', { 'SnapshotId.1': id })).toBe('InvalidSnapshot.NotFound')
    expect(await code('CreateVolume', { AvailabilityZone: 'us-east-1a', SnapshotId: id })).toBe(
      'InvalidSnapshot.NotFound',
    )
  })

  it.each(['x', 'i-0123456789abcdef0', 'img-0123456789abcdef0', '<a>'])('of an image: %s', async id => {
    for (const action of ['DeregisterImage', 'RunInstances'])
      expect(await code(action, { ...(action === 'RunInstances' && launch), ImageId: id })).toBe(
        'InvalidAMIID.Malformed',
      )
    expect(await code('DescribeImages', { 'ImageId.1': id })).toBe('InvalidAMIID.Malformed')
  })
})

const disk = (number: number, parameters: Parameters): Parameters =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`BlockDeviceMapping.${number}.${name}`, value]))

it.each<Case>([
  ['InvalidParameterValue', 'RunInstances', { ...launch, MinCount: 3, MaxCount: 2 }],
  [
    'InvalidParameterCombination',
    'RunInstances',
    { ...launch, SubnetId: 'subnet-1', 'NetworkInterface.1.DeviceIndex': 0, 'NetworkInterface.1.SubnetId': 'subnet-1' },
  ],
  [
    'InvalidBlockDeviceMapping',
    'RunInstances',
    { ...launch, ...disk(1, { DeviceName: '/dev/sdb', NoDevice: '', 'Ebs.VolumeSize': 1 }) },
  ],
  [
    'InvalidBlockDeviceMapping',
    'RunInstances',
    {
      ...launch,
      ...disk(1, { DeviceName: '/dev/sdb', 'Ebs.VolumeSize': 1 }),
      ...disk(2, { DeviceName: '/dev/sdb', 'Ebs.VolumeSize': 1 }),
    },
  ],
  [
    'InvalidParameterValue',
    'RunInstances',
    {
      ...launch,
      'TagSpecification.1.ResourceType': 'instance',
      'TagSpecification.1.Tag.1.Key': 'a',
      'TagSpecification.1.Tag.2.Key': 'a',
    },
  ],
  ['InvalidParameterValue', 'RunInstances', { ...launch, 'TagSpecification.1.ResourceType': 'snapshot' }],
  ['InvalidParameterCombination', 'DescribeInstances', { 'InstanceId.1': 'running', MaxResults: 5 }],
  [
    'InvalidParameterCombination',
    'ModifyInstanceAttribute',
    { InstanceId: 'running', 'DisableApiTermination.Value': true, 'DisableApiStop.Value': true },
  ],
  [
    'InvalidParameterCombination',
    'ModifyInstanceAttribute',
    { InstanceId: 'running', Attribute: 'disableApiTermination', Value: true, 'DisableApiStop.Value': true },
  ],
  ['InvalidParameterCombination', 'ModifyInstanceAttribute', { InstanceId: 'running' }],
  ['IncorrectInstanceState', 'ModifyInstanceAttribute', { InstanceId: 'running', 'InstanceType.Value': 'm5.large' }],
  ['MissingParameter', 'CreateVolume', { AvailabilityZone: 'us-east-1a' }],
  [
    'InvalidParameterCombination',
    'CreateVolume',
    { AvailabilityZone: 'us-east-1a', AvailabilityZoneId: 'use1-az2', Size: 1 },
  ],
  [
    'InvalidParameterCombination',
    'CreateVolume',
    { AvailabilityZone: 'us-east-1a', Size: 1, VolumeType: 'gp2', Iops: 500 },
  ],
  ['InvalidParameterDependency', 'CreateVolume', { AvailabilityZone: 'us-east-1a', Size: 1, Throughput: 200 }],
  ['InvalidParameterDependency', 'CreateVolume', { AvailabilityZone: 'us-east-1a', Size: 1, KmsKeyId: 'k' }],
  ['MissingParameter', 'CreateVolume', { AvailabilityZone: 'us-east-1a', Size: 4, VolumeType: 'io1' }],
  ['InvalidAttachment.NotFound', 'DetachVolume', { VolumeId: 'volume', InstanceId: 'running', Device: '/dev/sdf' }],
  [
    'InvalidParameterCombination',
    'ModifyImageAttribute',
    { ImageId: image, Attribute: 'description', 'LaunchPermission.Add.1.UserId': '123456789012' },
  ],
  [
    'InvalidParameterValue',
    'CreateTags',
    { 'ResourceId.1': 'volume', 'Tag.1.Key': 'a', 'Tag.1.Value': 'b', 'Tag.2.Key': 'a', 'Tag.2.Value': 'c' },
  ],
])('parameters that contradict each other: %s of %s %o', async (expected, action, parameters) => {
  expect(await code(action, filled(parameters))).toBe(expected)
})

describe('ten thousand ids', () => {
  const many = (name: string, value: (index: number) => string): Parameters =>
    Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`${name}.${index + 1}`, value(index)]))
  const ghost = (prefix: string) => (index: number) => `${prefix}-${index.toString(16).padStart(17, '0')}`
  /** As `code`, but a sentence that names them all may be long. */
  const codeOf = async (action: string, parameters: Parameters) => {
    const before = await content()
    const answer = await cloud.call(action, parameters)
    expect(await content()).toEqual(before)
    return answer.code
  }

  it('are more instances than a request may name, there or not', async () => {
    for (const action of ['StopInstances', 'TerminateInstances', 'DescribeInstances', 'DescribeInstanceStatus'])
      expect(await codeOf(action, many('InstanceId', ghost('i')))).toBe('InvalidParameterValue')
    expect(await codeOf('TerminateInstances', { ...many('InstanceId', ghost('i')), 'InstanceId.1': ids.running })).toBe(
      'InvalidParameterValue',
    )
  })

  it('of other things are looked for, and none is done if one is missing', async () => {
    expect(await codeOf('DescribeVolumes', { ...many('VolumeId', ghost('vol')), 'VolumeId.1': ids.volume })).toBe(
      'InvalidVolume.NotFound',
    )
    expect(await codeOf('DescribeSnapshots', many('SnapshotId', ghost('snap')))).toBe('InvalidSnapshot.NotFound')
    expect(await codeOf('DescribeImages', many('ImageId', ghost('ami')))).toBe('InvalidAMIID.NotFound')
    const tag = { 'Tag.1.Key': 'a', 'Tag.1.Value': 'b' }
    expect(
      await codeOf('CreateTags', { ...many('ResourceId', ghost('vol')), 'ResourceId.1': ids.volume, ...tag }),
    ).toBe('InvalidID')
  })

  it('may be one volume ten thousand times', async () => {
    const { volumeSet } = await cloud.ok(
      'DescribeVolumes',
      many('VolumeId', () => ids.volume),
    )
    expect(volumeSet.map((each: { volumeId: string }) => each.volumeId)).toEqual([ids.volume])
  })

  it('are not half of what a form may hold, and twenty thousand are more', async () => {
    expect(await refused([...pairs('DescribeVolumes', many('VolumeId', ghost('vol'))), ...strangers(10_000)])).toBe(
      'InvalidParameterCombination',
    )
  })
  const strangers = (count: number) =>
    Array.from({ length: count }, (_, index) => [`InstanceId.${index}`, 'x'] as [string, string])
})

describe('a form of a megabyte', () => {
  const long = 'x'.repeat(1_040_000)

  it.each<Case>([
    ['InvalidParameterValue', 'CreateTags', { 'ResourceId.1': 'volume', 'Tag.1.Key': 'a', 'Tag.1.Value': long }],
    ['InvalidParameterValue', 'CreateTags', { 'ResourceId.1': 'volume', 'Tag.1.Key': long, 'Tag.1.Value': 'b' }],
    ['InvalidParameterValue', 'RunInstances', { ...launch, UserData: long }],
    ['InvalidParameterValue', 'RunInstances', { ...launch, ImageId: long }],
    ['InvalidParameterValue', 'RunInstances', { ...launch, InstanceType: long }],
    ['InvalidParameterValue', 'RunInstances', { ...launch, KeyName: long }],
    ['InvalidParameterValue', 'RunInstances', { ...launch, ClientToken: long }],
    ['InvalidParameterValue', 'RunInstances', { ...launch, MinCount: long }],
    ['InvalidParameterValue', 'StopInstances', { 'InstanceId.1': long }],
    ['InvalidParameterValue', 'CreateSnapshot', { VolumeId: 'volume', Description: long }],
    ['InvalidParameterValue', 'RegisterImage', { Name: long }],
    ['InvalidParameterValue', 'CreateVolume', { AvailabilityZone: long, Size: 1 }],
    ['InvalidParameterValue', 'AttachVolume', { VolumeId: 'volume', InstanceId: 'running', Device: long }],
    ['InvalidParameterValue', 'CreateKeyPair', { KeyName: long }],
    ['InvalidParameterValue', 'DescribeVolumes', { 'Filter.1.Name': long, 'Filter.1.Value.1': 'x' }],
    ['InvalidParameterValue', 'DescribeVolumes', { NextToken: long }],
    ['InvalidAction', long, {}],
    ['UnknownParameter', 'DescribeVolumes', { [long]: 'x' }],
    ['UnknownParameter', 'DescribeVolumes', { [`VolumeId.1${'.x'.repeat(500_000)}`]: 'x' }],
    ['InvalidParameterValue', 'DescribeVolumes', { 'Filter.1.Name': 'x'.repeat(1_060_000) }],
  ])('is refused with %s', async (expected, action, parameters) => {
    expect(await code(action, filled(parameters))).toBe(expected)
  })
})

describe('tags', () => {
  const specials = [
    '<a href="x">&amp;\'"</a>',
    ']]>',
    '<!-- -->',
    '<?xml?>',
    '\t\n\r ',
    '\u0085\u2028',
    '😀 ünï',
    '%26+%3D',
  ]

  it.each(specials)('come back as they were set: %j', async text => {
    const of = { 'ResourceId.1': ids.volume, 'Tag.1.Key': text }
    await cloud.ok('CreateTags', { ...of, 'Tag.1.Value': text })
    const { tagSet } = await cloud.ok('DescribeTags', {
      'Filter.1.Name': 'resource-id',
      'Filter.1.Value.1': ids.volume,
    })
    expect(tagSet).toEqual([{ resourceId: ids.volume, resourceType: 'volume', key: text, value: text }])
    await cloud.ok('DeleteTags', of)
  })

  it('are refused with a key that JavaScript has a meaning for', async () => {
    const tag = { 'ResourceId.1': ids.volume, 'Tag.1.Key': '__proto__', 'Tag.1.Value': 'b' }
    expect(await code('CreateTags', tag)).toBe('InvalidParameterValue')
  })

  it('are refused with what XML cannot write', async () => {
    for (const each of ['\u0000', '\u0001', '\u000b', '\u001f', '\ufffe', '\uffff']) {
      const tag = { 'ResourceId.1': ids.volume, 'Tag.1.Key': `a${each}`, 'Tag.1.Value': 'b' }
      expect(await code('CreateTags', tag)).toBe('InvalidParameterValue')
    }
  })
})

describe('the numbers of a list', () => {
  const stop = (parameters: Parameters) => cloud.call('StopInstances', filled(parameters))
  const order = async (parameters: Parameters) =>
    (await stop(parameters)).body.instancesSet.map((each: { instanceId: string }) => each.instanceId)

  it('may have gaps and come in any order, and give the order', async () => {
    expect(await order({ 'InstanceId.907': 'stopped', 'InstanceId.12': 'running' })).toEqual([ids.running, ids.stopped])
    await cloud.ok('StartInstances', { 'InstanceId.1': ids.running })
  })

  it('may name one thing twice', async () => {
    expect(await order({ 'InstanceId.1': 'stopped', 'InstanceId.2': 'stopped' })).toEqual([ids.stopped])
  })

  it.each<Case>([
    ['InvalidParameterValue', 'StopInstances', { 'InstanceId.1': 'running', 'InstanceId.01': 'stopped' }],
    ['UnknownParameter', 'StopInstances', { 'InstanceId.1e3': 'running' }],
    ['UnknownParameter', 'StopInstances', { 'InstanceId.-1': 'running' }],
    ['UnknownParameter', 'StopInstances', { 'InstanceId.1 ': 'running' }],
    ['UnknownParameter', 'StopInstances', { 'InstanceId.99999999999999999999': 'running' }],
    ['UnknownParameter', 'StopInstances', { 'InstanceId.member.1': 'running' }],
    ['UnknownParameter', 'StopInstances', { 'InstanceId.': 'running' }],
    ['UnknownParameter', 'StopInstances', { 'InstanceId.1.Id': 'running' }],
    ['InvalidParameterCombination', 'StopInstances', { 'InstanceId.1': 'running', InstanceId: 'stopped' }],
    ['InvalidParameterCombination', 'StopInstances', { 'InstanceId.1': 'running', 'InstanceId.1.Id': 'stopped' }],
    ['UnknownParameter', 'RunInstances', { ...launch, 'BlockDeviceMapping.Ebs.VolumeSize': 1 }],
    ['UnknownParameter', 'RunInstances', { ...launch, 'BlockDeviceMapping.1.Ebs.1.VolumeSize': 1 }],
    ['UnknownParameter', 'DescribeVolumes', { 'Filter.1.Name.1': 'status' }],
  ])('are refused with %s: %s %o', async (expected, action, parameters) => {
    expect(await code(action, filled(parameters))).toBe(expected)
  })

  it('are refused when one is given twice', async () => {
    const twice = [...pairs('StopInstances', filled({ 'InstanceId.1': 'running' })), ['InstanceId.1', 'x'] as const]
    expect(await refused(twice)).toBe('InvalidParameterCombination')
  })
})
