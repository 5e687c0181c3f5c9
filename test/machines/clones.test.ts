/** Clones that callers make, and instances launched on them. (spec: stateful-and-deltacloud 1.1 R10, 3a.5 row user, 3a.6.) */
import { describe, expect, it } from 'vitest'
import { type ClassName, classes } from './classes.ts'
import { able, furnished, GiB, outcome, type World } from './world.ts'

type Input = Record<string, unknown>
const scene = (name: ClassName | 'able' = 'E', more: Input = {}) => {
  const { world } = furnished(name === 'able' ? { ...able, ...more } : { ...classes[name], ...more })
  const registered = (input: Input = {}) =>
    world.request('image', 'register', undefined, { name: 'plain', sizeBytes: 8 * GiB, ...input }).id
  const image = registered()
  const clone = (input: Input = {}) => world.request('volume', 'create', undefined, { image, ...input }).id
  const cloned = (input?: Input) => {
    const id = clone(input)
    world.settle()
    return id
  }
  const launch = (input: Input) => world.request('instance', 'launch', undefined, { type: 'small', ...input }).id
  const running = (input: Input) => {
    const id = launch(input)
    world.settle()
    return id
  }
  const no = (act: () => string) => outcome(() => ({ decision: act() }))
  return { world, image, registered, clone, cloned, launch, running, no }
}
const verbs = (world: World, id: string) => (world.asks.get(id) ?? []).map(each => each.verb)
const ended = (world: World, id: string) => {
  world.request('instance', 'terminate', id)
  world.settle()
}

describe('a clone of an image', () => {
  it('is a volume of the size of the image, asked for like one that the engine makes', () => {
    const { world, image, clone } = scene()
    const id = clone()
    expect(world.asks.get(id)).toMatchObject([
      { verb: 'volumeEnsure', args: { sizeBytes: 8 * GiB, from: { kind: 'image', id: image } } },
    ])
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'available', context: { boots: { image } } })
    expect(world.visible(clone({ sizeBytes: 9 * GiB }))).toBe('creating')
  })

  it.each<[string, string, () => string]>([
    ['smaller than its image', 'imageFits', () => scene().clone({ sizeBytes: GiB })],
    ['of a provider that makes none', 'cloneOffered', () => scene('A').clone()],
    ['of what is not an image', 'notFound', () => scene().clone({ image: 'img-none' })],
    [
      'of an image somebody runs on',
      'imageUnused',
      () => {
        const { running, image, clone } = scene('D with clones')
        running({ image, mode: 'stateful', rootPolicy: 'direct' })
        return clone()
      },
    ],
    [
      'of an image that is gone',
      'imageAvailable',
      () => {
        const { world, image, clone } = scene()
        world.request('image', 'deregister', image)
        return clone()
      },
    ],
    [
      'of a snapshot as well',
      'oneSource',
      () => {
        const { world, cloned, clone } = scene()
        const { id: snapshot } = world.request('snapshot', 'create', undefined, { volume: cloned() })
        world.settle()
        return clone({ snapshot })
      },
    ],
  ])('%s is refused: %s', (_, requirement, act) => {
    expect(outcome(() => ({ decision: act() }))).toBe(requirement)
  })

  it('of an image that is a snapshot is made from that, at its provider only', () => {
    const { world, cloned, registered, no } = scene('able')
    const { id: snapshot } = world.request('snapshot', 'create', undefined, { volume: cloned() })
    world.settle()
    const image = registered({ name: 'of a snapshot', snapshot })
    const id = cloned({ image })
    expect(world.get(id).context).toMatchObject({ from: { kind: 'volumeSnapshot', id: snapshot }, boots: { image } })
    expect(no(() => cloned({ image, provider: 'other' }))).toBe('imageHere')
  })

  it('may be a root and nothing else where its provider makes it for that', () => {
    const { world, image, cloned, running } = scene('D with clones')
    const volume = cloned()
    const instance = running({ image, mode: 'stateful' })
    const attach = (device: string) => outcome(() => world.request('volume', 'attach', volume, { instance, device }))
    expect(attach('/dev/sdf')).toBe('rootOnly')
    world.request('instance', 'stop', instance)
    world.settle()
    const [root] = Object.values(world.get(instance).context.devices) as { volume: string }[]
    world.request('volume', 'detach', root!.volume)
    expect(attach('/dev/sdf')).toBe('rootOnly')
    expect(attach('/dev/sda1')).toBe('taken')
  })
})

describe('an instance on a volume that is there', () => {
  it.each<ClassName>(['B', 'D with clones', 'E'])(
    'is made on it, keeps it over a stop, and leaves it when it ends: class %s',
    name => {
      const { world, image, cloned, launch } = scene(name)
      const volume = cloned()
      const id = launch({ rootVolume: volume, mode: 'stateful' })
      expect(world.get(id)).toMatchObject({ state: 'pending.creating', context: { image, rootOwner: 'user' } })
      expect(world.get(volume)).toMatchObject({ state: 'in-use.attached', context: { attachment: { instance: id } } })
      expect(world.asks.get(id)).toMatchObject([
        { verb: 'instanceEnsure', args: { image, devices: [{ device: '/dev/sda1', volume, root: true }] } },
      ])
      world.settle()
      world.request('instance', 'stop', id)
      world.settle()
      expect([world.visible(id), world.get(volume).state]).toEqual(['stopped', 'in-use.attached'])
      world.request('instance', 'start', id)
      expect(world.asks.get(id)!.at(-1)).toMatchObject({ args: { devices: [{ volume, root: true }] } })
      world.settle()
      ended(world, id)
      expect([world.visible(id), world.get(volume).state]).toEqual(['terminated', 'available'])
      expect(verbs(world, volume)).toEqual([])
    },
  )

  it('waits for the other disks that its image has', () => {
    const { world, cloned, launch } = scene()
    const blockDevices = [{ device: '/dev/sdb', sizeBytes: GiB }]
    const volume = cloned()
    const id = launch({ rootVolume: volume, blockDevices })
    const [other] = Object.values(world.get(id).context.devices as Record<string, { volume: string }>)
      .map(each => each.volume)
      .filter(each => each !== volume)
    expect([world.get(id).state, verbs(world, id)]).toEqual(['pending.preparing', []])
    world.answer(other!, 'rejected')
    world.settle()
    expect([world.visible(id), world.get(volume).state]).toEqual(['terminated', 'available'])
  })

  it('gives the volume back when its compute cannot be made', () => {
    const { world, cloned, launch } = scene()
    const volume = cloned()
    const id = launch({ rootVolume: volume })
    world.answer(id, 'rejected')
    expect(world.get(volume).state).toBe('in-use.attached')
    world.settle()
    expect([world.visible(id), world.get(volume).state]).toEqual(['terminated', 'available'])
  })

  it('takes the volume with it only when it is told to', () => {
    const { world, cloned, running } = scene()
    const blockDevices = [{ device: 'sda1', deleteOnTermination: true }]
    const [flagged, modified] = [cloned(), cloned()]
    const first = running({ rootVolume: flagged, blockDevices })
    const second = running({ rootVolume: modified })
    world.request('instance', 'modify', second, { deleteOnTermination: { '/dev/sda1': true } })
    for (const id of [first, second]) ended(world, id)
    expect([flagged, modified].map(each => world.get(each).state)).toEqual(['deleted', 'deleted'])
  })

  it('is one of all who ask: the volume is taken by the first (P3)', () => {
    const { world, cloned, launch, no } = scene()
    const volume = cloned()
    launch({ rootVolume: volume })
    const { length } = world.log
    expect(no(() => launch({ rootVolume: volume }))).toBe('rootVolumeFree')
    expect(world.log).toHaveLength(length)
    expect(no(() => launch({ rootVolume: 'vol-none' }))).toBe('notFound')
  })

  it.each<[string, string, () => string]>([
    ['neither image nor volume', 'imageGiven', () => scene().launch({})],
    [
      'a volume that is being made',
      'rootVolumeFree',
      () => {
        const { clone, launch } = scene()
        return launch({ rootVolume: clone() })
      },
    ],
    [
      'a volume that holds no system',
      'rootBootable',
      () => {
        const { world, launch } = scene()
        const { id } = world.request('volume', 'create', undefined, { sizeBytes: GiB })
        world.settle()
        return launch({ rootVolume: id })
      },
    ],
    [
      'a volume elsewhere',
      'rootVolumeThere',
      () => {
        const { cloned, launch } = scene()
        return launch({ rootVolume: cloned({ zone: 'b' }), zone: 'a' })
      },
    ],
    [
      'another size of it',
      'mappingValid',
      () => {
        const { cloned, launch } = scene()
        return launch({ rootVolume: cloned(), blockDevices: [{ device: '/dev/sda1', sizeBytes: 9 * GiB }] })
      },
    ],
    [
      'the image itself as well',
      'rootOffered',
      () => {
        const { cloned, launch } = scene('D with clones')
        return launch({ rootVolume: cloned(), mode: 'stateful', rootPolicy: 'direct' })
      },
    ],
    [
      'a provider that boots from clones only',
      'rootOffered',
      () => {
        const { world, image, launch } = scene('D with clones')
        const { id } = world.request('volume', 'create', undefined, { sizeBytes: GiB })
        world.settle()
        return launch({ rootVolume: id, image })
      },
    ],
    [
      'a provider that deletes what is connected',
      'rootOffered',
      () => {
        const { cloned, launch } = scene('E', { attachmentsOnDestroy: 'deletes' })
        return launch({ rootVolume: cloned() })
      },
    ],
  ])('is refused with %s: %s', (_, requirement, act) => {
    expect(outcome(() => ({ decision: act() }))).toBe(requirement)
  })

  it('goes where its volume is', () => {
    const { world, cloned, launch } = scene()
    expect(world.get(launch({ rootVolume: cloned({ zone: 'b' }) })).context.zone).toBe('b')
  })

  it('needs its image no more: a volume of it boots when the image is gone', () => {
    const { world, cloned, running, registered } = scene()
    const image = registered({ name: 'other', rootDevice: '/dev/xvda', architecture: 'arm64' })
    const volume = cloned({ image })
    world.request('image', 'deregister', image)
    const { context } = world.get(running({ rootVolume: volume, image }))
    expect(context).toMatchObject({ image, rootDevice: '/dev/xvda', architecture: 'arm64' })
  })

  it('is launched on what an instance left, on its snapshots, and on what somebody vouches for', () => {
    const { world, image, running } = scene('able', { bootFromSnapshot: true })
    const kept = [{ device: '/dev/sda1', deleteOnTermination: false }]
    const first = running({ image, blockDevices: kept })
    const [{ volume }] = Object.values(world.get(first).context.devices) as [{ volume: string }]
    ended(world, first)
    const { id: snapshot } = world.request('snapshot', 'create', undefined, { volume })
    world.settle()
    const { id: restored } = world.request('volume', 'create', undefined, { snapshot })
    const { id: blank } = world.request('volume', 'create', undefined, { sizeBytes: GiB })
    world.settle()
    for (const input of [{ rootVolume: volume }, { rootVolume: restored }, { rootVolume: blank, image }])
      expect(world.get(running(input))).toMatchObject({ state: 'running.steady', context: { image } })
  })

  it('is stateful where nothing but the volume survives, and a stop of it is no stop', () => {
    const { world, cloned, running } = scene('able', { stop: 'destroys', start: 'none', rootOnStop: 'keeps' })
    const id = running({ rootVolume: cloned(), mode: 'stateful' })
    expect(world.get(id).context.mode).toBe('stateful')
    expect(outcome(() => world.request('instance', 'stop', id))).toBe('preserved')
  })
})

describe('an image that clones cannot do without', () => {
  const deregistered = (world: World, image: string) => outcome(() => world.request('image', 'deregister', image))

  it('stays until the last of them is gone, whoever made them', () => {
    const { world, image, cloned, running } = scene('D with clones')
    const volume = cloned()
    const [own, kept] = [running({ image, mode: 'stateful' }), running({ image, mode: 'stateful' })]
    expect(deregistered(world, image)).toBe('unused')
    ended(world, own)
    world.request('instance', 'modify', kept, { deleteOnTermination: { sda1: false } })
    const [{ volume: root }] = Object.values(world.get(kept).context.devices) as [{ volume: string }]
    ended(world, kept)
    world.request('volume', 'delete', volume)
    world.settle()
    expect(deregistered(world, image)).toBe('unused')
    world.request('volume', 'delete', root)
    expect(deregistered(world, image)).toBe('unused')
    world.settle()
    expect(deregistered(world, image)).toBe('taken')
  })

  it('stays while an instance has a root that its provider linked to it', () => {
    const { world, image, running } = scene('C')
    const id = running({ image })
    expect(deregistered(world, image)).toBe('unused')
    ended(world, id)
    expect(deregistered(world, image)).toBe('taken')
  })

  it('is run on by nobody: that would change what they are made of', () => {
    const { image, cloned, launch, no } = scene('D with clones')
    cloned()
    expect(no(() => launch({ image, mode: 'stateful', rootPolicy: 'direct' }))).toBe('imageUnused')
  })

  it('may go at once where clones are full copies, and no launch is counted', () => {
    const { world, image, cloned, running } = scene()
    cloned()
    running({ image })
    expect([...world.claims.keys()].filter(each => each.startsWith('clones'))).toEqual([])
    expect(deregistered(world, image)).toBe('taken')
  })

  it('is not needed by what is made of its snapshot', () => {
    const { world, registered, running } = scene('able', { cloneKind: 'linked', canCreateVolumeFromImage: true })
    const { id: volume } = world.request('volume', 'create', undefined, { sizeBytes: GiB })
    world.settle()
    const { id: snapshot } = world.request('snapshot', 'create', undefined, { volume })
    world.settle()
    const image = registered({ name: 'of a snapshot', snapshot })
    running({ image })
    expect(deregistered(world, image)).toBe('taken')
  })
})
