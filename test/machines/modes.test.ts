/** In which mode a launch is, and on whose disk: the table of the specification. (stateful-and-deltacloud 3a.4, 3a.5.) */
import { describe, expect, it } from 'vitest'
import { type Abilities, type Asked, resolveMode } from '../../machines/instance.mode.ts'
import { capabilities } from '../../src/drivers/capabilities.ts'
import { type ClassName, classes } from './classes.ts'
import { furnished, GiB, outcome, type World } from './world.ts'

const can = (name: ClassName): Abilities => capabilities(classes[name])
/** Ephemeral computes with disks that outlive them: the way to stateful by a volume. */
const withVolumes: Abilities = {
  ...can('A'),
  bootFromVolume: true,
  canCreateVolumeFromImage: true,
  rootOnDestroy: 'keeps',
}
const both = ['stateful', 'stateless'] as const
const resolve = (requested: Asked['requested'], provider: Abilities, targets: Asked['targets'] = both) => {
  const { mode, rootOwner, mismatch } = resolveMode({ requested, targets }, provider)
  return [mode, rootOwner, mismatch?.reason]
}

describe('what a launch is resolved to', () => {
  it.each<[Asked['requested'], ClassName, ReturnType<typeof resolve>]>([
    ['stateless', 'A', ['stateless', 'provider', undefined]],
    ['stateless', 'B', ['stateless', 'provider', undefined]],
    ['stateless', 'C', ['stateless', 'provider', undefined]],
    ['stateless', 'D', ['stateless', 'image', 'DRIVER']],
    ['stateless', 'D with clones', ['stateless', 'engine', undefined]],
    ['stateless', 'E', ['stateless', 'engine', undefined]],
    ['stateless', 'F', ['stateless', 'provider', undefined]],
    ['stateful', 'A', ['stateless', 'provider', 'DRIVER']],
    ['stateful', 'B', ['stateful', 'provider', undefined]],
    ['stateful', 'C', ['stateful', 'provider', undefined]],
    ['stateful', 'D', ['stateful', 'image', undefined]],
    ['stateful', 'D with clones', ['stateful', 'engine', undefined]],
    ['stateful', 'E', ['stateful', 'engine', undefined]],
    ['stateful', 'F', ['stateless', 'provider', 'DRIVER']],
    ['auto', 'A', ['stateless', 'provider', undefined]],
    ['auto', 'B', ['stateful', 'provider', undefined]],
    ['auto', 'C', ['stateful', 'provider', undefined]],
    ['auto', 'D', ['stateful', 'image', undefined]],
    ['auto', 'E', ['stateful', 'engine', undefined]],
    ['auto', 'F', ['stateless', 'provider', undefined]],
  ])('%s on class %s', (requested, name, expected) => {
    expect(resolve(requested, can(name))).toEqual(expected)
  })

  it('is stateful by a volume where only that survives', () => {
    expect(resolve('stateful', withVolumes)).toEqual(['stateful', 'engine', undefined])
    // What goes with the roots that a provider makes itself says nothing of a volume that it was given.
    expect(resolve('stateful', { ...withVolumes, rootOnDestroy: 'deletes' })).toEqual(['stateful', 'engine', undefined])
    const takesVolumes = { ...withVolumes, attachmentsOnDestroy: 'deletes' } as const
    expect(resolve('stateful', takesVolumes)).toEqual(['stateless', 'engine', 'DRIVER'])
    expect(resolve('auto', withVolumes)).toEqual(['stateless', 'engine', undefined])
  })

  it.each<ClassName>(['A', 'B', 'C', 'D', 'E', 'F'])(
    'is a fault of the image that was built for less, on class %s',
    name => {
      expect(resolve('stateful', can(name), ['stateless'])[2]).toBe('IMAGE')
      expect(resolve('stateless', can(name), ['stateful'])[2]).toBe('IMAGE')
      const [mode, , reason] = resolve('auto', can(name), ['stateless'])
      expect([mode, reason]).toEqual(['stateless', undefined])
    },
  )

  it('is on a volume where the root is to be other than the image has it, or there is none', () => {
    const asked = { requested: 'stateful', targets: both, rootIsVolume: true } as const
    expect(resolveMode(asked, can('B')).rootOwner).toBe('engine')
    expect(resolveMode(asked, can('C')).rootOwner).toBeUndefined()
    expect(resolveMode({ ...asked, rootIsVolume: false, fromSnapshot: true }, can('B')).rootOwner).toBe('engine')
  })

  it('is on a volume where the provider leaves the choice', () => {
    const asked = { requested: 'stateful', targets: both } as const
    expect(resolveMode(asked, { ...can('B'), clonesOnLaunch: 'optional' }).rootOwner).toBe('engine')
    expect(resolveMode(asked, { ...can('C'), clonesOnLaunch: 'optional' }).rootOwner).toBe('provider')
  })

  it('is on the image itself where that is asked for, stateful, of a provider that does so', () => {
    const asked = { requested: 'stateful', targets: both, direct: true } as const
    expect(resolveMode(asked, can('D with clones')).rootOwner).toBe('image')
    expect(resolveMode(asked, can('B')).rootOwner).toBeUndefined()
    expect(resolveMode({ ...asked, requested: 'stateless' }, can('D with clones')).rootOwner).toBeUndefined()
  })

  it('is on no image where the provider runs nothing on one, asked for or not', () => {
    const asked = { requested: 'stateful', targets: both, direct: true } as const
    expect(resolveMode(asked, can('E')).rootOwner).toBeUndefined()
    const bare = { ...can('D'), runsOnImage: false }
    expect(resolveMode(asked, bare).rootOwner).toBeUndefined()
    expect(resolveMode({ ...asked, direct: false }, bare).rootOwner).toBeUndefined()
  })
})

describe('a launch in another mode than asked for', () => {
  const scene = (name: ClassName, targets?: readonly string[]) => {
    const { world } = furnished(classes[name])
    const { id: image } = world.request('image', 'register', undefined, { name: 'built', sizeBytes: 8 * GiB, targets })
    const launch = (input: object) => world.request('instance', 'launch', undefined, { image, type: 'small', ...input })
    return { world, image, launch }
  }
  const warnings = (world: World) => world.log.filter(each => each.type === 'instance.modeMismatchWarned')

  it('is refused, and leaves nothing (P10)', () => {
    const { world, launch } = scene('A')
    const { length } = world.log
    expect(outcome(() => launch({ mode: 'stateful' }))).toBe('modeOffered')
    expect([world.log.length, world.idsOf('instance')]).toEqual([length, []])
  })

  it('or is done with one warning, which is an event and is remembered (P10)', () => {
    const { world, launch } = scene('A')
    const { id } = launch({ mode: 'stateful', onMismatch: 'warn' })
    const [warned, ...others] = warnings(world)
    expect([warned!.decision, others]).toEqual(['taken', []])
    expect(warned!.event.data).toMatchObject({
      code: 'modeMismatch',
      requested: 'stateful',
      resolved: 'stateless',
      reason: 'DRIVER',
      remedy: expect.stringContaining('stateless'),
      sentence: expect.stringMatching(/\.$/),
    })
    expect(world.get(id).context.warning).toEqual(warned!.event.data)
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'running.steady', context: { mode: 'stateless' } })
  })

  it('says what its image lacks, and what is used up', () => {
    const built = scene('E', ['stateless'])
    expect(outcome(() => built.launch({ mode: 'stateful' }))).toBe('modeOffered')
    const warned = built.launch({ mode: 'stateful', onMismatch: 'warn' })
    expect(built.world.get(warned.id).context).toMatchObject({ mode: 'stateless', warning: { reason: 'IMAGE' } })
    const { world, launch } = scene('D')
    const { id } = launch({ mode: 'stateless', onMismatch: 'warn' })
    expect(world.get(id).context).toMatchObject({ rootOwner: 'image', warning: { code: 'imageConsumed' } })
  })

  it('does not happen to who leaves it to image and provider', () => {
    for (const name of Object.keys(classes) as ClassName[]) {
      const { world, launch } = scene(name, ['stateless'])
      launch({})
      expect(warnings(world), name).toEqual([])
    }
  })
})
