/**
 * An instance that was terminated and may be recovered: what leads there, what is accepted meanwhile, and every way out.
 * The tables of the specification are the oracle. (spec: cloudstack 1.2, 2.5.)
 */
import { describe, expect, it } from 'vitest'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { able, furnished, GiB, outcome, type World } from './world.ts'

const HOUR = 3_600_000

function launched(input: Record<string, unknown> = {}, declared: DeclaredCapabilities = able) {
  const { world, image } = furnished(declared)
  const { id } = world.request('instance', 'launch', undefined, {
    image,
    type: 'small',
    recoverableForMs: HOUR,
    ...input,
  })
  const { sda, sdb } = world.get(id).context.devices
  const spare = world.request('volume', 'create', undefined, { sizeBytes: GiB }).id
  return { world, id, root: sda.volume as string, data: sdb.volume as string, spare }
}
function running(input?: Record<string, unknown>, declared?: DeclaredCapabilities) {
  const scene = launched(input, declared)
  scene.world.settle()
  return scene
}
function stopped(input?: Record<string, unknown>) {
  const scene = running(input)
  scene.world.request('instance', 'stop', scene.id)
  scene.world.settle()
  return scene
}
function kept(input?: Record<string, unknown>) {
  const scene = stopped(input)
  scene.world.request('instance', 'terminate', scene.id)
  return scene
}
const keep = (world: World, instance: string) => {
  const { id } = world.request('vm-snapshot', 'create', undefined, { instance })
  world.settle()
  expect(world.get(id).state).toBe('ready')
  return id
}
const terminate = (world: World, id: string, input = {}) =>
  outcome(() => world.request('instance', 'terminate', id, input))
const asked = (world: World, id: string) =>
  (world.asks.get(id) ?? []).map(({ verb, args }) => [verb, (args as { mode?: string }).mode].filter(Boolean).join(' '))
const timersOf = (world: World, id: string) => [...world.timers].filter(key => key.startsWith(id))

describe('who can be recovered', () => {
  it('is what comes to rest with its disks: others are refused a time for that, and may be given none', () => {
    const { world, image } = furnished({ ...able, stop: 'destroys', start: 'none' })
    const launch = (input: object) =>
      outcome(() => world.request('instance', 'launch', undefined, { image, type: 'small', ...input }))
    expect(launch({ recoverableForMs: HOUR })).toBe('recoveryPossible')
    expect(launch({ recoverableForMs: 0 })).toBe('taken')
    const other = running({ mode: 'stateless', recoverableForMs: undefined })
    const modify = (recoverableForMs: number) =>
      outcome(() => other.world.request('instance', 'modify', other.id, { recoverableForMs }))
    expect([modify(HOUR), modify(0)]).toEqual(['recoveryPossible', 'taken'])
  })

  it('may be said, and taken back, while it is alive', () => {
    const { world, id } = running({ recoverableForMs: undefined })
    world.request('instance', 'modify', id, { recoverableForMs: HOUR })
    terminate(world, id)
    expect(world.get(id).state).toBe('shutting-down.settingAside.asking')
    const other = running()
    other.world.request('instance', 'modify', other.id, { recoverableForMs: 0 })
    terminate(other.world, other.id)
    expect(other.world.get(other.id).state).toBe('shutting-down.destroying')
  })
})

/** Where a termination leads, and what is asked for. */
const roads: Record<string, [() => ReturnType<typeof launched>, string, string[]]> = {
  'being launched': [launched, 'shutting-down.destroying', ['instanceDestroy']],
  running: [running, 'shutting-down.settingAside.asking', ['instancePower graceful']],
  stopping: [
    () => {
      const scene = running()
      scene.world.request('instance', 'stop', scene.id)
      return scene
    },
    'shutting-down.settingAside.insisting',
    ['instancePower graceful'],
  ],
  'stopped by force': [
    () => {
      const scene = running()
      scene.world.request('instance', 'stop', scene.id, { force: true })
      return scene
    },
    'shutting-down.settingAside.forcing',
    ['instancePower hard'],
  ],
  suspended: [
    () => {
      const scene = running()
      scene.world.request('instance', 'suspend', scene.id)
      scene.world.settle()
      return scene
    },
    'shutting-down.settingAside.forcing',
    ['instancePower hard'],
  ],
  'starting again': [
    () => {
      const scene = stopped()
      scene.world.request('instance', 'start', scene.id)
      return scene
    },
    'shutting-down.settingAside.asking',
    ['instancePower graceful', 'instancePower graceful'],
  ],
  stopped: [stopped, 'recoverable', []],
  'said to be stopped by an operator': [
    () => {
      const scene = running()
      scene.world.request('instance', 'forceStop', scene.id)
      return scene
    },
    'shutting-down.settingAside.asking',
    ['instancePower graceful'],
  ],
}

describe('terminating one that is', () => {
  it.each(Object.entries(roads))('%s', (_, [scene, state, calls]) => {
    const { world, id } = scene()
    expect(terminate(world, id)).toBe('taken')
    expect([world.get(id).state, asked(world, id)]).toEqual([state, calls])
    expect(terminate(world, id)).toBe('unchanged')
    world.settle()
    expect(world.visible(id)).toBe(state.endsWith('destroying') ? 'terminated' : 'recoverable')
  })

  it('running asks its guest, insists, and then cuts the power, as a stop does', () => {
    const { world, id } = running()
    terminate(world, id)
    for (const [state, calls] of [
      ['insisting', 'instancePower graceful'],
      ['forcing', 'instancePower hard'],
    ]) {
      world.fire(`${id} instance.stopRetryDue`)
      expect([world.get(id).state, asked(world, id)]).toEqual([`shutting-down.settingAside.${state}`, [calls]])
    }
    world.fire(`${id} instance.stopRetryDue`)
    expect(world.get(id).context).toMatchObject({ overdue: true, stopCall: { stuck: true } })
    world.settle()
    expect(world.get(id).state).toBe('recoverable')
    expect(world.get(id).context).not.toHaveProperty('overdue')
  })

  it('unknown to its provider keeps its disks', () => {
    const { world, id, root } = running()
    terminate(world, id)
    world.answer(id, 'rejected', {}, 'notFound')
    expect([world.get(id).state, world.get(root).state]).toEqual(['recoverable', 'in-use.attached'])
  })

  it('shut down by its guest, which is to end it, keeps it too', () => {
    const { world, id } = running({ shutdownBehaviour: 'terminate', terminationProtection: true })
    world.report(id, 'instance.poweredOff', { generation: 1 })
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'recoverable', context: { reason: { code: 'guestShutdown' } } })
  })

  it('protected is refused, and expunged it is protected all the same', () => {
    const { world, id } = running({ terminationProtection: true })
    expect([terminate(world, id), terminate(world, id, { expunge: true })]).toEqual(['unprotected', 'unprotected'])
  })

  it('is done at once where nothing is to be kept, also of one that hangs on its way', () => {
    const straight = running()
    terminate(straight.world, straight.id, { expunge: true })
    expect(asked(straight.world, straight.id)).toEqual(['instanceDestroy'])
    const { world, id, root, data } = running()
    terminate(world, id)
    expect(terminate(world, id, { expunge: true })).toBe('taken')
    expect([world.get(id).state, asked(world, id)]).toEqual(['shutting-down.destroying', ['instanceDestroy']])
    world.settle()
    expect([id, root, data].map(each => world.get(each).state)).toEqual(['terminated', 'deleted', 'available'])
    expect(timersOf(world, id)).toEqual([])
  })

  it('ends an image that is being made of it, and its guest is not turned on again', () => {
    const { world, id } = running()
    const image = world.request('image', 'create', undefined, { name: 'golden', instance: id }).id
    terminate(world, id)
    expect(world.visible(image)).toBe('failed')
    world.settle()
    expect(world.get(id).state).toBe('recoverable')
  })
})

describe('while it is kept', () => {
  it('keeps its disks and its devices, and has a timer for its end', () => {
    const { world, id, root, data } = kept()
    const { context } = world.get(id)
    expect(context.recoverableUntil).toBe(world.log.findLast(each => each.resource === id)!.event.at + HOUR)
    expect(Object.keys(context.devices)).toEqual(['sda', 'sdb'])
    expect([root, data].map(each => world.get(each).context.attachment.terminated)).toEqual([true, true])
    expect(timersOf(world, id)).toEqual([`${id} instance.expungeDue`])
  })

  /** (spec: cloudstack 1.2, Destroyed; 2.5.) */
  it.each<[string, (scene: ReturnType<typeof kept>) => unknown, string]>([
    ['start', ({ world, id }) => world.request('instance', 'start', id), 'wrongState'],
    ['stop', ({ world, id }) => world.request('instance', 'stop', id), 'wrongState'],
    ['reboot', ({ world, id }) => world.request('instance', 'reboot', id), 'wrongState'],
    ['suspend', ({ world, id }) => world.request('instance', 'suspend', id), 'wrongState'],
    ['modify', ({ world, id }) => world.request('instance', 'modify', id, { name: 'web' }), 'wrongState'],
    ['tag', ({ world, id }) => world.request('instance', 'tag', id, { tags: { role: 'web' } }), 'taken'],
    ['terminate', ({ world, id }) => world.request('instance', 'terminate', id), 'unchanged'],
    ['attach', ({ world, id, spare }) => attach(world, spare, id), 'wrongState'],
    ['detach', ({ world, data }) => world.request('volume', 'detach', data), 'wrongState'],
    ['grow', ({ world, data }) => world.request('volume', 'modify', data, { sizeBytes: 64 * GiB }), 'ownerAlive'],
    ['retype', ({ world, data }) => world.request('volume', 'modify', data, { volumeType: 'gp3' }), 'ownerAlive'],
    ['delete a volume', ({ world, data }) => world.request('volume', 'delete', data), 'wrongState, unattached'],
    ['take a snapshot', ({ world, data }) => snapshot(world, 'snapshot', { volume: data }), 'ownerAlive'],
    ['take a group', ({ world, id }) => snapshot(world, 'snapshot-group', { instance: id }), 'ownerAlive'],
    ['keep it as a whole', ({ world, id }) => snapshot(world, 'vm-snapshot', { instance: id }), 'wrongState'],
    ['make an image', ({ world, id }) => snapshot(world, 'image', { name: 'golden', instance: id }), 'wrongState'],
    ['recover', ({ world, id }) => world.request('instance', 'recover', id), 'taken'],
  ])('%s: %s', (_, ask, expected) => {
    const scene = kept()
    const decision = outcome(() => {
      ask(scene)
      return { decision: lastOf(scene) }
    })
    expect(decision.startsWith(expected), decision).toBe(true)
  })
  const lastOf = ({ world }: { world: World }) => world.log.at(-1)!.decision
  const attach = (world: World, volume: string, instance: string) =>
    world.request('volume', 'attach', volume, { instance, device: 'sdf' })
  const snapshot = (world: World, kind: 'snapshot' | 'snapshot-group' | 'vm-snapshot' | 'image', input: object) =>
    world.request(kind, 'create', undefined, { ...input })

  it('a volume is not taken back to its snapshot', () => {
    const { world, id, data } = stopped()
    const taken = world.request('snapshot', 'create', undefined, { volume: data }).id
    world.settle()
    terminate(world, id)
    expect(outcome(() => world.request('volume', 'revert', data, { snapshot: taken }))).toBe('wrongState')
  })

  it.each(['running', 'suspended'])('what somebody else makes %s is turned off again, and its time goes on', status => {
    const { world, id } = kept()
    const { recoverableUntil, generation } = world.get(id).context
    const event = status === 'running' ? 'externallyStarted' : 'externallySuspended'
    expect(world.report(id, `instance.${event}`, { generation: generation - 1 })).toBe('ignored')
    world.report(id, `instance.${event}`, { generation })
    expect(world.visible(id)).toBe('shutting-down')
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'recoverable', context: { recoverableUntil } })
  })
})

describe('recovering one', () => {
  it('makes it stopped, with the disks it had, and it starts', () => {
    const { world, id, root, data } = kept()
    const { devices } = world.get(id).context
    world.request('instance', 'recover', id)
    expect(world.get(id)).toMatchObject({ state: 'stopped', context: { devices } })
    expect(world.get(id).context).not.toHaveProperty('recoverableUntil')
    expect([root, data].map(each => world.get(each).context.attachment)).toEqual([
      { instance: id, device: '/dev/sda1' },
      { instance: id, device: '/dev/sdb' },
    ])
    expect(timersOf(world, id)).toEqual([])
    world.request('instance', 'start', id)
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'running.steady', context: { generation: 2 } })
    world.request('instance', 'terminate', id)
    world.settle()
    expect(world.get(id).state).toBe('recoverable')
  })

  it('is refused for what is not kept, or of an account that is suspended', () => {
    const recover = ({ world, id }: ReturnType<typeof kept>) => outcome(() => world.request('instance', 'recover', id))
    expect([recover(running()), recover(stopped())]).toEqual(['wrongState', 'wrongState'])
    const scene = kept()
    scene.world.suspended = true
    expect(recover(scene)).toBe('accountOpen')
  })
})

describe('the end of one that is kept', () => {
  it.each<[string, (world: World, id: string) => unknown]>([
    ['its time is over', (world, id) => world.fire(`${id} instance.expungeDue`)],
    ['it is expunged', (world, id) => terminate(world, id, { expunge: true })],
  ])('when %s is that of any other', (_, end) => {
    const { world, id, root, data } = kept()
    end(world, id)
    expect([world.get(id).state, asked(world, id)]).toEqual(['shutting-down.destroying', ['instanceDestroy']])
    world.settle()
    expect([id, root, data].map(each => world.get(each).state)).toEqual(['terminated', 'deleted', 'available'])
    expect(world.get(data).context).not.toHaveProperty('attachment')
    expect(timersOf(world, id)).toEqual([])
  })
})

describe('the VM snapshots of one that is terminated (2.5)', () => {
  it.each(['generic', 'cloudstack-kvm'])('go before it waits, by the rules of %s: recovered, it has none', profile => {
    const { world, id, root } = running()
    const [first, second] = [keep(world, id), keep(world, id)]
    terminate(world, id, { profile })
    world.answer(id, 'done')
    expect([world.get(id).state, asked(world, id)]).toEqual([
      'shutting-down.clearing',
      ['vmSnapshotDelete', 'vmSnapshotDelete'],
    ])
    expect((world.asks.get(id)![0]!.args as { snapshot: string }).snapshot).toBe(second)
    world.settle()
    expect([id, first, second].map(each => world.get(each).state)).toEqual(['recoverable', 'deleted', 'deleted'])
    world.request('instance', 'recover', id)
    expect(world.get(id).context).not.toHaveProperty('lineage')
    expect(world.get(root).context).not.toHaveProperty('vmSnapshots')
  })

  it('stay with it by the rules of cloudstack-vmware: recovered, it has its tree, and can go back', () => {
    const { world, id } = stopped()
    const [first, second] = [keep(world, id), keep(world, id)]
    const { lineage } = world.get(id).context
    terminate(world, id, { profile: 'cloudstack-vmware' })
    expect(world.get(id)).toMatchObject({ state: 'recoverable', context: { lineage } })
    expect(outcome(() => world.request('vm-snapshot', 'revert', first))).toContain('wrongState')
    world.request('instance', 'recover', id)
    world.request('vm-snapshot', 'revert', first)
    world.settle()
    expect(world.get(id).context.lineage).toMatchObject({ base: first })
    terminate(world, id, { profile: 'cloudstack-vmware' })
    world.fire(`${id} instance.expungeDue`)
    world.settle()
    expect([id, first, second].map(each => world.get(each).state)).toEqual(['terminated', 'deleted', 'deleted'])
  })

  it('that cannot be deleted leave it stopped, with the reason; expunged it ends all the same', () => {
    const { world, id } = stopped()
    const [first, second] = [keep(world, id), keep(world, id)]
    terminate(world, id)
    world.answer(id, 'rejected')
    expect(world.get(id)).toMatchObject({ state: 'stopped', context: { reason: { code: 'exhausted' } } })
    expect(world.get(second).state).toBe('error')
    world.settle()
    expect([first, second].map(each => world.get(each).state)).toEqual(['deleted', 'error'])
    terminate(world, id, { expunge: true })
    world.settle()
    expect([id, second].map(each => world.get(each).state)).toEqual(['terminated', 'deleted'])
  })

  it('that are being taken are interrupted, and go with the others', () => {
    const { world, id } = running()
    const taking = world.request('vm-snapshot', 'create', undefined, { instance: id, memory: true }).id
    terminate(world, id)
    expect(world.get(taking)).toMatchObject({ state: 'error', context: { reason: { code: 'interrupted' } } })
    expect(world.asks.get(id)).toMatchObject([{ verb: 'instancePower', supersedes: true }])
    world.settle()
    expect([id, taking].map(each => world.get(each).state)).toEqual(['recoverable', 'deleted'])
  })

  it('that it is going back to are waited for, unless it is expunged', () => {
    const { world, id } = running()
    const { id: snapshot } = world.request('vm-snapshot', 'create', undefined, { instance: id, memory: true })
    world.settle()
    world.request('vm-snapshot', 'revert', snapshot)
    expect(terminate(world, id)).toBe('lineageKnown')
    expect(terminate(world, id, { expunge: true })).toBe('taken')
    world.settle()
    expect(world.get(id).state).toBe('terminated')
  })
})
