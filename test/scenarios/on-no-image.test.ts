/** A provider that runs nothing on an image itself: a launch that asks for that is refused before anybody is asked. */
import { expect, it } from 'vitest'
import { simulatedClasses } from '../../src/drivers/simulated/index.ts'
import { Refused } from '../../src/index.ts'
import { GiB, open } from './cloud.ts'

const { E } = simulatedClasses

it.each([
  ['on the image itself', E, { rootPolicy: 'direct' }, /runs no instance on an image itself/],
  [
    'of an image that nobody makes a disk of',
    { ...E, canCreateVolumeFromImage: false },
    {},
    /makes none of this image/,
  ],
] as const)(
  'a launch %s is refused with why, and nothing is asked of the provider',
  async (_, declared, input, why) => {
    const { engine, acme, world } = await open({ capabilities: declared })
    const { id: image } = await acme.image.register({ name: 'plain', sizeBytes: GiB })
    const launch = (asked: object) => acme.instance.launch({ image, type: 'small', mode: 'stateful', ...asked })
    const refused: Refused = await launch(input).then(
      () => {
        throw new Error('it was accepted')
      },
      error => error,
    )
    expect(refused).toBeInstanceOf(Refused)
    expect(refused.reasons).toMatchObject([{ code: 'rootUnsupported', sentence: expect.stringMatching(why) }])
    expect([world.calls.instanceEnsure, world.calls.volumeEnsure]).toEqual([0, 0])
    expect((await acme.list('instance')).items).toEqual([])
    await engine.close()
  },
)

it('one with a root of its own is not', async () => {
  const { engine, acme } = await open({ capabilities: E })
  const { id: image } = await acme.image.register({ name: 'plain', sizeBytes: GiB })
  const { id } = await acme.instance.launch({ image, type: 'small' })
  expect(await acme.settled(id)).toBe('running')
  await engine.close()
})
