/**
 * The table of the specification (ec2 2.2): what each request does in each state of an instance. One deviation: a volume
 * is not detached while a power call is open, because its answer could come after the change it was queued behind.
 */
import { describe, expect, it } from 'vitest'
import { able, furnished, GiB, outcome, type World } from './world.ts'

interface Scene {
  readonly world: World
  readonly id: string
  readonly data: string
  readonly root: string
  readonly spare: string
}

function launched(): Scene {
  const { world, image } = furnished()
  const { id } = world.request('instance', 'launch', undefined, { image, type: 'small' })
  const { sda, sdb } = world.get(id).context.devices
  const spare = world.request('volume', 'create', undefined, { sizeBytes: GiB }).id
  world.answer(spare, 'done')
  return { world, id, root: sda.volume, data: sdb.volume, spare }
}
const ready = (scene: Scene) => {
  for (const volume of [scene.root, scene.data]) scene.world.answer(volume, 'done')
  return scene
}
const after = (scene: Scene, command: string) => {
  scene.world.request('instance', command, scene.id)
  return scene
}
const answered = (scene: Scene, facts = {}) => {
  scene.world.answer(scene.id, 'done', facts)
  return scene
}
const running = () => answered(ready(launched()))
const stopped = () => answered(after(running(), 'stop'))

const scenes = {
  preparing: launched,
  creating: () => ready(launched()),
  starting: () => answered(ready(launched()), { status: 'stopped' }),
  restarting: () => after(stopped(), 'start'),
  running,
  stopping: () => after(running(), 'stop'),
  stopped,
  'shutting-down': () => after(running(), 'terminate'),
  terminated: () => {
    const scene = answered(after(running(), 'terminate'))
    scene.world.settle()
    return scene
  },
}
type Column = keyof typeof scenes

/** What a reader sees afterwards, or the first reason why it is refused. */
const rows: Record<string, { ask: (scene: Scene) => unknown; outcomes: Record<Column, string> }> = {
  start: {
    ask: ({ world, id }) => world.request('instance', 'start', id),
    outcomes: row('unchanged', 'unchanged', 'unchanged', 'wrongState', 'pending', 'wrongState', 'wrongState'),
  },
  stop: {
    ask: ({ world, id }) => world.request('instance', 'stop', id),
    outcomes: row('wrongState', 'stopping', 'stopping', 'unchanged', 'unchanged', 'wrongState', 'wrongState'),
  },
  'stop by force': {
    ask: ({ world, id }) => world.request('instance', 'stop', id, { force: true }),
    outcomes: row('wrongState', 'stopping', 'stopping', 'stopping', 'unchanged', 'wrongState', 'wrongState'),
  },
  reboot: {
    ask: ({ world, id }) => world.request('instance', 'reboot', id),
    outcomes: row('wrongState', 'wrongState', 'running', 'wrongState', 'wrongState', 'wrongState', 'unchanged'),
  },
  terminate: {
    ask: ({ world, id }) => world.request('instance', 'terminate', id),
    outcomes: row(...Array<string>(5).fill('shutting-down'), 'unchanged', 'unchanged'),
  },
  attach: {
    ask: ({ world, id, spare }) => world.request('volume', 'attach', spare, { instance: id, device: 'sdf' }),
    outcomes: row('wrongState', 'wrongState', 'running', 'wrongState', 'stopped', 'wrongState', 'wrongState'),
  },
  'detach a data volume': {
    ask: ({ world, data }) => world.request('volume', 'detach', data),
    outcomes: row('wrongState', 'wrongState', 'running', 'stopping', 'stopped', 'wrongState', 'wrongState'),
  },
  'detach the root': {
    ask: ({ world, root }) => world.request('volume', 'detach', root),
    outcomes: row('wrongState', 'wrongState', 'notRoot', 'notRoot', 'stopped', 'wrongState', 'wrongState'),
  },
  'make an image': {
    ask: ({ world, id }) => world.request('image', 'create', undefined, { name: 'golden', instance: id }),
    outcomes: row('wrongState', 'wrongState', 'running', 'wrongState', 'stopped', 'wrongState', 'wrongState'),
  },
  'make an image without a reboot': {
    ask: ({ world, id }) =>
      world.request('image', 'create', undefined, { name: 'golden', instance: id, noReboot: true }),
    outcomes: row('wrongState', 'wrongState', 'running', 'wrongState', 'stopped', 'wrongState', 'wrongState'),
  },
  'modify the type': {
    ask: ({ world, id }) => world.request('instance', 'modify', id, { type: 'large' }),
    outcomes: row('bootKept', 'bootKept', 'bootKept', 'bootKept', 'stopped', 'wrongState', 'wrongState'),
  },
  'modify the user data': {
    ask: ({ world, id }) => world.request('instance', 'modify', id, { userData: 'hello' }),
    outcomes: row('bootKept', 'bootKept', 'bootKept', 'bootKept', 'stopped', 'wrongState', 'wrongState'),
  },
  tag: {
    ask: ({ world, id }) => world.request('instance', 'tag', id, { tags: { role: 'web' } }),
    outcomes: row('pending', 'pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated'),
  },
  'modify protection': {
    ask: ({ world, id }) => world.request('instance', 'modify', id, { terminationProtection: true }),
    outcomes: row('pending', 'pending', 'running', 'stopping', 'stopped', 'wrongState', 'wrongState'),
  },
}

/** The columns of the table; its first one stands for every way of a first launch to be pending. */
function row(...outcomes: string[]): Record<Column, string> {
  const [first, restarting, running, stopping, stopped, shuttingDown, terminated] = outcomes as [string, ...string[]]
  const pending = { preparing: first, creating: first, starting: first, restarting: restarting! }
  return {
    ...pending,
    running: running!,
    stopping: stopping!,
    stopped: stopped!,
    'shutting-down': shuttingDown!,
    terminated: terminated!,
  }
}

describe.each(Object.entries(rows))('%s', (_, { ask, outcomes }) => {
  it.each(Object.entries(outcomes))('of an instance that is %s: %s', (column, expected) => {
    const scene = scenes[column as Column]()
    const seen = outcome(() => {
      ask(scene)
      return { decision: 'accepted' }
    })
    const { world, id } = scene
    const decision = seen === 'accepted' ? lastOwn(scene) : seen
    expect(decision === 'taken' ? world.visible(id) : decision.split(', ')[0]).toBe(expected)
  })
})

/** What the instance itself decided, when a request reached it through a volume. */
function lastOwn({ world, id }: Scene): string {
  return world.log.findLast(each => each.resource === id)!.decision
}

describe('a request that a rule refuses', () => {
  const protectedBy = (attribute: string) => {
    const scene = running()
    scene.world.request('instance', 'modify', scene.id, { [attribute]: true })
    return scene
  }
  const asked = ({ world, id }: Scene, name: string) => outcome(() => world.request('instance', name, id))

  it('is refused for protection, and changes nothing', () => {
    expect(asked(protectedBy('terminationProtection'), 'terminate')).toBe('unprotected')
    expect(asked(protectedBy('stopProtection'), 'stop')).toBe('stopUnprotected')
    expect(asked(protectedBy('stopProtection'), 'terminate')).toBe('stopUnprotected')
    expect(asked(protectedBy('terminationProtection'), 'stop')).toBe('taken')
  })

  it('names protection besides the state, in the order of the list', () => {
    const scene = protectedBy('stopProtection')
    scene.world.request('instance', 'modify', scene.id, { terminationProtection: true })
    expect(asked(scene, 'terminate')).toBe('unprotected, stopUnprotected')
  })

  it('is refused for a start without a volume at the root device, until one is there', () => {
    const { world, id, root, spare } = stopped()
    world.request('volume', 'detach', root)
    expect(outcome(() => world.request('instance', 'start', id))).toBe('rootAttached')
    world.request('volume', 'attach', spare, { instance: id, device: '/dev/sda1' })
    expect(world.get(id).context.devices.sda).toMatchObject({ root: true, deleteOnTermination: false })
    expect(outcome(() => world.request('instance', 'start', id))).toBe('taken')
  })

  it('is refused for a stop of what keeps nothing', () => {
    const { world, image } = furnished({ stop: 'destroys', start: 'none', volumeAttach: { max: 4 } })
    const launch = (mode: string) => world.request('instance', 'launch', undefined, { image, type: 'small', mode })
    expect(outcome(() => launch('stateful'))).toBe('modeOffered')
    const { id } = launch('auto')
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'running.steady', context: { mode: 'stateless' } })
    expect(outcome(() => world.request('instance', 'stop', id))).toBe('stateful, preserved')
    expect(outcome(() => world.request('instance', 'reboot', id))).toBe('rebootOffered')
  })

  it.each([
    ['a device that is taken', '/dev/sdb', 'deviceFree'],
    ['the root by its other name', 'sda', 'deviceFree'],
    ['a name that is no device', 'left', 'deviceNamed'],
  ])('is refused for attaching at %s', (_, device, requirement) => {
    const { world, id, spare } = running()
    expect(outcome(() => world.request('volume', 'attach', spare, { instance: id, device }))).toBe(requirement)
    expect(world.get(spare).state).toBe('available')
  })

  it('is refused for attaching across zones, twice, or beyond the last slot', () => {
    const { world, id, data } = running()
    const volume = (zone: string) => {
      const made = world.request('volume', 'create', undefined, { sizeBytes: GiB, zone }).id
      world.answer(made, 'done')
      return made
    }
    const attach = (which: string, device: string) =>
      outcome(() => world.request('volume', 'attach', which, { instance: id, device }))
    expect(attach(volume('b'), 'sdf')).toBe('sameZone')
    expect(attach(data, 'sdf')).toBe('wrongState, unattached')
    expect(['sdf', 'sdg', 'sdh', 'sdi'].map(device => attach(volume('a'), device))).toEqual([
      'taken',
      'taken',
      'taken',
      'slotFree',
    ])
  })

  it('is refused for attaching what lives at another provider, in a zone of the same name', () => {
    const { world, id } = stopped()
    const elsewhere = world.request('volume', 'create', undefined, { sizeBytes: GiB, provider: 'cellar' }).id
    world.answer(elsewhere, 'done')
    const attach = () => world.request('volume', 'attach', elsewhere, { instance: id, device: 'sdf' })
    expect(outcome(attach)).toBe('sameProvider')
  })

  it('is refused for an image whose root device has no device name', () => {
    const input = { name: 'debian', sizeBytes: 8 * GiB, rootDevice: 'floppy' }
    expect(() => furnished().world.request('image', 'register', undefined, input)).toThrow(/rootDevice/)
  })

  it('is stopped without the guest at once where the provider cannot ask it', () => {
    const { world, id } = after(running(), 'stop')
    world.report(id, 'instance.stopFailed', { code: 'unsupported', message: 'no such stop', retry: 'never' })
    expect(world.get(id).state).toBe('stopping.forcing')
    expect(world.asks.get(id)!.at(-1)).toMatchObject({ args: { want: 'off', mode: 'hard' } })
  })

  it.each(['sdx', 'constructor', 'toString'])('is refused for flags of a device it does not have: %s', device => {
    const { world, id } = running()
    const modify = () => world.request('instance', 'modify', id, { deleteOnTermination: { [device]: false } })
    expect(outcome(modify)).toBe('devicesMapped')
  })

  it('is not refused for attaching a root again when every other slot is taken', () => {
    const { world, image } = furnished({ ...able, volumeAttach: { hotPlug: true, hotUnplug: true, max: 1 } })
    const { id } = world.request('instance', 'launch', undefined, { image, type: 'small' })
    world.settle()
    world.request('instance', 'stop', id)
    world.settle()
    const root = world.get(id).context.devices.sda.volume
    world.request('volume', 'detach', root)
    const attach = (device: string) => outcome(() => world.request('volume', 'attach', root, { instance: id, device }))
    expect(attach('sdf')).toBe('slotFree')
    expect(attach('/dev/sda1')).toBe('taken')
  })

  it('is refused for detaching from where a volume is not', () => {
    const { world, id, data, spare } = running()
    const detach = (volume: string, input: object) =>
      outcome(() => world.request('volume', 'detach', volume, { ...input }))
    expect(detach(data, { instance: 'i-none' })).toBe('instanceKnown, attachedHere')
    expect(detach(data, { instance: id, device: 'sdf' })).toBe('attachedThere')
    expect(detach(spare, { instance: id })).toBe('wrongState, attachedHere')
    expect(detach(spare, {})).toBe('wrongState')
    expect(detach(data, { instance: id, device: 'sdb' })).toBe('taken')
    expect(detach(data, {})).toBe('wrongState')
  })

  it('is refused for making a volume smaller, or another change before the first is done', () => {
    const { world, spare } = running()
    const modify = (sizeBytes: number) => outcome(() => world.request('volume', 'modify', spare, { sizeBytes }))
    expect(modify(GiB / 2)).toBe('growing')
    expect(modify(GiB)).toBe('unchanged')
    expect(modify(2 * GiB)).toBe('taken')
    expect(world.get(spare).context.sizeBytes).toBe(2 * GiB)
    expect(modify(3 * GiB)).toBe('notResizing')
    world.answer(spare, 'rejected')
    expect(world.get(spare).context).toMatchObject({ sizeBytes: GiB, reason: { code: 'exhausted' } })
  })
})
