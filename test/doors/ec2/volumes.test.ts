/** Volumes over EC2: made, changed, listed and deleted. (spec: ec2 3.1, 3.3) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ec2Setting, openEc2, otherKey, type Parameters } from './setting.ts'

let cloud: Ec2Setting
beforeAll(async () => {
  cloud = await openEc2({ provider: { instant: true, delayMs: { min: 3_600_000, max: 3_600_000 } } })
})
afterAll(() => cloud.close())

const zone = { AvailabilityZone: 'us-east-1a' }
const made = (more: Parameters = {}) => cloud.ok('CreateVolume', { ...zone, Size: 8, ...more })
const volume = async (more?: Parameters): Promise<string> => (await made(more)).volumeId
const snapshot = async (more?: Parameters): Promise<string> =>
  (await cloud.ok('CreateSnapshot', { VolumeId: await volume(more) })).snapshotId
const described = async (id: string) => (await cloud.ok('DescribeVolumes', { 'VolumeId.1': id })).volumeSet[0]
const notFound = (id: string) => ({
  status: 400,
  code: 'InvalidVolume.NotFound',
  message: `The volume '${id}' does not exist.`,
})
/** One that its provider is still making. */
async function unmade(): Promise<string> {
  cloud.driver.failNext('volumeEnsure', 'delay')
  return volume()
}
/** One that its provider could not make. */
async function broken(): Promise<string> {
  cloud.driver.failNext('volumeEnsure', 'rejected')
  return volume()
}

describe('a volume that is made', () => {
  it('is answered creating, and available when it is done', async () => {
    const answer = await made({ Size: 80 })
    expect(answer).toMatchObject({
      size: '80',
      snapshotId: '',
      availabilityZone: 'us-east-1a',
      status: 'creating',
      attachmentSet: '',
      volumeType: 'gp2',
      iops: '240',
      encrypted: 'false',
      multiAttachEnabled: 'false',
    })
    expect(answer.volumeId).toMatch(/^vol-[0-9a-f]{17}$/)
    expect(answer.createTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(await described(answer.volumeId)).toMatchObject({ status: 'available', size: '80' })
  })

  it('has no tags where it has none, not even an empty list of them', async () => {
    const answer = await made()
    expect(answer).not.toHaveProperty('tagSet')
    expect(await described(answer.volumeId)).not.toHaveProperty('tagSet')
  })

  it('has the tags that its request asks for', async () => {
    const answer = await made({
      'TagSpecification.1.ResourceType': 'volume',
      'TagSpecification.1.Tag.1.Key': 'stage',
      'TagSpecification.1.Tag.1.Value': '<test> & "more"',
    })
    expect(answer.tagSet).toEqual([{ key: 'stage', value: '<test> & "more"' }])
  })

  it.each<[string, Parameters, object]>([
    ['gp3 with its own rates', { VolumeType: 'gp3' }, { iops: '3000', throughput: '125' }],
    ['gp3 with chosen rates', { VolumeType: 'gp3', Iops: 4000, Throughput: 200 }, { iops: '4000', throughput: '200' }],
    ['io1', { VolumeType: 'io1', Iops: 300 }, { iops: '300' }],
    ['io2', { VolumeType: 'io2', Iops: 300 }, { iops: '300' }],
    ['standard', { VolumeType: 'standard' }, { volumeType: 'standard' }],
    ['st1', { VolumeType: 'st1', Size: 125 }, { volumeType: 'st1' }],
    ['encrypted', { Encrypted: true, KmsKeyId: 'key' }, { encrypted: 'true', kmsKeyId: 'key' }],
    [
      'in a zone named by its id',
      { AvailabilityZone: undefined, AvailabilityZoneId: 'use1-az2' },
      { availabilityZone: 'us-east-1b' },
    ],
  ])('may be %s', async (_, asked, shown) => expect(await made(asked)).toMatchObject(shown))

  it('shows a small gp2 its least rate, and others none', async () => {
    expect((await made({ Size: 1 })).iops).toBe('100')
    expect(await made({ VolumeType: 'standard' })).not.toHaveProperty('iops')
    expect(await made({ Encrypted: false })).not.toHaveProperty('kmsKeyId')
  })

  it('is as large as its snapshot, or larger, and as encrypted', async () => {
    const small = await snapshot({ Size: 3 })
    expect(await made({ Size: undefined, SnapshotId: small })).toMatchObject({ size: '3', snapshotId: small })
    expect(await made({ Size: 5, SnapshotId: small })).toMatchObject({ size: '5', encrypted: 'false' })
    const secret = await snapshot({ Encrypted: true, KmsKeyId: 'key' })
    const copy = await made({ Size: undefined, SnapshotId: secret })
    expect(copy).toMatchObject({ encrypted: 'true', kmsKeyId: 'key' })
  })

  it.each<[string, () => Promise<Parameters> | Parameters, string, string | RegExp]>([
    [
      'neither size nor snapshot',
      () => ({ Size: undefined }),
      'MissingParameter',
      'The request must contain the parameter size/snapshot',
    ],
    [
      'no zone',
      () => ({ AvailabilityZone: undefined }),
      'MissingParameter',
      'The request must contain the parameter availabilityZone',
    ],
    [
      'a zone there is not',
      () => ({ AvailabilityZone: 'mars-1a' }),
      'InvalidZone.NotFound',
      "The zone 'mars-1a' does not exist.",
    ],
    [
      'a zone of another region',
      () => ({ AvailabilityZone: 'eu-west-1a' }),
      'InvalidZone.NotFound',
      "The zone 'eu-west-1a' does not exist.",
    ],
    [
      'a snapshot there is not',
      () => ({ SnapshotId: 'snap-x' }),
      'InvalidSnapshot.NotFound',
      "The snapshot 'snap-x' does not exist.",
    ],
    [
      'a size below its snapshot',
      async () => ({ Size: 2, SnapshotId: await snapshot({ Size: 3 }) }),
      'InvalidParameterValue',
      'The size of a volume can only be equal to or greater than the size of its snapshot',
    ],
    ['a type there is not', () => ({ VolumeType: 'gp9' }), 'InvalidParameterValue', /gp9/],
    ['a size of nothing', () => ({ Size: 0 }), 'InvalidParameterValue', /size/],
    ['gp2 that is too large', () => ({ Size: 16_385 }), 'InvalidParameterValue', /16384 GiB/],
    ['gp3 that is too large', () => ({ VolumeType: 'gp3', Size: 65_537 }), 'InvalidParameterValue', /65536 GiB/],
    [
      'io1 that is too small',
      () => ({ VolumeType: 'io1', Iops: 100, Size: 3 }),
      'InvalidParameterValue',
      /4 to 16384 GiB/,
    ],
    [
      'io2 that is too small',
      () => ({ VolumeType: 'io2', Iops: 100, Size: 3 }),
      'InvalidParameterValue',
      /4 to 65536 GiB/,
    ],
    ['st1 that is too small', () => ({ VolumeType: 'st1', Size: 124 }), 'InvalidParameterValue', /125 to 16384 GiB/],
    ['sc1 that is too small', () => ({ VolumeType: 'sc1', Size: 124 }), 'InvalidParameterValue', /125 to 16384 GiB/],
    [
      'standard that is too large',
      () => ({ VolumeType: 'standard', Size: 1025 }),
      'InvalidParameterValue',
      /1 to 1024 GiB/,
    ],
    [
      'io1 without a rate',
      () => ({ VolumeType: 'io1' }),
      'MissingParameter',
      'The request must contain the parameter iops',
    ],
    ['a rate for gp2', () => ({ Iops: 300 }), 'InvalidParameterCombination', /iops/],
    ['a rate for st1', () => ({ VolumeType: 'st1', Size: 125, Iops: 300 }), 'InvalidParameterCombination', /iops/],
    [
      'throughput for io1',
      () => ({ VolumeType: 'io1', Iops: 300, Throughput: 125 }),
      'InvalidParameterDependency',
      /throughput/,
    ],
    [
      'a key without encryption',
      () => ({ KmsKeyId: 'key' }),
      'InvalidParameterDependency',
      'The parameter KmsKeyId requires the parameter Encrypted to be set.',
    ],
    [
      'a key and no encryption',
      () => ({ KmsKeyId: 'key', Encrypted: false }),
      'InvalidParameterDependency',
      /KmsKeyId/,
    ],
    [
      'no encryption of what is encrypted',
      async () => ({ Encrypted: false, SnapshotId: await snapshot({ Encrypted: true }) }),
      'InvalidParameterValue',
      /encrypted/,
    ],
    ['several instances for gp2', () => ({ MultiAttachEnabled: true }), 'InvalidParameterDependency', /Multi-Attach/],
    [
      'several instances for io2',
      () => ({ VolumeType: 'io2', Iops: 100, MultiAttachEnabled: true }),
      'UnsupportedOperation',
      /Multi-Attach/,
    ],
    [
      'tags of something else',
      () => ({ 'TagSpecification.1.ResourceType': 'instance', 'TagSpecification.1.Tag.1.Key': 'a' }),
      'InvalidParameterValue',
      "'instance' is not a valid taggable resource type for this operation.",
    ],
    [
      'a tag specification without tags',
      () => ({ 'TagSpecification.1.ResourceType': 'volume' }),
      'InvalidParameterValue',
      'Tag specification must have at least one tag',
    ],
    ['a parameter there is not', () => ({ Colour: 'red' }), 'UnknownParameter', /Colour/],
  ])('is refused with %s', async (_, asked, code, message) => {
    const given = await asked()
    await cloud.engine.idle()
    const before = cloud.engine.health().position
    const refused = await cloud.refused('CreateVolume', { ...zone, Size: 8, ...given })
    expect(refused).toMatchObject({ status: 400, code })
    expect(refused.message).toMatch(message)
    expect(cloud.engine.health().position).toBe(before)
  })

  it('waits for its snapshot to be completed', async () => {
    cloud.driver.failNext('volumeSnapshotEnsure', 'delay')
    const pending = await snapshot()
    expect(await cloud.refused('CreateVolume', { ...zone, SnapshotId: pending })).toEqual({
      status: 400,
      code: 'IncorrectState',
      message: 'Snapshot is in invalid state - pending',
    })
    cloud.driver.failNext('volumeSnapshotEnsure', 'rejected')
    const failed = await snapshot()
    expect(await cloud.refused('CreateVolume', { ...zone, SnapshotId: failed })).toMatchObject({
      code: 'IncorrectState',
      message: 'Snapshot is in invalid state - error',
    })
  })

  it('is not made of a snapshot that is deleted', async () => {
    const id = await snapshot()
    await cloud.ok('DeleteSnapshot', { SnapshotId: id })
    expect(await cloud.refused('CreateVolume', { ...zone, SnapshotId: id })).toMatchObject({
      code: 'InvalidSnapshot.NotFound',
      message: `The snapshot '${id}' does not exist.`,
    })
  })

  it('that its provider cannot make is in error, and can be deleted', async () => {
    const id = await broken()
    expect(await described(id)).toMatchObject({ status: 'error' })
    await cloud.ok('DeleteVolume', { VolumeId: id })
    expect(await cloud.refused('DescribeVolumes', { 'VolumeId.1': id })).toEqual(notFound(id))
  })
})

describe('a request for a volume with a client token', () => {
  it('makes one volume, however often it comes', async () => {
    const asked = { ...zone, Size: 2, ClientToken: 'once' }
    const first = await cloud.ok('CreateVolume', asked)
    const again = await cloud.ok('CreateVolume', asked)
    expect(first.status).toBe('creating')
    expect(again).toMatchObject({ volumeId: first.volumeId, status: 'available' })
  })

  it('is answered again after its snapshot is gone', async () => {
    const asked = { ...zone, SnapshotId: await snapshot(), ClientToken: 'of a snapshot' }
    const { volumeId } = await cloud.ok('CreateVolume', asked)
    await cloud.ok('DeleteSnapshot', { SnapshotId: asked.SnapshotId })
    expect(await cloud.ok('CreateVolume', asked)).toMatchObject({ volumeId })
  })

  it('is refused when it asks for something else with the same token', async () => {
    await cloud.ok('CreateVolume', { ...zone, Size: 2, ClientToken: 'twice' })
    expect(await cloud.refused('CreateVolume', { ...zone, Size: 3, ClientToken: 'twice' })).toMatchObject({
      status: 400,
      code: 'IdempotentParameterMismatch',
    })
  })

  it('knows tokens of its own account and region only', async () => {
    const asked = { Size: 2, ClientToken: 'here' }
    const here = await cloud.ok('CreateVolume', { ...asked, AvailabilityZone: 'us-east-1a' })
    const there = await cloud.ok('CreateVolume', { ...asked, AvailabilityZone: 'eu-west-1a' }, { region: 'eu-west-1' })
    const theirs = await cloud.ok('CreateVolume', { ...asked, AvailabilityZone: 'us-east-1a' }, { key: otherKey })
    expect(new Set([here, there, theirs].map(each => each.volumeId)).size).toBe(3)
  })

  it('refuses one that is too long', async () => {
    const ClientToken = 'x'.repeat(65)
    expect((await cloud.refused('CreateVolume', { ...zone, Size: 2, ClientToken })).code).toBe('InvalidParameterValue')
  })
})

describe('a dry run', () => {
  it.each<[string, () => Promise<Parameters>]>([
    ['CreateVolume', async () => ({ ...zone, Size: 1 })],
    ['DeleteVolume', async () => ({ VolumeId: await volume() })],
    ['AttachVolume', async () => ({ VolumeId: await volume(), InstanceId: 'i-1234abcd', Device: '/dev/sdf' })],
    ['DetachVolume', async () => ({ VolumeId: await volume() })],
    ['ModifyVolume', async () => ({ VolumeId: await volume(), Size: 9 })],
  ])('of %s changes nothing', async (action, parameters) => {
    const asked = await parameters()
    await cloud.engine.idle()
    const before = cloud.engine.health().position
    expect(await cloud.refused(action, { ...asked, DryRun: true })).toMatchObject({
      status: 412,
      code: 'DryRunOperation',
    })
    expect(cloud.engine.health().position).toBe(before)
  })
})

describe('a volume that is deleted', () => {
  it('is gone at once, for everything that is asked of it', async () => {
    const id = await volume()
    expect(await cloud.ok('DeleteVolume', { VolumeId: id })).toMatchObject({ return: 'true' })
    const { volumeSet } = await cloud.ok('DescribeVolumes')
    expect(volumeSet.map((each: { volumeId: string }) => each.volumeId)).not.toContain(id)
    const asked: [string, Parameters][] = [
      ['DescribeVolumes', { 'VolumeId.1': id }],
      ['DescribeVolumeStatus', { 'VolumeId.1': id }],
      ['DeleteVolume', { VolumeId: id }],
      ['ModifyVolume', { VolumeId: id, Size: 9 }],
      ['DetachVolume', { VolumeId: id }],
      ['CreateSnapshot', { VolumeId: id }],
      ['DescribeVolumeAttribute', { VolumeId: id, Attribute: 'autoEnableIO' }],
    ]
    for (const [action, parameters] of asked)
      expect([action, await cloud.refused(action, parameters)]).toEqual([action, notFound(id)])
  })

  it.each(['vol-xxxx', 'vol-0123456789abcdef0', 'nonsense', 'i-0123456789abcdef0'])(
    'never was, with an id like %s',
    async id => {
      expect(await cloud.refused('DeleteVolume', { VolumeId: id })).toEqual(notFound(id))
      expect(await cloud.refused('DescribeVolumes', { 'VolumeId.1': id })).toEqual(notFound(id))
    },
  )

  it('must have been made', async () => {
    expect(await cloud.refused('DeleteVolume', { VolumeId: await unmade() })).toMatchObject({ code: 'IncorrectState' })
  })

  it('twice while its provider is busy with it is deleted once', async () => {
    const id = await volume()
    cloud.driver.failNext('volumeDelete', 'delay')
    await cloud.ok('DeleteVolume', { VolumeId: id })
    expect(await described(id)).toMatchObject({ status: 'deleting' })
    expect(await cloud.ok('DeleteVolume', { VolumeId: id })).toMatchObject({ return: 'true' })
  })

  it('leaves its snapshots alone', async () => {
    const id = await volume({ Size: 2 })
    const { snapshotId } = await cloud.ok('CreateSnapshot', { VolumeId: id })
    await cloud.ok('DeleteVolume', { VolumeId: id })
    const [left] = (await cloud.ok('DescribeSnapshots', { 'SnapshotId.1': snapshotId })).snapshotSet
    expect(left).toMatchObject({ volumeId: id, status: 'completed' })
  })
})

describe('a list of volumes', () => {
  it('shows each its own account and region', async () => {
    const id = await volume()
    expect(
      (await cloud.ok('DescribeVolumes', { 'Filter.1.Name': 'volume-id', 'Filter.1.Value.1': id }, { key: otherKey }))
        .volumeSet,
    ).toBe('')
    expect(await cloud.refused('DescribeVolumes', { 'VolumeId.1': id }, { key: otherKey })).toEqual(notFound(id))
    expect(await cloud.refused('DescribeVolumes', { 'VolumeId.1': id }, { region: 'eu-west-1' })).toEqual(notFound(id))
    expect(await cloud.refused('DeleteVolume', { VolumeId: id }, { key: otherKey })).toEqual(notFound(id))
  })

  it('names all that do not exist', async () => {
    const id = await volume()
    const asked = { 'VolumeId.1': 'vol-1', 'VolumeId.2': id, 'VolumeId.3': 'vol-2' }
    expect((await cloud.refused('DescribeVolumes', asked)).message).toBe("The volumes 'vol-1, vol-2' do not exist.")
  })

  it('comes in pages that hold each once, while volumes come and go', async () => {
    const tag = { 'TagSpecification.1.ResourceType': 'volume', 'TagSpecification.1.Tag.1.Key': 'paged' }
    const all = new Set<string>()
    for (let index = 0; index < 12; index += 1) all.add(await volume({ Size: 1, ...tag }))
    const seen: string[] = []
    let NextToken: string | undefined
    do {
      const asked = { 'Filter.1.Name': 'tag-key', 'Filter.1.Value.1': 'paged', MaxResults: 5, NextToken }
      const page = await cloud.ok('DescribeVolumes', asked)
      seen.push(...page.volumeSet.map((each: { volumeId: string }) => each.volumeId))
      NextToken = page.nextToken
      if (seen.length === 5) await cloud.ok('DeleteVolume', { VolumeId: seen[0] })
    } while (NextToken !== undefined)
    expect(seen).toHaveLength(12)
    expect(new Set(seen)).toEqual(all)
    for (const MaxResults of [4, 1001])
      expect((await cloud.refused('DescribeVolumes', { MaxResults })).code).toBe('InvalidParameterValue')
    expect((await cloud.refused('DescribeVolumes', { NextToken: 'x' })).code).toBe('InvalidNextToken')
  })
})

describe('the status of volumes', () => {
  it('says how each fares', async () => {
    const [good, coming, bad] = [await volume(), await unmade(), await broken()]
    const ids = { 'VolumeId.1': good, 'VolumeId.2': coming, 'VolumeId.3': bad }
    const { volumeStatusSet } = await cloud.ok('DescribeVolumeStatus', ids)
    const byId = Object.fromEntries(
      volumeStatusSet.map((each: { volumeId: string; volumeStatus: { status: string } }) => [
        each.volumeId,
        each.volumeStatus.status,
      ]),
    )
    expect(byId).toEqual({ [good]: 'ok', [coming]: 'insufficient-data', [bad]: 'impaired' })
    const impaired = { ...ids, 'Filter.1.Name': 'volume-status.status', 'Filter.1.Value.1': 'impaired' }
    expect((await cloud.ok('DescribeVolumeStatus', impaired)).volumeStatusSet).toHaveLength(1)
    const there = { ...ids, 'Filter.1.Name': 'availability-zone', 'Filter.1.Value.1': 'us-east-1b' }
    expect((await cloud.ok('DescribeVolumeStatus', there)).volumeStatusSet).toBe('')
    const enabled = { ...ids, 'Filter.1.Name': 'volume-status.details-status', 'Filter.1.Value.1': 'passed' }
    expect((await cloud.ok('DescribeVolumeStatus', enabled)).volumeStatusSet).toMatchObject([{ volumeId: good }])
  })
})

describe('an attribute of a volume', () => {
  it('is one of two', async () => {
    const VolumeId = await volume()
    const auto = await cloud.ok('DescribeVolumeAttribute', { VolumeId, Attribute: 'autoEnableIO' })
    expect(auto).toMatchObject({ volumeId: VolumeId, autoEnableIO: { value: 'false' } })
    const codes = await cloud.ok('DescribeVolumeAttribute', { VolumeId, Attribute: 'productCodes' })
    expect(codes).toMatchObject({ volumeId: VolumeId, productCodes: '' })
    const { code } = await cloud.refused('DescribeVolumeAttribute', { VolumeId, Attribute: 'colour' })
    expect(code).toBe('InvalidParameterValue')
  })
})
