/** What an instance leaves behind, and how it goes: who asks, how often, and what is given up. (spec: 3a.5, 3a.6, 3a.9.) */
import { describe, expect, it } from 'vitest'
import { retryAfterMs } from '../../machines/retries.ts'
import { type ClassName, classes } from './classes.ts'
import { able, furnished, GiB, outcome, type World } from './world.ts'

const MINUTE_MS = 60_000
const states = (world: World, ...ids: string[]) => ids.map(id => world.get(id).state)
const verbs = (world: World, id: string) => (world.asks.get(id) ?? []).map(each => each.verb)
const typesOf = (world: World, id: string) => world.log.filter(each => each.resource === id).map(each => each.type)
/** Waits that were armed for a deadline, in minutes. */
const waits = (world: World, event: string) =>
  world.log
    .flatMap(each => each.wants)
    .flatMap(want => (want.want === 'arm' && want.event === event ? [want.afterMs! / MINUTE_MS] : []))

/** An instance with a root, a volume that goes with it and one that stays; at a provider that makes roots, without the first. */
function scene(declared: ClassName | object = able, input: object = {}) {
  const { world, image } = furnished(typeof declared === 'string' ? classes[declared] : declared)
  const blockDevices = [{ device: 'sdc', sizeBytes: GiB }]
  const { id } = world.request('instance', 'launch', undefined, {
    image,
    type: 'small',
    onMismatch: 'warn',
    blockDevices,
    ...input,
  })
  const volumeAt = (device: string) => world.get(id).context.devices[device]?.volume as string
  return { world, image, id, root: volumeAt('sda'), stays: volumeAt('sdb'), goes: volumeAt('sdc') }
}
function running(declared?: ClassName | object, input?: object) {
  const made = scene(declared, input)
  made.world.settle()
  return made
}
function destroyed(declared?: ClassName | object) {
  const made = running(declared)
  made.world.request('instance', 'terminate', made.id)
  made.world.answer(made.id, 'done')
  return made
}

describe('an instance whose compute is gone', () => {
  it('frees at once what stays, and owes what goes with it, the root first', () => {
    const { world, id, root, stays, goes } = destroyed()
    expect(states(world, id, root, stays, goes)).toEqual([
      'shutting-down.cleaning',
      'deleting.asking',
      'available',
      'deleting.asking',
    ])
    expect(world.get(id).context.owed).toEqual([
      { id: root, kind: 'root', state: 'doing' },
      { id: goes, kind: 'volume', state: 'doing' },
    ])
  })

  it('is terminated when the last of it is gone, and not before', () => {
    const { world, id, root, goes } = destroyed()
    world.answer(goes, 'done')
    expect(world.get(id)).toMatchObject({ state: 'shutting-down.cleaning', context: { owed: [{ id: root }] } })
    expect(outcome(() => world.request('instance', 'terminate', id))).toBe('unchanged')
    world.answer(root, 'done')
    expect(world.get(id)).toMatchObject({ state: 'terminated', context: { devices: {} } })
    expect(world.get(id).context.owed).toBeUndefined()
  })

  it('says what will not go, how often it was asked, and why', () => {
    const { world, id, root, goes } = destroyed()
    world.answer(goes, 'rejected')
    world.fire(`${goes} volume.deleteRetryDue`)
    world.answer(goes, 'rejected', {}, 'conflict')
    expect(typesOf(world, id).filter(type => type === 'instance.cleanupFailed')).toHaveLength(2)
    expect(world.get(id).context.owed).toMatchObject([
      { id: root, state: 'doing' },
      { id: goes, state: 'failed', failure: { attempts: 2, code: 'conflict', message: 'no room left' } },
    ])
    world.settle()
    expect(world.visible(id)).toBe('terminated')
  })

  it('is over at once when nothing is to go with it', () => {
    const { world, id, root, goes } = running()
    const flags = { '/dev/sda1': false, sdc: false }
    world.request('instance', 'modify', id, { deleteOnTermination: flags })
    world.request('instance', 'terminate', id)
    world.answer(id, 'done')
    expect(states(world, id, root, goes)).toEqual(['terminated', 'available', 'available'])
  })

  it('does not wait for a volume that waits for its snapshots; that goes when it may', () => {
    const { world, id, root, goes } = running()
    const { id: snapshot } = world.request('snapshot', 'create', undefined, { volume: root })
    world.request('instance', 'terminate', id)
    world.answer(id, 'done')
    expect(states(world, id, root)).toEqual(['shutting-down.cleaning', 'deleting.waiting'])
    expect(world.get(id).context.owed).toMatchObject([{ id: goes }])
    world.answer(goes, 'done')
    expect(states(world, id, root)).toEqual(['terminated', 'deleting.waiting'])
    world.answer(snapshot, 'done')
    world.answer(root, 'rejected')
    expect(typesOf(world, id)).not.toContain('instance.cleanupFailed')
    world.settle()
    expect(world.get(root).state).toBe('deleted')
  })

  it('is owed nothing before: a launch that failed half way owes what was made for it as well', () => {
    const { world, id, root, stays, goes } = scene()
    for (const volume of [root, stays, goes]) world.answer(volume, 'done')
    world.answer(id, 'rejected')
    expect(states(world, id, root)).toEqual(['pending.abandoning.destroying', 'in-use.attached'])
    world.answer(id, 'done')
    expect(states(world, id, root, stays)).toEqual(['shutting-down.cleaning', 'deleting.asking', 'available'])
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'terminated', context: { reason: { code: 'exhausted' } } })
  })

  it('says what its provider leaves beside it', () => {
    const { world, id } = running()
    world.request('instance', 'terminate', id)
    world.answer(id, 'done', { left: ['nic', 'address'] })
    const left = (kind: string) => ({ provider: 'lab', kind, id })
    expect(world.get(id).context.orphans).toEqual([left('nic'), left('address')])
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'terminated', context: { orphans: [left('nic'), left('address')] } })
  })
})

describe('a root that its provider made and keeps', () => {
  it('leaked boot disk (profitbricks): is known by an id of ours, and goes after the server (2.2, 6)', () => {
    const { world, id } = running('C that keeps roots')
    const { keptRoot, rootOwner } = world.get(id).context
    expect(rootOwner).toBe('provider')
    const ensured = world.log.flatMap(each => each.wants).find(want => 'verb' in want && want.verb === 'instanceEnsure')
    expect(ensured).toMatchObject({ args: { root: { kind: 'private', volume: keptRoot.volume } } })
    expect(world.resources.has(keptRoot.volume)).toBe(false)
    world.request('instance', 'terminate', id)
    expect(world.resources.has(keptRoot.volume)).toBe(false)
    world.answer(id, 'done')
    expect(world.get(id).context.owed).toMatchObject([{ id: keptRoot.volume, kind: 'root' }, { kind: 'volume' }])
    expect(verbs(world, keptRoot.volume)).toEqual(['volumeDelete'])
    expect(world.get(keptRoot.volume).context).toMatchObject({ sizeBytes: 8 * GiB, zone: 'a', provider: 'lab' })
    world.settle()
    expect(states(world, id, keptRoot.volume)).toEqual(['terminated', 'deleted'])
  })

  it('goes too where the guest took the server along, and nobody could say that the root goes with it', () => {
    const { world, id } = running('A that keeps roots')
    const { volume } = world.get(id).context.keptRoot
    world.report(id, 'instance.poweredOff', { generation: 1 })
    world.settle()
    expect(states(world, id, volume)).toEqual(['terminated', 'deleted'])
  })

  it('is owed by a launch that failed, if there may be one', () => {
    const { world, id, stays, goes } = scene('C that keeps roots')
    const { volume } = world.get(id).context.keptRoot
    for (const each of [stays, goes]) world.answer(each, 'done')
    world.answer(id, 'rejected')
    world.settle()
    expect(states(world, id, volume)).toEqual(['terminated', 'deleted'])

    const early = scene('C that keeps roots')
    const unmade = early.world.get(early.id).context.keptRoot.volume
    early.world.answer(early.goes, 'rejected')
    early.world.settle()
    expect(early.world.get(early.id).state).toBe('terminated')
    expect(early.world.resources.has(unmade)).toBe(false)
  })

  it('goes with the server where a flag says so, and after it where the provider had lost it', () => {
    const told = running('B')
    told.world.request('instance', 'terminate', told.id)
    const kept = told.world.get(told.id).context.keptRoot.volume
    told.world.settle()
    expect([told.world.get(told.id).state, told.world.resources.has(kept)]).toEqual(['terminated', false])

    const lost = running('B')
    lost.world.request('instance', 'terminate', lost.id)
    const { volume } = lost.world.get(lost.id).context.keptRoot
    lost.world.answer(lost.id, 'done', { already: true })
    expect(lost.world.get(lost.id).context.owed).toMatchObject([{ id: volume, kind: 'root' }, { kind: 'volume' }])
    lost.world.settle()
    expect(states(lost.world, lost.id, volume)).toEqual(['terminated', 'deleted'])
  })

  it.each<ClassName>(['A', 'C', 'D', 'E', 'F'])('is none at class %s', name => {
    const { world, id } = running(name, { blockDevices: name === 'D' ? [{ device: 'sdb', noDevice: true }] : [] })
    expect(world.get(id).context.keptRoot).toBeUndefined()
  })
})

describe('what failed', () => {
  it('is asked again after a minute, then twice as long each time, and at least every hour', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 1000].map(attempts => retryAfterMs(attempts) / MINUTE_MS)).toEqual([
      1, 2, 4, 8, 16, 32, 60, 60, 60,
    ])
  })

  it('is so for the end of an instance, of a volume and of a snapshot, with every failure in its history', () => {
    const { world, id, root } = running()
    const { id: snapshot } = world.request('snapshot', 'create', undefined, { volume: root })
    world.settle()
    const fail = (resource: string, timer: string) => {
      for (let round = 0; round < 4; round++) {
        for (const { verb } of [...world.asks.get(resource)!])
          world.answer(resource, verb === 'instancePower' ? 'done' : 'rejected')
        world.fire(`${resource} ${timer}`)
      }
      expect(waits(world, timer)).toEqual([1, 2, 4, 8])
    }
    world.request('instance', 'terminate', id)
    fail(id, 'instance.destroyRetryDue')
    expect(typesOf(world, id).filter(type => type === 'instance.destroyFailed')).toHaveLength(4)
    world.answer(id, 'done')
    world.answer(id, 'done')
    expect(world.get(id).context.failure).toBeUndefined()
    fail(root, 'volume.deleteRetryDue')
    expect(world.get(root).context.failure).toEqual({ attempts: 4, code: 'exhausted', message: 'no room left' })
    world.request('snapshot', 'delete', snapshot)
    fail(snapshot, 'snapshot.deleteRetryDue')
    world.settle()
    expect(states(world, id, root, snapshot)).toEqual(['terminated', 'deleted', 'deleted'])
  })

  it('begins anew when a caller ends what is being undone already', () => {
    const { world, id, root, stays, goes } = scene()
    for (const volume of [root, stays, goes]) world.answer(volume, 'done')
    world.answer(id, 'rejected')
    world.answer(id, 'rejected')
    expect(world.get(id).context.failure.attempts).toBe(1)
    world.request('instance', 'terminate', id)
    expect(world.get(id)).toMatchObject({ state: 'shutting-down.destroying', context: {} })
    expect(world.get(id).context.failure).toBeUndefined()
  })
})

describe('a provider that does not destroy from the state an instance is in', () => {
  it('is asked to turn it off first, once it has said so', () => {
    const { world, id } = running()
    world.request('instance', 'terminate', id)
    world.answer(id, 'rejected', {}, 'precondition')
    world.fire(`${id} instance.destroyRetryDue`)
    expect(verbs(world, id)).toEqual(['instancePower', 'instanceDestroy'])
    expect(world.asks.get(id)![0]).toMatchObject({ supersedes: true, args: { want: 'off', mode: 'hard' } })
    world.settle()
    expect(world.visible(id)).toBe('terminated')
  })

  it.each<ClassName>(['A', 'F'])('is not asked to where that keeps nothing: class %s', name => {
    const { world, id } = running(name)
    world.request('instance', 'terminate', id)
    world.answer(id, 'rejected', {}, 'precondition')
    world.fire(`${id} instance.destroyRetryDue`)
    expect(verbs(world, id)).toEqual(['instanceDestroy'])
  })

  it('has nothing left of what was off: then its end is confirmed like any other', () => {
    const { world, id } = running('A by stop')
    world.report(id, 'instance.poweredOff', { generation: 1 })
    expect(world.asks.get(id)).toMatchObject([{ verb: 'instancePower', args: { want: 'off', ending: {} } }])
    world.answer(id, 'done')
    world.settle()
    expect(world.visible(id)).toBe('terminated')
  })
})

describe('a provider that deletes with an instance what it has', () => {
  const devicesOf = (world: World, id: string) =>
    world.asks.get(id)!.map(({ verb, args }) => [verb, (args as { volume?: string }).volume])

  it('is made to turn it off first, where what is off holds no volume', () => {
    const { world, id, root, stays, goes } = running('E that takes volumes')
    world.request('instance', 'terminate', id)
    expect(world.asks.get(id)).toMatchObject([{ verb: 'instancePower', supersedes: true, args: { mode: 'hard' } }])
    world.answer(id, 'rejected')
    expect(world.get(id).state).toBe('shutting-down.retrying')
    world.fire(`${id} instance.destroyRetryDue`)
    expect(verbs(world, id)).toEqual(['instancePower'])
    world.answer(id, 'done')
    expect(verbs(world, id)).toEqual(['instanceDestroy'])
    world.settle()
    expect(states(world, id, root, stays, goes)).toEqual(['terminated', 'deleted', 'available', 'deleted'])
  })

  it('is made to do so while the guest is suspended too, and without force where it has none', () => {
    const soft = { ...classes['E that takes volumes'], suspend: 'disk', stopStyles: ['acpi'] }
    const { world, id, stays, goes } = running(soft)
    world.request('instance', 'suspend', id)
    world.settle()
    expect(world.get(id).state).toBe('suspended')
    world.request('instance', 'terminate', id)
    expect(world.asks.get(id)).toMatchObject([{ verb: 'instancePower', args: { want: 'off', mode: 'graceful' } }])
    world.answer(id, 'done')
    expect(verbs(world, id)).toEqual(['instanceDestroy'])
    world.settle()
    expect(states(world, id, stays, goes)).toEqual(['terminated', 'available', 'deleted'])
  })

  it('need not be, where it knows no such instance', () => {
    const { world, id } = running('E that takes volumes')
    world.request('instance', 'terminate', id)
    world.answer(id, 'rejected', {}, 'notFound')
    expect(verbs(world, id)).toEqual(['instanceDestroy'])
  })

  it('is made to detach each volume before, where nothing is ever off, until all are', () => {
    const { world, id, stays, goes } = running('F that takes volumes')
    world.request('instance', 'terminate', id)
    const detaching = [
      ['detach', stays],
      ['detach', goes],
    ]
    expect(devicesOf(world, id).sort()).toEqual(detaching.sort())
    expect(world.asks.get(id)!.map(each => each.supersedes)).toEqual([true, false])
    world.answer(id, 'done')
    world.answer(id, 'rejected')
    expect(world.get(id).state).toBe('shutting-down.retrying')
    world.fire(`${id} instance.destroyRetryDue`)
    expect(devicesOf(world, id).sort()).toEqual(detaching.sort())
    world.answer(id, 'rejected')
    // The other one is still open, and what it comes to is too late.
    world.answer(id, 'done')
    expect(world.get(id).state).toBe('shutting-down.retrying')
    world.fire(`${id} instance.destroyRetryDue`)
    world.answer(id, 'done')
    world.answer(id, 'done')
    expect(verbs(world, id)).toEqual(['instanceDestroy'])
    world.settle()
    expect(states(world, id, stays, goes)).toEqual(['terminated', 'available', 'deleted'])
  })

  it('gets no volume that is to outlive an instance where neither is possible', () => {
    const volumeAttach = { hotPlug: true, hotUnplug: false, max: 4 }
    const declared = { ...classes['F that takes volumes'], volumeAttach }
    expect(outcome(() => ({ decision: scene(declared).id }))).toBe('volumesOutlive')
    const blockDevices = [
      { device: 'sdb', noDevice: true },
      { device: 'sdc', sizeBytes: GiB },
    ]
    const { world, id, goes } = running(declared, { blockDevices })
    const spare = world.request('volume', 'create', undefined, { sizeBytes: GiB }).id
    world.answer(spare, 'done')
    expect(outcome(() => world.request('volume', 'attach', spare, { instance: id, device: 'sdf' }))).toBe(
      'volumesOutlive',
    )
    const keep = { deleteOnTermination: { sdc: false } }
    expect(outcome(() => world.request('instance', 'modify', id, keep))).toBe('volumesOutlive')
    world.request('instance', 'terminate', id)
    expect(verbs(world, id)).toEqual(['instanceDestroy'])
    world.settle()
    expect(states(world, id, goes)).toEqual(['terminated', 'deleted'])
  })

  it('is not told by a flag to delete any volume: those ask for their own end', () => {
    const { world, id } = running({ ...classes.B, attachmentsOnDestroy: 'byFlag' })
    world.request('instance', 'terminate', id)
    expect(world.asks.get(id)).toMatchObject([{ verb: 'instanceDestroy' }])
    expect(world.asks.get(id)![0]!.args).not.toHaveProperty('deleteVolumes')
  })
})

describe('what will not go', () => {
  const abandon = (world: World, id: string, item = id) =>
    outcome(() => world.request('instance', 'abandonCleanup', id, { item }))

  it('may be given up: a volume ends as an orphan, and its instance with the last of them', () => {
    const { world, id, root, goes } = destroyed()
    world.answer(goes, 'rejected', {}, 'conflict')
    const orphan = { provider: 'lab', kind: 'volume', id: goes, code: 'conflict', message: 'no room left' }
    expect(abandon(world, id, goes)).toBe('taken')
    expect(world.get(goes)).toMatchObject({ state: 'deleted', context: { orphans: [orphan] } })
    expect([...world.timers].filter(key => key.startsWith(goes))).toEqual([])
    expect(world.get(id)).toMatchObject({ state: 'shutting-down.cleaning', context: { orphans: [orphan] } })
    world.answer(root, 'done')
    expect(world.get(id)).toMatchObject({ state: 'terminated', context: { orphans: [orphan] } })
    expect(typesOf(world, id)).toContain('instance.orphanRecorded')
  })

  it('may be given up while it is asked for: the call stays open, and what it comes to is remembered', () => {
    const { world, id, root, goes } = destroyed()
    expect([abandon(world, id, goes), abandon(world, id, root)]).toEqual(['taken', 'taken'])
    expect(states(world, id, goes, root)).toEqual(['terminated', 'deleted', 'deleted'])
    expect(verbs(world, goes)).toEqual(['volumeDelete'])
    world.answer(goes, 'done')
    expect(world.get(goes)).toMatchObject({ state: 'deleted', context: {} })
    expect(world.get(goes).context.orphans).toBeUndefined()
    world.answer(root, 'rejected')
    expect(world.get(root).context.orphans).toMatchObject([{ id: root }])
  })

  it('may be a volume that is still being made', () => {
    const { world, id, root, stays, goes } = scene()
    world.request('instance', 'terminate', id)
    expect(outcome(() => world.request('volume', 'abandonCleanup', root))).toBe('condemned')
    world.answer(id, 'done')
    world.answer(stays, 'done')
    world.answer(goes, 'done')
    world.answer(goes, 'done')
    expect(states(world, id, root)).toEqual(['shutting-down.cleaning', 'creating'])
    expect(outcome(() => world.request('volume', 'abandonCleanup', root))).toBe('taken')
    expect(states(world, id, root)).toEqual(['terminated', 'deleted'])
    world.answer(root, 'done')
    expect(world.get(root)).toMatchObject({ state: 'deleted', context: { orphans: [{ id: root }] } })
  })

  it('may be the compute: then nothing that it had is deleted, and a root that is kept is an orphan too', () => {
    for (const isOpen of [true, false]) {
      const { world, id, root, stays, goes } = running()
      world.request('instance', 'terminate', id)
      if (!isOpen) world.answer(id, 'rejected', {}, 'denied')
      expect(abandon(world, id)).toBe('taken')
      expect(states(world, id, root, stays, goes)).toEqual(['terminated', 'available', 'available', 'available'])
      const { orphans } = world.get(id).context
      expect(orphans).toMatchObject([{ kind: 'instance', id, ...(isOpen ? {} : { code: 'denied' }) }])
      expect([...world.timers]).toEqual([])
      if (!isOpen) continue
      world.answer(id, 'done')
      expect(world.get(id).context.orphans).toBeUndefined()
    }
    const { world, id } = running('C that keeps roots')
    world.request('instance', 'terminate', id)
    const { volume } = world.get(id).context.keptRoot
    expect(abandon(world, id)).toBe('taken')
    expect(world.get(id).context.orphans).toMatchObject([{ kind: 'instance' }, { kind: 'volume', id: volume }])
  })

  it('lets the image go that it ran on', () => {
    const { world, image, id } = scene('D', { blockDevices: [{ device: 'sdb', noDevice: true }] })
    world.settle()
    expect(world.get(image).context.directUser).toBe(id)
    world.request('instance', 'terminate', id)
    abandon(world, id)
    expect(world.get(image).context.directUser).toBeUndefined()
  })

  it('may be a volume or a snapshot that was deleted by itself', () => {
    const { world, id } = running()
    const volume = world.request('volume', 'create', undefined, { sizeBytes: GiB }).id
    world.settle()
    const snapshot = world.request('snapshot', 'create', undefined, { volume }).id
    world.settle()
    for (const [kind, resource, shown] of [
      ['snapshot', snapshot, 'volumeSnapshot'],
      ['volume', volume, 'volume'],
    ] as const) {
      const give = () => outcome(() => world.request(kind, 'abandonCleanup', resource))
      expect(give()).toContain('wrongState')
      world.request(kind, 'delete', resource)
      world.answer(resource, 'rejected')
      expect(give()).toBe('taken')
      const orphans = [{ provider: 'lab', kind: shown, id: resource, code: 'exhausted' }]
      expect(world.get(resource)).toMatchObject({ state: 'deleted', context: { orphans } })
      expect(give()).toContain('wrongState')
    }
    expect(world.visible(id)).toBe('running')
  })

  it('is given up only while it is being cleaned up, and only what is owed', () => {
    const { world, id, root, stays } = running()
    expect(abandon(world, id)).toBe('wrongState')
    expect(abandon(world, id, root)).toBe('wrongState, cleanupOwed')
    world.request('instance', 'terminate', id)
    expect(abandon(world, id, root)).toBe('cleanupOwed')
    world.answer(id, 'done')
    expect([abandon(world, id), abandon(world, id, stays)]).toEqual(['cleanupOwed', 'cleanupOwed'])
    world.settle()
    expect(abandon(world, id, root)).toContain('wrongState')
  })
})
