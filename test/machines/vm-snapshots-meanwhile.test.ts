/** What others may do while an instance has VM snapshots, or one is being taken, gone back to or deleted. (spec: cloudstack 2.5.) */
import { describe, expect, it } from 'vitest'
import { ask, asked, doing, running, take, taken, taking } from './vm-snapshot-scenes.ts'
import { GiB, type World } from './world.ts'

describe('while an instance has VM snapshots (2.5)', () => {
  const kept = () => {
    const scene = running()
    const free = scene.world.request('volume', 'create', undefined, { sizeBytes: GiB }).id
    const snapshot = taken(scene.world, scene.id)
    return { ...scene, free, snapshot }
  }
  it('no volume comes, goes or grows; and all of it can be done when they are gone', () => {
    const { world, id, data, free, snapshot } = kept()
    const deeds = () => [
      ask(world, 'volume', 'attach', free, { instance: id, device: 'sdf' }),
      ask(world, 'volume', 'modify', data, { sizeBytes: 32 * GiB }),
    ]
    expect(deeds()).toEqual(['noVmSnapshots', 'sizeUncovered'])
    expect(ask(world, 'volume', 'detach', data)).toBe('noVmSnapshots')
    doing(world, snapshot, 'delete')
    expect(deeds()).toEqual(['taken', 'taken'])
    world.settle()
    expect(ask(world, 'volume', 'detach', data)).toBe('taken')
  })

  it('its type and the rates of its volumes change, its volumes have snapshots, and it starts, stops and is restarted', () => {
    const { world, id, data } = kept()
    expect(ask(world, 'volume', 'modify', data, { volumeType: 'gp3' })).toBe('taken')
    world.settle()
    expect(ask(world, 'snapshot', 'create', undefined, { volume: data })).toBe('taken')
    world.settle()
    for (const command of ['reboot', 'stop', 'start', 'suspend', 'resume', 'stop']) {
      expect(ask(world, 'instance', command, id), command).toBe('taken')
      world.settle()
    }
    expect(ask(world, 'instance', 'modify', id, { type: 'large' })).toBe('taken')
  })

  it.each(['create', 'revert', 'delete'])('nothing else is done to it during a %s', task => {
    const { world, id, root, snapshot } = kept()
    if (task === 'create') taking(world, id)
    else world.request('vm-snapshot', task, snapshot)
    for (const command of ['stop', 'reboot', 'suspend'])
      expect(ask(world, 'instance', command, id), command).toContain('vmSnapshotIdle')
    expect(ask(world, 'image', 'create', undefined, { name: 'x', instance: id })).toContain('vmSnapshotIdle')
    if (task !== 'delete')
      expect(ask(world, 'snapshot', 'create', undefined, { volume: root })).toBe('noVmSnapshotTask')
    expect(ask(world, 'instance', 'terminate', id)).toBe('taken')
  })

  it('its end deletes them before a disk is taken off, and tells them', () => {
    const { world, id, data, snapshot } = kept()
    const second = taken(world, id)
    world.request('instance', 'terminate', id)
    expect(asked(world, id)).toEqual(['vmSnapshotDelete', 'vmSnapshotDelete', 'instanceDestroy'])
    expect(world.asks.get(id)!.map(({ supersedes }) => supersedes === true)).toEqual([true, false, false])
    world.settle()
    expect([id, snapshot, second].map(each => world.get(each).state)).toEqual(['terminated', 'deleted', 'deleted'])
    expect(world.get(data)).toMatchObject({ state: 'available' })
    expect(world.get(data).context).not.toHaveProperty('vmSnapshots')
  })

  it('a guest that turns itself off is obeyed, and what was asked for is answered', () => {
    const { world, id } = kept()
    const other = taking(world, id)
    world.report(id, 'instance.poweredOff', { generation: world.get(id).context.generation })
    expect(world.get(id).state).toBe('stopping.asking')
    world.answer(id, 'done')
    expect(world.get(other).state).toBe('ready')
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'stopped', context: { lineage: { base: other } } })
  })

  describe.each([
    ['a forced stop', (world: World, id: string) => ask(world, 'instance', 'stop', id, { force: true })],
    ["an operator's stop", (world: World, id: string) => ask(world, 'instance', 'forceStop', id)],
  ])('%s', (_, stop) => {
    it('takes the place of one that is being taken: it is in error, and what is left of it can be deleted', () => {
      const { world, id, data, snapshot } = kept()
      const other = taking(world, id)
      expect(stop(world, id)).toBe('taken')
      expect(world.asks.get(id)).toEqual([
        expect.objectContaining({
          verb: 'instancePower',
          supersedes: true,
          args: expect.objectContaining({ mode: 'hard' }),
        }),
      ])
      expect(world.get(other)).toMatchObject({ state: 'error', context: { reason: { code: 'interrupted' } } })
      expect(world.get(data).context.vmSnapshots).toEqual({ ids: [snapshot] })
      world.settle()
      expect(world.get(id)).toMatchObject({ state: 'stopped', context: { lineage: { base: snapshot } } })
      expect(world.get(id).context).not.toHaveProperty('unconfirmed')
      doing(world, other, 'delete')
      expect(world.get(other).state).toBe('deleted')
      expect(Object.keys(world.get(id).context.lineage.nodes)).toEqual([snapshot])
    })

    it('takes the place of one that is being deleted: that is in error, keeps its place, and can be deleted again', () => {
      const { world, id, snapshot } = kept()
      const second = taken(world, id)
      world.request('vm-snapshot', 'delete', snapshot, { subtree: true })
      expect(stop(world, id)).toBe('taken')
      for (const each of [snapshot, second])
        expect(world.get(each)).toMatchObject({ state: 'error', context: { reason: { code: 'interrupted' } } })
      world.settle()
      expect(world.get(id)).toMatchObject({ state: 'stopped', context: { lineage: { base: second } } })
      doing(world, snapshot, 'delete', { subtree: true })
      expect([snapshot, second].map(each => world.get(each).state)).toEqual(['deleted', 'deleted'])
    })

    it('is refused while its disks go back: the answer alone says which they are', () => {
      const { world, id, snapshot } = kept()
      world.request('vm-snapshot', 'revert', snapshot)
      expect(stop(world, id)).toBe('vmSnapshotIdle')
      expect(world.get(id).state).toBe('running.reverting')
    })
  })

  it('an operator hears no more of a call whose place was taken, and is not told that it runs', () => {
    const { world, id } = kept()
    const other = taking(world, id)
    world.request('instance', 'forceStop', id)
    const before = world.get(id).context
    world.report(id, 'instance.vmSnapshotKept', { disks: {} })
    world.report(id, 'instance.vmSnapshotKeepFailed', { code: 'exhausted', message: '', retry: 'no' })
    expect(world.get(id)).toMatchObject({ state: 'stopped', context: before })
    expect(world.get(other).state).toBe('error')
  })

  it('a stop that cannot wait ends what was being done: what is left of it can be deleted', () => {
    const { world, id } = kept()
    const other = taking(world, id)
    world.report(id, 'instance.poweredOff', { generation: world.get(id).context.generation })
    world.fire(`${id} instance.stopRetryDue`)
    expect(world.get(other)).toMatchObject({ state: 'error', context: { reason: { code: 'interrupted' } } })
    expect(world.get(id).context).not.toHaveProperty('vmSnapshotTask')
    world.settle()
    doing(world, other, 'delete')
    expect(world.get(other).state).toBe('deleted')
  })
})

describe('by the rules of CloudStack on KVM (2.2, 2.5)', () => {
  const profile = 'cloudstack-kvm'
  const snapshotOf = (world: World, volume: string, input: Record<string, unknown> = {}) => {
    const { id } = world.request('snapshot', 'create', undefined, { volume, ...input })
    world.settle()
    return id
  }
  it('no VM snapshot is taken beside one of a single volume, until the last of those is gone', () => {
    const { world, id, data } = running()
    const [first, second] = [snapshotOf(world, data), snapshotOf(world, data)]
    for (const memory of [true, false]) expect(take(world, id, { memory, profile })).toBe('notBesideSnapshots')
    expect(take(world, id, { memory: true, profile: 'cloudstack-vmware' })).toBe('taken')
    world.settle()
    doing(world, world.idsOf('vm-snapshot')[0]!, 'delete')
    for (const each of [first, second]) {
      expect(take(world, id, { profile })).toBe('notBesideSnapshots')
      world.request('snapshot', 'delete', each)
      world.settle()
    }
    expect(world.get(data).context).not.toHaveProperty('ownSnapshots')
    expect(take(world, id, { profile })).toBe('taken')
  })

  it('one that could not be taken, a copy, and those of a group stand in nobody’s way', () => {
    const { world, id, root, data } = running()
    const { id: failed } = world.request('snapshot', 'create', undefined, { volume: data })
    world.answer(failed, 'rejected')
    world.request('snapshot-group', 'create', undefined, { volumes: [root, data] })
    world.settle()
    expect(take(world, id, { profile })).toBe('taken')
    world.settle()
    world.request('snapshot', 'delete', failed)
    world.settle()
    const [grouped] = world.idsOf('snapshot').filter(each => world.get(each).state === 'completed')
    world.request('snapshot', 'copy', undefined, { snapshot: grouped })
    world.settle()
    for (const volume of [root, data]) expect(world.get(volume).context).not.toHaveProperty('ownSnapshots')
  })

  it('and none of a single volume is taken beside a VM snapshot', () => {
    const { world, id, data } = running()
    const snapshot = taken(world, id, { memory: false })
    expect(ask(world, 'snapshot', 'create', undefined, { volume: data, profile })).toBe('notBesideVmSnapshots')
    expect(ask(world, 'snapshot', 'create', undefined, { volume: data })).toBe('taken')
    world.settle()
    doing(world, snapshot, 'delete')
    expect(ask(world, 'snapshot', 'create', undefined, { volume: data, profile })).toBe('taken')
  })
})
