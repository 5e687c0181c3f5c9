/** Images over EC2: registered from snapshots, made of instances, shared, copied, and gone. (spec: ec2 5) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ec2Setting, image, key, openEc2, otherKey, type Parameters } from './setting.ts'

let cloud: Ec2Setting
beforeAll(async () => {
  cloud = await openEc2()
})
afterAll(() => cloud.close())

let names = 0
const name = () => `image ${++names}`
const zone = { AvailabilityZone: 'us-east-1a' }
const disk = (index: number, DeviceName: string, more: Parameters = {}) => {
  const prefix = `BlockDeviceMapping.${index}.`
  const entries = Object.entries({ DeviceName, ...more }).map(([each, value]) => [`${prefix}${each}`, value])
  return Object.fromEntries(entries) as Parameters
}
async function snapshotOf(Size = 4, as?: Parameters): Promise<string> {
  const { volumeId } = await cloud.ok('CreateVolume', { ...zone, Size, ...as })
  return (await cloud.ok('CreateSnapshot', { VolumeId: volumeId })).snapshotId
}
const register = async (snapshot: string, more: Parameters = {}): Promise<string> => {
  const root = disk(1, '/dev/sda1', { 'Ebs.SnapshotId': snapshot })
  return (await cloud.ok('RegisterImage', { Name: name(), RootDeviceName: '/dev/sda1', ...root, ...more })).imageId
}
const described = async (id: string) => (await cloud.ok('DescribeImages', { 'ImageId.1': id })).imagesSet[0]
const launch = async (ImageId: string, more: Parameters = {}): Promise<string> => {
  const asked = { ImageId, InstanceType: 'm1.small', MinCount: 1, MaxCount: 1, ...more }
  return (await cloud.ok('RunInstances', asked)).instancesSet[0].instanceId
}
const filter = (index: number, Name: string, Value: string) => ({
  [`Filter.${index}.Name`]: Name,
  [`Filter.${index}.Value.1`]: Value,
})
const idsOf = (answer: { imagesSet: { imageId: string }[] | '' }) => (answer.imagesSet || []).map(each => each.imageId)

describe('an image registered from a snapshot', () => {
  it('is available at once, with the sizes of its snapshots and what was said of its devices', async () => {
    const [root, data] = [await snapshotOf(4), await snapshotOf(2)]
    const id = await register(root, {
      ...disk(2, '/dev/sdb', { 'Ebs.SnapshotId': data, 'Ebs.VolumeSize': 5, 'Ebs.DeleteOnTermination': false }),
      ...disk(3, '/dev/sdc', { VirtualName: 'ephemeral0' }),
      ...disk(4, '/dev/sdd', { NoDevice: '' }),
      ...disk(5, '/dev/sde', { 'Ebs.VolumeSize': 3, 'Ebs.VolumeType': 'gp3' }),
    })
    const found = await described(id)
    expect(found).toMatchObject({
      imageState: 'available',
      isPublic: 'false',
      rootDeviceType: 'ebs',
      imageType: 'machine',
    })
    expect(found).toMatchObject({ imageOwnerId: key.account, rootDeviceName: '/dev/sda1', architecture: 'x86_64' })
    expect(found.blockDeviceMapping).toMatchObject([
      { deviceName: '/dev/sda1', ebs: { snapshotId: root, volumeSize: '4', deleteOnTermination: 'true' } },
      { deviceName: '/dev/sdb', ebs: { snapshotId: data, volumeSize: '5', deleteOnTermination: 'false' } },
      { deviceName: '/dev/sdc', virtualName: 'ephemeral0' },
      { deviceName: '/dev/sde', ebs: { volumeSize: '3', volumeType: 'gp3' } },
    ])
    const instance = await launch(id)
    const { reservationSet } = await cloud.ok('DescribeInstances', { 'InstanceId.1': instance })
    const mapped = reservationSet[0].instancesSet[0].blockDeviceMapping.map(
      (each: { deviceName: string }) => each.deviceName,
    )
    expect(mapped).toEqual(['/dev/sda1', '/dev/sdb', '/dev/sde'])
  })

  it('takes the only entry with a snapshot for its root, when none is named', async () => {
    const Name = name()
    const only = {
      ...disk(1, '/dev/xvda', { 'Ebs.SnapshotId': await snapshotOf() }),
      ...disk(2, '/dev/sdf', { 'Ebs.VolumeSize': 1 }),
    }
    const { imageId } = await cloud.ok('RegisterImage', { Name, ...only })
    expect(await described(imageId)).toMatchObject({ rootDeviceName: '/dev/xvda' })
  })

  it.each<[string, () => Promise<Parameters>, string]>([
    ['no name', async () => ({ Name: undefined }), 'MissingParameter'],
    ['a name that is too short', async () => ({ Name: 'ab' }), 'InvalidAMIName.Malformed'],
    ['a name of other characters', async () => ({ Name: 'a name;' }), 'InvalidAMIName.Malformed'],
    ['a description that is too long', async () => ({ Description: 'x'.repeat(256) }), 'InvalidParameterValue'],
    [
      'no disks',
      async () => ({ 'BlockDeviceMapping.1.DeviceName': undefined, 'BlockDeviceMapping.1.Ebs.SnapshotId': undefined }),
      'MissingParameter',
    ],
    ['no snapshot at its root', async () => ({ RootDeviceName: '/dev/sdb' }), 'InvalidBlockDeviceMapping'],
    [
      'a snapshot nobody has',
      async () => disk(1, '/dev/sda1', { 'Ebs.SnapshotId': 'snap-xxxx' }),
      'InvalidSnapshot.NotFound',
    ],
    [
      'a root smaller than its snapshot',
      async () => ({ 'BlockDeviceMapping.1.Ebs.VolumeSize': 1 }),
      'InvalidBlockDeviceMapping',
    ],
    ['a device twice', async () => disk(2, 'sda1', { 'Ebs.VolumeSize': 9 }), 'InvalidBlockDeviceMapping'],
    ['an entry that says nothing', async () => disk(2, '/dev/sdf'), 'MissingParameter'],
    [
      'tags of something else',
      async () => ({ 'TagSpecification.1.ResourceType': 'instance', 'TagSpecification.1.Tag.1.Key': 'a' }),
      'InvalidParameterValue',
    ],
  ])('is refused with %s', async (_, wrong, code) => {
    const root = disk(1, '/dev/sda1', { 'Ebs.SnapshotId': await snapshotOf() })
    const asked = { Name: name(), RootDeviceName: '/dev/sda1', ...root, ...(await wrong()) }
    expect(await cloud.refused('RegisterImage', asked)).toMatchObject({ code, status: 400 })
  })

  it('has a name of its own until it is deregistered', async () => {
    const Name = name()
    const snapshot = await snapshotOf()
    const first = await register(snapshot, { Name })
    const asked = { Name, ...disk(1, '/dev/sda1', { 'Ebs.SnapshotId': snapshot }) }
    const { code, message } = await cloud.refused('RegisterImage', asked)
    expect({ code, message }).toEqual({
      code: 'InvalidAMIName.Duplicate',
      message: `AMI name ${Name} is already in use by AMI ${first}`,
    })
    await cloud.ok('DeregisterImage', { ImageId: first })
    expect(await register(snapshot, { Name })).not.toBe(first)
  })

  it('holds its snapshots until it is deregistered; then it launches nothing more, and they may go', async () => {
    const snapshot = await snapshotOf()
    const id = await register(snapshot)
    const instance = await launch(id)
    const { code, message } = await cloud.refused('DeleteSnapshot', { SnapshotId: snapshot })
    expect({ code, message }).toEqual({
      code: 'InvalidSnapshot.InUse',
      message: `The snapshot ${snapshot} is currently in use by ${id}`,
    })
    await cloud.ok('DeregisterImage', { ImageId: id })
    const unavailable = { code: 'InvalidAMIID.Unavailable', message: `The image ID '${id}' is no longer available` }
    expect(await cloud.refused('DeregisterImage', { ImageId: id })).toMatchObject(unavailable)
    expect(await cloud.refused('RunInstances', { ImageId: id, MinCount: 1, MaxCount: 1 })).toMatchObject(unavailable)
    expect((await cloud.ok('DescribeImages', { 'ImageId.1': id })).imagesSet).toBe('')
    expect(await cloud.refused('DescribeImages', { 'ImageId.1': 'ami-0000000000000dead' })).toMatchObject({
      code: 'InvalidAMIID.NotFound',
    })
    await cloud.ok('DeleteSnapshot', { SnapshotId: snapshot })
    await cloud.ok('StopInstances', { 'InstanceId.1': instance })
    await cloud.ok('StartInstances', { 'InstanceId.1': instance })
  })
})

describe('an image made of an instance', () => {
  it('has a snapshot of every volume that is attached then, with the flags of the instance', async () => {
    const instance = await launch(image)
    const { volumeId } = await cloud.ok('CreateVolume', { ...zone, Size: 3 })
    await cloud.ok('AttachVolume', { VolumeId: volumeId, InstanceId: instance, Device: '/dev/sdf' })
    const tags = {
      'TagSpecification.1.ResourceType': 'snapshot',
      'TagSpecification.1.Tag.1.Key': 'of',
      'TagSpecification.1.Tag.1.Value': 'image',
    }
    const { imageId } = await cloud.ok('CreateImage', { InstanceId: instance, Name: name(), NoReboot: true, ...tags })
    const found = await described(imageId)
    expect(found).toMatchObject({ imageState: 'available' })
    expect(found.blockDeviceMapping).toMatchObject([
      { deviceName: '/dev/sda1', ebs: { volumeSize: '8', deleteOnTermination: 'true' } },
      { deviceName: '/dev/sdf', ebs: { volumeSize: '3', deleteOnTermination: 'false' } },
    ])
    const { snapshotId } = found.blockDeviceMapping[1].ebs
    const [snapshot] = (await cloud.ok('DescribeSnapshots', { 'SnapshotId.1': snapshotId })).snapshotSet
    expect(snapshot).toMatchObject({
      volumeId,
      description: `Created by CreateImage(${instance}) for ${imageId}`,
      tagSet: [{ key: 'of', value: 'image' }],
    })
    const copy = await launch(imageId)
    const { reservationSet } = await cloud.ok('DescribeInstances', { 'InstanceId.1': copy })
    expect(reservationSet[0].instancesSet[0].blockDeviceMapping).toHaveLength(2)
  })

  it('turns a running guest off and on, which nobody sees in its state or launch time', async () => {
    const instance = await launch(image)
    const seen = async () => {
      const { reservationSet } = await cloud.ok('DescribeInstances', { 'InstanceId.1': instance })
      const { instanceState, launchTime } = reservationSet[0].instancesSet[0]
      return { name: instanceState.name, launchTime }
    }
    const before = await seen()
    const { imageId } = await cloud.ok('CreateImage', { InstanceId: instance, Name: name() })
    expect((await described(imageId)).imageState).toBe('available')
    expect(await seen()).toEqual(before)
    expect(before.name).toBe('running')
  })

  it('is refused in every state but running and stopped', async () => {
    const instance = await launch(image)
    await cloud.ok('StopInstances', { 'InstanceId.1': instance })
    await cloud.ok('CreateImage', { InstanceId: instance, Name: name() })
    await cloud.ok('TerminateInstances', { 'InstanceId.1': instance })
    expect(await cloud.refused('CreateImage', { InstanceId: instance, Name: name() })).toMatchObject({
      code: 'IncorrectInstanceState',
      message: `The instance '${instance}' is not in the 'running' or 'stopped' state.`,
    })
    expect(await cloud.refused('CreateImage', { InstanceId: 'i-00000000000000000', Name: name() })).toMatchObject({
      code: 'InvalidInstanceID.NotFound',
    })
  })

  it('may leave devices out and add others, but keeps the root', async () => {
    const instance = await launch(image)
    const { volumeId } = await cloud.ok('CreateVolume', { ...zone, Size: 3 })
    await cloud.ok('AttachVolume', { VolumeId: volumeId, InstanceId: instance, Device: '/dev/sdf' })
    const asked = { InstanceId: instance, Name: name(), NoReboot: true }
    const changed = { ...disk(1, '/dev/sdf', { NoDevice: '' }), ...disk(2, '/dev/sdg', { 'Ebs.VolumeSize': 2 }) }
    const { imageId } = await cloud.ok('CreateImage', { ...asked, ...changed })
    const devices = (await described(imageId)).blockDeviceMapping.map((each: { deviceName: string }) => each.deviceName)
    expect(devices).toEqual(['/dev/sda1', '/dev/sdg'])
    const rootless = { ...asked, Name: name(), ...disk(1, '/dev/sda1', { NoDevice: '' }) }
    expect(await cloud.refused('CreateImage', rootless)).toMatchObject({ code: 'InvalidBlockDeviceMapping' })
  })
})

describe('who may see and launch an image', () => {
  it('is its account, until it is shared with others by name or with everybody', async () => {
    const other = { key: otherKey }
    const id = await register(await snapshotOf())
    const seen = async () => idsOf(await cloud.ok('DescribeImages', {}, other)).includes(id)
    expect(await seen()).toBe(false)
    const userId = (await cloud.ok('DescribeImages', { 'ImageId.1': image }, other)).imagesSet[0].imageOwnerId
    expect(userId).toMatch(/^\d{12}$/)
    const me = (
      await cloud.ok(
        'CreateSnapshot',
        { VolumeId: (await cloud.ok('CreateVolume', { ...zone, Size: 1 }, other)).volumeId },
        other,
      )
    ).ownerId
    const permit = { ImageId: id, 'LaunchPermission.Add.1.UserId': me }
    await cloud.ok('ModifyImageAttribute', permit)
    expect(await seen()).toBe(true)
    expect(idsOf(await cloud.ok('DescribeImages', { 'ExecutableBy.1': 'self' }, other))).toEqual([id])
    await cloud.ok('RunInstances', { ImageId: id, MinCount: 1, MaxCount: 1, InstanceType: 'm1.small' }, other)
    const { launchPermission } = await cloud.ok('DescribeImageAttribute', {
      ImageId: id,
      Attribute: 'launchPermission',
    })
    expect(launchPermission).toEqual([{ userId: me }])
    expect(await cloud.refused('DeregisterImage', { ImageId: id }, other)).toMatchObject({ code: 'AuthFailure' })
    await cloud.ok('ResetImageAttribute', { ImageId: id, Attribute: 'launchPermission' })
    expect(await seen()).toBe(false)
    const open = { ImageId: id, Attribute: 'launchPermission', OperationType: 'add', 'UserGroup.1': 'all' }
    await cloud.ok('ModifyImageAttribute', open)
    expect(await described(id)).toMatchObject({ isPublic: 'true' })
    expect(await seen()).toBe(true)
    expect(idsOf(await cloud.ok('DescribeImages', { 'Owner.1': 'self' }, other))).toEqual([])
  })

  it('is in its region only, but for what is everywhere', async () => {
    const id = await register(await snapshotOf())
    const elsewhere = idsOf(await cloud.ok('DescribeImages', {}, { region: 'eu-west-1' }))
    expect(elsewhere).not.toContain(id)
    expect(elsewhere).toContain(image)
  })

  it('is copied into another region, under a name there', async () => {
    const id = await register(await snapshotOf())
    const there = { region: 'eu-west-1' }
    const asked = { SourceImageId: id, SourceRegion: 'us-east-1', Name: name() }
    const { imageId } = await cloud.ok('CopyImage', asked, there)
    const [copy] = (await cloud.ok('DescribeImages', { 'ImageId.1': imageId }, there)).imagesSet
    expect(copy).toMatchObject({ imageState: 'available', name: asked.Name })
    const [origin] = (await cloud.ok('DescribeImages', { 'ImageId.1': id })).imagesSet
    expect(copy.blockDeviceMapping[0].ebs.snapshotId).not.toBe(origin.blockDeviceMapping[0].ebs.snapshotId)
    const copied = { 'SnapshotId.1': copy.blockDeviceMapping[0].ebs.snapshotId }
    const [snapshot] = (await cloud.ok('DescribeSnapshots', copied, there)).snapshotSet
    expect(snapshot).toMatchObject({ volumeId: 'vol-ffffffff', description: `Copied for ${imageId} from ${id}` })
    expect(
      await cloud.refused('CopyImage', { ...asked, SourceRegion: 'eu-west-1', Name: name() }, there),
    ).toMatchObject({
      code: 'InvalidAMIID.NotFound',
    })
  })

  it('is answered again for its token when the original is gone, and copied no more without', async () => {
    const id = await register(await snapshotOf())
    const there = { region: 'eu-west-1' }
    const asked = { SourceImageId: id, SourceRegion: 'us-east-1', Name: name(), ClientToken: 'copy-once' }
    const { imageId } = await cloud.ok('CopyImage', asked, there)
    await cloud.ok('DeregisterImage', { ImageId: id })
    expect(await cloud.ok('CopyImage', asked, there)).toMatchObject({ imageId })
    expect(await cloud.refused('CopyImage', { ...asked, Name: name(), ClientToken: undefined }, there)).toMatchObject({
      code: 'InvalidAMIID.Unavailable',
    })
  })
})

describe('a filter of images', () => {
  it.each<[string, string]>([
    ['name', 'found by*'],
    ['image-id', 'ami-*'],
    ['state', 'available'],
    ['owner-id', key.account],
    ['architecture', 'arm64'],
    ['root-device-type', 'ebs'],
    ['root-device-name', '/dev/sda1'],
    ['virtualization-type', 'hvm'],
    ['is-public', 'false'],
    ['image-type', 'machine'],
    ['description', 'of filters'],
    ['creation-date', '20*'],
    ['hypervisor', 'xen'],
    ['kernel-id', 'aki-1'],
    ['block-device-mapping.device-name', '/dev/sda1'],
    ['block-device-mapping.snapshot-id', 'snap-*'],
    ['block-device-mapping.volume-size', '4'],
    ['block-device-mapping.volume-type', 'gp2'],
    ['block-device-mapping.delete-on-termination', 'true'],
    ['block-device-mapping.encrypted', 'false'],
    ['tag:stage', 'filters'],
    ['tag-key', 'stage'],
  ])('finds by %s what has it, and nothing that has not', async (field, value) => {
    if (!idsOf(await cloud.ok('DescribeImages', filter(1, 'name', 'found by filters'))).length)
      await register(await snapshotOf(), {
        ...{ Name: 'found by filters', Description: 'of filters', KernelId: 'aki-1', Architecture: 'arm64' },
        ...{
          'TagSpecification.1.ResourceType': 'image',
          'TagSpecification.1.Tag.1.Key': 'stage',
          'TagSpecification.1.Tag.1.Value': 'filters',
        },
      })
    const named = filter(2, 'name', 'found by filters')
    expect(idsOf(await cloud.ok('DescribeImages', { ...filter(1, field, value), ...named }))).toHaveLength(1)
    expect(idsOf(await cloud.ok('DescribeImages', { ...filter(1, field, 'nothing such'), ...named }))).toEqual([])
  })

  it('that nobody knows is refused', async () => {
    expect(await cloud.refused('DescribeImages', filter(1, 'colour', 'red'))).toMatchObject({
      code: 'InvalidParameterValue',
      message: "The filter 'colour' is invalid",
    })
  })
})
