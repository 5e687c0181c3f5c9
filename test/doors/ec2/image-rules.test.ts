/** What images are refused for, and what becomes of those that cannot be made, over EC2. (spec: ec2 5) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { instanceIds, instanceIn, launchedOne, openWithDelays } from './instances.ts'
import { type Ec2Setting, image, key, otherKey, type Parameters } from './setting.ts'

let cloud: Ec2Setting
beforeAll(async () => {
  cloud = await openWithDelays()
})
afterAll(() => cloud.close())

let names = 0
const name = () => `an image ${++names}`
const snapshot = async (more: Parameters = {}): Promise<string> => {
  const { volumeId } = await cloud.ok('CreateVolume', { AvailabilityZone: 'us-east-1a', Size: 4, ...more })
  return (await cloud.ok('CreateSnapshot', { VolumeId: volumeId })).snapshotId
}
const rootOf = (SnapshotId: string): Parameters => ({
  RootDeviceName: '/dev/sda1',
  'BlockDeviceMapping.1.DeviceName': '/dev/sda1',
  'BlockDeviceMapping.1.Ebs.SnapshotId': SnapshotId,
})
const registered = async (more: Parameters = {}): Promise<string> =>
  (await cloud.ok('RegisterImage', { Name: name(), ...rootOf(await snapshot()), ...more })).imageId
const described = async (id: string) => (await cloud.ok('DescribeImages', { 'ImageId.1': id })).imagesSet[0]
const idsOf = (answer: { imagesSet: { imageId: string }[] | '' }) => (answer.imagesSet || []).map(each => each.imageId)
const malformed = {
  status: 400,
  code: 'InvalidAMIName.Malformed',
  message:
    "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'",
}

describe('the name of an image', () => {
  it.each(['abc', "it's (a) [name]. of/some-sort_@ home", 'x'.repeat(128)])('may be %s', async Name => {
    expect(await described(await registered({ Name }))).toMatchObject({ name: Name })
  })

  it.each(['ab', 'x'.repeat(129), 'naïve', 'a,b,c', 'a*b', 'tab\tbed'])('may not be %s', async Name => {
    expect(await cloud.refused('RegisterImage', { Name, ...rootOf('snap-1') })).toEqual(malformed)
    expect(await cloud.refused('CreateImage', { Name, InstanceId: 'i-1234abcd' })).toEqual(malformed)
    const copy = { Name, SourceRegion: 'us-east-1', SourceImageId: image }
    expect(await cloud.refused('CopyImage', copy)).toEqual(malformed)
  })

  it('is taken by an image that is still pending, and free again when that fails', async () => {
    const [Name, InstanceId] = [name(), await launchedOne(cloud)]
    await cloud.engine.idle()
    cloud.driver.failNext('volumeSnapshotEnsure', 'delay')
    const { imageId } = await cloud.ok('CreateImage', { InstanceId, Name, NoReboot: true })
    expect(await described(imageId)).toMatchObject({ imageState: 'pending' })
    const asked = { Name, ...rootOf(await snapshot()) }
    expect(await cloud.refused('RegisterImage', asked)).toEqual({
      status: 400,
      code: 'InvalidAMIName.Duplicate',
      message: `AMI name ${Name} is already in use by AMI ${imageId}`,
    })
    await cloud.ok('TerminateInstances', instanceIds(InstanceId))
    await cloud.ok('RegisterImage', asked)
  })

  it('is each account’s and each region’s own', async () => {
    const Name = name()
    await registered({ Name })
    const there = { region: 'eu-west-1' }
    const copied = await registered()
    await cloud.ok('CopyImage', { Name, SourceRegion: 'us-east-1', SourceImageId: copied }, there)
    const again = { Name, SourceRegion: 'us-east-1', SourceImageId: copied }
    expect((await cloud.refused('CopyImage', again)).message).toMatch(/already in use by AMI ami-/)
  })
})

describe('RegisterImage', () => {
  it.each<[string, () => Promise<Parameters>, string, string]>([
    [
      'a disk without a snapshot for its root',
      async () => ({ 'BlockDeviceMapping.1.DeviceName': '/dev/sda1', 'BlockDeviceMapping.1.Ebs.VolumeSize': 8 }),
      'InvalidBlockDeviceMapping',
      'No root snapshot specified in device mapping.',
    ],
    [
      'a root that is another device',
      async () => ({ ...rootOf(await snapshot()), RootDeviceName: '/dev/sdb' }),
      'InvalidBlockDeviceMapping',
      'No root snapshot specified in device mapping.',
    ],
    [
      'an architecture there is not',
      async () => ({ ...rootOf(await snapshot()), Architecture: 'vax' }),
      'InvalidParameterValue',
      'vax',
    ],
    [
      'a snapshot that is pending',
      async () => {
        cloud.driver.failNext('volumeSnapshotEnsure', 'delay')
        return rootOf(await snapshot())
      },
      'IncorrectState',
      'Snapshot is in invalid state - pending',
    ],
    [
      'a snapshot that is deleted',
      async () => {
        const SnapshotId = await snapshot()
        await cloud.ok('DeleteSnapshot', { SnapshotId })
        return rootOf(SnapshotId)
      },
      'InvalidSnapshot.NotFound',
      'does not exist',
    ],
  ])('is refused with %s', async (_, asked, code, message) => {
    const refused = await cloud.refused('RegisterImage', { Name: name(), ...(await asked()) })
    expect(refused).toMatchObject({ status: 400, code })
    expect(refused.message).toContain(message)
  })

  it('takes a root under the other spelling of its name', async () => {
    const id = await registered({ RootDeviceName: 'sda' })
    expect((await described(id)).blockDeviceMapping).toHaveLength(1)
  })

  it('takes a root that is larger than its snapshot, and launches it so', async () => {
    const id = await registered({ 'BlockDeviceMapping.1.Ebs.VolumeSize': 6 })
    expect((await described(id)).blockDeviceMapping).toMatchObject([{ ebs: { volumeSize: '6' } }])
    const instance = await launchedOne(cloud, { ImageId: id })
    const ours = { 'Filter.1.Name': 'attachment.instance-id', 'Filter.1.Value.1': instance }
    expect((await cloud.ok('DescribeVolumes', ours)).volumeSet).toMatchObject([{ size: '6' }])
  })

  it('takes an image that lies elsewhere by its location', async () => {
    const { imageId } = await cloud.ok('RegisterImage', { Name: name(), ImageLocation: 'a/bucket' })
    expect(await described(imageId)).toMatchObject({ imageLocation: 'a/bucket', rootDeviceName: '/dev/sda1' })
  })
})

describe('an image of an instance', () => {
  it.each(['pending', 'stopping', 'shutting-down', 'terminated'] as const)(
    'is refused while that is %s',
    async state => {
      const InstanceId = await instanceIn(cloud, state)
      expect(await cloud.refused('CreateImage', { InstanceId, Name: name() })).toEqual({
        status: 400,
        code: 'IncorrectInstanceState',
        message: `The instance '${InstanceId}' is not in the 'running' or 'stopped' state.`,
      })
    },
  )

  it.each(['i-1234abcd', 'i-abcdefg', 'nonsense'])('is refused for one there is not: %s', async InstanceId => {
    expect(await cloud.refused('CreateImage', { InstanceId, Name: name() })).toMatchObject({
      code: 'InvalidInstanceID.NotFound',
    })
  })

  it('is refused for one that has no root', async () => {
    const InstanceId = await instanceIn(cloud, 'stopped')
    const ours = { 'Filter.1.Name': 'attachment.instance-id', 'Filter.1.Value.1': InstanceId }
    const [{ volumeId }] = (await cloud.ok('DescribeVolumes', ours)).volumeSet
    await cloud.ok('DetachVolume', { VolumeId: volumeId })
    expect(await cloud.refused('CreateImage', { InstanceId, Name: name() })).toEqual({
      status: 400,
      code: 'InvalidParameterValue',
      message: `Invalid value '${InstanceId}' for instanceId. Instance does not have a volume attached at root (/dev/sda1)`,
    })
  })

  it('fails with the first snapshot that cannot be taken, and says so', async () => {
    const InstanceId = await launchedOne(cloud)
    await cloud.engine.idle()
    cloud.driver.failNext('volumeSnapshotEnsure', 'rejected')
    const { imageId } = await cloud.ok('CreateImage', { InstanceId, Name: name(), NoReboot: true })
    const failed = await described(imageId)
    expect(failed).toMatchObject({ imageState: 'failed', stateReason: { code: 'Server.InternalError' } })
    expect((await cloud.refused('RunInstances', { ImageId: imageId, MinCount: 1, MaxCount: 1 })).code).toBe(
      'InvalidAMIID.Unavailable',
    )
  })

  it('fails when its instance is terminated first', async () => {
    const InstanceId = await launchedOne(cloud)
    await cloud.engine.idle()
    cloud.driver.failNext('volumeSnapshotEnsure', 'delay')
    const { imageId } = await cloud.ok('CreateImage', { InstanceId, Name: name(), NoReboot: true })
    await cloud.ok('TerminateInstances', instanceIds(InstanceId))
    expect(await described(imageId)).toMatchObject({
      imageState: 'failed',
      stateReason: { code: 'Client.InstanceTerminated' },
    })
  })

  it('is refused a second time, and so is a stop, while the guest is off for the first', async () => {
    const InstanceId = await launchedOne(cloud)
    await cloud.engine.idle()
    cloud.driver.failNext('instancePower', 'delay')
    await cloud.ok('CreateImage', { InstanceId, Name: name() })
    const again = await cloud.refused('CreateImage', { InstanceId, Name: name() })
    expect(again).toMatchObject({ status: 400, code: 'IncorrectInstanceState' })
    const stop = await cloud.refused('StopInstances', instanceIds(InstanceId))
    expect(stop).toMatchObject({ status: 400, code: 'IncorrectInstanceState' })
  })

  it('may keep a disk with the instance that the instance would not, and the other way round', async () => {
    const InstanceId = await launchedOne(cloud)
    const asked = {
      'BlockDeviceMapping.1.DeviceName': '/dev/sda1',
      'BlockDeviceMapping.1.Ebs.DeleteOnTermination': false,
    }
    const { imageId } = await cloud.ok('CreateImage', { InstanceId, Name: name(), NoReboot: true, ...asked })
    expect((await described(imageId)).blockDeviceMapping).toMatchObject([{ ebs: { deleteOnTermination: 'false' } }])
  })

  it.each<[string, Parameters]>([
    ['another snapshot for the root', { 'BlockDeviceMapping.1.Ebs.SnapshotId': 'own' }],
    ['another size of the root', { 'BlockDeviceMapping.1.Ebs.VolumeSize': 99 }],
  ])('is refused with %s', async (_, asked) => {
    const InstanceId = await launchedOne(cloud)
    const given = Object.entries(asked).map(async ([at, value]) => [at, value === 'own' ? await snapshot() : value])
    const mapping = Object.fromEntries(await Promise.all(given))
    const root = { 'BlockDeviceMapping.1.DeviceName': '/dev/sda1', ...mapping }
    expect(await cloud.refused('CreateImage', { InstanceId, Name: name(), ...root })).toMatchObject({
      code: 'InvalidBlockDeviceMapping',
    })
  })
})

describe('the ids of images', () => {
  it('begin with ami-', async () => {
    const refusal = {
      status: 400,
      code: 'InvalidAMIID.Malformed',
      message: 'Invalid id: "foo-missing" (expecting "ami-...")',
    }
    expect(await cloud.refused('DescribeImages', { 'ImageId.1': 'foo-missing' })).toEqual(refusal)
    expect(await cloud.refused('DeregisterImage', { ImageId: 'foo-missing' })).toEqual(refusal)
  })

  it('that never were are not found, all of them', async () => {
    const asked = { 'ImageId.1': 'ami-missing', 'ImageId.2': await registered(), 'ImageId.3': 'ami-0123456789abcdef9' }
    expect(await cloud.refused('DescribeImages', asked)).toEqual({
      status: 400,
      code: 'InvalidAMIID.NotFound',
      message: "The image ids '[ami-missing, ami-0123456789abcdef9]' do not exist",
    })
    expect(await cloud.refused('DeregisterImage', { ImageId: 'ami-missing' })).toMatchObject({
      code: 'InvalidAMIID.NotFound',
      message: "The image id '[ami-missing]' does not exist",
    })
  })
})

describe('a permission to launch', () => {
  const change = (ImageId: string, more: Parameters) => cloud.call('ModifyImageAttribute', { ImageId, ...more })
  const permissions = async (ImageId: string) =>
    (await cloud.ok('DescribeImageAttribute', { ImageId, Attribute: 'launchPermission' })).launchPermission

  it('is given and taken in both ways of saying it, as often as one likes', async () => {
    const id = await registered()
    expect(await permissions(id)).toBe('')
    const both = {
      Attribute: 'launchPermission',
      'UserGroup.1': 'all',
      'UserId.1': '123456789011',
      'UserId.2': '123456789022',
    }
    for (const _ of [1, 2]) expect((await change(id, { ...both, OperationType: 'add' })).status).toBe(200)
    expect(await permissions(id)).toEqual([{ group: 'all' }, { userId: '123456789011' }, { userId: '123456789022' }])
    expect((await change(id, { 'LaunchPermission.Remove.1.UserId': '123456789011' })).status).toBe(200)
    expect(await permissions(id)).toEqual([{ group: 'all' }, { userId: '123456789022' }])
    for (const _ of [1, 2]) expect((await change(id, { ...both, OperationType: 'remove' })).status).toBe(200)
    expect(await permissions(id)).toBe('')
  })

  it.each<[string, Parameters]>([
    ['another group', { 'UserGroup.1': 'everyone' }],
    ['what is no number', { 'UserId.1': '12345678901A' }],
    ['too long a number', { 'UserId.1': '1234567890123' }],
    ['too short a number', { 'UserId.1': '12345678901' }],
    ['one wrong account among others', { 'UserId.1': '123456789011', 'UserId.2': 'foo', 'UserId.3': '123456789022' }],
  ])('is not given to %s', async (_, asked) => {
    const id = await registered()
    expect(await change(id, { Attribute: 'launchPermission', OperationType: 'add', ...asked })).toMatchObject({
      status: 400,
      code: 'InvalidAMIAttributeItemValue',
    })
    expect(await permissions(id)).toBe('')
  })

  it('is not given for an image there is not, nor for one of others', async () => {
    const all = { Attribute: 'launchPermission', OperationType: 'add', 'UserGroup.1': 'all' }
    expect(await change('ami-abcd1234', all)).toMatchObject({ code: 'InvalidAMIID.NotFound' })
    expect(await change(image, all)).toMatchObject({ status: 401, code: 'AuthFailure' })
  })

  it('finds images for the account that has it', async () => {
    const id = await registered()
    await change(id, { Attribute: 'launchPermission', OperationType: 'add', 'UserId.1': '123456789011' })
    const found = async (user: string) => idsOf(await cloud.ok('DescribeImages', { 'ExecutableBy.1': user }))
    expect(await found('123456789011')).toEqual([id])
    expect(await found('113355789012')).toEqual([])
    expect(await found('all')).toContain(image)
  })

  it('is between its owner and those who have it', async () => {
    const id = await registered()
    const both = { 'UserId.1': '123456789011', 'UserGroup.1': 'all' }
    await change(id, { Attribute: 'launchPermission', OperationType: 'add', ...both })
    const asked = { 'ExecutableBy.1': '123456789011' }
    expect(idsOf(await cloud.ok('DescribeImages', asked))).toContain(id)
    expect(idsOf(await cloud.ok('DescribeImages', asked, { key: otherKey }))).toEqual([])
    const attribute = { ImageId: id, Attribute: 'launchPermission' }
    expect(await cloud.refused('DescribeImageAttribute', attribute, { key: otherKey })).toMatchObject({
      status: 401,
      code: 'AuthFailure',
    })
  })
})

describe('the other attributes of an image', () => {
  it('are shown, and its description is changed in both ways of saying it', async () => {
    const id = await registered({ KernelId: 'aki-1', Description: 'first' })
    const attribute = async (Attribute: string) => cloud.ok('DescribeImageAttribute', { ImageId: id, Attribute })
    expect(await attribute('kernel')).toMatchObject({ imageId: id, kernel: { value: 'aki-1' } })
    expect(await attribute('description')).toMatchObject({ description: { value: 'first' } })
    expect((await attribute('blockDeviceMapping')).blockDeviceMapping).toMatchObject([{ deviceName: '/dev/sda1' }])
    await cloud.ok('ModifyImageAttribute', { ImageId: id, 'Description.Value': 'second' })
    expect(await attribute('description')).toMatchObject({ description: { value: 'second' } })
    await cloud.ok('ModifyImageAttribute', { ImageId: id, Attribute: 'description', Value: 'third' })
    expect(await described(id)).toMatchObject({ description: 'third' })
    expect((await cloud.refused('DescribeImageAttribute', { ImageId: id, Attribute: 'colour' })).code).toBe(
      'InvalidParameterValue',
    )
  })
})

describe('images by owner', () => {
  it('are those of the account, of others, or those that come with the cloud', async () => {
    const mine = await registered()
    const found = async (owner: string) => idsOf(await cloud.ok('DescribeImages', { 'Owner.1': owner }))
    expect(await found('self')).toContain(mine)
    expect(await found('self')).not.toContain(image)
    expect(await found(key.account)).toContain(mine)
    expect(await found('amazon')).toEqual([image])
    expect(await found('099720109477')).toEqual([])
    expect(await described(image)).toMatchObject({ imageOwnerAlias: 'amazon' })
    const aliased = { 'Filter.1.Name': 'owner-alias', 'Filter.1.Value.1': 'amazon' }
    expect(idsOf(await cloud.ok('DescribeImages', aliased))).toEqual([image])
    const whose = { 'Filter.1.Name': 'platform', 'Filter.1.Value.1': 'windows' }
    expect(idsOf(await cloud.ok('DescribeImages', whose))).toEqual([])
  })

  it('show their tags to their own account', async () => {
    const id = await registered()
    await cloud.ok('CreateTags', { 'ResourceId.1': id, 'Tag.1.Key': 'stage', 'Tag.1.Value': 'secret' })
    await cloud.ok('ModifyImageAttribute', { ImageId: id, 'LaunchPermission.Add.1.Group': 'all' })
    expect((await described(id)).tagSet).toEqual([{ key: 'stage', value: 'secret' }])
    const [seen] = (await cloud.ok('DescribeImages', { 'ImageId.1': id }, { key: otherKey })).imagesSet
    expect(seen).toMatchObject({ imageId: id, tagSet: '' })
    const tagged = { 'Filter.1.Name': 'tag-key', 'Filter.1.Value.1': 'stage' }
    expect(idsOf(await cloud.ok('DescribeImages', tagged, { key: otherKey }))).toEqual([])
  })
})

describe('a copy of an image', () => {
  it('is made once for each token, with the tags of its original where that is asked for', async () => {
    const id = await registered()
    await cloud.ok('CreateTags', { 'ResourceId.1': id, 'Tag.1.Key': 'stage', 'Tag.1.Value': 'test' })
    const asked = {
      Name: name(),
      SourceRegion: 'us-east-1',
      SourceImageId: id,
      CopyImageTags: true,
      ClientToken: 'copy',
    }
    const { imageId } = await cloud.ok('CopyImage', asked)
    expect(await cloud.ok('CopyImage', asked)).toMatchObject({ imageId })
    expect((await cloud.refused('CopyImage', { ...asked, Name: name() })).code).toBe('IdempotentParameterMismatch')
    expect((await described(imageId)).tagSet).toEqual([{ key: 'stage', value: 'test' }])
  })

  it('is encrypted as its original is, and not otherwise', async () => {
    const [open, secret] = [await registered(), await registered(rootOf(await snapshot({ Encrypted: true })))]
    const copy = (SourceImageId: string, more: Parameters) =>
      cloud.call('CopyImage', { Name: name(), SourceRegion: 'us-east-1', SourceImageId, ...more })
    expect(await copy(open, { Encrypted: true })).toMatchObject({ code: 'UnsupportedOperation' })
    const { body } = await copy(secret, { Encrypted: true })
    expect((await described(body.imageId)).blockDeviceMapping).toMatchObject([{ ebs: { encrypted: 'true' } }])
  })

  it.each<[string, () => Promise<Parameters>, string]>([
    ['of an image there is not', async () => ({ SourceImageId: 'ami-abcd1234' }), 'InvalidAMIID.NotFound'],
    [
      'from where it is not',
      async () => ({ SourceImageId: await registered(), SourceRegion: 'eu-west-1' }),
      'InvalidAMIID.NotFound',
    ],
    [
      'from a region there is not',
      async () => ({ SourceImageId: await registered(), SourceRegion: 'mars-1' }),
      'InvalidParameterValue',
    ],
    ['of one that its provider holds as it is', async () => ({ SourceImageId: image }), 'UnsupportedOperation'],
  ])('is refused %s', async (_, asked, code) => {
    const given = { Name: name(), SourceRegion: 'us-east-1', ...(await asked()) }
    expect(await cloud.refused('CopyImage', given)).toMatchObject({ status: 400, code })
  })
})
