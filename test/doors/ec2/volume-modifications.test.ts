/** Volumes that become larger or another type over EC2, and what is shown of that. (spec: ec2 3.3) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchedOne } from './instances.ts'
import { type Ec2Setting, openEc2, type Parameters } from './setting.ts'

let cloud: Ec2Setting
/** A provider that moves contents for an hour after each change. */
let slow: Ec2Setting
beforeAll(async () => {
  cloud = await openEc2({ provider: { instant: true, delayMs: { min: 3_600_000, max: 3_600_000 } } })
  slow = await openEc2({ provider: { instant: true, optimizeMs: 3_600_000 } })
})
afterAll(() => Promise.all([cloud.close(), slow.close()]))

const volume = async (more: Parameters = {}, at = cloud): Promise<string> =>
  (await at.ok('CreateVolume', { AvailabilityZone: 'us-east-1a', Size: 8, ...more })).volumeId
const described = async (id: string, at = cloud) => (await at.ok('DescribeVolumes', { 'VolumeId.1': id })).volumeSet[0]
const modification = async (id: string, at = cloud) =>
  (await at.ok('DescribeVolumesModifications', { 'VolumeId.1': id })).volumeModificationSet[0]

describe('a volume that is made larger', () => {
  it('is answered modifying, with what it was and what it is to be', async () => {
    const id = await volume({ Size: 80 })
    const { volumeModification } = await cloud.ok('ModifyVolume', { VolumeId: id, Size: 160 })
    expect(volumeModification).toMatchObject({
      volumeId: id,
      modificationState: 'modifying',
      originalSize: '80',
      targetSize: '160',
      originalVolumeType: 'gp2',
      targetVolumeType: 'gp2',
      originalIops: '240',
      targetIops: '480',
      progress: '0',
    })
    expect(volumeModification).not.toHaveProperty('endTime')
    expect(await described(id)).toMatchObject({ size: '160' })
    expect(await modification(id)).toMatchObject({ modificationState: 'completed', progress: '100', targetSize: '160' })
    expect(await modification(id)).toHaveProperty('endTime')
  })

  it('may be in use', async () => {
    const [id, InstanceId] = [await volume(), await launchedOne(cloud)]
    await cloud.ok('AttachVolume', { VolumeId: id, InstanceId, Device: '/dev/sdf' })
    await cloud.ok('ModifyVolume', { VolumeId: id, Size: 9 })
    expect(await described(id)).toMatchObject({ status: 'in-use', size: '9' })
  })

  it('has its new size from the request on', async () => {
    const id = await volume()
    cloud.driver.failNext('volumeResize', 'delay')
    await cloud.ok('ModifyVolume', { VolumeId: id, Size: 9 })
    expect(await described(id)).toMatchObject({ size: '9' })
    expect(await modification(id)).toMatchObject({ modificationState: 'modifying' })
    expect(await cloud.refused('ModifyVolume', { VolumeId: id, Size: 10 })).toEqual({
      status: 400,
      code: 'IncorrectModificationState',
      message: `Volume ${id} cannot be modified in modification state MODIFYING`,
    })
  })

  it('is as it was when its provider cannot', async () => {
    const id = await volume()
    cloud.driver.failNext('volumeResize', 'rejected')
    await cloud.ok('ModifyVolume', { VolumeId: id, Size: 9 })
    expect(await described(id)).toMatchObject({ size: '8' })
    const failed = await modification(id)
    expect(failed).toMatchObject({ modificationState: 'failed', originalSize: '8', targetSize: '9' })
    expect(failed.statusMessage).not.toBe('')
  })
})

describe('a volume that gets another type', () => {
  it('gets its rates with it', async () => {
    const id = await volume()
    const { volumeModification } = await cloud.ok('ModifyVolume', { VolumeId: id, VolumeType: 'gp3' })
    expect(volumeModification).toMatchObject({
      originalVolumeType: 'gp2',
      targetVolumeType: 'gp3',
      targetIops: '3000',
      targetThroughput: '125',
    })
    await cloud.ok('ModifyVolume', { VolumeId: id, Iops: 4000 })
    expect(await described(id)).toMatchObject({ volumeType: 'gp3', iops: '4000' })
  })

  it('is optimizing until its contents are moved, and cannot be changed meanwhile', async () => {
    const id = await volume({}, slow)
    await slow.ok('ModifyVolume', { VolumeId: id, VolumeType: 'gp3' })
    expect(await modification(id, slow)).toMatchObject({ modificationState: 'optimizing' })
    expect(await described(id, slow)).toMatchObject({ volumeType: 'gp3' })
    expect(await slow.refused('ModifyVolume', { VolumeId: id, Size: 9 })).toMatchObject({
      code: 'IncorrectModificationState',
      message: `Volume ${id} cannot be modified in modification state OPTIMIZING`,
    })
  })
})

describe('a change that changes nothing', () => {
  it('is completed before it began', async () => {
    const id = await volume()
    const { volumeModification } = await cloud.ok('ModifyVolume', { VolumeId: id, Size: 8, VolumeType: 'gp2' })
    expect(volumeModification).toMatchObject({ modificationState: 'completed', originalSize: '8', targetSize: '8' })
  })
})

describe('ModifyVolume is refused', () => {
  it.each<[string, Parameters, string, string | RegExp]>([
    ['for a smaller size', { Size: 7 }, 'InvalidParameterValue', 'New size cannot be smaller than existing size'],
    ['without a change', {}, 'MissingParameter', /size/],
    ['for a type there is not', { VolumeType: 'gp9' }, 'InvalidParameterValue', /gp9/],
    [
      'for io1 without a rate',
      { VolumeType: 'io1' },
      'MissingParameter',
      'The request must contain the parameter iops',
    ],
    ['for a size its type has not', { VolumeType: 'st1' }, 'InvalidParameterValue', /125 to 16384 GiB/],
    ['for a rate of gp2', { Iops: 200 }, 'InvalidParameterCombination', /iops/],
    ['for throughput of gp2', { Throughput: 200 }, 'InvalidParameterDependency', /throughput/],
    ['for several instances', { MultiAttachEnabled: true }, 'InvalidParameterDependency', /Multi-Attach/],
  ])('%s', async (_, asked, code, message) => {
    const VolumeId = await volume()
    const refused = await cloud.refused('ModifyVolume', { VolumeId, ...asked })
    expect(refused).toMatchObject({ status: 400, code })
    expect(refused.message).toMatch(message)
    expect(await described(VolumeId)).toMatchObject({ size: '8', volumeType: 'gp2' })
  })

  it('for a volume that is not there yet', async () => {
    cloud.driver.failNext('volumeEnsure', 'delay')
    const VolumeId = await volume()
    expect(await cloud.refused('ModifyVolume', { VolumeId, Size: 9 })).toMatchObject({ code: 'IncorrectState' })
    expect((await cloud.refused('ModifyVolume', { VolumeId: 'vol-x', Size: 9 })).code).toBe('InvalidVolume.NotFound')
  })
})

describe('the list of changes', () => {
  it('has the last change of each volume that was ever changed', async () => {
    const [never, changed] = [await volume(), await volume()]
    await cloud.ok('ModifyVolume', { VolumeId: changed, Size: 9 })
    await cloud.ok('ModifyVolume', { VolumeId: changed, Size: 10 })
    const { volumeModificationSet } = await cloud.ok('DescribeVolumesModifications')
    const ids = volumeModificationSet.map((each: { volumeId: string }) => each.volumeId)
    expect(ids).not.toContain(never)
    expect(ids.filter((id: string) => id === changed)).toHaveLength(1)
    expect(await cloud.refused('DescribeVolumesModifications', { 'VolumeId.1': never })).toEqual({
      status: 400,
      code: 'InvalidVolumeModification.NotFound',
      message: `Modification for volume '${never}' does not exist.`,
    })
    expect((await cloud.refused('DescribeVolumesModifications', { 'VolumeId.1': 'vol-x' })).code).toBe(
      'InvalidVolume.NotFound',
    )
    expect((await cloud.refused('DescribeVolumesModifications', { MaxResults: 501 })).code).toBe(
      'InvalidParameterValue',
    )
  })

  it.each<[string, string]>([
    ['modification-state', 'completed'],
    ['original-iops', '300'],
    ['original-size', '10'],
    ['original-volume-type', 'io1'],
    ['originalMultiAttachEnabled', 'false'],
    ['start-time', '20*'],
    ['target-iops', '400'],
    ['target-size', '21'],
    ['target-volume-type', 'io2'],
    ['targetMultiAttachEnabled', 'false'],
    ['volume-id', 'vol-*'],
  ])('is filtered by %s', async (name, value) => {
    const id = await volume({ Size: 10, VolumeType: 'io1', Iops: 300 })
    await cloud.ok('ModifyVolume', { VolumeId: id, Size: 21, VolumeType: 'io2', Iops: 400 })
    const found = async (Value: string) => {
      const asked = { 'VolumeId.1': id, 'Filter.1.Name': name, 'Filter.1.Value.1': Value }
      return ((await cloud.ok('DescribeVolumesModifications', asked)).volumeModificationSet || []).length
    }
    expect(await found(value)).toBe(1)
    expect(await found('nothing such')).toBe(0)
  })
})
