/**
 * A control plane that takes the steps itself: it reads what the provider answers, clones, launches on the clone,
 * terminates, and deletes the clone. What it leaves is what the engine's own plan leaves. (spec: stateful-and-deltacloud
 * 1.1 R8 to R12.)
 */
import { describe, expect, it } from 'vitest'
import { simulatedClasses } from '../../src/drivers/simulated/index.ts'
import { GiB, open } from './cloud.ts'

type ClassName = keyof typeof simulatedClasses
type Cloud = Awaited<ReturnType<typeof open>>

const opened = async (name: ClassName) => {
  const cloud = await open({}, simulatedClasses[name])
  const { id: image } = await cloud.acme.image.register({ name: 'plain', sizeBytes: 2 * GiB })
  return { ...cloud, image, digest: cloud.world.digest('image', image) }
}
const settledAs = async ({ acme, engine }: Cloud, id: string, state: string) => {
  expect(await acme.settled(id)).toBe(state)
  await engine.idle()
}

/** What alternative 2 asks of a client: it knows nothing of the provider but its answers. */
async function byClient(cloud: Awaited<ReturnType<typeof opened>>) {
  const { engine, acme, image } = cloud
  const [{ answers }] = engine.providers.list() as [ReturnType<typeof engine.providers.get>]
  const needsClone = !answers.launchClones && answers.clones !== 'none' && answers.launchesOn !== 'none'
  const clone = needsClone ? (await acme.volume.create({ image })).id : undefined
  if (clone) await settledAs(cloud, clone, 'available')
  const { id } = await acme.instance.launch({ type: 'small', ...(clone ? { rootVolume: clone } : { image }) })
  await settledAs(cloud, id, 'running')
  await acme.instance.terminate(id)
  await settledAs(cloud, id, 'terminated')
  if (clone) {
    expect((await acme.get(clone)).state).toBe('available')
    await acme.volume.delete(clone)
    await settledAs(cloud, clone, 'deleted')
  }
  return needsClone
}
/** Alternative 1: one call, and the engine plans. */
async function byEngine(cloud: Awaited<ReturnType<typeof opened>>) {
  const { acme, image } = cloud
  const { id } = await acme.instance.launch({ type: 'small', image })
  await settledAs(cloud, id, 'running')
  await acme.instance.terminate(id)
  await settledAs(cloud, id, 'terminated')
}
/** What is there afterwards, and what it took. */
const leftBy = async ({ world, image, digest, acme }: Awaited<ReturnType<typeof opened>>) => ({
  objects: world.objects(),
  isUntouched: world.digest('image', image) === digest,
  calls: Object.fromEntries(
    Object.entries(world.calls).filter(([verb]) => !['observe', 'list', 'poll'].includes(verb)),
  ),
  images: (await acme.list('image')).items.map(({ state }) => state),
})

describe.each<[ClassName, boolean]>([
  ['A', false],
  ['B', false],
  ['C', false],
  ['D', true],
  ['E', true],
  ['F', false],
])('a client that does it itself, on class %s', (name, clones) => {
  it('ends with what the engine ends with', async () => {
    const [own, planned] = [await opened(name), await opened(name)]
    expect(await byClient(own)).toBe(clones)
    await byEngine(planned)
    expect(await leftBy(own)).toEqual(await leftBy(planned))
    expect(await leftBy(own)).toMatchObject({ objects: [], isUntouched: true })
    for (const { engine } of [own, planned]) await engine.close()
  })
})

describe.each<ClassName>(['D', 'E'])('an instance on a clone of the client, on class %s', name => {
  it('keeps what its guest wrote over a stop, and leaves it on the clone for the next one', async () => {
    const cloud = await opened(name)
    const { acme, world, image } = cloud
    const { id: clone } = await acme.volume.create({ image })
    await settledAs(cloud, clone, 'available')
    const { id: first } = await acme.instance.launch({ type: 'small', rootVolume: clone, mode: 'stateful' })
    await settledAs(cloud, first, 'running')
    world.writeRoot(first, 'mine')
    await acme.instance.stop(first)
    await settledAs(cloud, first, 'stopped')
    await acme.instance.start(first)
    await settledAs(cloud, first, 'running')
    expect(world.readRoot(first)).toBe('mine')
    await acme.instance.terminate(first)
    await settledAs(cloud, first, 'terminated')
    const { id: second } = await acme.instance.launch({ type: 'small', rootVolume: clone })
    await settledAs(cloud, second, 'running')
    expect(world.readRoot(second)).toBe('mine')
    expect(world.digest('image', image)).toBe(cloud.digest)
    await cloud.engine.close()
  })

  it('is one, however many are asked for at once, and leaves nothing of the others', async () => {
    const cloud = await opened(name)
    const { acme, image, engine } = cloud
    const { id: clone } = await acme.volume.create({ image })
    await settledAs(cloud, clone, 'available')
    const asked = Array.from({ length: 32 }, () => acme.instance.launch({ type: 'small', rootVolume: clone }))
    const outcomes = await Promise.allSettled(asked)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const codes = outcomes.flatMap(each => (each.status === 'rejected' ? [each.reason.code] : []))
    expect(new Set(codes)).toEqual(new Set(['rootVolumeUnavailable']))
    expect((await acme.list('instance')).items).toHaveLength(1)
    // Of two in one request, both or none.
    const two = { kind: 'instance', command: 'launch', input: { type: 'small', rootVolume: clone } }
    await expect(acme.submit([two, two])).rejects.toMatchObject({ code: 'rootVolumeUnavailable' })
    await engine.close()
  })
})

describe('an image with linked clones', () => {
  it('is kept for the disks of every account, and let go after the last', async () => {
    const cloud = await opened('D')
    const { engine, operator, acme } = cloud
    const { id: image } = await operator.image.register({ name: 'open', sizeBytes: GiB, public: true })
    const { id: clone } = await acme.volume.create({ image })
    await settledAs(cloud, clone, 'available')
    const beta = engine.as({ account: 'beta', actor: 'beta' })
    const { id } = await beta.instance.launch({ image, type: 'small' })
    await beta.settled(id)
    const goes = () =>
      operator.image.deregister(image).then(
        () => 'gone',
        error => `${error.code}: ${error.message}`,
      )
    expect(await goes()).toMatch(/^imageInUse: The image img-\w+ is needed by 2 disks/)
    await beta.instance.terminate(id)
    await beta.settled(id)
    await engine.idle()
    expect(await goes()).toMatch(/needed by 1 disk cloned/)
    await acme.volume.delete(clone)
    await settledAs(cloud, clone, 'deleted')
    expect(await goes()).toBe('gone')
    expect((await engine.views.clones.list()).items).toEqual([])
    await engine.close()
  })

  it('is let go while full copies of it are in use', async () => {
    const cloud = await opened('E')
    const { acme, image, engine } = cloud
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await settledAs(cloud, id, 'running')
    await acme.image.deregister(image)
    await acme.instance.stop(id)
    await settledAs(cloud, id, 'stopped')
    await acme.instance.start(id)
    await settledAs(cloud, id, 'running')
    await engine.close()
  })
})
