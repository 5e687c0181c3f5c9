/** Why an instance is not running, and the orders of states that waiters of every SDK count on. (spec: ec2 2.1, 2.5, 2.6, 2.9) */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { described, instanceIds, instanceIn, launchedOne, openWithDelays, stateOf } from './instances.ts'
import { type Ec2Setting, key, openEc2 } from './setting.ts'

let cloud: Ec2Setting
beforeEach(async () => {
  cloud = await openWithDelays()
})
afterEach(() => cloud.close())

const why = async (id: string) => {
  const { instanceState, reason, stateReason } = await described(cloud, id)
  return { state: instanceState.name, reason, code: stateReason?.code, message: stateReason?.message }
}
const byUser = {
  reason: expect.stringMatching(/^User initiated \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT\)$/),
  code: 'Client.UserInitiatedShutdown',
  message: 'Client.UserInitiatedShutdown: User initiated shutdown',
}
const none = { reason: '', code: undefined, message: undefined }
const pending = { state: 'pending', reason: '', code: 'pending', message: 'pending' }

describe('the reason of an instance', () => {
  it('is pending while it is, and nothing while it runs', async () => {
    expect(await why(await instanceIn(cloud, 'pending'))).toEqual(pending)
    expect(await why(await instanceIn(cloud, 'pending again'))).toEqual(pending)
    expect(await why(await launchedOne(cloud))).toEqual({ state: 'running', ...none })
  })

  it.each(['stopping', 'stopped', 'shutting-down', 'terminated'] as const)(
    'is its user when it is %s by request',
    async state => {
      expect(await why(await instanceIn(cloud, state))).toEqual({ state, ...byUser })
    },
  )

  it('is forgotten by the next start', async () => {
    const id = await instanceIn(cloud, 'stopped')
    await cloud.ok('StartInstances', instanceIds(id))
    expect(await why(id)).toEqual({ state: 'running', ...none })
  })

  it.each([
    ['stop', 'stopped'],
    ['terminate', 'terminated'],
  ])('is its guest when that shuts down, to %s', async (InstanceInitiatedShutdownBehavior, state) => {
    const id = await launchedOne(cloud, { InstanceInitiatedShutdownBehavior })
    await cloud.engine.idle()
    expect(cloud.driver.powerOffGuest(id)).toBe(true)
    await cloud.engine.idle()
    const message = 'Client.InstanceInitiatedShutdown: Instance initiated shutdown'
    expect(await why(id)).toEqual({ state, reason: message, code: 'Client.InstanceInitiatedShutdown', message })
  })

  it('of a launch that found no room is the capacity of the cloud', async () => {
    cloud.driver.failNext('instanceEnsure', 'rejected', 'exhausted')
    const id = await launchedOne(cloud)
    const { state, code, message } = await why(id)
    expect([state, code]).toEqual(['terminated', 'Server.InsufficientInstanceCapacity'])
    expect(message).toMatch(/^Server.InsufficientInstanceCapacity: ./)
    expect((await described(cloud, id)).blockDeviceMapping).toBe('')
  })

  it('of a launch whose volume could not be made is the cloud', async () => {
    cloud.driver.failNext('volumeEnsure', 'rejected', 'denied')
    const { state, code } = await why(await launchedOne(cloud))
    expect([state, code]).toEqual(['terminated', 'Server.InternalError'])
  })

  it('of a restart that failed is the capacity of the cloud, and the instance is stopped again', async () => {
    const id = await instanceIn(cloud, 'stopped')
    cloud.driver.failNext('instancePower', 'rejected', 'exhausted')
    await cloud.ok('StartInstances', instanceIds(id))
    const { state, code } = await why(id)
    expect([state, code]).toEqual(['stopped', 'Server.InsufficientInstanceCapacity'])
    await cloud.ok('StartInstances', instanceIds(id))
    expect(await stateOf(cloud, id)).toBe('running')
  })
})

describe('a start', () => {
  it('keeps id, volumes and reservation, and counts its time anew', async () => {
    const id = await launchedOne(cloud)
    const before = await described(cloud, id)
    await cloud.ok('StopInstances', instanceIds(id))
    await new Promise(resolve => setTimeout(resolve, 5))
    await cloud.ok('StartInstances', instanceIds(id))
    const { launchTime, ...after } = await described(cloud, id)
    expect(after).toEqual(Object.fromEntries(Object.entries(before).filter(([name]) => name !== 'launchTime')))
    expect(Date.parse(launchTime)).toBeGreaterThan(Date.parse(before.launchTime))
  })
})

describe('a waiter', () => {
  /** Every state that a client could see, in order: what each event led to. */
  const seen = async (id: string): Promise<string[]> => {
    const states: string[] = []
    for await (const { state } of cloud.engine.history(id)) {
      const [name] = state.split('.') as [string]
      if (states.at(-1) !== name) states.push(name)
    }
    return states
  }

  it('for running never sees an end, and one for stopped never sees pending', async () => {
    const id = await launchedOne(cloud)
    for (const action of ['StopInstances', 'StartInstances', 'StopInstances', 'TerminateInstances'])
      await cloud.ok(action, instanceIds(id))
    await cloud.engine.idle()
    const life = ['pending', 'running', 'stopping', 'stopped', 'pending', 'running', 'stopping', 'stopped']
    expect(await seen(id)).toEqual([...life, 'shutting-down', 'terminated'])
  })

  it('for the end of what is being stopped sees it shut down at once', async () => {
    const id = await instanceIn(cloud, 'stopping')
    const { instancesSet } = await cloud.ok('TerminateInstances', instanceIds(id))
    expect(instancesSet).toMatchObject([
      { currentState: { name: 'shutting-down' }, previousState: { name: 'stopping' } },
    ])
    await cloud.engine.idle()
    expect((await seen(id)).slice(-3)).toEqual(['stopping', 'shutting-down', 'terminated'])
  })

  it('for the end sees it shut down until the disk that goes with it is gone, and what stays is free before', async () => {
    const disks = {
      'BlockDeviceMapping.1.DeviceName': '/dev/sdf',
      'BlockDeviceMapping.1.Ebs.VolumeSize': 1,
      'BlockDeviceMapping.1.Ebs.DeleteOnTermination': false,
    }
    const id = await launchedOne(cloud, disks)
    await cloud.engine.idle()
    const { blockDeviceMapping } = await described(cloud, id)
    cloud.driver.failNext('volumeDelete', 'delay')
    await cloud.ok('TerminateInstances', instanceIds(id))
    await cloud.engine.idle()
    const { instanceState, ...ending } = await described(cloud, id)
    expect([instanceState, ending.blockDeviceMapping]).toEqual([{ code: '32', name: 'shutting-down' }, ''])
    const statuses = async () => {
      const { volumeSet } = await cloud.ok('DescribeVolumes')
      const ids = [blockDeviceMapping].flat().map(({ ebs }: Mapping) => ebs.volumeId)
      return ids.map(each => volumeSet.find(({ volumeId }: Volume) => volumeId === each)?.status)
    }
    expect((await statuses()).sort()).toEqual(['available', 'deleting'])
    expect((await cloud.ok('TerminateInstances', instanceIds(id))).instancesSet).toMatchObject([
      { currentState: { name: 'shutting-down' }, previousState: { name: 'shutting-down' } },
    ])
  })
  type Mapping = { ebs: { volumeId: string } }
  type Volume = { volumeId: string; status: string }

  it('sees a life of six states when its provider takes its time', async () => {
    const slow = await openEc2({ provider: { instant: false, latencyMs: { min: 1, max: 5 } } })
    const id = await launchedOne(slow)
    const acme = slow.engine.as({ account: key.account, actor: 'acme', region: 'us-east-1' })
    for (const [action, last] of [
      ['StopInstances', 'stopped'],
      ['StartInstances', 'running'],
      ['TerminateInstances', 'terminated'],
    ] as const) {
      await acme.settled(id)
      await slow.ok(action, instanceIds(id))
      expect(await acme.settled(id)).toBe(last)
      expect(await stateOf(slow, id)).toBe(last)
    }
    await slow.close()
  })
})
