/** What providers and guests say, wanted or not, and what becomes of an instance and its volumes. */
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { able, furnished, GiB, outcome, type World } from './world.ts'

function launched(input: Record<string, unknown> = {}) {
  const { world, image } = furnished()
  const { id } = world.request('instance', 'launch', undefined, { image, type: 'small', ...input })
  const { sda, sdb } = world.get(id).context.devices
  return { world, id, root: sda.volume as string, data: sdb.volume as string }
}
function running(input?: Record<string, unknown>) {
  const scene = launched(input)
  scene.world.settle()
  return scene
}
const verbs = (world: World, id: string) => (world.asks.get(id) ?? []).map(each => each.verb)
const states = (world: World, ...ids: string[]) => ids.map(id => world.get(id).state)

describe('a launch', () => {
  it('asks for compute only when the last volume is ready', () => {
    const { world, id, root, data } = launched()
    world.answer(data, 'done')
    expect(states(world, id, data)).toEqual(['pending.preparing', 'in-use.attached'])
    expect(verbs(world, id)).toEqual([])
    world.answer(root, 'done')
    expect(verbs(world, id)).toEqual(['instanceEnsure'])
    expect(world.asks.get(id)![0]!.args).toMatchObject({
      generation: 1,
      devices: [{ volume: root, root: true }, { volume: data }],
    })
  })

  it('ends terminated when a volume cannot be made, and the others go as their flags say', () => {
    const { world, id, root, data } = launched()
    world.answer(root, 'rejected')
    expect(states(world, id, root, data)).toEqual(['shutting-down.cleaning', 'deleting.asking', 'creating'])
    world.settle()
    expect(states(world, root, data)).toEqual(['deleted', 'available'])
    expect(world.get(id)).toMatchObject({ state: 'terminated', context: { reason: { code: 'exhausted' } } })
  })

  it('destroys what may exist when its compute or its first start fails, before any volume goes', () => {
    for (const fail of ['compute', 'start'] as const) {
      const { world, id, root, data } = launched()
      for (const volume of [root, data]) world.answer(volume, 'done')
      if (fail === 'start') world.answer(id, 'done', { status: 'stopped' })
      world.answer(id, 'rejected')
      expect(states(world, id, root)).toEqual(['pending.abandoning.destroying', 'in-use.attached'])
      world.answer(id, 'rejected')
      expect(states(world, id, root)).toEqual(['pending.abandoning.retrying', 'in-use.attached'])
      world.settle()
      expect(states(world, id, root, data)).toEqual(['terminated', 'deleted', 'available'])
    }
  })

  it('that failed keeps its reason when it is told to go as well', () => {
    const { world, id, root, data } = launched()
    for (const volume of [root, data]) world.answer(volume, 'done')
    world.answer(id, 'rejected')
    world.request('instance', 'terminate', id)
    expect(world.get(id)).toMatchObject({
      state: 'shutting-down.destroying',
      context: { reason: { code: 'exhausted' } },
    })
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'terminated', context: { reason: { code: 'exhausted' } } })
  })

  it('that is terminated half way lets its volumes be made before they are deleted', () => {
    const { world, id, root, data } = launched()
    world.request('instance', 'terminate', id)
    world.answer(id, 'done')
    expect(states(world, id, root, data)).toEqual(['shutting-down.cleaning', 'creating', 'creating'])
    expect(verbs(world, root)).toEqual(['volumeEnsure'])
    world.settle()
    expect(states(world, id, root, data)).toEqual(['terminated', 'deleted', 'available'])
  })
})

describe('a guest that shuts itself down', () => {
  it('is obeyed as its shutdown behaviour says, whatever protects it from callers', () => {
    const shut = (input: Record<string, unknown>) => {
      const { world, id } = running({ terminationProtection: true, stopProtection: true, ...input })
      world.report(id, 'instance.poweredOff', { generation: 1 })
      return world.get(id)
    }
    expect(shut({ shutdownBehaviour: 'stop' })).toMatchObject({ state: 'stopping.asking' })
    expect(shut({ shutdownBehaviour: 'terminate' })).toMatchObject({ state: 'shutting-down.destroying' })
    expect(shut({}).context.reason.code).toBe('guestShutdown')
  })

  it('before its start was confirmed is stopped after that start has been answered', () => {
    const { world, id } = running()
    world.request('instance', 'stop', id)
    world.answer(id, 'done')
    world.request('instance', 'start', id)
    world.report(id, 'instance.poweredOff', { generation: 2 })
    expect(world.asks.get(id)!.map(each => (each.args as { want: string }).want)).toEqual(['running', 'off'])
    world.settle()
    expect(world.get(id).state).toBe('stopped')
  })
})

describe('news of an earlier launch', () => {
  it('changes nothing', () => {
    const { world, id } = running()
    world.request('instance', 'stop', id)
    world.settle()
    world.request('instance', 'start', id)
    world.settle()
    for (const news of ['poweredOff', 'vanished', 'started', 'stopped'])
      expect(world.report(id, `instance.${news}`, { generation: 1 })).toBe('ignored')
    expect(world.get(id)).toMatchObject({ state: 'running.steady', context: { generation: 2 } })
  })
})

describe('an instance its provider no longer sees', () => {
  it('is impaired, keeps its state and its volumes, and recovers when it is seen again', () => {
    const { world, id, root } = running()
    world.report(id, 'instance.vanished', { generation: 1 })
    expect(world.get(id)).toMatchObject({ state: 'running.steady', context: { impaired: true } })
    expect(world.get(root).state).toBe('in-use.attached')
    world.report(id, 'instance.started', { generation: 1 })
    expect(world.get(id).context.impaired).toBeUndefined()
  })
})

describe('a sight of an instance at its provider', () => {
  const seen = (world: World, id: string, exists: 'yes' | 'no' | 'unknown', status?: string, generation?: number) => {
    const { state, context } = world.get(id)
    return kinds.instance.observed({ exists, facts: { status }, generation }, context, state)?.event
  }

  it('is news only while it runs, of this launch, and if it says something else than is known', () => {
    const { world, id } = running()
    expect(seen(world, id, 'yes', 'running', 1)).toBeUndefined()
    expect(seen(world, id, 'unknown')).toBeUndefined()
    expect(seen(world, id, 'yes', 'stopped', 0)).toBeUndefined()
    expect(seen(world, id, 'yes', 'stopped', 1)).toBe('poweredOff')
    expect(seen(world, id, 'no')).toBe('vanished')
    world.report(id, 'instance.vanished', { generation: 1 })
    expect(seen(world, id, 'no')).toBeUndefined()
    expect(seen(world, id, 'yes', 'running', 1)).toBe('started')
    world.request('instance', 'stop', id)
    expect(seen(world, id, 'yes', 'stopped', 1)).toBeUndefined()
  })
})

describe('a provider that destroys only what is off', () => {
  const careful = (input: Record<string, unknown> = {}) => {
    const { world, image } = furnished({ ...able, destroyFrom: ['stopped'] })
    const { id } = world.request('instance', 'launch', undefined, { image, type: 'small', ...input })
    return { world, id }
  }
  const asked = (world: World, id: string) => world.asks.get(id)!.map(({ verb, args }) => [verb, (args as Args).mode])
  type Args = { mode?: string }
  const both = [
    ['instancePower', 'hard'],
    ['instanceDestroy', undefined],
  ]

  it('is asked to power off hard before it destroys, and the state says nothing of it', () => {
    const { world, id } = careful()
    world.settle()
    world.request('instance', 'terminate', id)
    expect(asked(world, id)).toEqual(both)
    world.answer(id, 'done')
    expect([world.visible(id), asked(world, id)]).toEqual(['shutting-down', both.slice(1)])
    world.settle()
    expect(world.visible(id)).toBe('terminated')
  })

  it('is asked for both again when either fails', () => {
    const { world, id } = careful()
    world.settle()
    world.request('instance', 'terminate', id)
    world.answer(id, 'rejected')
    world.answer(id, 'rejected')
    expect(world.get(id).state).toBe('shutting-down.retrying')
    world.fire(`${id} instance.destroyRetryDue`)
    expect(asked(world, id)).toEqual(both)
    world.settle()
    expect(world.visible(id)).toBe('terminated')
  })

  it('is asked so too by a launch that failed half way', () => {
    const { world, id } = careful()
    for (const volume of world.idsOf('volume')) world.answer(volume, 'done')
    world.answer(id, 'rejected')
    expect([world.get(id).state, asked(world, id)]).toEqual(['pending.abandoning.destroying', both])
  })

  it('is not asked for what it cannot do', () => {
    const { world, image } = furnished({ ...able, stop: 'none', start: 'none', destroyFrom: ['stopped'] })
    const { id } = world.request('instance', 'launch', undefined, { image, type: 'small' })
    world.settle()
    world.request('instance', 'terminate', id)
    expect(asked(world, id)).toEqual(both.slice(1))
  })
})

describe('a restart of the guest', () => {
  it('that is asked for while one is open is that one', () => {
    const { world, id } = running()
    const reboot = () => world.request('instance', 'reboot', id).decision
    expect([reboot(), reboot(), reboot()]).toEqual(['taken', 'unchanged', 'unchanged'])
    expect(verbs(world, id)).toEqual(['instanceReset'])
    world.answer(id, 'rejected')
    expect(reboot()).toBe('taken')
    world.answer(id, 'done')
    expect(world.report(id, 'instance.rebooted')).toBe('ignored')
    expect(reboot()).toBe('taken')
  })

  it('that a stop overtook does not stand in the way of the next', () => {
    const { world, id } = running()
    world.request('instance', 'reboot', id)
    world.request('instance', 'stop', id, { force: true })
    world.settle()
    world.request('instance', 'start', id)
    world.settle()
    expect(world.request('instance', 'reboot', id).decision).toBe('taken')
  })
})

describe('a start of what its provider lost while it was stopped', () => {
  const lost = () => {
    const scene = running()
    const { world, id } = scene
    world.request('instance', 'stop', id)
    world.settle()
    world.request('instance', 'start', id)
    world.answer(id, 'rejected', {}, 'notFound')
    return scene
  }

  it('makes it anew under the next number, with the same volumes', () => {
    const { world, id, root, data } = lost()
    expect(world.get(id).state).toBe('pending.remaking')
    expect(world.asks.get(id)).toMatchObject([
      { verb: 'instanceEnsure', args: { generation: 2, devices: [{ volume: root, root: true }, { volume: data }] } },
    ])
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'running.steady', context: { generation: 2 } })
    expect(world.get(id).context.reason).toBeUndefined()
  })

  it('starts what was made but is not running yet', () => {
    const { world, id } = lost()
    world.answer(id, 'done', { status: 'stopped' })
    expect(world.get(id).state).toBe('pending.restarting')
    world.settle()
    expect(world.get(id).state).toBe('running.steady')
  })

  it('that fails leaves it stopped, with its volumes and the reason', () => {
    const { world, id, root } = lost()
    world.answer(id, 'rejected')
    expect(world.get(id)).toMatchObject({ state: 'stopped', context: { reason: { code: 'exhausted' } } })
    expect(world.get(root).state).toBe('in-use.attached')
  })

  it('can be stopped and terminated like any start', () => {
    for (const end of ['stop', 'terminate']) {
      const { world, id } = lost()
      world.request('instance', end, id)
      world.settle()
      expect(world.visible(id)).toBe(end === 'stop' ? 'stopped' : 'terminated')
    }
  })
})

describe('a suspended account', () => {
  it('starts nothing, and may still stop and terminate', () => {
    const { world, id } = running()
    world.suspended = true
    world.request('instance', 'stop', id)
    world.settle()
    expect(outcome(() => world.request('instance', 'start', id))).toBe('accountOpen')
    world.suspended = false
    world.request('instance', 'start', id)
    world.suspended = true
    world.request('instance', 'terminate', id)
    world.settle()
    expect(world.visible(id)).toBe('terminated')
  })
})

describe('terminating', () => {
  it('takes the place of a start that hangs, and lets no volume go before the compute is gone', () => {
    const { world, id, root, data } = running()
    world.request('instance', 'stop', id)
    world.answer(id, 'done')
    world.request('instance', 'start', id)
    world.request('instance', 'terminate', id)
    expect(verbs(world, id)).toEqual(['instanceDestroy'])
    world.fire(`${id} instance.terminateTimedOut`)
    expect(world.get(id)).toMatchObject({ state: 'shutting-down.destroying', context: { overdue: true } })
    world.answer(id, 'rejected')
    expect(states(world, id, root, data)).toEqual(['shutting-down.retrying', 'in-use.attached', 'in-use.attached'])
    world.settle()
    expect(states(world, id, root, data)).toEqual(['terminated', 'deleted', 'available'])
    expect(world.get(id).context.devices).toEqual({})
    expect(world.timers).toEqual(new Set())
  })

  it('of another instance is no business of a volume', () => {
    const { world, root } = running()
    const gone = { instance: 'i-other', deleteOnTermination: true }
    expect(world.report(root, 'volume.instanceGone', gone)).toBe('ignored')
    expect(world.get(root).state).toBe('in-use.attached')
  })

  it('asks a volume again until the provider has deleted it', () => {
    const { world, id, root } = running()
    world.request('instance', 'terminate', id)
    world.answer(id, 'done')
    world.answer(root, 'rejected')
    expect(world.get(root).state).toBe('deleting.retrying')
    expect(world.report(root, 'volume.deleteFailed', { code: 'busy', message: 'still', retry: 'later' })).toBe(
      'ignored',
    )
    world.settle()
    expect(world.get(root).state).toBe('deleted')
  })
})

describe('stopping', () => {
  it('keeps the volumes in use, and starts again with them under the next number', () => {
    const { world, id, root, data } = running()
    world.request('instance', 'stop', id)
    world.settle()
    expect(states(world, id, root, data)).toEqual(['stopped', 'in-use.attached', 'in-use.attached'])
    world.request('instance', 'start', id)
    expect(world.asks.get(id)![0]!.args).toMatchObject({
      want: 'running',
      generation: 2,
      devices: [{ volume: root }, { volume: data }],
    })
    world.answer(id, 'rejected')
    expect(world.get(id)).toMatchObject({ state: 'stopped', context: { reason: { code: 'exhausted' }, generation: 2 } })
  })

  it('that the provider rejects is tried once more, and then without asking the guest', () => {
    const { world, id } = running()
    world.request('instance', 'stop', id)
    for (const mode of ['graceful', 'graceful', 'hard', 'hard']) {
      expect(world.asks.get(id)![0]!.args).toMatchObject({ want: 'off', mode })
      world.answer(id, 'rejected')
      world.fire(`${id} instance.stopRetryDue`)
    }
  })

  it('by force takes the place of the question to the guest, and is asked for once', () => {
    const { world, id } = running()
    world.request('instance', 'stop', id)
    for (let times = 0; times < 3; times++) world.request('instance', 'stop', id, { force: true })
    expect(world.asks.get(id)!.map(each => (each.args as { mode: string }).mode)).toEqual(['hard'])
  })
})

describe('connections', () => {
  const volume = (world: World) => {
    const { id } = world.request('volume', 'create', undefined, { sizeBytes: GiB })
    world.answer(id, 'done')
    return id
  }

  it('are answered in the order in which they were asked, whichever disks they are of', () => {
    const { world, id, data } = running()
    const [first, second] = [volume(world), volume(world)]
    world.request('volume', 'attach', second, { instance: id, device: 'sdz' })
    world.request('volume', 'detach', data)
    world.request('volume', 'attach', first, { instance: id, device: 'sdf' })
    expect(states(world, id, second, data, first)).toEqual([
      'running.changing',
      'in-use.attaching',
      'in-use.detaching',
      'in-use.attaching',
    ])
    world.answer(id, 'rejected')
    world.answer(id, 'done')
    expect(states(world, id, second, data, first)).toEqual([
      'running.changing',
      'available',
      'available',
      'in-use.attaching',
    ])
    world.answer(id, 'done')
    expect(states(world, id, first)).toEqual(['running.steady', 'in-use.attached'])
    expect(world.get(id).context.devices.sdf).toMatchObject({ volume: first, deleteOnTermination: false })
  })

  it('that cannot be undone stay', () => {
    const { world, id, data } = running()
    world.request('volume', 'detach', data)
    world.answer(id, 'rejected')
    expect(states(world, id, data)).toEqual(['running.steady', 'in-use.attached'])
  })

  it('end with a stop that comes while they are being undone', () => {
    const { world, id, data } = running()
    world.request('instance', 'stop', id)
    world.request('volume', 'detach', data)
    expect(world.get(data).state).toBe('in-use.detaching')
    world.answer(id, 'done')
    expect(states(world, id, data)).toEqual(['stopped', 'available'])
    expect(world.get(id).context.devices.sdb).toBeUndefined()
  })

  it('are a matter of record alone beside a stopped instance', () => {
    const { world, id } = running()
    world.request('instance', 'stop', id)
    world.settle()
    const spare = volume(world)
    world.request('volume', 'attach', spare, { instance: id, device: 'sdf' })
    expect(world.get(spare).state).toBe('in-use.attached')
    world.request('volume', 'detach', spare)
    expect(states(world, spare, id)).toEqual(['available', 'stopped'])
    expect(verbs(world, id)).toEqual([])
  })
})

describe('a stop', () => {
  it('does not wait for a guest that lets go of no disk: the disk is free when it is off', () => {
    const { world, id, data } = running({})
    world.request('volume', 'detach', data)
    expect(verbs(world, id)).toEqual(['detach'])
    world.request('instance', 'stop', id)
    expect(world.asks.get(id)).toMatchObject([{ verb: 'instancePower', args: { want: 'off' }, supersedes: true }])
    world.answer(id, 'done')
    expect(states(world, id, data)).toEqual(['stopped', 'available'])
  })

  it('waits for a connection that is being made, which is no matter of the guest', () => {
    const { world, id } = running({})
    const { id: volume } = world.request('volume', 'create', undefined, { sizeBytes: GiB })
    world.settle()
    world.request('volume', 'attach', volume, { instance: id, device: 'sdf' })
    world.request('instance', 'stop', id)
    expect(verbs(world, id)).toEqual(['attach', 'instancePower'])
  })
})
