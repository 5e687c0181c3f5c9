/** Images: what may be registered, who may see them, their names, and copies. (spec: ec2 5.2, 5.3) */
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { snapped, states } from './image-scenes.ts'
import { GiB, outcome } from './world.ts'

function scene() {
  const { world, volume, snapshot } = snapped()
  const pending = world.request('snapshot', 'create', undefined, { volume }).id
  const register = (input: object) => world.request('image', 'register', undefined, { name: 'debian 2', ...input })
  const registered = (input: object) => world.get(register(input).id).context
  return { world, volume, snapshot, pending, register, registered }
}
type Scene = ReturnType<typeof scene>

describe('an image is registered', () => {
  it('from a snapshot, whose size and provider it has, under a name of its own', () => {
    const { world, snapshot, register } = scene()
    const { id } = register({ snapshot, description: 'with a kernel', tags: { a: 'b' } })
    expect(world.get(id)).toMatchObject({
      state: 'available',
      context: { rootDevice: '/dev/sda1', sizeBytes: 8 * GiB, snapshot, provider: 'lab', tags: { a: 'b' } },
    })
    expect(world.get(snapshot).context.images).toEqual([id])
  })

  it.each<[string, (scene: Scene) => object, object]>([
    [
      'with the only entry from a snapshot as its root',
      ({ snapshot }) => ({
        blockDevices: [
          { device: 'xvda', snapshot },
          { device: 'sdf', sizeBytes: GiB },
        ],
      }),
      { rootDevice: 'xvda', sizeBytes: 8 * GiB, blockDevices: [{ device: 'xvda' }, { device: 'sdf', sizeBytes: GiB }] },
    ],
    [
      'with the entry of a root name as its root, of several from snapshots',
      ({ snapshot }) => ({
        blockDevices: [
          { device: 'sdf', snapshot },
          { device: '/dev/sda', snapshot },
        ],
      }),
      { rootDevice: '/dev/sda', blockDevices: [{ device: 'sdf', sizeBytes: 8 * GiB }, { device: '/dev/sda' }] },
    ],
    [
      'with a root larger than its snapshot, and what is said of it besides',
      ({ snapshot }) => ({
        rootDevice: '/dev/xvda',
        blockDevices: [{ device: 'xvda', snapshot, sizeBytes: 9 * GiB, volumeType: 'gp3', deleteOnTermination: false }],
      }),
      { sizeBytes: 9 * GiB, blockDevices: [{ device: 'xvda', volumeType: 'gp3', deleteOnTermination: false }] },
    ],
    [
      'without what it says is no device',
      ({ snapshot }) => ({ snapshot, blockDevices: [{ device: 'sdb', noDevice: true }] }),
      { blockDevices: [] },
    ],
    [
      'with ephemeral disks',
      ({ snapshot }) => ({ snapshot, blockDevices: [{ device: 'sdb', ephemeral: 'ephemeral23' }] }),
      { blockDevices: [{ device: 'sdb', ephemeral: 'ephemeral23' }] },
    ],
    ['that its provider holds, without any snapshot', () => ({ sizeBytes: GiB }), { sizeBytes: GiB, blockDevices: [] }],
  ])('%s', (_, input, context) => {
    const made = scene()
    expect(made.registered(input(made))).toMatchObject(context)
  })

  it.each<[string, (scene: Scene) => object, string]>([
    ['nothing to boot from', () => ({}), 'rootKnown'],
    ['disks, none of them from a snapshot', () => ({ blockDevices: [{ device: 'sdf', sizeBytes: GiB }] }), 'rootKnown'],
    [
      'two disks from snapshots, and nobody knows which is the root',
      ({ snapshot }) => ({ blockDevices: ['sdf', 'sdg'].map(device => ({ device, snapshot })) }),
      'rootKnown',
    ],
    [
      'a device twice, by two names',
      ({ snapshot }) => ({ snapshot, blockDevices: ['/dev/sdf', 'sdf'].map(device => ({ device, sizeBytes: GiB })) }),
      'mappingValid',
    ],
    [
      'a device that is two things',
      ({ snapshot }) => ({ snapshot, blockDevices: [{ device: 'sdf', sizeBytes: GiB, ephemeral: 'ephemeral0' }] }),
      'mappingValid',
    ],
    ['a disk of no size', ({ snapshot }) => ({ snapshot, blockDevices: [{ device: 'sdf' }] }), 'sizeGiven'],
    [
      'a disk smaller than its snapshot',
      ({ snapshot }) => ({ snapshot, blockDevices: [{ device: 'sdf', snapshot, sizeBytes: GiB }] }),
      'snapshotFits',
    ],
    ['a root smaller than its snapshot', ({ snapshot }) => ({ snapshot, sizeBytes: GiB }), 'snapshotFits'],
    [
      'an ephemeral root',
      ({ snapshot }) => ({ snapshot, blockDevices: [{ device: 'sda', ephemeral: 'ephemeral0' }] }),
      'rootKept',
    ],
    [
      'a root that is left out',
      ({ snapshot }) => ({ snapshot, blockDevices: [{ device: 'sda1', noDevice: true }] }),
      'rootKept',
    ],
    [
      'a root of two snapshots',
      ({ world, volume, snapshot }) => {
        const other = world.request('snapshot', 'create', undefined, { volume }).id
        world.answer(other, 'done')
        return { snapshot, blockDevices: [{ device: 'sda1', snapshot: other }] }
      },
      'rootKept',
    ],
    [
      'a root smaller than the size that is given',
      ({ snapshot }) => ({ snapshot, sizeBytes: 9 * GiB, blockDevices: [{ device: 'sda1', sizeBytes: 8 * GiB }] }),
      'rootKept',
    ],
    ['a snapshot that is not complete', ({ pending }) => ({ snapshot: pending }), 'snapshotsCompleted'],
    [
      'a disk from a snapshot that is not complete',
      ({ snapshot, pending }) => ({ snapshot, blockDevices: [{ device: 'sdf', snapshot: pending }] }),
      'snapshotsCompleted',
    ],
    ['a snapshot that never was', () => ({ snapshot: 'snap-0' }), 'notFound'],
    [
      'a disk from a snapshot that never was',
      ({ snapshot }) => ({ snapshot, blockDevices: [{ device: 'sdf', snapshot: 'snap-0' }] }),
      'notFound',
    ],
  ])('not with %s', (_, input, requirement) => {
    const made = scene()
    const before = new Map(made.world.resources)
    expect(outcome(() => made.register(input(made))).split(', ')).toContain(requirement)
    expect(made.world.idsOf('image').length).toBe([...before.values()].filter(each => each.kind === 'image').length)
    expect(made.world.get(made.snapshot).context.images).toEqual([])
  })
})

describe('the name of an image', () => {
  it('is taken once, and free again when it is deregistered', () => {
    const { world, snapshot, register } = scene()
    const { id } = register({ snapshot })
    expect(outcome(() => register({ snapshot }))).toBe('nameFree')
    world.request('image', 'deregister', id)
    expect(world.get(snapshot).context.images).toEqual([])
    expect(outcome(() => register({ snapshot }))).toBe('taken')
    expect(outcome(() => world.request('image', 'deregister', id))).toBe('wrongState')
  })

  it('is free again when the image fails, and stays with whoever takes it then', () => {
    const { world, snapshot } = snapped()
    const named = (of: string) => world.request('image', 'copy', undefined, { name: 'copy', image: of })
    const original = world.request('image', 'register', undefined, { name: 'original', snapshot }).id
    const failed = named(original).id
    expect(outcome(() => named(original))).toBe('nameFree')
    world.answer(world.idsOf('snapshot').at(-1)!, 'rejected')
    expect(world.get(failed)).toMatchObject({ state: 'failed', context: { reason: { code: 'exhausted' } } })
    const second = named(original).id
    world.request('image', 'deregister', failed)
    expect(states(world, failed, second)).toEqual(['deregistered', 'pending'])
    expect(outcome(() => named(original))).toBe('nameFree')
  })
})

describe('an image', () => {
  it('is seen by its account alone, by some others, or by all', () => {
    const { world, snapshot, register } = scene()
    const { id } = register({ snapshot })
    const seen = () => kinds.image.visibility(world.get(id).context)
    const share = (input: object) => outcome(() => world.request('image', 'share', id, { ...input }))
    expect(seen()).toBe('private')
    expect([share({ add: ['bee', 'cow', 'bee'] }), seen()]).toEqual(['taken', ['bee', 'cow']])
    expect([share({ add: ['bee'] }), share({ remove: ['ant'] }), share({ public: false })]).toEqual([
      'unchanged',
      'unchanged',
      'unchanged',
    ])
    expect([share({ public: true, remove: ['cow'] }), seen()]).toEqual(['taken', 'public'])
    expect([share({ public: false, remove: ['bee'] }), seen()]).toEqual(['taken', 'private'])
  })

  it('is described with other words, while it is there', () => {
    const { world, snapshot, register } = scene()
    const { id } = register({ snapshot })
    const describe = (description: string) => outcome(() => world.request('image', 'modify', id, { description }))
    expect([describe('new'), describe('new')]).toEqual(['taken', 'unchanged'])
    world.request('image', 'deregister', id)
    expect(describe('late')).toBe('wrongState')
  })

  it('is copied with every snapshot it has, each once, and is available when all of them are', () => {
    const { world, snapshot, register } = scene()
    const blockDevices = [{ device: 'sdf', snapshot, sizeBytes: 10 * GiB }]
    const original = register({ snapshot, blockDevices, description: 'first', encrypted: true }).id
    const copy = world.request('image', 'copy', undefined, { name: 'copy', image: original }).id
    const made = world.idsOf('snapshot').filter(id => world.get(id).context.copiedFrom === snapshot)
    expect(made).toHaveLength(1)
    expect(world.get(copy)).toMatchObject({
      state: 'pending',
      context: {
        description: 'first',
        snapshot: made[0],
        encrypted: true,
        blockDevices: [{ device: 'sdf', snapshot: made[0], sizeBytes: 10 * GiB }],
      },
    })
    world.request('image', 'deregister', original)
    world.request('snapshot', 'delete', snapshot)
    expect(states(world, snapshot)).toEqual(['deleting.waiting'])
    world.answer(made[0]!, 'done')
    expect(states(world, copy, snapshot)).toEqual(['available', 'deleting.asking'])
    expect(outcome(() => world.request('snapshot', 'delete', made[0]!))).toBe('unused')
  })

  it('is copied only where it is made of snapshots, and these are', () => {
    const { world, snapshot, register } = scene()
    const held = register({ name: 'held', sizeBytes: GiB }).id
    const copy = (input: object) => outcome(() => world.request('image', 'copy', undefined, { name: 'copy', ...input }))
    expect(copy({ image: held }).split(', ')).toContain('copyable')
    const image = register({ snapshot }).id
    expect(copy({ image, provider: 'cellar' })).toBe('copyOffered')
    world.request('image', 'deregister', image)
    expect(copy({ image })).toBe('originalAvailable')
  })
})

describe('a key pair', () => {
  it('has a name of its own until it is deleted', () => {
    const { world, snapshot, register } = scene()
    const key = { name: 'debian 2', publicKey: 'ssh-ed25519 AAAA', fingerprint: 'aa:bb', type: 'ed25519' }
    register({ snapshot })
    const { id } = world.request('key-pair', 'import', undefined, key)
    expect(world.get(id)).toMatchObject({ state: 'available', context: key })
    expect(outcome(() => world.request('key-pair', 'import', undefined, key))).toBe('nameFree')
    world.request('key-pair', 'delete', id)
    expect(outcome(() => world.request('key-pair', 'delete', id))).toBe('unchanged')
    expect(outcome(() => world.request('key-pair', 'import', undefined, key))).toBe('taken')
  })
})
