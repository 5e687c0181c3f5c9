/** What happens to an instance that nobody asked for, and calls that take too long. (stateful-and-deltacloud 3a.6, 3a.8.) */
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { classes } from './classes.ts'
import { show } from './walks.ts'
import { able, furnished, GiB, outcome, type World } from './world.ts'

function launched(declared: DeclaredCapabilities = able, input: Record<string, unknown> = {}) {
  const { world, image } = furnished(declared)
  const { id } = world.request('instance', 'launch', undefined, { image, type: 'small', ...input })
  return { world, id }
}
function running(declared?: DeclaredCapabilities, input?: Record<string, unknown>) {
  const scene = launched(declared, input)
  scene.world.settle()
  return scene
}
function stopped(declared?: DeclaredCapabilities) {
  const scene = running(declared)
  scene.world.request('instance', 'stop', scene.id)
  scene.world.settle()
  return scene
}
const modes = (world: World, id: string) => world.asks.get(id)!.map(({ args }) => (args as { mode: string }).mode)
const ask = (world: World, id: string, command: string, input = {}) =>
  outcome(() => world.request('instance', command, id, input))
const due = (id: string, event: string) => `${id} instance.${event}`

describe('an instance that is not shown', () => {
  const graceful = { ...able, settle: { missingGraceMs: 30_000 } }
  const missed = (world: World, id: string) => {
    const { state, context } = world.get(id)
    const news = kinds.instance.observed({ exists: 'no', facts: {} }, context, state)
    if (news) world.report(id, `instance.${news.event}`, news.data)
    return news?.event
  }

  it.each(['running', 'suspended'])('counts as impaired when that has lasted, while %s', state => {
    const { world, id } = running(graceful)
    if (state === 'suspended') world.request('instance', 'suspend', id)
    world.settle()
    expect(missed(world, id)).toBe('vanished')
    expect(world.log.at(-1)!.wants).toContainEqual({ want: 'arm', event: 'instance.missingGraceDue', afterMs: 30_000 })
    expect(world.get(id).context).not.toHaveProperty('impaired')
    expect(missed(world, id)).toBeUndefined()
    expect(world.report(id, 'instance.vanished', { generation: 1 })).toBe('ignored')
    world.fire(due(id, 'missingGraceDue'))
    expect(world.get(id).context).toMatchObject({ impaired: true })
    expect(world.visible(id)).toBe(state)
    show(world, id, state)
    expect(world.get(id).context).not.toHaveProperty('impaired')
  })

  it('was nothing if it is shown again in time, or is stopped meanwhile', () => {
    const { world, id } = running(graceful)
    for (const seen of [() => show(world, id, 'running'), () => world.request('instance', 'stop', id)]) {
      missed(world, id)
      expect(world.timers.has(due(id, 'missingGraceDue'))).toBe(true)
      seen()
      expect(world.timers.has(due(id, 'missingGraceDue'))).toBe(false)
      expect(world.get(id).context).not.toHaveProperty('missing')
    }
  })

  it('counts at once where its provider leaves nothing out', () => {
    const { world, id } = running()
    missed(world, id)
    expect(world.get(id).context).toMatchObject({ impaired: true })
  })
})

describe('an instance that is not shown where nothing that is off is', () => {
  const vanishing = (input: Record<string, unknown> = {}, grace = 0) =>
    running(
      { ...classes.A, canCreateVolumeFromImage: true, bootFromVolume: true, settle: { missingGraceMs: grace } },
      { mode: 'stateful', ...input },
    )

  it('has stopped if it can be made anew from its root, and starts so', () => {
    for (const grace of [0, 30_000]) {
      const { world, id } = vanishing({}, grace)
      world.report(id, 'instance.vanished', { generation: 1 })
      if (grace) {
        expect(world.visible(id)).toBe('running')
        world.fire(due(id, 'missingGraceDue'))
      }
      expect(world.get(id)).toMatchObject({ state: 'stopping.asking', context: { reason: { code: 'guestShutdown' } } })
      world.settle()
      expect(world.get(id).state).toBe('stopped')
      expect(ask(world, id, 'start')).toBe('taken')
      world.answer(id, 'rejected', {}, 'notFound')
      expect(world.get(id).state).toBe('pending.remaking')
      world.settle()
      expect(world.visible(id)).toBe('running')
    }
  })

  it('is impaired if its owner wants it to end with its guest: nothing is deleted on that word', () => {
    const { world, id } = vanishing({ shutdownBehaviour: 'terminate' })
    world.report(id, 'instance.vanished', { generation: 1 })
    expect(world.get(id)).toMatchObject({ state: 'running.steady', context: { impaired: true } })
  })
})

describe('a launch of which nothing is heard', () => {
  it('has failed when its time is over, and what may come of it is destroyed', () => {
    const { world } = furnished({ ...classes.C })
    const { id: image } = world.request('image', 'register', undefined, { name: 'plain', sizeBytes: GiB })
    const { id } = world.request('instance', 'launch', undefined, { image, type: 'small' })
    expect(world.get(id).state).toBe('pending.creating')
    world.fire(due(id, 'launchTimedOut'))
    expect(world.get(id)).toMatchObject({
      state: 'pending.abandoning.destroying',
      context: { reason: { code: 'launchTimedOut' } },
    })
    expect(world.asks.get(id)!.map(({ verb }) => verb)).toEqual(['instancePower', 'instanceDestroy'])
    world.settle()
    expect(world.visible(id)).toBe('terminated')
  })

  it('is only overdue once its compute is there', () => {
    const { world } = furnished({ ...classes.C })
    const { id: image } = world.request('image', 'register', undefined, { name: 'plain', sizeBytes: GiB })
    const { id } = world.request('instance', 'launch', undefined, { image, type: 'small' })
    world.answer(id, 'done', { generation: 1, status: 'stopped' })
    expect(world.get(id).state).toBe('pending.starting')
    world.fire(due(id, 'launchTimedOut'))
    expect(world.get(id)).toMatchObject({ state: 'pending.starting', context: { overdue: true } })
  })
})

describe('what somebody else has started', () => {
  it('runs, in the launch that is known, and can be stopped and started as before', () => {
    const { world, id } = stopped()
    const { devices } = world.get(id).context
    expect(show(world, id, 'running')).toBe('externallyStarted')
    expect(world.get(id)).toMatchObject({ state: 'running.steady', context: { generation: 1, devices } })
    expect(world.report(id, 'instance.externallyStarted', { generation: 1 })).toBe('ignored')
    for (const command of ['stop', 'start']) {
      world.request('instance', command, id)
      world.settle()
    }
    expect(world.get(id)).toMatchObject({ state: 'running.steady', context: { generation: 2 } })
  })

  it('has ended all the same if it is stateless', () => {
    const { world, id } = running(able, { mode: 'stateless', terminationProtection: true })
    world.report(id, 'instance.poweredOff', { generation: 1 })
    world.settle()
    expect(world.get(id).state).toBe('stopped')
    expect(show(world, id, 'running')).toBeUndefined()
    expect(world.report(id, 'instance.externallyStarted', { generation: 1 })).toBe('ignored')
    world.request('instance', 'modify', id, { terminationProtection: false })
    world.fire(due(id, 'offGraceDue'))
    expect(world.visible(id)).toBe('shutting-down')
  })
})

describe('a stop that takes too long', () => {
  it('is asked for once more, then without the guest, then it says that it is stuck and waits', () => {
    const { world, id } = running()
    world.request('instance', 'stop', id)
    const arms = () => world.log.at(-1)!.wants.filter(({ want }) => want === 'arm')
    expect(arms()).toContainEqual({ want: 'arm', event: 'instance.stopRetryDue', afterMs: 120_000 })
    expect(modes(world, id)).toEqual(['graceful'])
    for (const mode of ['graceful', 'hard']) {
      world.fire(due(id, 'stopRetryDue'))
      expect(modes(world, id)).toEqual([mode])
    }
    world.fire(due(id, 'stopRetryDue'))
    expect(world.log.at(-1)).toMatchObject({ type: 'instance.stopStuck', decision: 'taken' })
    expect(world.get(id)).toMatchObject({ state: 'stopping.forcing', context: { overdue: true } })
    expect(modes(world, id)).toEqual(['hard'])
    world.answer(id, 'done')
    expect(world.get(id).state).toBe('stopped')
    expect(world.get(id).context).not.toHaveProperty('stopCall')
    expect([...world.timers]).toEqual([])
  })

  it('says only once that it is stuck, however often it is rejected', () => {
    const { world, id } = running()
    world.request('instance', 'stop', id)
    for (let time = 0; time < 5; time++) {
      world.answer(id, 'rejected')
      world.fire(due(id, 'stopRetryDue'))
    }
    expect(world.log.filter(({ type }) => type === 'instance.stopStuck')).toHaveLength(1)
  })

  it('is never forced where the provider does not do that, not even to end it', () => {
    const { world, id } = running({ ...able, stopStyles: ['acpi'], destroyFrom: ['stopped'] })
    world.request('instance', 'stop', id, { force: true })
    for (let time = 0; time < 2; time++) {
      expect(modes(world, id)).toEqual(['graceful'])
      world.fire(due(id, 'stopRetryDue'))
    }
    world.request('instance', 'terminate', id)
    expect(modes(world, id)[0]).toBe('graceful')
  })

  it('waits as long as its provider says', () => {
    const { world, id } = running({ ...able, settle: { stopRetryAfterMs: 7_000 } })
    world.request('instance', 'stop', id)
    expect(world.log.at(-1)!.wants).toContainEqual({ want: 'arm', event: 'instance.stopRetryDue', afterMs: 7_000 })
  })
})

describe('a first start that takes too long', () => {
  const slow = { ...able, stateAfterCreate: 'stopped', settle: { startRetryAfterMs: 9_000 } } as const
  function starting() {
    const scene = launched(slow)
    for (const volume of scene.world.idsOf('volume')) scene.world.answer(volume, 'done')
    scene.world.answer(scene.id, 'done', { status: 'stopped' })
    return scene
  }

  it('is asked for once more, in the same launch', () => {
    const { world, id } = starting()
    expect(world.log.at(-1)!.wants).toContainEqual({ want: 'arm', event: 'instance.startRetryDue', afterMs: 9_000 })
    const [first] = world.asks.get(id)!
    world.fire(due(id, 'startRetryDue'))
    expect(world.asks.get(id)).toEqual([{ ...first, supersedes: true }])
    expect(world.timers.has(due(id, 'startRetryDue'))).toBe(false)
    world.settle()
    expect(world.get(id).state).toBe('running.steady')
  })

  it('that is rejected then is a launch that failed, and leaves nothing', () => {
    const { world, id } = starting()
    world.fire(due(id, 'startRetryDue'))
    world.answer(id, 'rejected')
    expect(world.get(id).state).toBe('pending.abandoning.destroying')
    world.settle()
    expect(world.visible(id)).toBe('terminated')
  })
})

describe('an instance whose provider cannot be reached', () => {
  it('is marked stopped by an operator, and nothing is asked, freed or started until the provider is heard', () => {
    const { world, id } = running()
    const { sdb } = world.get(id).context.devices
    expect(ask(world, id, 'forceStop')).toBe('taken')
    expect(world.get(id)).toMatchObject({ state: 'stopped', context: { reason: { code: 'forcedStop' } } })
    expect(world.asks.get(id) ?? []).toEqual([])
    expect(ask(world, id, 'forceStop')).toBe('unchanged')
    expect(ask(world, id, 'start')).toBe('stopConfirmed')
    expect(outcome(() => world.request('volume', 'detach', sdb.volume))).toBe('stopConfirmed')
    expect(outcome(() => world.request('image', 'create', undefined, { name: 'x', instance: id }))).toBe(
      'stopConfirmed',
    )
    // It is off by itself, and its provider may hold its disks as long as nobody has turned it off.
    expect(show(world, id, 'stopped')).toBe('poweredOff')
    expect(ask(world, id, 'start')).toBe('stopConfirmed')
    expect(world.asks.get(id)).toMatchObject([{ verb: 'instancePower', args: { want: 'off', mode: 'hard' } }])
    expect(show(world, id, 'stopped')).toBeUndefined()
    world.answer(id, 'done')
    expect(ask(world, id, 'start')).toBe('taken')
  })

  it('runs again when its provider shows that it does', () => {
    const { world, id } = running()
    world.request('instance', 'forceStop', id)
    expect(show(world, id, 'running')).toBe('externallyStarted')
    expect(world.get(id).state).toBe('running.steady')
    expect(world.get(id).context).not.toHaveProperty('unconfirmed')
  })

  it('keeps open what was asked, whose answer is heard', () => {
    const restarting = stopped()
    restarting.world.request('instance', 'start', restarting.id)
    restarting.world.request('instance', 'forceStop', restarting.id)
    expect(restarting.world.asks.get(restarting.id)).toHaveLength(1)
    restarting.world.settle()
    expect(restarting.world.get(restarting.id).state).toBe('running.steady')
    const stopping = running()
    stopping.world.request('instance', 'stop', stopping.id)
    stopping.world.request('instance', 'forceStop', stopping.id)
    stopping.world.settle()
    expect(stopping.world.get(stopping.id).state).toBe('stopped')
    expect(stopping.world.get(stopping.id).context).not.toHaveProperty('unconfirmed')
    const suspending = running()
    suspending.world.request('instance', 'suspend', suspending.id)
    suspending.world.request('instance', 'forceStop', suspending.id)
    suspending.world.settle()
    expect(suspending.world.get(suspending.id)).toMatchObject({ state: 'suspended', context: { asleep: true } })
  })

  it('is not known to be off, nor on, by a sight of it while a call is open that may turn it on', () => {
    const { world, id } = stopped()
    const { sdb } = world.get(id).context.devices
    world.request('instance', 'start', id)
    world.request('instance', 'forceStop', id)
    expect([show(world, id, 'stopped'), show(world, id, 'running')]).toEqual([undefined, undefined])
    // Given to another, its guest would write to it all the same.
    expect(outcome(() => world.request('volume', 'detach', sdb.volume))).toBe('stopConfirmed')
    world.answer(id, 'rejected')
    expect(show(world, id, 'stopped')).toBe('poweredOff')
    world.settle()
    expect(outcome(() => world.request('volume', 'detach', sdb.volume))).toBe('taken')
  })

  it('is stopped still if it was before, when a call from before that is answered: it ran after all', () => {
    const { world, id } = stopped()
    world.request('instance', 'start', id)
    world.request('instance', 'stop', id)
    world.request('instance', 'forceStop', id)
    world.answer(id, 'done')
    expect(world.get(id).state).toBe('stopping.insisting')
    expect(world.asks.get(id)).toMatchObject([{ verb: 'instancePower', args: { want: 'off' }, supersedes: true }])
    world.settle()
    expect(world.get(id).state).toBe('stopped')
    expect(world.get(id).context).not.toHaveProperty('unconfirmed')
    expect(world.get(id).context).not.toHaveProperty('stopWanted')
    expect(ask(world, id, 'start')).toBe('taken')
  })

  it('may be terminated, and not be marked while it is being ended, or before it has run', () => {
    const { world, id } = running()
    world.request('instance', 'forceStop', id)
    world.request('instance', 'terminate', id)
    expect(ask(world, id, 'forceStop')).toMatch(/^wrongState/)
    world.settle()
    expect(world.visible(id)).toBe('terminated')
    const first = launched()
    expect(ask(first.world, first.id, 'forceStop')).toMatch(/^wrongState/)
  })
})
