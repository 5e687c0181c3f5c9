/** VM snapshots: what is refused and why, and what happens to whom. (spec: cloudstack 1.1, 2.) */
import { describe, expect, it } from 'vitest'
import { lineOf } from '../../machines/lineage.ts'
import { charts } from './charts.ts'
import { ask, asked, doing, offering, running, stopped, take, taken, taking } from './vm-snapshot-scenes.ts'
import { able, GiB, type World } from './world.ts'

describe('the life of a VM snapshot', () => {
  it('goes as the table says, and no other way (1.1)', () => {
    const table: Record<string, readonly string[]> = {
      absent: ['creating'],
      creating: ['ready', 'error', 'deleted'],
      ready: ['reverting', 'deleting', 'deleted'],
      reverting: ['ready', 'deleted'],
      error: ['deleting', 'deleted'],
      deleting: ['deleted', 'error', 'hidden', 'deleting'],
      hidden: ['deleting', 'deleted'],
      deleted: [],
    }
    const chart = charts.get('vm-snapshot')!
    const leads = new Map<string, Set<string>>()
    const top = (path: string) => path.split('.')[0]!
    for (const [path, leaf] of chart.leaves)
      for (const transitions of leaf.on.values())
        for (const { target } of transitions as readonly { target?: string }[])
          if (target !== undefined && top(target) !== top(path))
            leads.set(top(path), (leads.get(top(path)) ?? new Set()).add(top(target)))
    expect([...leads.keys()].sort()).toEqual(
      Object.keys(table)
        .filter(each => table[each]!.length)
        .sort(),
    )
    for (const [from, to] of leads) for (const each of to) expect(table[from], `${from} to ${each}`).toContain(each)
  })

  it('keeps all disks, the memory of a guest that runs, and what size it had', () => {
    const { world, id, root, data } = running()
    const snapshot = taken(world, id, { name: 'before the upgrade', description: 'as it was' })
    const { context } = world.get(snapshot)
    expect(context).toMatchObject({
      instance: id,
      name: 'before the upgrade',
      memory: true,
      memoryBytes: GiB,
      settings: { type: 'small', vcpus: 1, memoryBytes: GiB },
    })
    expect(context.disks.map(({ volume }: { volume: string }) => volume).sort()).toEqual([root, data].sort())
    expect(world.get(id).context.lineage).toMatchObject({ base: snapshot, current: snapshot })
    for (const volume of [root, data]) expect(world.get(volume).context.vmSnapshots).toEqual({ ids: [snapshot] })
  })

  it('forks where it is gone back to: the next one comes after that', () => {
    const { world, id } = running()
    const [first, second] = [taken(world, id), taken(world, id)]
    const { generation } = world.get(id).context
    doing(world, first, 'revert')
    expect(world.get(id).state).toBe('running.steady')
    expect(world.get(id).context.generation).toBe(generation + 1)
    const third = taken(world, id)
    const { lineage } = world.get(id).context
    expect([lineOf(lineage, second), lineOf(lineage, third)]).toEqual([
      [second, first],
      [third, first],
    ])
    doing(world, first, 'delete')
    expect(world.get(first).state).toBe('deleted')
    for (const each of [second, third]) {
      expect(world.get(each).state).toBe('ready')
      expect(world.get(each).context).not.toHaveProperty('parent')
    }
    expect(world.get(id).context.lineage.base).toBe(third)
  })

  it('that could not be taken is in error, counts, has no place, and can be deleted', () => {
    const { world, id, root } = running()
    const snapshot = taking(world, id)
    world.answer(id, 'rejected')
    expect(world.get(snapshot)).toMatchObject({ state: 'error', context: { reason: { code: 'exhausted' } } })
    expect(world.get(id).context.lineage).toEqual({
      nodes: { [snapshot]: expect.objectContaining({ status: 'failed' }) },
    })
    expect(world.get(root).context).not.toHaveProperty('vmSnapshots')
    expect(ask(world, 'volume', 'detach', world.get(id).context.devices.sdb.volume)).toBe('noVmSnapshots')
    doing(world, snapshot, 'delete')
    expect(world.get(snapshot).state).toBe('deleted')
    expect(world.get(id).context).not.toHaveProperty('lineage')
  })

  it('that could not be deleted is in error, keeps its place, and is deleted when that is asked for again', () => {
    const { world, id } = running()
    const [first, second] = [taken(world, id), taken(world, id)]
    world.request('vm-snapshot', 'delete', second)
    world.answer(id, 'rejected')
    expect(world.get(second).state).toBe('error')
    expect(world.get(id).context.lineage.base).toBe(second)
    doing(world, second, 'delete')
    expect(world.get(id).context.lineage).toMatchObject({ base: first, current: first })
  })

  it('ends when it is as old as it was to become, and later if something else is being done then', () => {
    const { world, id } = running()
    const [old, other] = [taken(world, id, { retentionMs: 60_000 }), taken(world, id)]
    expect(world.timers).toContain(`${old} vm-snapshot.expiryDue`)
    world.request('vm-snapshot', 'delete', other)
    world.fire(`${old} vm-snapshot.expiryDue`)
    expect(world.get(old).state).toBe('deleting.deferred')
    world.answer(id, 'done')
    world.fire(`${old} vm-snapshot.removalRetryDue`)
    world.settle()
    expect([world.get(old).state, world.get(other).state]).toEqual(['deleted', 'deleted'])
    expect(world.get(id).context).not.toHaveProperty('lineage')
  })

  it('takes all that came after it along if that is asked for, the last first', () => {
    const { world, id } = running()
    const [first, second, third] = [taken(world, id), taken(world, id), taken(world, id)]
    world.request('vm-snapshot', 'delete', second, { subtree: true })
    expect(world.asks.get(id)!.map(({ args }) => (args as { snapshot: string }).snapshot)).toEqual([third, second])
    expect(world.get(third).state).toBe('deleting.asked')
    world.settle()
    expect([first, second, third].map(each => world.get(each).state)).toEqual(['ready', 'deleted', 'deleted'])
    expect(world.get(id).context.lineage).toMatchObject({ base: first, current: first })
  })
})

describe('where layers cannot be taken out', () => {
  it('one that several need is hidden, and goes with the last but one of them', () => {
    const { world, id } = running(offering({ layered: true }))
    const [first, second] = [taken(world, id), taken(world, id)]
    doing(world, first, 'revert')
    world.request('vm-snapshot', 'delete', first)
    expect(asked(world, id)).toEqual([])
    expect(world.get(first).state).toBe('hidden')
    expect(world.get(id).context.lineage).toMatchObject({ base: first })
    expect(world.get(id).context.lineage).not.toHaveProperty('current')
    expect(ask(world, 'vm-snapshot', 'revert', first)).toContain('wrongState')
    doing(world, second, 'delete')
    expect([first, second].map(each => world.get(each).state)).toEqual(['deleted', 'deleted'])
    expect(world.get(id).context).not.toHaveProperty('lineage')
  })

  it('a revert away from a hidden one lets it go too', () => {
    const { world, id } = running(offering({ layered: true }))
    const [first, second] = [taken(world, id), taken(world, id)]
    doing(world, first, 'revert')
    doing(world, first, 'delete')
    doing(world, second, 'revert')
    expect([first, second].map(each => world.get(each).state)).toEqual(['deleted', 'ready'])
    expect(world.get(id).context.lineage).toMatchObject({ base: second, current: second })
    expect(world.get(second).context).not.toHaveProperty('parent')
  })
})

describe('a VM snapshot is not taken', () => {
  const cases: [string, string, () => { world: World; id: string }, Record<string, unknown>][] = [
    ['where the provider keeps none (C4)', 'vmSnapshotsOffered', () => running({ ...able, vmSnapshot: {} }), {}],
    [
      'with memory where it keeps disks alone',
      'memoryOffered',
      () => running(offering({ memory: false })),
      { memory: true },
    ],
    ['without memory where it keeps none alone', 'disksAloneOffered', () => running(offering({ diskOnly: false })), {}],
    [
      'without memory of what runs, where it must be off',
      'disksAloneLive',
      () => running(offering({ live: false })),
      {},
    ],
    ['with memory of what is off (C9)', 'memoryInUse', () => stopped(), { memory: true }],
    [
      'quiesced where no guest can be',
      'quiesceOffered',
      () => running(offering({ quiesce: false })),
      { quiesce: true },
    ],
  ]
  it.each(cases)('%s', (_, requirement, scene, input) => {
    const { world, id } = scene()
    const before = world.log.length
    expect(take(world, id, input)).toBe(requirement)
    expect(world.log.length).toBe(before)
    expect(world.idsOf('vm-snapshot')).toEqual([])
  })

  it('of what is neither running nor stopped (C8)', () => {
    const { world, id } = running()
    world.request('instance', 'suspend', id)
    expect(take(world, id)).toContain('wrongState')
    world.settle()
    expect(take(world, id)).toContain('wrongState')
    world.request('instance', 'terminate', id)
    expect(take(world, id)).toContain('wrongState')
  })

  it('beyond the number an instance may have, in whatever state (C14), or one line may', () => {
    const { world, id } = running(offering({ maxCount: 3, maxDepth: 2 }))
    taken(world, id)
    taken(world, id)
    expect(take(world, id, { memory: true })).toBe('lineShort')
    doing(world, world.idsOf('vm-snapshot')[0]!, 'revert')
    taking(world, id)
    world.answer(id, 'rejected')
    expect(take(world, id, { memory: true })).toBe('vmSnapshotsFew')
  })

  it('under a name that the instance has used (C7), or while another is being made, gone back to or deleted (C16)', () => {
    const { world, id } = running()
    taking(world, id, { name: 'one' })
    expect(take(world, id, { name: 'one' })).toBe('vmSnapshotNameFree, vmSnapshotIdle')
    world.settle()
    const [one] = world.idsOf('vm-snapshot')
    for (const command of ['revert', 'delete'] as const) {
      world.request('vm-snapshot', command, one!)
      expect(take(world, id, { name: 'two' })).toBe('vmSnapshotIdle')
      world.settle()
    }
  })

  it('while a snapshot of one of its volumes is being taken (C15), or it is being resized', () => {
    const { world, id, root, data } = running()
    world.request('snapshot', 'create', undefined, { volume: root })
    expect(take(world, id)).toBe('noSnapshotPending')
    world.settle()
    world.request('volume', 'modify', data, { sizeBytes: 16 * GiB })
    expect(take(world, id)).toBe('notResizing')
  })

  it('without a root (C10)', () => {
    const { world, id, root } = stopped()
    world.request('volume', 'detach', root)
    expect(take(world, id)).toBe('rootAttached')
  })

  it('of both kinds, or with memory of an encrypted root, by the rules of CloudStack on KVM (2.2, C12)', () => {
    const { world, id } = running()
    const profile = 'cloudstack-kvm'
    taken(world, id)
    expect(take(world, id, { memory: false, profile })).toBe('oneKind')
    expect(take(world, id, { memory: false })).toBe('taken')
    const encrypted = { blockDevices: [{ device: '/dev/sda1', encrypted: true }] }
    const secret = running(able, encrypted)
    expect(take(secret.world, secret.id, { memory: true, profile })).toBe('memoryUnencrypted')
    expect(take(secret.world, secret.id, { memory: false, profile })).toBe('taken')
  })
})

describe('going back', () => {
  it('restores the type and the size it had, before anything starts from it', () => {
    const { world, id } = stopped()
    const snapshot = taken(world, id)
    world.request('instance', 'modify', id, { type: 'large' })
    expect(world.get(id).context).toMatchObject({ type: 'large', vcpus: 4 })
    doing(world, snapshot, 'revert')
    expect(world.get(id)).toMatchObject({ state: 'stopped', context: { type: 'small', vcpus: 1, memoryBytes: GiB } })
  })

  it('to disks alone needs an instance that is off (R5), and leaves it off', () => {
    const { world, id } = running()
    const snapshot = taken(world, id, { memory: false })
    expect(ask(world, 'vm-snapshot', 'revert', snapshot)).toBe('stoppedFirst')
    world.request('instance', 'stop', id)
    world.settle()
    const { generation } = world.get(id).context
    world.request('vm-snapshot', 'revert', snapshot)
    expect(world.asks.get(id)![0]!.args).toMatchObject({ snapshot, run: false, generation })
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'stopped', context: { generation } })
    expect(world.get(snapshot).state).toBe('ready')
  })

  it('to a memory starts what is off from there, but not by the rules of CloudStack (R6)', () => {
    const { world, id } = running()
    const snapshot = taken(world, id)
    world.request('instance', 'stop', id)
    world.settle()
    for (const profile of ['cloudstack-kvm', 'cloudstack-vmware'])
      expect(ask(world, 'vm-snapshot', 'revert', snapshot, { profile })).toBe('startedFirst')
    const { generation } = world.get(id).context
    world.request('vm-snapshot', 'revert', snapshot)
    expect(world.get(id).state).toBe('pending.revertingToMemory')
    expect(world.asks.get(id)![0]!.args).toMatchObject({ snapshot, run: true, generation: generation + 1 })
    world.settle()
    expect(world.get(id).state).toBe('running.steady')
  })

  it('is refused of what runs where the provider takes back only what is off, and past others where it keeps one line', () => {
    const { world, id } = running(offering({ revertWhileRunning: false, tree: false }))
    const [first, second] = [taken(world, id), taken(world, id)]
    expect(ask(world, 'vm-snapshot', 'revert', first)).toBe('revertLive, forksOffered')
    expect(ask(world, 'vm-snapshot', 'revert', second)).toBe('revertLive')
  })

  it('that fails leaves everything as it was', () => {
    const { world, id } = running()
    const [first, second] = [taken(world, id), taken(world, id)]
    const before = world.get(id).context
    world.request('vm-snapshot', 'revert', first)
    expect([world.get(id).state, world.get(first).state]).toEqual(['running.reverting', 'reverting'])
    world.answer(id, 'rejected')
    expect(world.get(id)).toMatchObject({ state: 'running.steady', context: before })
    expect(world.get(first)).toMatchObject({ state: 'ready', context: { reason: { code: 'exhausted' } } })
    expect(world.get(id).context.lineage.base).toBe(second)
  })

  it('is not mixed up with what was seen of the guest meanwhile', () => {
    const { world, id } = running()
    const snapshot = taken(world, id)
    world.request('vm-snapshot', 'revert', snapshot)
    for (const news of ['poweredOff', 'vanished'])
      world.report(id, `instance.${news}`, { generation: world.get(id).context.generation })
    expect(world.get(id).state).toBe('running.reverting')
    world.settle()
    expect(world.get(id).state).toBe('running.steady')
  })
})
