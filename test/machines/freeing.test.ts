/** What is to outlive its instance, at providers that take every volume with it. (spec: stateful-and-deltacloud 3a.5, P7.) */
import { describe, expect, it } from 'vitest'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { classes } from './classes.ts'
import { furnished, GiB, outcome } from './world.ts'

const taking = (name: keyof typeof classes, more: DeclaredCapabilities = {}): DeclaredCapabilities => ({
  ...classes[name],
  attachmentsOnDestroy: 'deletes',
  ...more,
})
const scene = (declared: DeclaredCapabilities, blockDevices: object[] = []) => {
  const { world, image } = furnished(declared)
  const none = { device: '/dev/sdb', noDevice: true }
  const input = { image, type: 'small', blockDevices: [none, ...blockDevices] }
  const launch = () => world.request('instance', 'launch', undefined, input)
  return { world, launch }
}
const data = { device: '/dev/sdc', sizeBytes: GiB, deleteOnTermination: false }

describe('an instance whose provider takes every volume with it', () => {
  it('is rid of those that stay before its end is asked for, and has its others taken', () => {
    const { world, launch } = scene(taking('F'), [data, { ...data, device: 'sdd' }, { device: 'sde', sizeBytes: GiB }])
    const { id } = launch()
    world.settle()
    const volumes = world.idsOf('volume')
    world.request('instance', 'terminate', id)
    const asked = () => world.asks.get(id)!.map(({ verb, args }) => [verb, (args as { volume?: string }).volume])
    expect(asked()).toEqual(volumes.slice(0, 2).map(volume => ['detach', volume]))
    world.answer(id, 'done')
    expect(world.get(id).state).toBe('shutting-down.destroying')
    world.answer(id, 'done')
    expect([world.get(id).state, asked()]).toEqual(['shutting-down.freed', [['instanceDestroy', undefined]]])
    world.settle()
    expect(volumes.map(world.visible)).toEqual(['available', 'available', 'deleted'])
  })

  it('does not end before the provider has let go of them', () => {
    const { world, launch } = scene(taking('F'), [data])
    const { id } = launch()
    world.settle()
    world.request('instance', 'terminate', id)
    world.answer(id, 'rejected')
    expect(world.get(id).state).toBe('shutting-down.retrying')
    world.fire(`${id} instance.destroyRetryDue`)
    expect(world.asks.get(id)!.map(({ verb }) => verb)).toEqual(['detach'])
    world.answer(id, 'rejected', {}, 'notFound')
    expect(world.get(id).state).toBe('shutting-down.freed')
  })

  it('is turned off first where that keeps it: what is off has no volumes', () => {
    const { world, launch } = scene(taking('B'), [data])
    const { id } = launch()
    world.settle()
    world.request('instance', 'terminate', id)
    const verbs = () => world.asks.get(id)!.map(({ verb }) => verb)
    expect(verbs()).toEqual(['instancePower'])
    world.answer(id, 'rejected')
    expect(world.get(id).state).toBe('shutting-down.retrying')
    world.fire(`${id} instance.destroyRetryDue`)
    world.answer(id, 'done')
    expect([world.get(id).state, verbs()]).toEqual(['shutting-down.freed', ['instanceDestroy']])
  })

  it('gets none that is to stay where nothing takes it off again', () => {
    const fixed = taking('F', { volumeAttach: { hotPlug: true, hotUnplug: false, max: 4 } })
    expect(outcome(scene(fixed, [data]).launch)).toBe('volumesKept')
    const { world, launch } = scene(fixed, [{ ...data, deleteOnTermination: true }])
    const { id } = launch()
    const { id: volume } = world.request('volume', 'create', undefined, { sizeBytes: GiB })
    world.settle()
    expect(outcome(() => world.request('volume', 'attach', volume, { instance: id, device: 'sdf' }))).toBe(
      'volumesKept',
    )
    const keep = { deleteOnTermination: { sdc: false } }
    expect(outcome(() => world.request('instance', 'modify', id, keep))).toBe('volumesKept')
  })

  it('has a root of its provider where a volume could not be kept as one', () => {
    const volumes = { canCreateVolumeFromImage: true, bootFromVolume: true }
    const { world, launch } = scene(taking('A', { ...volumes, clonesOnLaunch: 'optional' }))
    const { id } = launch()
    expect(world.get(id).context.rootOwner).toBe('provider')
    const kept = scene(taking('A', volumes), [{ device: '/dev/sda1', deleteOnTermination: false }])
    expect(outcome(kept.launch)).toContain('rootOffered')
  })
})

describe('a provider without volumes', () => {
  it('is not asked for one', () => {
    const { world } = furnished({ ...classes.D, volumeAttach: { max: 0 }, volumeSnapshot: { of: [] } })
    expect(outcome(() => world.request('volume', 'create', undefined, { sizeBytes: GiB }))).toBe('volumesOffered')
  })
})

describe('an image of a running guest', () => {
  it('is not made by turning off what its provider then has no more', () => {
    const volumes = { canCreateVolumeFromImage: true, bootFromVolume: true }
    const { world, launch } = scene({ ...classes.A, ...volumes, rootOnDestroy: 'byFlag' })
    const { image } = world.get(launch().id).context
    const { id } = world.request('instance', 'launch', undefined, { image, type: 'small', mode: 'stateful' })
    world.settle()
    expect(outcome(() => world.request('image', 'create', undefined, { instance: id, name: 'x' }))).toBe('preserved')
  })
})
