/** Every operation in every state: the whole table of spec ec2 2.2, with code, status and sentence. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { instanceIds, instanceIn, openWithDelays, type State, stateOf, states } from './instances.ts'
import type { Ec2Setting, Parameters } from './setting.ts'

let cloud: Ec2Setting
beforeAll(async () => {
  cloud = await openWithDelays()
})
afterAll(() => cloud.close())

const codes = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48, stopping: 64, stopped: 80 } as const
type Name = keyof typeof codes
const shown = (state: State): Name => (state === 'pending again' ? 'pending' : state)
const stateItem = (name: Name) => ({ code: String(codes[name]), name })

/** What becomes of it: the state in the answer and, where its provider is not delayed, the state it comes to. */
type Cell = { to: Name; later?: Name } | { error: string } | 'accepted'
type Row = Readonly<Record<State, Cell>>
const stays = (name: Name): Cell => ({ to: name, later: name })
const refused = (error: string): Cell => ({ error })

const E1 = "IncorrectInstanceState: The instance '<id>' is not in a state from which it can be started."
const E2 = "IncorrectInstanceState: Instance '<id>' cannot be stopped as it has never reached the 'running' state."
const E3 = "IncorrectInstanceState: This instance '<id>' is not in a state from which it can be stopped."
const E4 = "IncorrectInstanceState: The instance '<id>' is not in a state from which it can be rebooted."
const E8 = "IncorrectInstanceState: The instance '<id>' is not in the 'stopped' state."

const stop: Row = {
  pending: refused(E2),
  'pending again': { to: 'stopping' },
  running: { to: 'stopping', later: 'stopped' },
  stopping: stays('stopping'),
  stopped: stays('stopped'),
  'shutting-down': refused(E3),
  terminated: refused(E3),
}
const whileStopped: Row = {
  pending: refused(E8),
  'pending again': refused(E8),
  running: refused(E8),
  stopping: refused(E8),
  stopped: 'accepted',
  'shutting-down': refused(E8),
  terminated: refused(E8),
}
const whileItLives: Row = {
  pending: 'accepted',
  'pending again': 'accepted',
  running: 'accepted',
  stopping: 'accepted',
  stopped: 'accepted',
  'shutting-down': refused(E8),
  terminated: refused(E8),
}

const changes: Readonly<Record<string, [action: string, parameters: Parameters, row: Row]>> = {
  Start: [
    'StartInstances',
    {},
    {
      pending: stays('pending'),
      'pending again': stays('pending'),
      running: stays('running'),
      stopping: refused(E1),
      stopped: { to: 'pending', later: 'running' },
      'shutting-down': refused(E1),
      terminated: refused(E1),
    },
  ],
  Stop: ['StopInstances', {}, stop],
  'Stop with Force': ['StopInstances', { Force: true }, { ...stop, stopping: { to: 'stopping' } }],
  Terminate: [
    'TerminateInstances',
    {},
    {
      pending: { to: 'shutting-down', later: 'terminated' },
      'pending again': { to: 'shutting-down', later: 'terminated' },
      running: { to: 'shutting-down', later: 'terminated' },
      stopping: { to: 'shutting-down', later: 'terminated' },
      stopped: { to: 'shutting-down', later: 'terminated' },
      'shutting-down': stays('shutting-down'),
      terminated: stays('terminated'),
    },
  ],
  Reboot: [
    'RebootInstances',
    {},
    {
      pending: refused(E4),
      'pending again': refused(E4),
      running: 'accepted',
      stopping: refused(E4),
      stopped: refused(E4),
      'shutting-down': refused(E4),
      terminated: 'accepted',
    },
  ],
}

const attributes: Readonly<Record<string, [parameters: Parameters, row: Row]>> = {
  'the type': [{ 'InstanceType.Value': 'm5.large' }, whileStopped],
  'user data': [{ 'UserData.Value': 'aGVsbG8=' }, whileStopped],
  'the kernel': [{ 'Kernel.Value': 'aki-1' }, whileStopped],
  'the ramdisk': [{ 'Ramdisk.Value': 'ari-1' }, whileStopped],
  'EBS optimization': [{ 'EbsOptimized.Value': true }, whileStopped],
  'protection against terminating': [{ 'DisableApiTermination.Value': true }, whileItLives],
  'protection against stopping': [{ 'DisableApiStop.Value': true }, whileItLives],
  'what a shutdown leads to': [{ 'InstanceInitiatedShutdownBehavior.Value': 'terminate' }, whileItLives],
  'a flag of a device': [
    { 'BlockDeviceMapping.1.DeviceName': '/dev/sda1', 'BlockDeviceMapping.1.Ebs.DeleteOnTermination': false },
    whileItLives,
  ],
}

async function expectRefused(cloud: Ec2Setting, action: string, parameters: Parameters, id: string, error: string) {
  const { status, code, message } = await cloud.refused(action, parameters)
  expect(`${code}: ${message}`).toBe(error.replaceAll('<id>', id))
  expect(status).toBe(400)
}

/** Where a stop that is under way is forced, the provider is asked again and again: it would hear what is told for others. */
function cloudApart(): () => Ec2Setting {
  let apart: Ec2Setting
  beforeAll(async () => {
    apart = await openWithDelays()
  })
  afterAll(() => apart.close())
  return () => apart
}

describe.each(Object.entries(changes))('%s', (_, [action, parameters, row]) => {
  const apart = cloudApart()
  it.each(states)('of an instance that is %s', async state => {
    const cloud = apart()
    const id = await instanceIn(cloud, state)
    const cell = row[state]
    const asked = { ...instanceIds(id), ...parameters }
    if (typeof cell === 'object' && 'error' in cell) {
      await expectRefused(cloud, action, asked, id, cell.error)
      expect(await stateOf(cloud, id)).toBe(shown(state))
      return
    }
    const answer = await cloud.ok(action, asked)
    if (cell === 'accepted') {
      expect(answer.return).toBe('true')
      expect(await stateOf(cloud, id)).toBe(shown(state))
      return
    }
    expect(answer.instancesSet).toEqual([
      { instanceId: id, currentState: stateItem(cell.to), previousState: stateItem(shown(state)) },
    ])
    if (cell.later) expect(await stateOf(cloud, id)).toBe(cell.later)
  })
})

describe.each(Object.entries(attributes))('changing %s', (_, [parameters, row]) => {
  it.each(states)('of an instance that is %s', async state => {
    const id = await instanceIn(cloud, state)
    const cell = row[state]
    const asked = { InstanceId: id, ...parameters }
    if (typeof cell === 'object' && 'error' in cell)
      await expectRefused(cloud, 'ModifyInstanceAttribute', asked, id, cell.error)
    else expect((await cloud.ok('ModifyInstanceAttribute', asked)).return).toBe('true')
    expect(await stateOf(cloud, id)).toBe(shown(state))
  })
})

describe('what changes nothing', () => {
  const idle: readonly [string, State][] = [
    ['StartInstances', 'running'],
    ['StartInstances', 'pending'],
    ['StopInstances', 'stopped'],
    ['StopInstances', 'stopping'],
    ['TerminateInstances', 'terminated'],
    ['TerminateInstances', 'shutting-down'],
    ['RebootInstances', 'terminated'],
  ]
  it.each(idle)('is no event: %s of one that is %s', async (action, state) => {
    const id = await instanceIn(cloud, state)
    const { position } = cloud.engine.health()
    await cloud.ok(action, instanceIds(id))
    await cloud.engine.idle()
    expect(cloud.engine.health().position).toBe(position)
  })
})

describe('a stop that is under way', () => {
  const apart = cloudApart()
  it('is asked of the provider again when it is forced', async () => {
    const cloud = apart()
    const id = await instanceIn(cloud, 'stopping')
    const { instancePower } = cloud.driver.calls
    await cloud.ok('StopInstances', instanceIds(id))
    await cloud.engine.idle()
    expect(cloud.driver.calls.instancePower).toBe(instancePower)
    await cloud.ok('StopInstances', { ...instanceIds(id), Force: true })
    await cloud.engine.idle()
    expect(cloud.driver.calls.instancePower).toBeGreaterThan(instancePower)
  })
})
