/** Volumes and instances over EC2: attached, detached, and every way in which that is refused. (spec: ec2 3.2 to 3.4) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { described as describedInstance, instanceIds, instanceIn, launchedOne, openWithDelays } from './instances.ts'
import { type Ec2Setting, otherKey, type Parameters } from './setting.ts'

let cloud: Ec2Setting
beforeAll(async () => {
  cloud = await openWithDelays()
})
afterAll(() => cloud.close())

const zone = 'us-east-1a'
const volume = async (more: Parameters = {}): Promise<string> =>
  (await cloud.ok('CreateVolume', { AvailabilityZone: zone, Size: 8, ...more })).volumeId
const described = async (id: string) => (await cloud.ok('DescribeVolumes', { 'VolumeId.1': id })).volumeSet[0]
const attach = (VolumeId: string, InstanceId: string, Device = '/dev/sdf') =>
  cloud.ok('AttachVolume', { VolumeId, InstanceId, Device })
const rootOf = async (instance: string): Promise<string> =>
  (await describedInstance(cloud, instance)).blockDeviceMapping[0].ebs.volumeId

describe('a volume that is attached to a running instance', () => {
  it('is answered attaching, and attached when that is done', async () => {
    const [id, instance] = [await volume(), await launchedOne(cloud)]
    const answer = await attach(id, instance)
    expect(answer).toMatchObject({
      volumeId: id,
      instanceId: instance,
      device: '/dev/sdf',
      status: 'attaching',
      deleteOnTermination: 'false',
    })
    const { requestId: _, ...attachment } = answer
    expect(await described(id)).toMatchObject({
      status: 'in-use',
      attachmentSet: [{ ...attachment, status: 'attached' }],
    })
    const [, device] = (await describedInstance(cloud, instance)).blockDeviceMapping
    expect(device).toMatchObject({
      deviceName: '/dev/sdf',
      ebs: { volumeId: id, status: 'attached', deleteOnTermination: 'false', attachTime: answer.attachTime },
    })
  })

  it('is in use while that is under way', async () => {
    const [id, instance] = [await volume(), await launchedOne(cloud)]
    await cloud.engine.idle()
    cloud.driver.failNext('attach', 'delay')
    await attach(id, instance)
    expect(await described(id)).toMatchObject({ status: 'in-use', attachmentSet: [{ status: 'attaching' }] })
    expect(await cloud.refused('DetachVolume', { VolumeId: id })).toMatchObject({ code: 'IncorrectState' })
  })

  it('is free again when its provider cannot attach it', async () => {
    const [id, instance] = [await volume(), await launchedOne(cloud)]
    await cloud.engine.idle()
    cloud.driver.failNext('attach', 'rejected')
    expect(await attach(id, instance)).toMatchObject({ status: 'attaching' })
    expect(await described(id)).toMatchObject({ status: 'available', attachmentSet: '' })
  })

  it('is answered detaching, and free when that is done', async () => {
    const [id, instance] = [await volume(), await launchedOne(cloud)]
    const { attachTime } = await attach(id, instance)
    expect(await cloud.ok('DetachVolume', { VolumeId: id })).toMatchObject({
      volumeId: id,
      instanceId: instance,
      device: '/dev/sdf',
      status: 'detaching',
      attachTime,
    })
    expect(await described(id)).toMatchObject({ status: 'available', attachmentSet: '' })
  })

  it('goes with its instance once that is said of it', async () => {
    const [goes, stays, instance] = [await volume(), await volume(), await launchedOne(cloud)]
    await attach(goes, instance, '/dev/sdf')
    await attach(stays, instance, '/dev/sdg')
    const root = await rootOf(instance)
    await cloud.ok('ModifyInstanceAttribute', {
      InstanceId: instance,
      'BlockDeviceMapping.1.DeviceName': '/dev/sdf',
      'BlockDeviceMapping.1.Ebs.DeleteOnTermination': true,
    })
    expect((await described(goes)).attachmentSet).toMatchObject([{ deleteOnTermination: 'true' }])
    expect((await described(root)).attachmentSet).toMatchObject([{ deleteOnTermination: 'true' }])
    await cloud.ok('TerminateInstances', instanceIds(instance))
    expect((await cloud.refused('DescribeVolumes', { 'VolumeId.1': goes })).code).toBe('InvalidVolume.NotFound')
    expect((await cloud.refused('DescribeVolumes', { 'VolumeId.1': root })).code).toBe('InvalidVolume.NotFound')
    expect(await described(stays)).toMatchObject({ status: 'available', attachmentSet: '' })
  })
})

describe('a volume of a stopped instance', () => {
  it('stays attached, and can be detached at once, the root too', async () => {
    const instance = await instanceIn(cloud, 'stopped')
    const root = await rootOf(instance)
    expect(await described(root)).toMatchObject({ status: 'in-use', attachmentSet: [{ status: 'attached' }] })
    expect(await cloud.ok('DetachVolume', { VolumeId: root })).toMatchObject({
      status: 'detaching',
      deleteOnTermination: 'true',
    })
    expect(await described(root)).toMatchObject({ status: 'available' })
    expect(await cloud.refused('StartInstances', instanceIds(instance))).toMatchObject({
      code: 'InvalidParameterValue',
    })
    await attach(root, instance, '/dev/sda1')
    expect((await described(root)).attachmentSet).toMatchObject([{ status: 'attached', deleteOnTermination: 'false' }])
    await cloud.ok('StartInstances', instanceIds(instance))
  })
})

describe('AttachVolume is refused', () => {
  it.each<[string, () => Promise<Parameters>, string, string]>([
    [
      'without a volume',
      async () => ({ InstanceId: 'i-1234abcd', Device: '/dev/sdf' }),
      'MissingParameter',
      'The request must contain the parameter volumeId',
    ],
    [
      'without a device',
      async () => ({ VolumeId: 'vol-1', InstanceId: 'i-1234abcd' }),
      'MissingParameter',
      'The request must contain the parameter device',
    ],
    [
      'for a volume there is not',
      async () => ({ VolumeId: 'vol-x', InstanceId: await launchedOne(cloud), Device: '/dev/sdf' }),
      'InvalidVolume.NotFound',
      "The volume 'vol-x' does not exist.",
    ],
    [
      'to an instance there is not',
      async () => ({ VolumeId: await volume(), InstanceId: 'i-1234abcd', Device: '/dev/sdf' }),
      'InvalidInstanceID.NotFound',
      "The instance ID 'i-1234abcd' does not exist",
    ],
  ])('%s', async (_, asked, code, message) => {
    expect(await cloud.refused('AttachVolume', await asked())).toEqual({ status: 400, code, message })
  })

  it('to an instance of another zone', async () => {
    const [id, instance] = [await volume({ AvailabilityZone: 'us-east-1b' }), await launchedOne(cloud)]
    expect(await cloud.refused('AttachVolume', { VolumeId: id, InstanceId: instance, Device: '/dev/sdf' })).toEqual({
      status: 400,
      code: 'InvalidVolume.ZoneMismatch',
      message: `The volume '${id}' is not in the same availability zone as instance '${instance}'`,
    })
  })

  it('for a volume in use, by the same instance or another, running or stopped', async () => {
    const [id, here, there] = [await volume(), await launchedOne(cloud), await launchedOne(cloud)]
    await attach(id, here)
    const refusal = { status: 400, code: 'VolumeInUse', message: `${id} is already attached to an instance` }
    const again = (InstanceId: string) =>
      cloud.refused('AttachVolume', { VolumeId: id, InstanceId, Device: '/dev/sdg' })
    expect(await again(here)).toEqual(refusal)
    expect(await again(there)).toEqual(refusal)
    await cloud.ok('StopInstances', instanceIds(here))
    expect(await again(there)).toEqual(refusal)
  })

  it('for one of two who ask at the same time', async () => {
    const [id, here, there] = [await volume(), await launchedOne(cloud), await launchedOne(cloud)]
    const answers = await Promise.all(
      [here, there].map(InstanceId => cloud.call('AttachVolume', { VolumeId: id, InstanceId, Device: '/dev/sdf' })),
    )
    expect(answers.map(({ code }) => code).sort()).toEqual(['VolumeInUse', undefined])
  })

  it('for a volume that is not available', async () => {
    const instance = await launchedOne(cloud)
    cloud.driver.failNext('volumeEnsure', 'delay')
    const creating = await volume()
    cloud.driver.failNext('volumeEnsure', 'rejected')
    const broken = await volume()
    const deleting = await volume()
    cloud.driver.failNext('volumeDelete', 'delay')
    await cloud.ok('DeleteVolume', { VolumeId: deleting })
    for (const id of [creating, broken, deleting])
      expect(await cloud.refused('AttachVolume', { VolumeId: id, InstanceId: instance, Device: '/dev/sdf' })).toEqual({
        status: 400,
        code: 'IncorrectState',
        message: `${id} is not 'available'.`,
      })
  })

  it.each(['pending', 'stopping', 'shutting-down', 'terminated'] as const)('to an instance that is %s', async state => {
    const [instance, id] = [await instanceIn(cloud, state), await volume()]
    expect(await cloud.refused('AttachVolume', { VolumeId: id, InstanceId: instance, Device: '/dev/sdf' })).toEqual({
      status: 400,
      code: 'IncorrectState',
      message: `Instance '${instance}' is not 'running'.`,
    })
    expect(await described(id)).toMatchObject({ status: 'available' })
  })

  it('at what is no device name', async () => {
    const [id, instance] = [await volume(), await launchedOne(cloud)]
    expect(await cloud.refused('AttachVolume', { VolumeId: id, InstanceId: instance, Device: 'floppy' })).toEqual({
      status: 400,
      code: 'InvalidParameterValue',
      message: 'Value (floppy) for parameter device is invalid. floppy is not a valid EBS device name.',
    })
  })

  it.each(['/dev/sdf', 'sdf', '/dev/sda1', 'sda', '/dev/sda'])('at a device that is taken: %s', async Device => {
    const [first, second, instance] = [await volume(), await volume(), await launchedOne(cloud)]
    await attach(first, instance)
    expect(await cloud.refused('AttachVolume', { VolumeId: second, InstanceId: instance, Device })).toEqual({
      status: 400,
      code: 'InvalidParameterValue',
      message: `Invalid value '${Device}' for unixDevice. Attachment point ${Device} is already in use`,
    })
  })
})

describe('AttachVolume to an instance with as many as it takes', () => {
  it('is refused', async () => {
    const small = await openWithDelays({
      capabilities: { volumeAttach: { hotPlug: true, hotUnplug: true, max: 1, identity: 'serial' } },
    })
    const instance = await launchedOne(small)
    const made = async (): Promise<string> =>
      (await small.ok('CreateVolume', { AvailabilityZone: zone, Size: 1 })).volumeId
    await small.ok('AttachVolume', { VolumeId: await made(), InstanceId: instance, Device: '/dev/sdf' })
    const more = { VolumeId: await made(), InstanceId: instance, Device: '/dev/sdg' }
    expect(await small.refused('AttachVolume', more)).toMatchObject({ status: 400, code: 'AttachmentLimitExceeded' })
    await small.close()
  })
})

describe('DetachVolume is refused, in this order,', () => {
  const available = (id: string) => ({
    status: 400,
    code: 'IncorrectState',
    message: `Volume '${id}'is in the 'available' state.`,
  })

  it('for a volume there is not, whatever else is wrong', async () => {
    const asked = { VolumeId: 'vol-x', InstanceId: 'i-1234abcd', Device: '/dev/sdz' }
    expect(await cloud.refused('DetachVolume', asked)).toEqual({
      status: 400,
      code: 'InvalidVolume.NotFound',
      message: "The volume 'vol-x' does not exist.",
    })
  })

  it('for an instance there is not', async () => {
    const asked = { VolumeId: await volume(), InstanceId: 'i-1234abcd', Device: '/dev/sdz' }
    expect(await cloud.refused('DetachVolume', asked)).toEqual({
      status: 400,
      code: 'InvalidInstanceID.NotFound',
      message: "The instance ID 'i-1234abcd' does not exist",
    })
  })

  it('from an instance, or a device, where it is not', async () => {
    const [free, used, here, there] = [
      await volume(),
      await volume(),
      await launchedOne(cloud),
      await launchedOne(cloud),
    ]
    await attach(used, here)
    const refused = (VolumeId: string, where: Parameters) => cloud.refused('DetachVolume', { VolumeId, ...where })
    const at = (id: string, instance: string, device: string) => ({
      status: 400,
      code: 'InvalidAttachment.NotFound',
      message: `The volume ${id} is not attached to instance ${instance} as device ${device}`,
    })
    expect(await refused(free, { InstanceId: here, Device: '/dev/sdf' })).toEqual(at(free, here, '/dev/sdf'))
    expect(await refused(used, { InstanceId: there, Device: '/dev/sdf' })).toEqual(at(used, there, '/dev/sdf'))
    expect(await refused(used, { InstanceId: here, Device: '/dev/sdg' })).toEqual(at(used, here, '/dev/sdg'))
    expect(await refused(used, { Device: '/dev/sdg' })).toMatchObject({ code: 'InvalidAttachment.NotFound' })
    expect(await refused(free, { Device: '/dev/sdf' })).toMatchObject({ code: 'InvalidAttachment.NotFound' })
    expect(await refused(used, { InstanceId: there })).toMatchObject({ code: 'InvalidAttachment.NotFound' })
    expect(await described(used)).toMatchObject({ status: 'in-use' })
  })

  it('when it is attached to nothing', async () => {
    const id = await volume()
    expect(await cloud.refused('DetachVolume', { VolumeId: id })).toEqual(available(id))
  })

  it('for a root while its instance is not stopped', async () => {
    const instance = await launchedOne(cloud)
    const root = await rootOf(instance)
    const refusal = {
      status: 400,
      code: 'IncorrectState',
      message: `Unable to detach root volume '${root}' from instance '${instance}'`,
    }
    expect(await cloud.refused('DetachVolume', { VolumeId: root })).toEqual(refusal)
    expect(await cloud.refused('DetachVolume', { VolumeId: root, Force: true })).toEqual(refusal)
  })

  it('when it is on its way out already', async () => {
    const [id, instance] = [await volume(), await launchedOne(cloud)]
    await attach(id, instance)
    await cloud.engine.idle()
    cloud.driver.failNext('detach', 'delay')
    await cloud.ok('DetachVolume', { VolumeId: id })
    expect(await described(id)).toMatchObject({ status: 'in-use', attachmentSet: [{ status: 'detaching' }] })
    expect(await cloud.refused('DetachVolume', { VolumeId: id })).toMatchObject({ status: 400, code: 'IncorrectState' })
  })

  it('for whoever it does not belong to', async () => {
    const [id, instance] = [await volume(), await launchedOne(cloud)]
    await attach(id, instance)
    const refused = await cloud.refused('DetachVolume', { VolumeId: id }, { key: otherKey })
    expect(refused.code).toBe('InvalidVolume.NotFound')
  })
})

describe('DeleteVolume', () => {
  it('is refused while an instance has a claim on the volume, attached or not yet', async () => {
    const [id, instance] = [await volume(), await launchedOne(cloud)]
    await attach(id, instance)
    const refusal = { status: 400, code: 'VolumeInUse', message: `Volume ${id} is currently attached to ${instance}` }
    expect(await cloud.refused('DeleteVolume', { VolumeId: id })).toEqual(refusal)
    await cloud.ok('StopInstances', instanceIds(instance))
    expect(await cloud.refused('DeleteVolume', { VolumeId: id })).toEqual(refusal)
    await cloud.ok('DetachVolume', { VolumeId: id })
    await cloud.ok('DeleteVolume', { VolumeId: id })
  })
})
