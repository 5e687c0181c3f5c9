/** Every filter of DescribeVolumes finds what it says, and nothing else. (spec: ec2 11.4) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchedOne } from './instances.ts'
import { type Ec2Setting, openEc2, type Parameters } from './setting.ts'

let cloud: Ec2Setting
const ids = { root: '', data: '', spare: '', copy: '', instance: '', snapshot: '' }
// biome-ignore lint/suspicious/noExplicitAny: whatever the list shows
let spare: any
// biome-ignore lint/suspicious/noExplicitAny: whatever the list shows
let data: any

beforeAll(async () => {
  cloud = await openEc2()
  const create = async (more: Parameters) =>
    (await cloud.ok('CreateVolume', { AvailabilityZone: 'us-east-1a', ...more })).volumeId
  ids.instance = await launchedOne(cloud)
  ids.spare = await create({ Size: 36, VolumeType: 'io1', Iops: 200, AvailabilityZone: 'us-east-1b' })
  ids.data = await create({ Size: 20, Encrypted: true, KmsKeyId: 'our-key' })
  await cloud.ok('AttachVolume', { VolumeId: ids.data, InstanceId: ids.instance, Device: '/dev/sdf' })
  ids.snapshot = (await cloud.ok('CreateSnapshot', { VolumeId: ids.data })).snapshotId
  ids.copy = await create({ SnapshotId: ids.snapshot, Size: 25 })
  await cloud.ok('CreateTags', { 'ResourceId.1': ids.spare, 'Tag.1.Key': 'stage', 'Tag.1.Value': 'a test' })
  const { volumeSet } = await cloud.ok('DescribeVolumes')
  const named = (name: string) => volumeSet.find((each: { volumeId: string }) => each.volumeId === name)
  spare = named(ids.spare)
  data = named(ids.data)
  ids.root = volumeSet.find((each: { volumeId: string }) => !Object.values(ids).includes(each.volumeId)).volumeId
})
afterAll(() => cloud.close())

async function found(Name: string, ...values: string[]): Promise<string[]> {
  const given = Object.fromEntries(values.map((value, index) => [`Filter.1.Value.${index + 1}`, value]))
  const { volumeSet } = await cloud.ok('DescribeVolumes', { 'Filter.1.Name': Name, ...given })
  return (volumeSet || []).map((each: { volumeId: string }) => each.volumeId).sort()
}
const sorted = (...names: (keyof typeof ids)[]) => names.map(name => ids[name]).sort()
/** As clients keep times that have no room for less. */
const toTheSecond = (time: string) => time.replace(/\.\d{3}Z$/, '.000Z')

describe('a filter of volumes', () => {
  it.each<[string, () => string, (keyof typeof ids)[]]>([
    ['attachment.instance-id', () => ids.instance, ['root', 'data']],
    ['attachment.device', () => '/dev/sdf', ['data']],
    ['attachment.status', () => 'attached', ['root', 'data']],
    ['attachment.delete-on-termination', () => 'true', ['root']],
    ['attachment.delete-on-termination', () => 'false', ['data']],
    ['status', () => 'in-use', ['root', 'data']],
    ['status', () => 'available', ['spare', 'copy']],
    ['volume-id', () => ids.copy, ['copy']],
    ['snapshot-id', () => ids.snapshot, ['copy']],
    ['size', () => '36', ['spare']],
    ['availability-zone', () => 'us-east-1b', ['spare']],
    ['encrypted', () => 'true', ['data', 'copy']],
    ['kms-key-id', () => 'our-key', ['data', 'copy']],
    ['volume-type', () => 'io1', ['spare']],
    ['multi-attach-enabled', () => 'false', ['root', 'data', 'spare', 'copy']],
    ['tag:stage', () => 'a test', ['spare']],
    ['tag:stage', () => 'a t?*', ['spare']],
    ['tag-key', () => 'stage', ['spare']],
    ['tag-value', () => 'a*', ['spare']],
    ['volume-id', () => 'vol-*', ['root', 'data', 'spare', 'copy']],
  ])('%s', async (name, value, expected) => {
    expect(await found(name, value())).toEqual(sorted(...expected))
    expect(await found(name, 'nothing such')).toEqual([])
  })

  it('of times takes them as they are shown, or to the second', async () => {
    for (const at of [spare.createTime, toTheSecond(spare.createTime)])
      expect(await found('create-time', at)).toContain(ids.spare)
    const [{ attachTime }] = data.attachmentSet
    for (const at of [attachTime, toTheSecond(attachTime)])
      expect(await found('attachment.attach-time', at)).toContain(ids.data)
    expect(await found('create-time', '1999*')).toEqual([])
    expect(await found('attachment.attach-time', '1999*')).toEqual([])
  })

  it('takes any of its values, and all filters must agree', async () => {
    expect(await found('size', '36', '25')).toEqual(sorted('spare', 'copy'))
    const { volumeSet } = await cloud.ok('DescribeVolumes', {
      'Filter.1.Name': 'encrypted',
      'Filter.1.Value.1': 'true',
      'Filter.2.Name': 'status',
      'Filter.2.Value.1': 'available',
    })
    expect(volumeSet.map((each: { volumeId: string }) => each.volumeId)).toEqual([ids.copy])
  })

  it('without values finds nothing; without a name, or with one nobody knows, it is refused', async () => {
    expect(await found('status')).toEqual([])
    expect((await cloud.refused('DescribeVolumes', { 'Filter.1.Value.1': 'x' })).code).toBe('InvalidParameterValue')
    expect(await cloud.refused('DescribeVolumes', { 'Filter.1.Name': 'colour', 'Filter.1.Value.1': 'x' })).toEqual({
      status: 400,
      code: 'InvalidParameterValue',
      message: "The filter 'colour' is invalid",
    })
  })
})
