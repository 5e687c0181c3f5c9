/** Images of instances: what is taken, when the guest is off for it, and how each way of failing ends. (spec: ec2 5.4) */
import { describe, expect, it } from 'vitest'
import { asked, running, states, stopped } from './image-scenes.ts'
import { able, furnished, GiB, outcome, type World } from './world.ts'

type Scene = ReturnType<typeof running>
const create = ({ world, id }: Scene, input = {}) =>
  world.request('image', 'create', undefined, { name: 'golden', instance: id, ...input }).id
const snapshotsFor = (world: World, image: string) =>
  world.idsOf('snapshot').filter(id => world.get(id).context.capturedFor?.image === image)
const quieted = (scene = running()) => {
  const image = create(scene)
  return { ...scene, golden: image, taken: snapshotsFor(scene.world, image) }
}
/** The guest is off, and its disks are being taken. */
const cutting = () => {
  const scene = quieted()
  scene.world.answer(scene.id, 'done')
  return scene
}

describe('an image of an instance', () => {
  it.each<[string, () => Scene, object]>([
    ['that is stopped', stopped, {}],
    ['that runs on', running, { noReboot: true }],
  ])('%s is taken at once, of each disk it has', (_, make, input) => {
    const scene = make()
    const { world, id, root, data } = scene
    const state = world.get(id).state
    const image = create(scene, { description: 'as it is', snapshotTags: { from: 'it' }, ...input })
    const taken = snapshotsFor(world, image)
    expect(states(world, image, ...taken, id)).toEqual(['pending', 'pending.taking', 'pending.taking', state])
    expect(taken.map(each => world.get(each).context)).toMatchObject([
      { volume: root, sizeBytes: 8 * GiB, images: [image], tags: { from: 'it' } },
      { volume: data, sizeBytes: 2 * GiB, description: `Created by CreateImage(${id}) for ${image}` },
    ])
    expect(asked(world, id)).toEqual([])
    expect(world.get(image).context).toMatchObject({
      description: 'as it is',
      createdFrom: { instance: id },
      rootDevice: '/dev/sda1',
      snapshot: taken[0],
      sizeBytes: 8 * GiB,
      blockDevices: [
        { device: '/dev/sda1', deleteOnTermination: true },
        { device: '/dev/sdb', snapshot: taken[1], sizeBytes: 2 * GiB, deleteOnTermination: false },
      ],
    })
    world.answer(taken[1]!, 'done')
    expect(states(world, image)).toEqual(['pending'])
    world.answer(taken[0]!, 'done')
    expect(states(world, image)).toEqual(['available'])
    expect(world.get(id).context.captures).toBeUndefined()
    const { id: copy } = world.request('instance', 'launch', undefined, { image, type: 'small' })
    expect(Object.values(world.get(copy).context.devices)).toHaveLength(2)
  })

  it('has what was attached after the launch, and not what was detached', () => {
    const scene = running()
    const { world, id, data } = scene
    const late = world.request('volume', 'create', undefined, { sizeBytes: GiB, volumeType: 'gp3' }).id
    world.answer(late, 'done')
    world.request('volume', 'attach', late, { instance: id, device: '/dev/sdf' })
    world.request('volume', 'detach', data)
    world.settle()
    const image = create(scene, { noReboot: true })
    expect(snapshotsFor(world, image).map(each => world.get(each).context.volume)).toContain(late)
    expect(world.get(image).context.blockDevices.slice(1)).toMatchObject([
      { device: '/dev/sdf', sizeBytes: GiB, volumeType: 'gp3', iops: 3000, deleteOnTermination: false },
    ])
  })

  it('has the size that a disk had when it was taken, if it grew until then', () => {
    const scene = quieted()
    const { world, id, root, golden, taken } = scene
    world.request('volume', 'modify', root, { sizeBytes: 20 * GiB })
    world.answer(root, 'done')
    world.answer(id, 'done')
    world.answer(taken[0]!, 'done', { sizeBytes: 20 * GiB })
    world.answer(taken[1]!, 'done')
    expect(world.get(golden)).toMatchObject({ state: 'available', context: { sizeBytes: 20 * GiB } })
  })

  it('has more disks, fewer, and other flags, as its request says', () => {
    const scene = running()
    const { world } = scene
    const other = world.request('snapshot', 'create', undefined, { volume: scene.data }).id
    world.answer(other, 'done')
    const image = create(scene, {
      noReboot: true,
      blockDevices: [
        { device: 'sda1', deleteOnTermination: false },
        { device: '/dev/sdb', noDevice: true },
        { device: '/dev/sdf', snapshot: other },
        { device: '/dev/sdg', sizeBytes: GiB },
        { device: '/dev/sdh', ephemeral: 'ephemeral1' },
      ],
    })
    expect(snapshotsFor(world, image)).toHaveLength(1)
    expect(world.get(image).context.blockDevices).toMatchObject([
      { device: '/dev/sda1', deleteOnTermination: false },
      { device: '/dev/sdf', snapshot: other, sizeBytes: 2 * GiB },
      { device: '/dev/sdg', sizeBytes: GiB },
      { device: '/dev/sdh', ephemeral: 'ephemeral1' },
    ])
    expect(world.get(other).context.images).toEqual([image])
  })

  it('has the ephemeral disks of the image it came from', () => {
    const { world } = furnished()
    const blockDevices = [{ device: 'sdc', ephemeral: 'ephemeral0' }]
    const from = world.request('image', 'register', undefined, { name: 'with', sizeBytes: GiB, blockDevices }).id
    const { id } = world.request('instance', 'launch', undefined, { image: from, type: 'small' })
    world.settle()
    const image = world.request('image', 'create', undefined, { name: 'golden', instance: id, noReboot: true }).id
    expect(world.get(image).context.blockDevices).toMatchObject([{ device: '/dev/sda1' }, blockDevices[0]])
  })

  it.each<[string, object[]]>([
    ['another root', [{ device: 'sda1', sizeBytes: 20 * GiB }]],
    ['no root', [{ device: '/dev/sda', noDevice: true }]],
    ['another disk where one is attached', [{ device: 'sdb', sizeBytes: GiB }]],
    ['an ephemeral disk where one is attached', [{ device: 'sdb', ephemeral: 'ephemeral0' }]],
    [
      'a device twice',
      [
        { device: 'sdf', sizeBytes: GiB },
        { device: '/dev/sdf', noDevice: true },
      ],
    ],
  ])('is refused with %s', (_, blockDevices) => {
    const scene = running()
    expect(outcome(() => ({ decision: create(scene, { blockDevices }) }))).toBe('mappingValid')
    expect(scene.world.idsOf('snapshot')).toEqual([])
    expect(states(scene.world, scene.id)).toEqual(['running.steady'])
  })

  it('is refused under a name that is taken', () => {
    const scene = running()
    expect(outcome(() => ({ decision: create(scene, { name: 'debian' }) }))).toBe('nameFree')
  })

  it('is refused of an instance without a root, and of one that is on its way', () => {
    const scene = stopped()
    const { world, id, root } = scene
    const refused = () => outcome(() => ({ decision: create(scene) }))
    world.request('volume', 'detach', root)
    expect(refused()).toBe('rootAttached')
    world.request('volume', 'attach', root, { instance: id, device: '/dev/sda1' })
    world.request('instance', 'start', id)
    expect(refused()).toBe('wrongState')
    world.settle()
    world.request('instance', 'stop', id)
    expect(refused()).toBe('wrongState')
    world.request('instance', 'terminate', id)
    expect(refused().split(', ')).toContain('wrongState')
  })

  it('of a stateless guest is taken only while it runs on', () => {
    const { world, image } = furnished({ ...able, stop: 'destroys', start: 'none' })
    const { id } = world.request('instance', 'launch', undefined, { image, type: 'small' })
    world.settle()
    const scene = { world, id } as Scene
    expect(outcome(() => ({ decision: create(scene) }))).toBe('stateful, preserved')
    expect(outcome(() => ({ decision: create(scene, { noReboot: true }) }))).toMatch(/^img-/)
  })
})

describe('a guest that is turned off for its image', () => {
  it('runs to all readers, while its disks wait for it to be off', () => {
    const { world, id, golden, taken } = quieted()
    expect(world.visible(id)).toBe('running')
    expect(states(world, id, golden, ...taken)).toEqual([
      'running.capturing.quieting',
      'pending',
      'pending.held',
      'pending.held',
    ])
    expect(world.asks.get(id)).toMatchObject([{ args: { want: 'off', mode: 'graceful', generation: 1 } }])
    expect(taken.flatMap(each => asked(world, each))).toEqual([])
  })

  it('is turned on again when the moment of each disk is fixed, though they are stored later', () => {
    const { world, id, golden, taken } = cutting()
    const launchedAt = world.get(id).context.launchedAt
    expect(states(world, id, ...taken)).toEqual(['running.capturing.cutting', 'pending.taking', 'pending.taking'])
    world.report(taken[0]!, 'snapshot.progressed', { percent: 0 })
    expect(states(world, id)).toEqual(['running.capturing.cutting'])
    world.answer(taken[1]!, 'done')
    expect(states(world, id, taken[0]!)).toEqual(['running.capturing.poweringOn', 'pending.storing'])
    expect(world.asks.get(id)).toMatchObject([{ args: { want: 'running', generation: 2, devices: [{}, {}] } }])
    world.answer(id, 'done')
    expect(states(world, id, golden)).toEqual(['running.steady', 'pending'])
    expect(world.get(id).context).toMatchObject({ generation: 2, launchedAt })
    world.answer(taken[0]!, 'done')
    expect(states(world, golden)).toEqual(['available'])
  })

  it('has not shut itself down, whenever the news of it comes', () => {
    const { world, id, taken } = quieted()
    const off = (generation: number) => world.report(id, 'instance.poweredOff', { generation })
    expect(off(1)).toBe('ignored')
    world.answer(id, 'done')
    expect(off(1)).toBe('ignored')
    for (const each of taken) world.answer(each, 'done')
    expect(off(1)).toBe('ignored')
    world.answer(id, 'done')
    expect([off(1), world.get(id).state]).toEqual(['ignored', 'running.steady'])
    expect([off(2), world.get(id).state]).toEqual(['taken', 'stopping.asking'])
  })

  it('is not looked at by a survey meanwhile', async () => {
    const { kinds } = await import('../../machines/index.ts')
    const { world, id } = cutting()
    const seen = { exists: 'yes', facts: { status: 'stopped' }, generation: 1 } as const
    expect(kinds.instance.observed(seen, world.get(id).context, 'running')).toBeUndefined()
  })

  it.each([
    ['stop', {}],
    ['stop', { force: true }],
    ['reboot', {}],
  ])('cannot be asked to %s', (command, input) => {
    for (const { world, id } of [quieted(), cutting()])
      expect(outcome(() => world.request('instance', command, id, input))).toBe('notCapturing')
  })

  it('cannot be asked to reboot, even if it is about to do that first', () => {
    const scene = running()
    scene.world.request('instance', 'reboot', scene.id)
    const { world, id } = quieted(scene)
    expect(outcome(() => world.request('instance', 'reboot', id))).toBe('notCapturing')
    expect(asked(world, id)).toEqual(['instanceReset', 'instancePower'])
    world.answer(id, 'done')
    world.answer(id, 'done')
    expect(world.get(id)).toMatchObject({ state: 'running.capturing.cutting', context: { generation: 1 } })
    expect(world.get(id).context.rebooting).toBeUndefined()
  })

  it('gives and takes no volumes, and is taken for no other image', () => {
    const scene = cutting()
    const { world, id, data } = scene
    const spare = world.request('volume', 'create', undefined, { sizeBytes: GiB }).id
    world.answer(spare, 'done')
    const attach = () => world.request('volume', 'attach', spare, { instance: id, device: 'sdf' })
    expect(outcome(attach)).toBe('notCapturing')
    expect(outcome(() => world.request('volume', 'detach', data))).toBe('notCapturing')
    for (const noReboot of [true, false])
      expect(outcome(() => ({ decision: create(scene, { name: 'second', noReboot }) }))).toBe('notCapturing')
  })

  it('may be protected, started, which it is, and modified meanwhile', () => {
    const { world, id } = cutting()
    expect(outcome(() => world.request('instance', 'start', id))).toBe('unchanged')
    expect(outcome(() => world.request('instance', 'modify', id, { terminationProtection: true }))).toBe('taken')
  })

  it('is not turned off while volumes are on their way', () => {
    const scene = running()
    const { world, data } = scene
    world.request('volume', 'detach', data)
    expect(outcome(() => ({ decision: create(scene) }))).toBe('connectionsSettled')
    expect(outcome(() => ({ decision: create(scene, { noReboot: true }) }))).toMatch(/^img-/)
  })

  it('is marked when it takes too long, until it runs again', () => {
    const { world, id, taken } = cutting()
    world.fire(`${id} instance.captureTimedOut`)
    expect(world.get(id).context.overdue).toBe(true)
    for (const each of taken) world.answer(each, 'done')
    world.answer(id, 'done')
    expect(world.get(id).context.overdue).toBeUndefined()
    expect([...world.timers].filter(key => key.startsWith(id))).toEqual([])
  })
})

describe('an image that fails', () => {
  it('with the first disk that cannot be taken, lets the guest run again at once', () => {
    const { world, id, golden, taken } = cutting()
    world.answer(taken[0]!, 'rejected')
    expect(world.get(golden)).toMatchObject({
      state: 'failed',
      context: { reason: { code: 'exhausted' }, awaited: [] },
    })
    expect(states(world, id)).toEqual(['running.capturing.poweringOn'])
    expect(taken.map(each => world.get(each).context.images)).toEqual([[], []])
    world.settle()
    expect(states(world, id, ...taken)).toEqual(['running.steady', 'error', 'completed'])
    expect(world.get(id).context.captures).toBeUndefined()
  })

  it('because the guest cannot be turned off leaves it running, and takes nothing', () => {
    const { world, id, golden, taken } = quieted()
    world.answer(id, 'rejected')
    expect(states(world, id, golden, ...taken)).toEqual(['running.steady', 'failed', 'error', 'error'])
    expect(taken.flatMap(each => asked(world, each))).toEqual([])
    expect(world.get(taken[0]!).context.reason.code).toBe('captureAbandoned')
    expect(world.get(id).context.quieted).toBeUndefined()
    world.request('instance', 'terminate', id)
    world.settle()
    expect(states(world, id)).toEqual(['terminated'])
  })

  it('of a guest that cannot be asked is taken with its power cut', () => {
    const { world, id } = quieted()
    world.answer(id, 'rejected', {}, 'unsupported')
    expect(world.asks.get(id)).toMatchObject([{ args: { want: 'off', mode: 'hard', generation: 1 } }])
    world.answer(id, 'done')
    expect(states(world, id)).toEqual(['running.capturing.cutting'])
  })

  it('never, because the guest does not come back: that has stopped, and says why', () => {
    const { world, id, golden, taken } = cutting()
    for (const each of taken) world.answer(each, 'done')
    world.answer(id, 'rejected')
    expect(states(world, id)).toEqual(['stopping.asking'])
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'stopped', context: { reason: { code: 'exhausted' } } })
    expect(states(world, golden)).toEqual(['available'])
    world.request('instance', 'start', id)
    expect(world.asks.get(id)).toMatchObject([{ args: { generation: 3 } }])
  })

  it('with its instance, when that is terminated, whatever was taken so far', () => {
    for (const scene of [quieted(), cutting()]) {
      const { world, id, golden, taken, root } = scene
      const held = world.get(taken[0]!).state === 'pending.held'
      world.request('instance', 'terminate', id)
      expect(world.get(golden)).toMatchObject({ state: 'failed', context: { reason: { code: 'instanceTerminated' } } })
      expect(states(world, id, taken[0]!)).toEqual(['shutting-down.destroying', held ? 'error' : 'pending.taking'])
      world.answer(id, 'done')
      expect(states(world, id, root)).toEqual([
        held ? 'shutting-down.cleaning' : 'terminated',
        held ? 'deleting.asking' : 'deleting.waiting',
      ])
      world.settle()
      expect(states(world, taken[0]!, root)).toEqual([held ? 'error' : 'completed', 'deleted'])
    }
  })

  it('with its instance also where its guest ran on, or ended by itself', () => {
    const scene = running({ shutdownBehaviour: 'terminate' })
    const { world, id } = scene
    const [first, second] = [create(scene, { noReboot: true }), create(scene, { noReboot: true, name: 'second' })]
    for (const each of snapshotsFor(world, first)) world.answer(each, 'done')
    world.report(id, 'instance.poweredOff', { generation: 1 })
    expect(states(world, id, first, second)).toEqual(['shutting-down.destroying', 'available', 'failed'])
  })

  it('frees its name', () => {
    const scene = quieted()
    scene.world.answer(scene.id, 'rejected')
    expect(create(scene)).toMatch(/^img-/)
  })
})

describe('a guest that others suspend while it is turned off for an image', () => {
  it('is turned off all the same, and its image is made', () => {
    const { world, id, golden } = quieted()
    expect(world.report(id, 'instance.externallySuspended', { generation: 1 })).toBe('ignored')
    world.settle()
    expect(world.get(golden).state).toBe('available')
    expect(world.get(id).state).toBe('running.steady')
  })
})
