/** Snapshots by themselves: what they are taken of, what may go meanwhile, and when they may go. (spec: ec2 4) */
import { describe, expect, it } from 'vitest'
import { asked, running, snapped, states } from './image-scenes.ts'
import { able, furnished, GiB, outcome, World } from './world.ts'

const take = (world: World, volume: string, input = {}) =>
  world.request('snapshot', 'create', undefined, { volume, ...input }).id

describe('a snapshot', () => {
  it('is pending with the size of its volume until the provider has stored it', () => {
    const { world, volume } = snapped()
    const id = take(world, volume, { description: 'before the upgrade', tags: { keep: 'yes' } })
    expect(world.get(id)).toMatchObject({
      state: 'pending.taking',
      context: { volume, sizeBytes: 8 * GiB, description: 'before the upgrade', tags: { keep: 'yes' }, progress: 0 },
    })
    expect(world.asks.get(id)).toMatchObject([{ verb: 'volumeSnapshotEnsure', args: { volume } }])
    world.answer(id, 'done')
    expect(world.get(id)).toMatchObject({ state: 'completed', context: { progress: 100, completedAt: world.now - 1 } })
  })

  it('is taken of a volume that an instance uses, also of its root', () => {
    const { world, root, data } = running()
    for (const volume of [root, data]) {
      const id = take(world, volume)
      world.settle()
      expect(states(world, id, volume)).toEqual(['completed', 'in-use.attached'])
    }
  })

  it('is not taken of what is not there yet, or is going', () => {
    const { world } = furnished()
    const volume = world.request('volume', 'create', undefined, { sizeBytes: GiB }).id
    expect(outcome(() => world.request('snapshot', 'create', undefined, { volume }))).toBe('wrongState')
    world.settle()
    world.request('volume', 'delete', volume)
    expect(outcome(() => world.request('snapshot', 'create', undefined, { volume }))).toBe('wrongState')
    expect(outcome(() => world.request('snapshot', 'create', undefined, { volume: 'vol-0' }))).toBe('notFound')
    expect(world.idsOf('snapshot')).toEqual([])
  })

  it.each([{ of: ['available' as const] }, { of: ['available' as const, 'in-use' as const], live: false }])(
    'is not taken of a disk in use where the provider takes none of those: %o',
    volumeSnapshot => {
      const world = new World({ ...able, volumeSnapshot })
      world.request('offering', 'define', undefined, { name: 'small', vcpus: 1, memoryBytes: GiB })
      const image = world.request('image', 'register', undefined, { name: 'debian', sizeBytes: GiB }).id
      const { id } = world.request('instance', 'launch', undefined, { image, type: 'small' })
      world.settle()
      const { sda } = world.get(id).context.devices
      expect(outcome(() => world.request('snapshot', 'create', undefined, { volume: sda.volume }))).toBe(
        'snapshotOffered',
      )
      const free = world.request('volume', 'create', undefined, { sizeBytes: GiB }).id
      world.settle()
      expect(outcome(() => world.request('snapshot', 'create', undefined, { volume: free }))).toBe('taken')
    },
  )

  it('is one of at most five that are taken of a volume at a time', () => {
    const { world, volume } = snapped()
    for (let n = 0; n < 5; n++) take(world, volume)
    const another = () => world.request('snapshot', 'create', undefined, { volume })
    expect(outcome(another)).toBe('snapshotSlotFree')
    world.answer(world.idsOf('snapshot')[1]!, 'done')
    expect(outcome(another)).toBe('taken')
  })

  it('shows how far it has come, and never goes back', () => {
    const { world, volume } = snapped()
    const id = take(world, volume)
    const tell = (percent: number) => world.report(id, 'snapshot.progressed', { percent })
    expect([tell(0), tell(40.5), tell(30), world.get(id).context.progress]).toEqual(['taken', 'taken', 'ignored', 40])
    world.answer(id, 'done')
    expect([tell(90), world.get(id).context.progress]).toEqual(['ignored', 100])
  })

  it('has failed when the provider says no, with its words, and can be deleted', () => {
    const { world, volume } = snapped()
    const id = take(world, volume)
    world.answer(id, 'rejected')
    expect(world.get(id)).toMatchObject({ state: 'error', context: { reason: { code: 'exhausted' } } })
    expect(world.get(volume).context.snapshots).toBeUndefined()
    world.request('snapshot', 'delete', id)
    world.settle()
    expect(world.get(id).state).toBe('deleted')
  })
})

describe('a volume', () => {
  it('is deleted at its provider only when its last snapshot has been answered', () => {
    const { world, volume } = snapped()
    const [first, second] = [take(world, volume), take(world, volume)]
    world.request('volume', 'delete', volume)
    expect([...states(world, volume), ...asked(world, volume)]).toEqual(['deleting.waiting'])
    world.answer(first, 'done')
    expect([...states(world, volume), ...asked(world, volume)]).toEqual(['deleting.waiting'])
    world.answer(second, 'rejected')
    expect([...states(world, volume), ...asked(world, volume)]).toEqual(['deleting.asking', 'volumeDelete'])
    world.settle()
    expect(states(world, volume, first, second)).toEqual(['deleted', 'completed', 'error'])
    expect(world.get(first).context.volume).toBe(volume)
  })

  it('whose instance ends meanwhile goes when it may, if it is to go with it', () => {
    const { world, id, root, data } = running()
    const [ofRoot, ofData] = [take(world, root), take(world, data)]
    world.request('instance', 'terminate', id)
    world.answer(id, 'done')
    expect(states(world, id, root, data)).toEqual(['terminated', 'deleting.waiting', 'available'])
    world.answer(ofRoot, 'done')
    expect(asked(world, root)).toEqual(['volumeDelete'])
    world.answer(ofData, 'done')
    world.settle()
    expect(states(world, root, data, ofRoot, ofData)).toEqual(['deleted', 'available', 'completed', 'completed'])
  })

  it('may be attached, detached and resized while a snapshot of it is being taken', () => {
    const { world, id } = running()
    const volume = world.request('volume', 'create', undefined, { sizeBytes: GiB }).id
    world.answer(volume, 'done')
    const snapshot = take(world, volume)
    world.request('volume', 'modify', volume, { sizeBytes: 2 * GiB })
    world.request('volume', 'attach', volume, { instance: id, device: 'sdf' })
    world.answer(id, 'done')
    world.request('volume', 'detach', volume)
    world.answer(id, 'done')
    expect(states(world, volume, snapshot)).toEqual(['available', 'pending.taking'])
    expect(world.get(snapshot).context.sizeBytes).toBe(GiB)
  })
})

describe('deleting a snapshot', () => {
  it('is asked for until it is done', () => {
    const { world, snapshot } = snapped()
    world.request('snapshot', 'delete', snapshot)
    expect(outcome(() => world.request('snapshot', 'delete', snapshot))).toBe('unchanged')
    world.answer(snapshot, 'rejected')
    expect(states(world, snapshot)).toEqual(['deleting.retrying'])
    world.settle()
    expect(states(world, snapshot)).toEqual(['deleted'])
    expect(outcome(() => world.request('snapshot', 'delete', snapshot))).toBe('unchanged')
  })

  it.each([
    ['done', true],
    ['rejected', true],
    ['done', false],
  ] as const)('that is pending is accepted, and done when it is %s', (answer, progresses) => {
    const { world, volume } = snapped()
    const id = take(world, volume)
    if (progresses) world.report(id, 'snapshot.progressed', { percent: 10 })
    expect(outcome(() => world.request('snapshot', 'delete', id))).toBe('taken')
    expect(outcome(() => world.request('snapshot', 'delete', id))).toBe('unchanged')
    expect(world.visible(id)).toBe('pending')
    world.answer(id, answer)
    expect([...states(world, id), ...asked(world, id)]).toEqual(['deleting.asking', 'volumeSnapshotDelete'])
  })

  it('is refused while an image uses it, and accepted when that is deregistered (10)', () => {
    const { world, snapshot } = snapped()
    const register = (name: string) => world.request('image', 'register', undefined, { name, snapshot }).id
    const [one, other] = [register('one'), register('other')]
    const remove = () => outcome(() => world.request('snapshot', 'delete', snapshot))
    expect(remove()).toBe('unused')
    world.request('image', 'deregister', one)
    expect(remove()).toBe('unused')
    world.request('image', 'deregister', other)
    expect(remove()).toBe('taken')
    expect(outcome(() => world.request('image', 'register', undefined, { name: 'late', snapshot }))).toBe(
      'snapshotsCompleted',
    )
  })
})

describe('a copy of a snapshot', () => {
  it('is complete in itself, and the original waits for it', () => {
    const { world, volume, snapshot } = snapped()
    const { id } = world.request('snapshot', 'copy', undefined, { snapshot, encrypted: true, kmsKey: 'key' })
    expect(world.get(id)).toMatchObject({
      state: 'pending.taking',
      context: { volume, sizeBytes: 8 * GiB, copiedFrom: snapshot, encrypted: true },
    })
    expect(world.asks.get(id)).toMatchObject([{ args: { from: { snapshot }, encrypted: true, kmsKey: 'key' } }])
    world.request('snapshot', 'delete', snapshot)
    expect([...states(world, snapshot), ...asked(world, snapshot)]).toEqual(['deleting.waiting'])
    world.answer(id, 'done')
    expect(asked(world, snapshot)).toEqual(['volumeSnapshotDelete'])
    world.settle()
    expect(states(world, id, snapshot)).toEqual(['completed', 'deleted'])
  })

  it('is made only of what is completed, and where the provider of the original serves', () => {
    const { world, volume, snapshot } = snapped()
    const copy = (input: object) => outcome(() => world.request('snapshot', 'copy', undefined, { snapshot, ...input }))
    expect(copy({ provider: 'cellar' })).toBe('copyOffered')
    expect(copy({ snapshot: take(world, volume) })).toBe('sourceCompleted')
    expect(copy({ snapshot: 'snap-0' })).toBe('notFound')
  })
})
