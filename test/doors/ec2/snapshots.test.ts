/** Snapshots over EC2. (spec: ec2 4) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ec2Setting, image, key, openEc2, otherKey, type Parameters } from './setting.ts'

let cloud: Ec2Setting
beforeAll(async () => {
  cloud = await openEc2()
})
afterAll(() => cloud.close())

const zone = { AvailabilityZone: 'us-east-1a' }
const volumeOf = async (Size: number, more: Parameters = {}): Promise<string> =>
  (await cloud.ok('CreateVolume', { ...zone, Size, ...more })).volumeId
const described = async (id: string, as?: { region: string }) =>
  (await cloud.ok('DescribeSnapshots', { 'SnapshotId.1': id }, as)).snapshotSet[0]
const notFound = (id: string) => ({ code: 'InvalidSnapshot.NotFound', message: `The snapshot '${id}' does not exist.` })
const tagged = (type: string) => ({
  'TagSpecification.1.ResourceType': type,
  'TagSpecification.1.Tag.1.Key': 'stage',
  'TagSpecification.1.Tag.1.Value': 'test',
})

describe('a snapshot', () => {
  it('is answered pending, and completed when it is done', async () => {
    const volume = await volumeOf(3)
    const asked = { VolumeId: volume, Description: 'of <a> volume', ...tagged('snapshot') }
    const made = await cloud.ok('CreateSnapshot', asked)
    expect(made).toMatchObject({ volumeId: volume, status: 'pending', volumeSize: '3', ownerId: key.account })
    expect(await described(made.snapshotId)).toMatchObject({
      status: 'completed',
      progress: '100%',
      description: 'of <a> volume',
      encrypted: 'false',
      tagSet: [{ key: 'stage', value: 'test' }],
    })
  })

  it('outlives its volume, and still names it', async () => {
    const volume = await volumeOf(2)
    const { snapshotId } = await cloud.ok('CreateSnapshot', { VolumeId: volume })
    await cloud.ok('DeleteVolume', { VolumeId: volume })
    expect(await described(snapshotId)).toMatchObject({ volumeId: volume, status: 'completed' })
    const { volumeId } = await cloud.ok('CreateVolume', { ...zone, SnapshotId: snapshotId })
    const [copy] = (await cloud.ok('DescribeVolumes', { 'VolumeId.1': volumeId })).volumeSet
    expect(copy).toMatchObject({ size: '2', snapshotId })
  })

  it('is gone at once when it is deleted', async () => {
    const { snapshotId } = await cloud.ok('CreateSnapshot', { VolumeId: await volumeOf(1) })
    await cloud.ok('DeleteSnapshot', { SnapshotId: snapshotId })
    expect(await cloud.refused('DescribeSnapshots', { 'SnapshotId.1': snapshotId })).toMatchObject(notFound(snapshotId))
    expect(await cloud.refused('DeleteSnapshot', { SnapshotId: snapshotId })).toMatchObject(notFound(snapshotId))
  })

  it.each(['snap-xxxx', 'snap-0000000000000dead', 'nonsense'])('that never was is not found: %s', async id => {
    expect(await cloud.refused('DescribeSnapshots', { 'SnapshotId.1': id })).toMatchObject(notFound(id))
    expect(await cloud.refused('DeleteSnapshot', { SnapshotId: id })).toMatchObject(notFound(id))
  })

  it('is taken of a volume that exists', async () => {
    expect(await cloud.refused('CreateSnapshot', { VolumeId: 'vol-xxxx' })).toMatchObject({
      code: 'InvalidVolume.NotFound',
      message: "The volume 'vol-xxxx' does not exist.",
    })
    expect(await cloud.refused('CreateSnapshot')).toMatchObject({ code: 'MissingParameter' })
  })

  it('is its account’s alone', async () => {
    const { snapshotId } = await cloud.ok('CreateSnapshot', { VolumeId: await volumeOf(1) })
    const other = { key: otherKey }
    const asked = { 'SnapshotId.1': snapshotId }
    expect(await cloud.refused('DescribeSnapshots', asked, other)).toMatchObject(notFound(snapshotId))
    expect((await cloud.ok('DescribeSnapshots', {}, other)).snapshotSet).toBe('')
    expect((await cloud.ok('DescribeSnapshots', { 'Owner.1': 'amazon' })).snapshotSet).toBe('')
    expect(await cloud.refused('ModifySnapshotAttribute', { SnapshotId: snapshotId })).toMatchObject({
      code: 'UnsupportedOperation',
    })
    const permission = await cloud.ok('DescribeSnapshotAttribute', {
      SnapshotId: snapshotId,
      Attribute: 'createVolumePermission',
    })
    expect(permission).toMatchObject({ snapshotId, createVolumePermission: '' })
  })
})

describe('a copy of a snapshot', () => {
  it('is made in another region, and may be encrypted where the original is not', async () => {
    const { snapshotId } = await cloud.ok('CreateSnapshot', { VolumeId: await volumeOf(2) })
    const there = { region: 'eu-west-1' }
    const asked = { SourceRegion: 'us-east-1', SourceSnapshotId: snapshotId, Description: 'copied' }
    const copy = await cloud.ok('CopySnapshot', { ...asked, Encrypted: true, ...tagged('snapshot') }, there)
    expect(copy.tagSet).toEqual([{ key: 'stage', value: 'test' }])
    const found = await described(copy.snapshotId, there)
    expect(found).toMatchObject({ status: 'completed', encrypted: 'true', volumeSize: '2', description: 'copied' })
    expect(await cloud.refused('CopySnapshot', { ...asked, SourceRegion: 'mars-1' }, there)).toMatchObject({
      code: 'InvalidParameterValue',
    })
    const nowhere = { ...asked, SourceRegion: 'eu-west-1' }
    expect(await cloud.refused('CopySnapshot', nowhere, there)).toMatchObject(notFound(snapshotId))
  })
})

describe('snapshots of an instance', () => {
  it('are taken of every volume it has, but for those left out', async () => {
    const launch = { ImageId: image, InstanceType: 'm1.small', MinCount: 1, MaxCount: 1 }
    const extra = { 'BlockDeviceMapping.1.DeviceName': '/dev/sdf', 'BlockDeviceMapping.1.Ebs.VolumeSize': 1 }
    const { instancesSet } = await cloud.ok('RunInstances', { ...launch, ...extra })
    const instance = { 'InstanceSpecification.InstanceId': instancesSet[0].instanceId }
    const both = await cloud.ok('CreateSnapshots', { ...instance, Description: 'both' })
    expect(both.snapshotSet.map((each: { state: string }) => each.state)).toEqual(['pending', 'pending'])
    const data = await cloud.ok('CreateSnapshots', { ...instance, 'InstanceSpecification.ExcludeBootVolume': true })
    expect(data.snapshotSet).toHaveLength(1)
    const nobody = { 'InstanceSpecification.InstanceId': 'i-0000000000000dead' }
    expect(await cloud.refused('CreateSnapshots', nobody)).toMatchObject({ code: 'InvalidInstanceID.NotFound' })
  })
})

describe('a filter of snapshots', () => {
  it.each<[string, (own: { volumeId: string; snapshotId: string }) => string]>([
    ['snapshot-id', ({ snapshotId }) => snapshotId],
    ['volume-id', ({ volumeId }) => volumeId],
    ['status', () => 'completed'],
    ['owner-id', () => key.account],
    ['description', () => 'to be f?und'],
    ['progress', () => '100%'],
    ['volume-size', () => '7'],
    ['encrypted', () => 'true'],
    ['storage-tier', () => 'standard'],
    ['start-time', () => '20*'],
    ['tag:stage', () => 'test'],
    ['tag-key', () => 'sta*'],
  ])('finds by %s what has it, and nothing that has not', async (field, valueIn) => {
    const volumeId = await volumeOf(7, { Encrypted: true })
    const more = { Description: 'to be found', ...tagged('snapshot') }
    const { snapshotId } = await cloud.ok('CreateSnapshot', { VolumeId: volumeId, ...more })
    const found = async (value: string) => {
      const ours = { 'Filter.2.Name': 'volume-id', 'Filter.2.Value.1': volumeId }
      const { snapshotSet } = await cloud.ok('DescribeSnapshots', {
        'Filter.1.Name': field,
        'Filter.1.Value.1': value,
        ...ours,
      })
      return (snapshotSet || []).length
    }
    expect(await found(valueIn({ volumeId, snapshotId }))).toBe(1)
    expect(await found('nothing such')).toBe(0)
  })
})

describe('a list of snapshots', () => {
  it('comes in pages that hold each once', async () => {
    const volume = await volumeOf(1, tagged('volume'))
    for (let index = 0; index < 12; index += 1) await cloud.ok('CreateSnapshot', { VolumeId: volume })
    const filter = { 'Filter.1.Name': 'volume-id', 'Filter.1.Value.1': volume }
    const seen: string[] = []
    let NextToken: string | undefined
    do {
      const page = await cloud.ok('DescribeSnapshots', { ...filter, MaxResults: 5, NextToken })
      seen.push(...page.snapshotSet.map((each: { snapshotId: string }) => each.snapshotId))
      NextToken = page.nextToken
    } while (NextToken !== undefined)
    expect(seen).toHaveLength(12)
    expect(new Set(seen).size).toBe(12)
    expect(await cloud.refused('DescribeSnapshots', { MaxResults: 4 })).toMatchObject({ code: 'InvalidParameterValue' })
    expect(await cloud.refused('DescribeSnapshots', { MaxResults: 5, NextToken: 'x' })).toMatchObject({
      code: 'InvalidNextToken',
    })
  })
})
