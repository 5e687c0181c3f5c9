/** Guests that are suspended and go on, and those that are restarted by stopping them. (stateful-and-deltacloud 3a.6, 3a.7.) */
import { describe, expect, it } from 'vitest'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { show } from './walks.ts'
import { able, furnished, GiB, outcome, type World } from './world.ts'

function running(declared: DeclaredCapabilities = able, input: Record<string, unknown> = {}) {
  const { world, image } = furnished(declared)
  const { id } = world.request('instance', 'launch', undefined, { image, type: 'small', ...input })
  world.settle()
  const { sda, sdb } = world.get(id).context.devices
  return { world, id, root: sda?.volume as string, data: sdb?.volume as string }
}
function asleep(declared?: DeclaredCapabilities) {
  const scene = running(declared)
  scene.world.request('instance', 'suspend', scene.id)
  scene.world.settle()
  expect(scene.world.get(scene.id).state).toBe('suspended')
  return scene
}
const asked = (world: World, id: string) =>
  (world.asks.get(id) ?? []).map(({ verb, args }) => {
    const { want, mode } = args as { want?: string; mode?: string }
    return [verb, want, mode].filter(Boolean).join(' ')
  })
const ask = (world: World, id: string, command: string, input = {}) =>
  outcome(() => world.request('instance', command, id, input))

describe('suspending', () => {
  it('keeps the disks connected, and resuming is the same launch', () => {
    const { world, id, root, data } = asleep()
    const { generation, launchedAt, devices } = world.get(id).context
    expect(world.get(root).state).toBe('in-use.attached')
    for (const command of ['resume', 'start']) {
      if (world.visible(id) === 'running') world.request('instance', 'suspend', id)
      world.settle()
      world.request('instance', command, id)
      expect(world.get(id).state).toBe('pending.resuming')
      const { args } = world.asks.get(id)![0]!
      expect(args).toMatchObject({ want: 'running', generation })
      expect(args).not.toHaveProperty('devices')
      world.settle()
      expect(world.get(id)).toMatchObject({ state: 'running.steady', context: { generation, launchedAt, devices } })
      expect(world.get(id).context).not.toHaveProperty('reason')
    }
    expect(world.get(data).state).toBe('in-use.attached')
  })

  it('needs a provider that can, something to come back to, and nobody who protects it from stopping', () => {
    expect(ask(running({ ...able, suspend: 'none' }).world, running().id, 'suspend')).toBe('suspendOffered')
    const stateless = running(able, { mode: 'stateless' })
    expect(ask(stateless.world, stateless.id, 'suspend')).toBe('stateful')
    const held = running(able, { stopProtection: true })
    expect(ask(held.world, held.id, 'suspend')).toBe('stopUnprotected')
    const gone = running({ ...able, stop: 'none', start: 'none' })
    expect(ask(gone.world, gone.id, 'suspend')).toContain('suspendOffered')
    const sleepless = running({ ...able, start: 'none' })
    expect(ask(sleepless.world, sleepless.id, 'suspend')).toContain('suspendOffered')
  })

  it('that the provider rejects leaves the guest running, with the reason', () => {
    const { world, id } = running()
    world.request('instance', 'suspend', id)
    world.answer(id, 'rejected')
    expect(world.get(id)).toMatchObject({ state: 'running.steady', context: { reason: { code: 'exhausted' } } })
    expect(world.get(id).context).not.toHaveProperty('asleep')
    expect([...world.timers]).toEqual([])
  })

  it('is refused while a guest has to let go of a volume, so that a stop is still to be had', () => {
    const { world, id } = running()
    const { id: volume } = world.request('volume', 'create', undefined, { sizeBytes: GiB })
    world.settle()
    world.request('volume', 'attach', volume, { instance: id, device: 'sdf' })
    world.settle()
    world.request('volume', 'detach', volume)
    expect(ask(world, id, 'suspend')).toBe('disksLetGo')
    world.request('instance', 'stop', id)
    world.settle()
    expect([world.get(id).state, world.get(volume).state]).toEqual(['stopped', 'available'])
  })

  it('waits for what is being connected, and says when it takes too long', () => {
    const { world, id } = running()
    const { id: volume } = world.request('volume', 'create', undefined, { sizeBytes: GiB })
    world.settle()
    world.request('volume', 'attach', volume, { instance: id, device: 'sdf' })
    world.request('instance', 'suspend', id)
    expect(asked(world, id)).toEqual(['attach', 'instancePower suspended graceful'])
    world.answer(id, 'done')
    expect(world.get(volume).state).toBe('in-use.attached')
    world.fire(`${id} instance.suspendTimedOut`)
    expect(world.get(id)).toMatchObject({ state: 'suspending', context: { overdue: true } })
    world.answer(id, 'done')
    expect(world.get(id).state).toBe('suspended')
    expect(world.get(id).context).not.toHaveProperty('overdue')
  })
})

describe('what is suspended', () => {
  it('keeps its disks as they are, is not taken for an image, and is neither stopped nor restarted', () => {
    const { world, id, data } = asleep()
    const { id: volume } = world.request('volume', 'create', undefined, { sizeBytes: GiB })
    world.settle()
    const attach = { instance: id, device: 'sdf' }
    expect(outcome(() => world.request('volume', 'attach', volume, attach))).toBe('guestAwake')
    expect(outcome(() => world.request('volume', 'detach', data))).toBe('guestAwake')
    for (const noReboot of [true, false]) {
      const image = { name: 'golden', instance: id, noReboot }
      expect(outcome(() => world.request('image', 'create', undefined, image))).toBe('guestAwake')
    }
    for (const command of ['stop', 'reboot']) expect(ask(world, id, command)).toMatch(/^wrongState/)
    expect(ask(world, id, 'modify', { type: 'large' })).toBe('bootKept')
    expect(ask(world, id, 'suspend')).toBe('unchanged')
  })

  it('has no disk that grows meanwhile, and each grows before and after', () => {
    const { world, id, data } = running()
    let sizeBytes = world.get(data).context.sizeBytes
    const grow = () => outcome(() => world.request('volume', 'modify', data, { sizeBytes: sizeBytes + GiB }))
    const grown = () => {
      expect(grow()).toBe('taken')
      world.settle()
      sizeBytes += GiB
    }
    grown()
    world.request('instance', 'suspend', id)
    expect(grow()).toBe('guestAwake')
    world.settle()
    expect(grow()).toBe('guestAwake')
    expect(outcome(() => world.request('volume', 'modify', data, { volumeType: 'gp2' }))).toBe('taken')
    world.settle()
    world.request('instance', 'resume', id)
    expect(grow()).toBe('guestAwake')
    world.settle()
    grown()
    world.request('instance', 'stop', id)
    world.settle()
    grown()
  })

  it('is not resumed for a suspended account', () => {
    const { world, id } = asleep()
    world.suspended = true
    for (const command of ['start', 'resume']) expect(ask(world, id, command)).toBe('accountOpen')
  })

  it('stays so when it cannot be resumed, with the reason', () => {
    const { world, id } = asleep()
    world.request('instance', 'resume', id)
    world.answer(id, 'rejected')
    expect(world.get(id)).toMatchObject({
      state: 'suspended',
      context: { asleep: true, reason: { code: 'exhausted' } },
    })
    world.request('instance', 'resume', id)
    world.settle()
    expect(world.get(id).state).toBe('running.steady')
  })

  it.each(['corrupt', 'notFound'])('is stopped when its memory is lost (%s), and starts from its disks', code => {
    const { world, id, root } = asleep()
    world.request('instance', 'resume', id)
    world.answer(id, 'rejected', {}, code)
    expect(asked(world, id)).toEqual(['instancePower off graceful'])
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'stopped', context: { reason: { code }, generation: 1 } })
    world.request('instance', 'start', id)
    expect(world.asks.get(id)![0]!.args).toMatchObject({ generation: 2, devices: [{ volume: root }, {}] })
    world.settle()
    expect(world.get(id).state).toBe('running.steady')
  })

  it('can be stopped and terminated while it is being resumed', () => {
    for (const [command, end] of [
      ['stop', 'stopped'],
      ['terminate', 'terminated'],
    ] as const) {
      const { world, id } = asleep()
      world.request('instance', 'resume', id)
      world.request('instance', command, id)
      world.settle()
      expect(world.visible(id)).toBe(end)
      expect(world.get(id).context).not.toHaveProperty('asleep')
    }
  })

  it('is destroyed as it is where its provider does that, and turned off first elsewhere', () => {
    for (const [destroyFrom, calls] of [
      [['running', 'stopped', 'suspended'], ['instanceDestroy']],
      [
        ['running', 'stopped'],
        ['instancePower off hard', 'instanceDestroy'],
      ],
    ] as const) {
      for (const state of ['suspended', 'suspending']) {
        const { world, id } = running({ ...able, destroyFrom: [...destroyFrom] })
        world.request('instance', 'suspend', id)
        if (state === 'suspended') world.settle()
        world.request('instance', 'terminate', id)
        expect(asked(world, id), state).toEqual(calls)
        world.settle()
        expect(world.visible(id)).toBe('terminated')
      }
    }
  })
})

describe('a sight of what is suspended', () => {
  it('tells that its memory is lost, or that somebody else has resumed it', () => {
    const lost = asleep()
    expect(show(lost.world, lost.id, 'suspended')).toBeUndefined()
    expect(show(lost.world, lost.id, 'stopped')).toBe('memoryLost')
    expect(lost.world.get(lost.id).state).toBe('stopping.asking')
    lost.world.settle()
    expect(lost.world.get(lost.id)).toMatchObject({ state: 'stopped', context: { reason: { code: 'memoryLost' } } })
    const resumed = asleep()
    expect(show(resumed.world, resumed.id, 'running')).toBe('externallyStarted')
    expect(resumed.world.get(resumed.id).state).toBe('running.steady')
    expect(resumed.world.report(resumed.id, 'instance.externallyStarted', { generation: 1 })).toBe('ignored')
  })

  it('finds what somebody else has suspended, once its disks are settled', () => {
    const { world, id, data } = running()
    world.request('volume', 'detach', data)
    expect(show(world, id, 'suspended')).toBeUndefined()
    expect(world.report(id, 'instance.externallySuspended', { generation: 1 })).toBe('ignored')
    world.settle()
    expect(show(world, id, 'suspended')).toBe('externallySuspended')
    expect(ask(world, id, 'resume')).toBe('taken')
  })
})

describe('a restart where there is no call for it', () => {
  const without = { ...able, reboot: 'none' } as const

  it('stops and starts in one command, never rests, and is the next launch in the time of the same one', () => {
    const { world, id, root } = running(without)
    const { launchedAt } = world.get(id).context
    const from = world.log.length
    world.request('instance', 'reboot', id)
    expect(asked(world, id)).toEqual(['instancePower off graceful'])
    world.settle()
    const states = world.log.slice(from).map(each => each.state)
    expect([...new Set(states)]).toEqual(['stopping.asking', 'pending.restarting', 'running.steady'])
    expect(world.get(id).context).toMatchObject({ generation: 2, launchedAt })
    expect(world.get(id).context).not.toHaveProperty('restarts')
    expect(world.get(root).state).toBe('in-use.attached')
  })

  it('goes on though its provider has lost it meanwhile', () => {
    const { world, id } = running(without)
    world.request('instance', 'reboot', id)
    world.answer(id, 'rejected', {}, 'notFound')
    expect(world.get(id).state).toBe('pending.restarting')
    world.answer(id, 'rejected', {}, 'notFound')
    expect(world.get(id).state).toBe('pending.remaking')
    world.settle()
    expect(world.get(id).state).toBe('running.steady')
  })

  it('ends stopped when it is told to stop meanwhile, at once if that is by force, unless it is protected', () => {
    const { world, id } = running(without)
    world.request('instance', 'reboot', id)
    expect(ask(world, id, 'stop', { force: true })).toBe('taken')
    expect(asked(world, id)).toEqual(['instancePower off hard'])
    expect(ask(world, id, 'stop')).toBe('unchanged')
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'stopped', context: { reason: { code: 'userInitiated' } } })
    const held = running(without, { stopProtection: true })
    expect(ask(held.world, held.id, 'reboot')).toBe('taken')
    expect(ask(held.world, held.id, 'stop')).toBe('stopUnprotected')
  })

  it('is refused where a stop would be the end', () => {
    const bare = { ...able, reboot: 'none', stop: 'none', start: 'none' } as const
    const { world, id } = running(bare)
    expect(ask(world, id, 'reboot')).toBe('rebootOffered')
    const stateless = running(without, { mode: 'stateless' })
    expect(ask(stateless.world, stateless.id, 'reboot')).toBe('rebootOffered')
  })
})
