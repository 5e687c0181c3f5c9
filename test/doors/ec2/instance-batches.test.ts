/** Several instances in one request: all or none, each once, in the order of the request. (spec: ec2 2.3, 2.4, 2.8) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  described,
  instanceIds,
  instanceIn,
  launched,
  launchedOne,
  listed,
  openWithDelays,
  stateOf,
} from './instances.ts'
import { type Ec2Setting, otherKey } from './setting.ts'

let cloud: Ec2Setting
beforeAll(async () => {
  cloud = await openWithDelays()
})
afterAll(() => cloud.close())

const unknown = ['i-12345678', 'i-12345668', 'i-0123456789abcdef0'] as const
const onLists = [
  'StartInstances',
  'StopInstances',
  'TerminateInstances',
  'RebootInstances',
  'MonitorInstances',
] as const

describe.each(onLists)('%s', action => {
  it('needs an instance', async () => {
    expect(await cloud.refused(action)).toEqual({
      status: 400,
      code: 'InvalidParameterCombination',
      message: 'No instances specified',
    })
  })

  it('names the one that does not exist', async () => {
    expect(await cloud.refused(action, instanceIds(unknown[0]))).toEqual({
      status: 400,
      code: 'InvalidInstanceID.NotFound',
      message: "The instance ID 'i-12345678' does not exist",
    })
  })

  it('names all that do not exist, and changes nothing of the one that does', async () => {
    const id = await instanceIn(cloud, action === 'StartInstances' ? 'stopped' : 'running')
    const { position } = cloud.engine.health()
    expect(await cloud.refused(action, instanceIds(unknown[0], id, unknown[1]))).toEqual({
      status: 400,
      code: 'InvalidInstanceID.NotFound',
      message: "The instance IDs 'i-12345678, i-12345668' do not exist",
    })
    expect(cloud.engine.health().position).toBe(position)
  })

  it.each(['x', 'i-1234567', 'i-0123456789ABCDEF0', 'vol-12345678', '', ' i-12345678'])(
    'cannot read the id "%s"',
    async id => {
      expect(await cloud.refused(action, instanceIds(id))).toEqual({
        status: 400,
        code: 'InvalidInstanceID.Malformed',
        message: `Invalid id: "${id}"`,
      })
    },
  )

  it('finds none of another account, nor of another region', async () => {
    const id = await launchedOne(cloud)
    const message = `The instance ID '${id}' does not exist`
    const abroad = await cloud.refused(action, instanceIds(id), { region: 'eu-west-1' })
    const stranger = await cloud.refused(action, instanceIds(id), { key: otherKey })
    expect([abroad.message, stranger.message]).toEqual([message, message])
  })

  it('answers a dry run without looking for the instances', async () => {
    expect(await cloud.refused(action, { ...instanceIds(unknown[0]), DryRun: true })).toEqual({
      status: 412,
      code: 'DryRunOperation',
      message: 'Request would have succeeded, but DryRun flag is set.',
    })
    expect((await cloud.refused(action, { ...instanceIds('x'), DryRun: true })).code).toBe(
      'InvalidInstanceID.Malformed',
    )
  })
})

it('answers in the order of the request, and once for an id given twice', async () => {
  const [first, second, third] = (await launched(cloud, { MinCount: 3, MaxCount: 3 })) as [string, string, string]
  const { instancesSet } = await cloud.ok('StopInstances', instanceIds(third, first, third, second, first))
  expect(instancesSet.map((each: { instanceId: string }) => each.instanceId)).toEqual([third, first, second])
})

it('takes gaps in the numbers of a list, and their order', async () => {
  const [first, second] = (await launched(cloud, { MinCount: 2, MaxCount: 2 })) as [string, string]
  const { instancesSet } = await cloud.ok('StopInstances', { 'InstanceId.30': first, 'InstanceId.7': second })
  expect(instancesSet.map((each: { instanceId: string }) => each.instanceId)).toEqual([second, first])
})

it('stops none where one is in no state to be stopped', async () => {
  const running = await launchedOne(cloud)
  const gone = await instanceIn(cloud, 'terminated')
  const { code, message } = await cloud.refused('StopInstances', instanceIds(running, gone))
  expect([code, message]).toEqual([
    'IncorrectInstanceState',
    `This instance '${gone}' is not in a state from which it can be stopped.`,
  ])
  expect(await stateOf(cloud, running)).toBe('running')
})

it('takes a thousand ids at most', async () => {
  const ids = Array.from({ length: 1_001 }, (_, index) => `i-${index.toString(16).padStart(8, '0')}`)
  for (const action of ['TerminateInstances', 'DescribeInstances'])
    expect((await cloud.refused(action, instanceIds(...ids))).code).toBe('InvalidParameterValue')
})

describe('an instance that is protected', () => {
  const terminating = (id: string, attribute: string) =>
    `The instance '${id}' may not be terminated. Modify its '${attribute}' instance attribute and try again.`

  it('from terminating keeps a whole batch alive, until the protection is taken away in either syntax', async () => {
    const [one, other] = (await launched(cloud, { MinCount: 2, MaxCount: 2 })) as [string, string]
    await cloud.ok('ModifyInstanceAttribute', { InstanceId: other, 'DisableApiTermination.Value': true })
    expect(await cloud.refused('TerminateInstances', instanceIds(one, other))).toEqual({
      status: 400,
      code: 'OperationNotPermitted',
      message: terminating(other, 'disableApiTermination'),
    })
    expect(await stateOf(cloud, one)).toBe('running')
    await cloud.ok('ModifyInstanceAttribute', { InstanceId: other, Attribute: 'disableApiTermination', Value: false })
    await cloud.ok('TerminateInstances', instanceIds(one, other))
    expect(await stateOf(cloud, other)).toBe('terminated')
  })

  it('from terminating may be stopped', async () => {
    const id = await launchedOne(cloud, { DisableApiTermination: true })
    await cloud.ok('StopInstances', instanceIds(id))
    expect((await cloud.refused('TerminateInstances', instanceIds(id))).message).toBe(
      terminating(id, 'disableApiTermination'),
    )
  })

  it('from stopping can neither be stopped nor terminated by a request', async () => {
    const id = await launchedOne(cloud, { DisableApiStop: true })
    expect(await cloud.refused('StopInstances', instanceIds(id))).toEqual({
      status: 400,
      code: 'OperationNotPermitted',
      message: `The instance '${id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.`,
    })
    expect((await cloud.refused('TerminateInstances', instanceIds(id))).message).toBe(terminating(id, 'disableApiStop'))
  })

  it('from both says termination first', async () => {
    const id = await launchedOne(cloud, { DisableApiStop: true, DisableApiTermination: true })
    expect((await cloud.refused('TerminateInstances', instanceIds(id))).message).toBe(
      terminating(id, 'disableApiTermination'),
    )
  })

  it('and is gone already is no reason to refuse', async () => {
    const id = await instanceIn(cloud, 'terminated')
    const running = await launchedOne(cloud)
    await cloud.ok('TerminateInstances', instanceIds(id, running))
  })

  it('is protected before its state is looked at', async () => {
    const id = await instanceIn(cloud, 'pending', { DisableApiStop: true })
    expect((await cloud.refused('StopInstances', instanceIds(id))).code).toBe('OperationNotPermitted')
  })

  it('is not protected from what its guest does', async () => {
    const id = await launchedOne(cloud, {
      DisableApiTermination: true,
      DisableApiStop: true,
      InstanceInitiatedShutdownBehavior: 'terminate',
    })
    await cloud.engine.idle()
    cloud.driver.powerOffGuest(id)
    await cloud.engine.idle()
    expect(await stateOf(cloud, id)).toBe('terminated')
  })
})

describe('hibernating', () => {
  it('is refused where no guest is suspended', async () => {
    const bare = await openWithDelays({ capabilities: { suspend: 'none' } })
    const id = await launchedOne(bare)
    expect(await bare.refused('StopInstances', { ...instanceIds(id), Hibernate: true })).toEqual({
      status: 400,
      code: 'UnsupportedOperation',
      message: `The instance '${id}' cannot hibernate here; stop it without Hibernate.`,
    })
    expect(await stateOf(bare, id)).toBe('running')
    await bare.close()
  })

  it('is shown as stopping and stopped, in every place, and a start lets the guest go on', async () => {
    const id = await launchedOne(cloud)
    await cloud.engine.idle()
    cloud.driver.writeRoot(id, 'at work')
    cloud.driver.failNext('instancePower', 'delay')
    const hibernate = () => cloud.ok('StopInstances', { ...instanceIds(id), Hibernate: true })
    const change = (current: string, previous: string) => ({
      instancesSet: [{ instanceId: id, currentState: { name: current }, previousState: { name: previous } }],
    })
    expect(await hibernate()).toMatchObject(change('stopping', 'running'))
    expect((await described(cloud, id)).instanceState).toEqual({ code: '64', name: 'stopping' })
    // Again, in either way, is nothing to do.
    expect(await hibernate()).toMatchObject(change('stopping', 'stopping'))
    expect(await cloud.ok('StopInstances', instanceIds(id))).toMatchObject(change('stopping', 'stopping'))
    await cloud.ok('TerminateInstances', instanceIds(id))

    const slept = await launchedOne(cloud)
    await cloud.ok('StopInstances', { ...instanceIds(slept), Hibernate: true })
    await cloud.engine.idle()
    expect((await described(cloud, slept)).instanceState).toEqual({ code: '80', name: 'stopped' })
    const filter = { 'Filter.1.Name': 'instance-state-name', 'Filter.1.Value.1': 'stopped' }
    expect((await listed(cloud, filter)).map(each => each.instanceId)).toContain(slept)
    const acme = cloud.engine.as({ account: '123456789012', actor: 'acme', region: 'us-east-1' })
    expect((await acme.get(slept)).state).toBe('suspended')
    expect((await cloud.refused('RebootInstances', instanceIds(slept))).code).toBe('IncorrectInstanceState')
    expect((await cloud.ok('StartInstances', instanceIds(slept))).instancesSet[0].previousState.name).toBe('stopped')
    expect((await acme.get(slept)).attributes.generation).toBe(1)
    expect(await stateOf(cloud, slept)).toBe('running')
  })

  it('of what has stopped is nothing to do', async () => {
    const id = await instanceIn(cloud, 'stopped')
    const { instancesSet } = await cloud.ok('StopInstances', { ...instanceIds(id), Hibernate: true })
    expect(instancesSet[0]).toMatchObject({ currentState: { name: 'stopped' }, previousState: { name: 'stopped' } })
  })

  it('keeps disks from coming and going', async () => {
    const id = await launchedOne(cloud)
    await cloud.ok('StopInstances', { ...instanceIds(id), Hibernate: true })
    await cloud.engine.idle()
    const { volumeId } = await cloud.ok('CreateVolume', { AvailabilityZone: 'us-east-1a', Size: 1 })
    const attach = { VolumeId: volumeId, InstanceId: id, Device: '/dev/sdf' }
    expect(await cloud.refused('AttachVolume', attach)).toMatchObject({
      code: 'IncorrectInstanceState',
      message: `The instance '${id}' has hibernated; start it first.`,
    })
    expect((await cloud.refused('CreateImage', { InstanceId: id, Name: 'golden' })).code).toBe('IncorrectInstanceState')
  })
})

it('does not start without a root', async () => {
  const id = await instanceIn(cloud, 'stopped')
  const acme = cloud.engine.as({ account: '123456789012', actor: 'acme', region: 'us-east-1' })
  const { attributes } = await acme.get(id)
  await acme.volume.detach(attributes.devices[0].volume, {})
  expect(await cloud.refused('StartInstances', instanceIds(id))).toEqual({
    status: 400,
    code: 'InvalidParameterValue',
    message: `Invalid value '${id}' for instanceId. Instance does not have a volume attached at root (/dev/sda1)`,
  })
})

describe('an instance whose disks do not survive a stop', () => {
  const openStateless = () => openWithDelays({ capabilities: { stop: 'none', start: 'none' } })

  it('has no EBS root, and can be neither stopped nor started', async () => {
    const stateless = await openStateless()
    const id = await launchedOne(stateless)
    expect((await described(stateless, id)).rootDeviceType).toBe('instance-store')
    expect(await stateless.refused('StopInstances', instanceIds(id))).toEqual({
      status: 400,
      code: 'UnsupportedOperation',
      message: `The instance '${id}' does not have an 'ebs' root device type and cannot be stopped.`,
    })
    await stateless.ok('RebootInstances', instanceIds(id))
    await stateless.ok('TerminateInstances', instanceIds(id))
    expect(await stateOf(stateless, id)).toBe('terminated')
    await stateless.close()
  })

  it('ends when its guest shuts down, and may not be told otherwise', async () => {
    const stateless = await openStateless()
    const id = await launchedOne(stateless)
    const asked = { InstanceId: id, 'InstanceInitiatedShutdownBehavior.Value': 'stop' }
    expect((await stateless.refused('ModifyInstanceAttribute', asked)).code).toBe('InvalidParameterCombination')
    await stateless.engine.idle()
    stateless.driver.powerOffGuest(id)
    await stateless.engine.idle()
    expect(await stateOf(stateless, id)).toBe('terminated')
    await stateless.close()
  })
})
