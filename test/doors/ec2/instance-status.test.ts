/** DescribeInstanceStatus, the console, and the mark of monitoring. (spec: ec2 2.6, 9) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { described, instanceIds, instanceIn, launchedOne, openWithDelays } from './instances.ts'
import type { Ec2Setting, Parameters } from './setting.ts'

let cloud: Ec2Setting
let running = ''
let stopped = ''
let gone = ''
let lost = ''
beforeAll(async () => {
  cloud = await openWithDelays()
  running = await launchedOne(cloud)
  stopped = await instanceIn(cloud, 'stopped')
  gone = await instanceIn(cloud, 'terminated')
  lost = await launchedOne(cloud, { 'Placement.AvailabilityZone': 'us-east-1b' })
  await cloud.engine.idle()
  cloud.driver.vanish(lost)
  await cloud.engine.idle()
})
afterAll(() => cloud.close())

const statuses = async (parameters: Parameters = {}) => {
  const { instanceStatusSet } = await cloud.ok('DescribeInstanceStatus', parameters)
  return [instanceStatusSet || []].flat()
}
const idsOf = async (parameters: Parameters) => (await statuses(parameters)).map(each => each.instanceId)
const filter = (name: string, value: string | number): Parameters => ({
  'Filter.1.Name': name,
  'Filter.1.Value.1': value,
})
const all = { IncludeAllInstances: true }

describe('the status', () => {
  it('of what runs is ok', async () => {
    const status = { status: 'ok', details: [{ name: 'reachability', status: 'passed' }] }
    expect(await statuses(instanceIds(running))).toEqual([
      {
        instanceId: running,
        availabilityZone: 'us-east-1a',
        eventsSet: '',
        instanceState: { code: '16', name: 'running' },
        systemStatus: status,
        instanceStatus: status,
      },
    ])
  })

  it('of what its provider no longer sees is impaired, and it is running all the same', async () => {
    const status = { status: 'impaired', details: [{ name: 'reachability', status: 'failed' }] }
    expect(await statuses(instanceIds(lost))).toMatchObject([
      { instanceState: { name: 'running' }, systemStatus: status, instanceStatus: status },
    ])
  })

  it('is listed of running instances only, unless all are asked for', async () => {
    expect(await idsOf({})).toEqual([running, lost])
    expect(await idsOf(all)).toEqual([running, stopped, gone, lost])
    expect(await statuses(instanceIds(stopped))).toEqual([])
  })

  it('is not applicable to what does not run', async () => {
    const [status] = await statuses({ ...instanceIds(stopped), ...all })
    expect(status).toMatchObject({
      instanceState: { code: '80', name: 'stopped' },
      systemStatus: { status: 'not-applicable' },
      instanceStatus: { status: 'not-applicable' },
    })
    expect(status.instanceStatus).not.toHaveProperty('details')
  })

  it.each<[string, string | number, () => string[]]>([
    ['availability-zone', 'us-east-1b', () => [lost]],
    ['instance-state-name', 'stopped', () => [stopped]],
    ['instance-state-code', 48, () => [gone]],
    ['instance-status.status', 'ok', () => [running]],
    ['system-status.status', 'impaired', () => [lost]],
    ['instance-status.reachability', 'failed', () => [lost]],
    ['system-status.reachability', 'passed', () => [running]],
    ['event.code', '*', () => []],
  ])('is found by %s', async (name, value, ids) => {
    expect(await idsOf({ ...all, ...filter(name, value) })).toEqual(ids())
  })

  it('of an instance that does not exist is refused', async () => {
    expect((await cloud.refused('DescribeInstanceStatus', instanceIds(running, 'i-1234abcd'))).code).toBe(
      'InvalidInstanceID.NotFound',
    )
  })

  it('comes in pages', async () => {
    const other = await openWithDelays()
    const ids = await Promise.all(Array.from({ length: 7 }, () => launchedOne(other)))
    const first = await other.ok('DescribeInstanceStatus', { MaxResults: 5 })
    const second = await other.ok('DescribeInstanceStatus', { MaxResults: 5, NextToken: first.nextToken })
    const items = [...first.instanceStatusSet, ...second.instanceStatusSet]
    expect(items.map(each => each.instanceId)).toEqual(ids.toSorted())
    expect(second).not.toHaveProperty('nextToken')
    expect((await other.refused('DescribeInstanceStatus', { MaxResults: 4 })).code).toBe('InvalidParameterValue')
    await other.close()
  })
})

describe('the console', () => {
  it('is what the guest has written', async () => {
    const { instanceId, timestamp, output } = await cloud.ok('GetConsoleOutput', { InstanceId: running, Latest: true })
    expect(instanceId).toBe(running)
    expect(Date.parse(timestamp)).toBeGreaterThan(0)
    expect(Buffer.from(output, 'base64').toString()).toContain(`${running} boots`)
  })

  it('is refused for what does not exist, and where its provider keeps none', async () => {
    expect((await cloud.refused('GetConsoleOutput', { InstanceId: 'i-12345678' })).code).toBe(
      'InvalidInstanceID.NotFound',
    )
    expect((await cloud.refused('GetConsoleOutput')).message).toBe('The request must contain the parameter instanceId')
    const mute = await openWithDelays({ capabilities: { consoleOutput: false } })
    const id = await launchedOne(mute)
    expect((await mute.refused('GetConsoleOutput', { InstanceId: id })).code).toBe('UnsupportedOperation')
    await mute.close()
  })
})

it('marks instances as monitored, and takes the mark away', async () => {
  const states = async () => (await described(cloud, running)).monitoring.state
  const { instancesSet } = await cloud.ok('MonitorInstances', instanceIds(running))
  expect(instancesSet).toEqual([{ instanceId: running, monitoring: { state: 'enabled' } }])
  expect(await states()).toBe('enabled')
  await cloud.ok('UnmonitorInstances', instanceIds(running))
  expect(await states()).toBe('disabled')
})

it('is impaired of what its provider holds, because its disk is full, as long as it is held', async () => {
  const held = await launchedOne(cloud)
  await cloud.engine.idle()
  cloud.driver.stallGuest(held)
  await cloud.engine.idle()
  const status = { status: 'impaired', details: [{ name: 'reachability', status: 'failed' }] }
  expect(await statuses(instanceIds(held))).toMatchObject([
    { instanceState: { name: 'running' }, systemStatus: status, instanceStatus: status },
  ])
  cloud.driver.makeRoom()
  await cloud.ok('StartInstances', instanceIds(held))
  await cloud.engine.idle()
  expect(await statuses(instanceIds(held))).toMatchObject([{ instanceStatus: { status: 'ok' } }])
})
