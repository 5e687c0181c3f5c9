/** What providers cannot, and nobody may find out only when it is too late. (spec: stateful-and-deltacloud 3a.2, P7.) */
import { describe, expect, it } from 'vitest'
import { classes } from './classes.ts'
import { furnished, GiB, outcome } from './world.ts'

describe('a provider without volumes', () => {
  it('is not asked for one, since it could never delete it', () => {
    const { world } = furnished({ ...classes.D, volumeAttach: { max: 0 }, volumeSnapshot: { of: [] } })
    expect(outcome(() => world.request('volume', 'create', undefined, { sizeBytes: GiB }))).toBe('volumesOffered')
  })
})

describe('an image of a running guest', () => {
  it('is not made by turning off what its provider then has no more', () => {
    const volumes = { canCreateVolumeFromImage: true, bootFromVolume: true }
    const { world, image } = furnished({
      ...classes.A,
      ...volumes,
      rootOnDestroy: 'byFlag',
      volumeSnapshot: { of: ['available', 'in-use'], live: true },
    })
    const { id } = world.request('instance', 'launch', undefined, { image, type: 'small', mode: 'stateful' })
    world.settle()
    const create = (noReboot: boolean) => () => ({
      decision: world.request('image', 'create', undefined, { instance: id, name: 'x', noReboot }).decision,
    })
    expect(outcome(create(false))).toBe('preserved')
    expect(outcome(create(true))).toBe('taken')
  })
})
