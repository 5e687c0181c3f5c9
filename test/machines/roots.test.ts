/** Whose root it is, and who cleans it up, at every class of provider. (spec: stateful-and-deltacloud 3a.5, 3a.6, 3a.8.) */
import { describe, expect, it } from 'vitest'
import { type ClassName, classes } from './classes.ts'
import { furnished, GiB, outcome, type World } from './world.ts'

const scene = (name: ClassName) => {
  const { world } = furnished(classes[name])
  const { id: image } = world.request('image', 'register', undefined, { name: 'plain', sizeBytes: 8 * GiB })
  const launch = (input: object = {}) =>
    world.request('instance', 'launch', undefined, { image, type: 'small', onMismatch: 'warn', ...input }).id
  const running = (input?: object) => {
    const id = launch(input)
    world.settle()
    return id
  }
  return { world, image, launch, running }
}
const calls = (world: World, id: string) =>
  world.log
    .filter(each => each.resource === id || each.resource.startsWith('vol-'))
    .flatMap(each => each.wants)
    .flatMap(want => (want.want === 'ask' ? [(want.args as { want?: string }).want ?? want.verb] : []))
const verbs = (world: World, id: string) => (world.asks.get(id) ?? []).map(each => each.verb)
const off = (world: World, id: string) =>
  world.report(id, 'instance.poweredOff', { generation: world.get(id).context.generation })

describe('the plan of a life: launch and terminate', () => {
  it.each<[ClassName, string, readonly string[]]>([
    ['A', 'provider', ['instanceEnsure', 'instanceDestroy']],
    ['A by stop', 'provider', ['instanceEnsure', 'off']],
    ['B', 'provider', ['instanceEnsure', 'instanceDestroy']],
    ['C', 'provider', ['instanceEnsure', 'off', 'instanceDestroy']],
    ['D', 'image', ['instanceEnsure', 'off', 'instanceDestroy']],
    ['D with clones', 'engine', ['volumeEnsure', 'instanceEnsure', 'off', 'instanceDestroy', 'volumeDelete']],
    ['E', 'engine', ['volumeEnsure', 'instanceEnsure', 'off', 'instanceDestroy', 'volumeDelete']],
    ['F', 'provider', ['instanceEnsure', 'instanceDestroy']],
  ])('class %s: the root is of the %s, and every call is one of the plan', (name, owner, plan) => {
    const { world, running } = scene(name)
    const id = running()
    expect(world.get(id)).toMatchObject({ state: 'running.steady', context: { rootOwner: owner } })
    world.request('instance', 'terminate', id)
    world.settle()
    expect(world.get(id).state).toBe('terminated')
    expect(calls(world, id)).toEqual(plan)
    expect(world.idsOf('volume').map(volume => world.get(volume).state)).toEqual(owner === 'engine' ? ['deleted'] : [])
  })

  it('sends the first start itself where creating only makes it', () => {
    const { world, launch } = scene('C')
    const id = launch()
    world.answer(id, 'done', { status: 'stopped' })
    expect([world.get(id).state, verbs(world, id)]).toEqual(['pending.starting', ['instancePower']])
    world.answer(id, 'done')
    expect(world.get(id).state).toBe('running.steady')
  })

  it('cleans up what came to be when the first start fails, and says why', () => {
    for (const name of ['C', 'D', 'D with clones'] as const) {
      const { world, image, launch } = scene(name)
      const id = launch()
      for (const volume of world.idsOf('volume')) world.answer(volume, 'done')
      world.answer(id, 'done', { status: 'stopped' })
      world.answer(id, 'rejected')
      world.settle()
      expect(world.get(id), name).toMatchObject({ state: 'terminated', context: { reason: { code: 'exhausted' } } })
      expect(world.idsOf('volume').every(volume => world.get(volume).state === 'deleted')).toBe(true)
      expect(world.get(image).context.directUser).toBeUndefined()
    }
  })

  it('deletes an engine-made root only when the end of its instance is confirmed, and for as long as it takes', () => {
    const { world, running } = scene('E')
    const id = running()
    const [root] = world.idsOf('volume') as [string]
    world.request('instance', 'terminate', id)
    expect(verbs(world, root)).toEqual([])
    world.answer(id, 'done')
    world.answer(id, 'rejected')
    expect([world.get(id).state, verbs(world, root)]).toEqual(['shutting-down.retrying', []])
    for (const key of [...world.timers]) if (key.endsWith('destroyRetryDue')) world.fire(key)
    world.answer(id, 'done')
    world.answer(id, 'done')
    expect([world.get(id).state, verbs(world, root)]).toEqual(['shutting-down.cleaning', ['volumeDelete']])
    world.answer(root, 'rejected')
    expect(world.get(root).state).toBe('deleting.retrying')
    world.settle()
    expect([world.get(root).state, world.get(id).state]).toEqual(['deleted', 'terminated'])
  })

  it('tells a provider that asks for it that the root goes too', () => {
    for (const [name, args] of [
      ['B', { deleteRoot: true }],
      ['C', {}],
    ] as const) {
      const { world, running } = scene(name)
      const id = running()
      world.request('instance', 'terminate', id)
      expect(world.asks.get(id)!.at(-1), name).toMatchObject({ verb: 'instanceDestroy', args })
    }
  })

  it('takes a volume for a root that is to outlive its instance, or refuses where there is none', () => {
    const blockDevices = [{ device: '/dev/sda1', deleteOnTermination: false }]
    const { world, running } = scene('B')
    const id = running({ blockDevices })
    expect(world.get(id).context.rootOwner).toBe('engine')
    world.request('instance', 'terminate', id)
    world.settle()
    expect(world.idsOf('volume').map(each => world.get(each).state)).toEqual(['available'])
    expect(outcome(() => ({ decision: scene('C').launch({ blockDevices }) }))).toBe('rootOffered')
  })
})

describe('an instance on the image itself', () => {
  it('has it alone: of several launches one succeeds, until it is gone (P3)', () => {
    const { world, image, launch } = scene('D')
    const first = launch()
    expect(outcome(() => ({ decision: launch() }))).toBe('imageUnused')
    expect(outcome(() => world.request('image', 'deregister', image))).toBe('unused')
    world.settle()
    world.request('instance', 'terminate', first)
    expect(outcome(() => ({ decision: launch() }))).toBe('imageUnused')
    world.settle()
    expect(world.get(launch()).state).toBe('pending.creating')
  })

  it('may be asked for where the image could be cloned, and nobody clones it meanwhile', () => {
    const { world, running, launch } = scene('D with clones')
    const id = running({ mode: 'stateful', rootPolicy: 'direct' })
    expect(world.get(id).context).toMatchObject({ rootOwner: 'image', devices: {} })
    expect(outcome(() => ({ decision: launch() }))).toBe('imageUnused')
    expect(outcome(() => ({ decision: scene('B').launch({ rootPolicy: 'direct' }) }))).toBe('rootOffered')
  })

  it('does not clone what others launch from images of their own (P3)', () => {
    const { world, running } = scene('E')
    const roots = [running(), running(), running()].map(id => world.get(id).context.devices.sda.volume)
    expect(new Set(roots).size).toBe(3)
  })
})

describe('a stop', () => {
  it.each<[ClassName, string]>([
    ['A', 'stateful, preserved'],
    ['B', 'taken'],
    ['C', 'taken'],
    ['D', 'taken'],
    ['E', 'taken'],
    ['F', 'stateful, preserved'],
  ])('of what class %s launches by itself: %s', (name, expected) => {
    const { world, running } = scene(name)
    const id = running()
    expect(outcome(() => world.request('instance', 'stop', id))).toBe(expected)
    world.settle()
    expect(world.visible(id)).toBe(expected === 'taken' ? 'stopped' : 'running')
  })

  it.each<ClassName>(['B', 'C', 'D with clones', 'E'])('is refused to what is stateless, on class %s', name => {
    const { world, running } = scene(name)
    expect(outcome(() => world.request('instance', 'stop', running({ mode: 'stateless' })))).toBe('stateful')
  })

  it('whose instance is gone keeps a root that is a volume, and makes nothing anew where the root went with it', () => {
    for (const [name, state] of [
      ['E', 'running.steady'],
      ['C', 'stopped'],
    ] as const) {
      const { world, running } = scene(name)
      const id = running()
      world.request('instance', 'stop', id)
      world.answer(id, 'rejected', {}, 'notFound')
      expect(world.get(id).state).toBe('stopped')
      world.request('instance', 'start', id)
      world.answer(id, 'rejected', {}, 'notFound')
      world.settle()
      expect(world.get(id).state, name).toBe(state)
    }
  })
})

describe('the faults of real drivers', () => {
  it('stop that is destroy (openstack, rackspace): no stop is offered, and a terminate is one (2.2, 6)', () => {
    const { world, running } = scene('A by stop')
    const id = running()
    expect(outcome(() => world.request('instance', 'stop', id))).toBe('stateful, preserved')
    world.request('instance', 'terminate', id)
    expect(world.asks.get(id)).toMatchObject([{ verb: 'instancePower', args: { want: 'off' } }])
    world.answer(id, 'done')
    expect(world.get(id).state).toBe('terminated')
  })

  it('stop that reboots (sbc): nothing is turned off, and the guest is restarted only by a reboot (2.2, 6)', () => {
    const { world, running } = scene('F')
    const id = running()
    expect(outcome(() => world.request('instance', 'stop', id))).toBe('stateful, preserved')
    expect(outcome(() => world.request('instance', 'reboot', id))).toBe('taken')
    expect(verbs(world, id)).toEqual(['instanceReset'])
  })

  it('leaked boot disk (profitbricks): the volume made for the root goes after the server (2.2, 6)', () => {
    const { world, running } = scene('E')
    const id = running()
    world.request('instance', 'terminate', id)
    world.settle()
    expect(world.idsOf('volume').map(each => world.get(each).state)).toEqual(['deleted'])
  })

  it('lost create error (vsphere): it is remembered with its reason, and nothing is left (6)', () => {
    const { world, launch } = scene('C')
    const id = launch()
    world.answer(id, 'rejected')
    world.settle()
    expect(world.get(id)).toMatchObject({
      state: 'terminated',
      context: { reason: { code: 'exhausted', message: 'no room left' } },
    })
  })
})

describe('a stateless guest that turns itself off where that is kept', () => {
  it('is ended, with its disk, at once or after the grace of its provider', () => {
    const { world, running } = scene('E')
    const id = running({ mode: 'stateless' })
    off(world, id)
    world.settle()
    expect(world.get(id).state).toBe('terminated')
    expect(world.idsOf('volume').map(each => world.get(each).state)).toEqual(['deleted'])

    const graceful = scene('C')
    const kept = graceful.running({ mode: 'stateless' })
    off(graceful.world, kept)
    graceful.world.settle()
    expect(graceful.world.get(kept).state).toBe('stopped')
    graceful.world.fire(`${kept} instance.offGraceDue`)
    graceful.world.settle()
    expect(graceful.world.get(kept).state).toBe('terminated')
  })

  it('is held while it is protected, may only be terminated, and ends when the protection does', () => {
    const { world, running } = scene('E')
    const id = running({ mode: 'stateless', terminationProtection: true })
    off(world, id)
    world.settle()
    expect(world.get(id).state).toBe('stopped')
    expect([...world.timers]).toEqual([])
    expect(outcome(() => world.request('instance', 'start', id))).toBe('stateful')
    expect(outcome(() => world.request('instance', 'terminate', id))).toBe('unprotected')
    world.request('instance', 'modify', id, { terminationProtection: false })
    world.fire(`${id} instance.offGraceDue`)
    world.settle()
    expect(world.get(id).state).toBe('terminated')
  })

  it('is protected again in time', () => {
    const { world, running } = scene('C')
    const id = running({ mode: 'stateless' })
    off(world, id)
    world.settle()
    world.request('instance', 'modify', id, { terminationProtection: true })
    world.fire(`${id} instance.offGraceDue`)
    expect(world.get(id).state).toBe('stopped')
  })
})
