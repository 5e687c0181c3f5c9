/** When a snapshot may be taken, used and deleted, over EC2. (spec: ec2 4, 5.4) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { instanceIds, launchedOne, openWithDelays } from './instances.ts'
import type { Ec2Setting, Parameters } from './setting.ts'

let cloud: Ec2Setting
beforeAll(async () => {
  cloud = await openWithDelays()
})
afterAll(() => cloud.close())

const volume = async (more: Parameters = {}): Promise<string> =>
  (await cloud.ok('CreateVolume', { AvailabilityZone: 'us-east-1a', Size: 3, ...more })).volumeId
const snapshot = async (more: Parameters = {}): Promise<string> =>
  (await cloud.ok('CreateSnapshot', { VolumeId: await volume(), ...more })).snapshotId
const described = async (id: string) => (await cloud.ok('DescribeSnapshots', { 'SnapshotId.1': id })).snapshotSet[0]
const pendingSnapshot = () => {
  cloud.driver.failNext('volumeSnapshotEnsure', 'delay')
  return snapshot()
}
const registered = async (mapping: Parameters, Name: string): Promise<string> =>
  (await cloud.ok('RegisterImage', { Name, RootDeviceName: '/dev/sda1', ...mapping })).imageId

describe('a snapshot', () => {
  it('may be taken of a volume that is in use, running or stopped', async () => {
    const [VolumeId, InstanceId] = [await volume(), await launchedOne(cloud)]
    await cloud.ok('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' })
    expect(await cloud.ok('CreateSnapshot', { VolumeId })).toMatchObject({ status: 'pending', progress: '0%' })
    await cloud.ok('StopInstances', instanceIds(InstanceId))
    expect(await cloud.ok('CreateSnapshot', { VolumeId })).toMatchObject({ status: 'pending' })
  })

  it('may not be taken of one that is not there yet, or no longer', async () => {
    cloud.driver.failNext('volumeEnsure', 'delay')
    const creating = await volume()
    cloud.driver.failNext('volumeEnsure', 'rejected')
    const broken = await volume()
    const deleting = await volume()
    cloud.driver.failNext('volumeDelete', 'delay')
    await cloud.ok('DeleteVolume', { VolumeId: deleting })
    for (const VolumeId of [creating, broken, deleting])
      expect(await cloud.refused('CreateSnapshot', { VolumeId })).toMatchObject({ status: 400, code: 'IncorrectState' })
  })

  it('has the size that its volume had when it was asked for', async () => {
    const VolumeId = await volume()
    const { snapshotId } = await cloud.ok('CreateSnapshot', { VolumeId })
    await cloud.ok('ModifyVolume', { VolumeId, Size: 9 })
    expect(await described(snapshotId)).toMatchObject({ volumeSize: '3' })
  })

  it('is encrypted as its volume is', async () => {
    const secret = { VolumeId: await volume({ Encrypted: true, KmsKeyId: 'key' }) }
    expect(await cloud.ok('CreateSnapshot', secret)).toMatchObject({ encrypted: 'true', kmsKeyId: 'key' })
    const open = await described(await snapshot())
    expect(open).toMatchObject({ encrypted: 'false' })
    expect(open).not.toHaveProperty('kmsKeyId')
  })

  it('without a description or tags has an empty one, and none', async () => {
    const answer = await cloud.ok('CreateSnapshot', { VolumeId: await volume() })
    expect(answer).toMatchObject({ description: '', tagSet: '' })
    expect(await described(answer.snapshotId)).toMatchObject({ description: '', tagSet: '' })
  })

  it('that its provider cannot take is in error, says why, and can be deleted', async () => {
    cloud.driver.failNext('volumeSnapshotEnsure', 'rejected')
    const id = await snapshot()
    const failed = await described(id)
    expect(failed).toMatchObject({ status: 'error' })
    expect(failed.statusMessage).not.toBe('')
    await cloud.ok('DeleteSnapshot', { SnapshotId: id })
    expect((await cloud.refused('DescribeSnapshots', { 'SnapshotId.1': id })).code).toBe('InvalidSnapshot.NotFound')
  })

  it('may be deleted while it is taken, which happens when it is', async () => {
    const id = await pendingSnapshot()
    expect(await cloud.ok('DeleteSnapshot', { SnapshotId: id })).toMatchObject({ return: 'true' })
    expect(await described(id)).toMatchObject({ status: 'pending' })
    expect(await cloud.ok('DeleteSnapshot', { SnapshotId: id })).toMatchObject({ return: 'true' })
  })

  it('may be taken several times at once, up to a limit', async () => {
    const VolumeId = await volume()
    const codes: (string | undefined)[] = []
    while (codes.length < 100 && codes.at(-1) === undefined) {
      cloud.driver.failNext('volumeSnapshotEnsure', 'delay')
      codes.push((await cloud.call('CreateSnapshot', { VolumeId })).code)
    }
    cloud.driver.heal()
    expect(codes.length).toBeGreaterThan(2)
    expect(codes.at(-1)).toBe('ConcurrentSnapshotLimitExceeded')
  })
})

describe('a snapshot that an image uses', () => {
  it.each([
    ['its root', '/dev/sda1'],
    ['another device', '/dev/sdb'],
  ])('as %s is not deleted until the image is deregistered', async (_, device) => {
    const [root, used] = [await snapshot(), await snapshot()]
    const mapping = {
      'BlockDeviceMapping.1.DeviceName': '/dev/sda1',
      'BlockDeviceMapping.1.Ebs.SnapshotId': device === '/dev/sda1' ? used : root,
      ...(device === '/dev/sda1'
        ? {}
        : { 'BlockDeviceMapping.2.DeviceName': device, 'BlockDeviceMapping.2.Ebs.SnapshotId': used }),
    }
    const ImageId = await registered(mapping, `uses a snapshot at ${device.slice(5)}`)
    expect(await cloud.refused('DeleteSnapshot', { SnapshotId: used })).toEqual({
      status: 400,
      code: 'InvalidSnapshot.InUse',
      message: `The snapshot ${used} is currently in use by ${ImageId}`,
    })
    await cloud.ok('DeregisterImage', { ImageId })
    await cloud.ok('DeleteSnapshot', { SnapshotId: used })
  })

  it('that was made of an instance says so, and is not deleted either', async () => {
    const InstanceId = await launchedOne(cloud)
    const { imageId } = await cloud.ok('CreateImage', { InstanceId, Name: 'made of an instance' })
    const [made] = (await cloud.ok('DescribeImages', { 'ImageId.1': imageId })).imagesSet
    const { snapshotId } = made.blockDeviceMapping[0].ebs
    const description = `Created by CreateImage(${InstanceId}) for ${imageId}`
    expect(await described(snapshotId)).toMatchObject({ description })
    const ours = { 'Filter.1.Name': 'description', 'Filter.1.Value.1': description }
    expect((await cloud.ok('DescribeSnapshots', ours)).snapshotSet).toMatchObject([{ snapshotId }])
    expect((await cloud.refused('DeleteSnapshot', { SnapshotId: snapshotId })).code).toBe('InvalidSnapshot.InUse')
    await cloud.ok('DeregisterImage', { ImageId: imageId })
    await cloud.ok('DeleteSnapshot', { SnapshotId: snapshotId })
  })

  it('but only volumes, is deleted', async () => {
    const id = await snapshot()
    await volume({ SnapshotId: id })
    await cloud.ok('DeleteSnapshot', { SnapshotId: id })
  })
})

describe('a copy', () => {
  const copy = (SourceSnapshotId: string, more: Parameters = {}) =>
    cloud.call('CopySnapshot', { SourceRegion: 'us-east-1', SourceSnapshotId, ...more })

  it('says what it is a copy of, and of which volume', async () => {
    const VolumeId = await volume()
    const { snapshotId } = await cloud.ok('CreateSnapshot', { VolumeId })
    const { body } = await copy(snapshotId)
    expect(await described(body.snapshotId)).toMatchObject({
      volumeId: VolumeId,
      status: 'completed',
      description: `[Copied ${snapshotId} from us-east-1]`,
    })
  })

  it.each<[string, () => Promise<string> | string, Parameters, string]>([
    ['of a snapshot that is pending', pendingSnapshot, {}, 'IncorrectState'],
    ['of a snapshot there is not', () => 'snap-x', {}, 'InvalidSnapshot.NotFound'],
    ['from a region there is not', snapshot, { SourceRegion: 'mars-1' }, 'InvalidParameterValue'],
    ['from a region where it is not', snapshot, { SourceRegion: 'eu-west-1' }, 'InvalidSnapshot.NotFound'],
    ['with a key and no encryption', snapshot, { KmsKeyId: 'key' }, 'InvalidParameterDependency'],
  ])('is refused %s', async (_, source, more, code) => {
    expect(await copy(await source(), more)).toMatchObject({ status: 400, code })
  })
})

describe('snapshots of an instance', () => {
  const tags = {
    'TagSpecification.1.ResourceType': 'snapshot',
    'TagSpecification.1.Tag.1.Key': 'stage',
    'TagSpecification.1.Tag.1.Value': 'test',
  }
  const of = (InstanceId: string) => ({ 'InstanceSpecification.InstanceId': InstanceId })

  it('have the tags of the request, and of their volumes where that is asked for', async () => {
    const [VolumeId, InstanceId] = [await volume(), await launchedOne(cloud)]
    await cloud.ok('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' })
    await cloud.ok('CreateTags', { 'ResourceId.1': VolumeId, 'Tag.1.Key': 'disk', 'Tag.1.Value': 'data' })
    const asked = { ...of(InstanceId), ...tags, CopyTagsFromSource: 'volume', Description: 'all' }
    const { snapshotSet } = await cloud.ok('CreateSnapshots', asked)
    expect(snapshotSet).toHaveLength(2)
    const data = snapshotSet.find((each: { volumeId: string }) => each.volumeId === VolumeId)
    expect(data).toMatchObject({ state: 'pending', description: 'all', volumeSize: '3' })
    expect(data.tagSet).toEqual([
      { key: 'disk', value: 'data' },
      { key: 'stage', value: 'test' },
    ])
    expect((await cloud.ok('CreateSnapshots', of(InstanceId))).snapshotSet[0].tagSet).toBe('')
  })

  it('leave out the data volumes that are named, and no others', async () => {
    const [VolumeId, InstanceId] = [await volume(), await launchedOne(cloud)]
    await cloud.ok('AttachVolume', { VolumeId, InstanceId, Device: '/dev/sdf' })
    const without = (id: string) => ({ ...of(InstanceId), 'InstanceSpecification.ExcludeDataVolumeId.1': id })
    const { snapshotSet } = await cloud.ok('CreateSnapshots', without(VolumeId))
    expect(snapshotSet.map((each: { volumeId: string }) => each.volumeId)).not.toContain(VolumeId)
    expect(snapshotSet).toHaveLength(1)
    const root = snapshotSet[0].volumeId
    expect((await cloud.refused('CreateSnapshots', without(root))).code).toBe('InvalidParameterValue')
    expect((await cloud.refused('CreateSnapshots', without(await volume()))).code).toBe('InvalidParameterValue')
  })
})

describe('who may make volumes of a snapshot', () => {
  it('is its account alone', async () => {
    const SnapshotId = await snapshot()
    const change = (more: Parameters) => cloud.call('ModifySnapshotAttribute', { SnapshotId, ...more })
    expect(await change({ OperationType: 'add', 'UserGroup.1': 'all' })).toMatchObject({ code: 'UnsupportedOperation' })
    expect(await change({ 'CreateVolumePermission.Add.1.UserId': '123456789012' })).toMatchObject({
      code: 'UnsupportedOperation',
    })
    expect(await change({ OperationType: 'remove', 'UserGroup.1': 'all' })).toMatchObject({ status: 200 })
    expect(await change({ 'CreateVolumePermission.Remove.1.Group': 'all' })).toMatchObject({ status: 200 })
    expect(await change({ OperationType: 'add', 'UserGroup.1': 'everyone' })).toMatchObject({
      status: 400,
      code: 'InvalidAMIAttributeItemValue',
    })
    await cloud.ok('ResetSnapshotAttribute', { SnapshotId, Attribute: 'createVolumePermission' })
  })
})

describe('snapshots by owner', () => {
  it.each<[string, Parameters, boolean]>([
    ['self', { 'Owner.1': 'self' }, true],
    ['the account', { 'Owner.1': '123456789012' }, true],
    ['somebody else', { 'Owner.1': '999999999999' }, false],
    ['amazon', { 'Owner.1': 'amazon' }, false],
    ['several', { 'Owner.1': 'amazon', 'Owner.2': 'self' }, true],
    ['those that I may use', { 'RestorableBy.1': 'self' }, true],
    ['those that everybody may use', { 'RestorableBy.1': 'all' }, false],
  ])('%s', async (_, asked, isFound) => {
    const id = await snapshot()
    const { snapshotSet } = await cloud.ok('DescribeSnapshots', { ...asked, 'SnapshotId.1': id })
    expect((snapshotSet || []).map((each: { snapshotId: string }) => each.snapshotId)).toEqual(isFound ? [id] : [])
  })
})
