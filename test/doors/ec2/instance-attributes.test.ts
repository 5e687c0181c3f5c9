/** ModifyInstanceAttribute, DescribeInstanceAttribute and ResetInstanceAttribute. (spec: ec2 6.4, 9) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { described, instanceIds, instanceIn, launchedOne, openWithDelays } from './instances.ts'
import { type Ec2Setting, otherKey, type Parameters } from './setting.ts'

let cloud: Ec2Setting
let stopped = ''
let running = ''
beforeAll(async () => {
  cloud = await openWithDelays()
  stopped = await instanceIn(cloud, 'stopped')
  running = await launchedOne(cloud)
})
afterAll(() => cloud.close())

const modify = (InstanceId: string, parameters: Parameters) =>
  cloud.ok('ModifyInstanceAttribute', { InstanceId, ...parameters })
const refused = async (parameters: Parameters, InstanceId = stopped) => {
  const { status, code, message } = await cloud.refused('ModifyInstanceAttribute', { InstanceId, ...parameters })
  expect(status).toBe(400)
  return `${code}: ${message}`
}
const attribute = async (Attribute: string, InstanceId = stopped) => {
  const { requestId: _, instanceId, ...rest } = await cloud.ok('DescribeInstanceAttribute', { InstanceId, Attribute })
  expect(instanceId).toBe(InstanceId)
  expect(Object.keys(rest)).toEqual([Attribute])
  return rest[Attribute]
}

describe('an attribute', () => {
  it.each<[string, string, string]>([
    ['instanceType', 'm5.large', 't3.micro'],
    ['kernel', 'aki-1', 'aki-2'],
    ['ramdisk', 'ari-1', 'ari-2'],
    ['userData', 'aGVsbG8=', 'Z29vZGJ5ZQ=='],
    ['disableApiTermination', 'true', 'false'],
    ['disableApiStop', 'true', 'false'],
    ['instanceInitiatedShutdownBehavior', 'terminate', 'stop'],
    ['sourceDestCheck', 'false', 'true'],
    ['ebsOptimized', 'true', 'false'],
    ['enaSupport', 'false', 'true'],
    ['sriovNetSupport', 'simple', 'other'],
  ])('%s is changed in either syntax, and shown', async (name, first, second) => {
    const capital = `${name.charAt(0).toUpperCase()}${name.slice(1)}`
    expect((await modify(stopped, { [`${capital}.Value`]: first })).return).toBe('true')
    expect(await attribute(name)).toEqual({ value: first })
    await modify(stopped, { Attribute: name, Value: second })
    expect(await attribute(name)).toEqual({ value: second })
  })

  it.each<[string, unknown]>([
    ['instanceType', { value: 'm1.small' }],
    ['kernel', ''],
    ['ramdisk', ''],
    ['userData', ''],
    ['disableApiTermination', { value: 'false' }],
    ['disableApiStop', { value: 'false' }],
    ['instanceInitiatedShutdownBehavior', { value: 'stop' }],
    ['rootDeviceName', { value: '/dev/sda1' }],
    ['productCodes', ''],
    ['sourceDestCheck', { value: 'true' }],
    ['ebsOptimized', { value: 'false' }],
    ['enaSupport', { value: 'true' }],
    ['sriovNetSupport', ''],
    ['enclaveOptions', { enabled: 'false' }],
  ])('%s has a value that nobody asked for', async (name, value) => {
    expect(await attribute(name, running)).toEqual(value)
  })

  it('groupSet and blockDeviceMapping are those of the instance', async () => {
    const { groupSet, blockDeviceMapping } = await described(cloud, running)
    expect(await attribute('groupSet', running)).toEqual(groupSet)
    expect(await attribute('blockDeviceMapping', running)).toEqual(blockDeviceMapping)
  })

  it.each(['abc', 'Kernel', 'RamDisk', 'userdata', 'iNsTaNcEtYpE'])('%s is not known', async Attribute => {
    const message = `Value (${Attribute}) for parameter attribute is invalid. Unknown attribute.`
    for (const action of ['DescribeInstanceAttribute', 'ModifyInstanceAttribute', 'ResetInstanceAttribute'])
      expect(await cloud.refused(action, { InstanceId: running, Attribute })).toEqual({
        status: 400,
        code: 'InvalidParameterValue',
        message,
      })
  })

  it('belongs to an instance that its caller may see', async () => {
    const asked = { InstanceId: running, Attribute: 'userData' }
    const expected = {
      status: 400,
      code: 'InvalidInstanceID.NotFound',
      message: `The instance ID '${running}' does not exist`,
    }
    expect(await cloud.refused('DescribeInstanceAttribute', asked, { key: otherKey })).toEqual(expected)
    expect(await cloud.refused('ModifyInstanceAttribute', { ...asked, Value: 'YQ==' }, { key: otherKey })).toEqual(
      expected,
    )
    expect(
      await cloud.refused('ResetInstanceAttribute', { ...asked, Attribute: 'sourceDestCheck' }, { key: otherKey }),
    ).toEqual(expected)
  })
})

describe('a change of attributes is refused', () => {
  it.each<[string, Parameters, string]>([
    ['without one', {}, 'InvalidParameterCombination: No attributes specified.'],
    [
      'of two',
      { 'Kernel.Value': 'a', 'DisableApiStop.Value': true },
      'InvalidParameterCombination: Fields for multiple attribute types specified: kernel, disableApiStop',
    ],
    [
      'of two in two syntaxes',
      { Attribute: 'kernel', Value: 'a', 'DisableApiStop.Value': true },
      'InvalidParameterCombination: Fields for multiple attribute types specified: disableApiStop, kernel',
    ],
    ['without a value', { Attribute: 'kernel' }, 'MissingParameter: The request must contain the parameter value'],
    [
      'of what is only read',
      { Attribute: 'rootDeviceName', Value: '/dev/sdb' },
      'InvalidParameterValue: Value (rootDeviceName) for parameter attribute is invalid. The attribute cannot be changed.',
    ],
    [
      'to a type nobody offers',
      { 'InstanceType.Value': 'x9.huge' },
      "InvalidInstanceAttributeValue: The instance type 'x9.huge' does not exist",
    ],
    [
      'to what is neither true nor false',
      { Attribute: 'disableApiStop', Value: 'maybe' },
      'InvalidParameterValue: Value (maybe) for parameter value is invalid. It is true or false.',
    ],
    [
      'to a behaviour nobody knows',
      { 'InstanceInitiatedShutdownBehavior.Value': 'hibernate' },
      'InvalidParameterValue: Value (hibernate) for parameter instanceInitiatedShutdownBehavior.Value is invalid. Valid values are: stop, terminate.',
    ],
    [
      'to user data that is no base64',
      { 'UserData.Value': '%' },
      'InvalidUserData.Malformed: Invalid BASE64 encoding of userData.Value.',
    ],
    [
      'to a group that does not exist',
      { 'GroupId.1': 'sg-12345678' },
      "InvalidGroup.NotFound: The security group 'sg-12345678' does not exist",
    ],
    [
      'of a device that is not there',
      { 'BlockDeviceMapping.1.DeviceName': '/dev/sdz', 'BlockDeviceMapping.1.Ebs.DeleteOnTermination': true },
      'InvalidInstanceAttributeValue: No device is currently mapped at /dev/sdz',
    ],
    [
      'of a device with a volume that is not there',
      {
        'BlockDeviceMapping.1.DeviceName': '/dev/sda1',
        'BlockDeviceMapping.1.Ebs.DeleteOnTermination': true,
        'BlockDeviceMapping.1.Ebs.VolumeId': 'vol-12345678',
      },
      'InvalidInstanceAttributeValue: The volume vol-12345678 is not mapped at /dev/sda1',
    ],
    [
      'that would leave a device out',
      { 'BlockDeviceMapping.1.DeviceName': '/dev/sda1', 'BlockDeviceMapping.1.NoDevice': '' },
      'UnsupportedOperation: What is mapped at /dev/sda1 cannot be changed; detach it instead.',
    ],
    [
      'of a device without a flag',
      { 'BlockDeviceMapping.1.DeviceName': '/dev/sda1' },
      'MissingParameter: The request must contain the parameter ebs.deleteOnTermination',
    ],
  ])('%s', async (_, parameters, expected) => {
    expect(await refused(parameters)).toBe(expected)
  })

  it('for an instance that does not exist, or whose id cannot be read', async () => {
    expect(await refused({ 'SourceDestCheck.Value': true }, 'i-12345678')).toMatch(/^InvalidInstanceID.NotFound/)
    expect(await refused({ 'GroupId.1': 'sg-12345678' }, 'i-12345678')).toMatch(/^InvalidInstanceID.NotFound/)
    expect(await refused({ 'SourceDestCheck.Value': true }, 'x')).toBe('InvalidInstanceID.Malformed: Invalid id: "x"')
  })
})

it('changes nothing when it is a dry run', async () => {
  const { status } = await cloud.refused('ModifyInstanceAttribute', {
    InstanceId: stopped,
    'InstanceType.Value': 'm5.large',
    DryRun: true,
  })
  expect(status).toBe(412)
  expect(await attribute('instanceType')).toEqual({ value: 't3.micro' })
})

describe('the flag of a device', () => {
  const flagOf = async (id: string) => (await described(cloud, id)).blockDeviceMapping[0].ebs.deleteOnTermination

  it.each(['/dev/sda1', 'sda1', 'sda'])('is changed by the name %s', async DeviceName => {
    const id = await launchedOne(cloud)
    const { volumeId } = (await described(cloud, id)).blockDeviceMapping[0].ebs
    expect(await flagOf(id)).toBe('true')
    await modify(id, {
      'BlockDeviceMapping.1.DeviceName': DeviceName,
      'BlockDeviceMapping.1.Ebs.DeleteOnTermination': false,
      'BlockDeviceMapping.1.Ebs.VolumeId': volumeId,
    })
    expect(await flagOf(id)).toBe('false')
  })

  it('decides what becomes of its volume', async () => {
    const id = await launchedOne(cloud)
    const { volumeId } = (await described(cloud, id)).blockDeviceMapping[0].ebs
    await modify(id, {
      Attribute: 'blockDeviceMapping',
      'BlockDeviceMapping.1.DeviceName': '/dev/sda1',
      'BlockDeviceMapping.1.Ebs.DeleteOnTermination': false,
    })
    await cloud.ok('TerminateInstances', instanceIds(id))
    await cloud.engine.idle()
    const acme = cloud.engine.as({ account: '123456789012', actor: 'acme', region: 'us-east-1' })
    expect((await acme.get(volumeId)).state).toBe('available')
  })
})

describe('the groups of an instance', () => {
  it('are the one there is, which may be asked for again', async () => {
    const { groupSet } = await described(cloud, running)
    expect((await modify(running, { 'GroupId.1': groupSet[0].groupId })).return).toBe('true')
    expect((await described(cloud, running)).groupSet).toEqual(groupSet)
  })

  it('are those of nobody when it has ended', async () => {
    const { groupSet } = await described(cloud, running)
    const gone = await instanceIn(cloud, 'terminated')
    expect(await refused({ 'GroupId.1': groupSet[0].groupId }, gone)).toMatch(/^IncorrectInstanceState/)
  })
})

describe('a reset', () => {
  it.each(['kernel', 'ramdisk'])('takes the %s away, while the instance is stopped', async Attribute => {
    const id = await launchedOne(cloud, { KernelId: 'aki-1', RamdiskId: 'ari-1' })
    const asked = { InstanceId: id, Attribute }
    expect((await cloud.refused('ResetInstanceAttribute', asked)).code).toBe('IncorrectInstanceState')
    await cloud.ok('StopInstances', instanceIds(id))
    await cloud.ok('ResetInstanceAttribute', asked)
    expect(await attribute(Attribute, id)).toBe('')
    expect(await described(cloud, id)).not.toHaveProperty(`${Attribute}Id`)
  })

  it('has packets checked again', async () => {
    await modify(running, { 'SourceDestCheck.Value': false })
    await cloud.ok('ResetInstanceAttribute', { InstanceId: running, Attribute: 'sourceDestCheck' })
    expect(await attribute('sourceDestCheck', running)).toEqual({ value: 'true' })
  })

  it('is refused for every other attribute', async () => {
    const { code, message } = await cloud.refused('ResetInstanceAttribute', {
      InstanceId: running,
      Attribute: 'instanceType',
    })
    expect(`${code}: ${message}`).toBe(
      'InvalidParameterValue: Value (instanceType) for parameter attribute is invalid. The attribute cannot be changed.',
    )
  })
})
