/** Images and snapshots through a whole engine, and what they are at the provider. */
import { describe, expect, it } from 'vitest'
import { GiB, open } from './cloud.ts'

type Cloud = Awaited<ReturnType<typeof open>>

async function running(cloud: Cloud, input = {}) {
  const { acme } = cloud
  const blockDevices = [{ device: 'sdb', sizeBytes: 2 * GiB }]
  const { id: image } = await acme.image.register({ name: 'plain', sizeBytes: GiB, blockDevices })
  const { id } = await acme.instance.launch({ image, type: 'small', ...input })
  await acme.settled(id)
  return id
}
const at = ({ world }: Cloud, id: string) => world.objects().find(each => each.id === id)
const shotsOf = (cloud: Cloud) => cloud.world.objects().filter(each => each.kind === 'volumeSnapshot')

describe('an image of a running instance', () => {
  it('is taken while its guest is off, and launches', async () => {
    const cloud = await open()
    const { acme, engine } = cloud
    const id = await running(cloud)
    const { id: image } = await acme.image.create({ instance: id, name: 'golden' })
    expect(await acme.settled(image)).toBe('available')
    expect(await acme.settled(id)).toBe('running')
    expect(shotsOf(cloud).map(({ facts }) => facts)).toEqual([
      { sizeBytes: GiB, live: false },
      { sizeBytes: 2 * GiB, live: false },
    ])
    expect(at(cloud, id)).toMatchObject({ generation: 2, facts: { status: 'running' } })
    const before = (await acme.get(id)).attributes
    expect(before).toMatchObject({ generation: 2, devices: [{ status: 'attached' }, { status: 'attached' }] })

    const { id: second } = await acme.instance.launch({ image, type: 'small' })
    expect(await acme.settled(second)).toBe('running')
    const root = (await acme.get(second)).attributes.devices[0].volume
    const { attributes } = await acme.get(image)
    expect((await acme.get(root)).attributes.from).toEqual({ kind: 'volumeSnapshot', id: attributes.snapshot })
    await engine.close()
  })

  it('is taken of a running guest where its owner does without turning it off', async () => {
    const cloud = await open()
    const { acme, engine } = cloud
    const id = await running(cloud)
    const { id: image } = await acme.image.create({ instance: id, name: 'golden', noReboot: true })
    expect(await acme.settled(image)).toBe('available')
    expect(shotsOf(cloud).map(({ facts }) => facts.live)).toEqual([true, true])
    expect(at(cloud, id)).toMatchObject({ generation: 1, facts: { status: 'running' } })
    await engine.close()
  })

  it('that fails at the provider leaves the guest running, and its name free', async () => {
    const cloud = await open()
    const { acme, world, engine } = cloud
    const id = await running(cloud)
    world.failNext('volumeSnapshotEnsure', 'rejected', 'exhausted')
    const { id: image } = await acme.image.create({ instance: id, name: 'golden' })
    expect(await acme.settled(image)).toBe('failed')
    await engine.idle()
    expect(await acme.settled(id)).toBe('running')
    expect(at(cloud, id)).toMatchObject({ generation: 2, facts: { status: 'running' } })
    expect((await acme.get(image)).attributes.reason).toMatchObject({ code: 'exhausted' })
    const again = await acme.image.create({ instance: id, name: 'golden' })
    expect(await acme.settled(again.id)).toBe('available')
    await engine.close()
  })

  it('and all it was made from can go in any order', async () => {
    const cloud = await open()
    const { acme, world, engine } = cloud
    const id = await running(cloud)
    const { id: image } = await acme.image.create({ instance: id, name: 'golden' })
    await acme.instance.terminate(id)
    expect(await acme.settled(image)).toBe('failed')
    for (const { id: shot } of (await acme.list('snapshot')).items) {
      await acme.settled(shot)
      await acme.snapshot.delete(shot)
    }
    await engine.idle()
    expect(world.objects()).toEqual([])
    await engine.close()
  })
})

describe('a refusal on the way', () => {
  it('names each whose rule says no, and leaves nothing behind', async () => {
    const cloud = await open({}, { volumeSnapshot: { of: [] } })
    const { acme, engine } = cloud
    const id = await running(cloud)
    const create = () => acme.image.create({ instance: id, name: 'golden' })
    await expect(create()).rejects.toMatchObject({
      // One for each of its volumes.
      reasons: [
        { requirement: 'snapshotOffered', code: 'snapshotUnsupported' },
        { requirement: 'snapshotOffered', code: 'snapshotUnsupported' },
      ],
    })
    expect((await acme.list('snapshot')).items).toEqual([])
    expect((await acme.list('image', { where: { name: 'golden' } })).items).toEqual([])
    await engine.close()
  })

  it('of another account’s snapshot reads as if it never was', async () => {
    const { acme, engine } = await open()
    const bee = engine.as({ account: 'bee', actor: 'bee' })
    const { id: volume } = await acme.volume.create({ sizeBytes: GiB })
    await acme.settled(volume)
    const { id: snapshot } = await acme.snapshot.create({ volume })
    await acme.settled(snapshot)
    for (const attempt of [
      bee.snapshot.create({ volume }),
      bee.snapshot.copy({ snapshot }),
      bee.snapshot.delete(snapshot),
      bee.image.register({ name: 'stolen', snapshot }),
      bee.volume.create({ snapshot }),
    ])
      await expect(attempt).rejects.toMatchObject({ reasons: [{ code: 'notFound' }] })
    await engine.close()
  })
})

describe('an image of another account', () => {
  it('is copied by whoever may see it, with snapshots of their own, in their region', async () => {
    const { acme, engine } = await open()
    const here = engine.as({ account: 'acme', actor: 'ops', region: 'local' })
    const { id: volume } = await here.volume.create({ sizeBytes: GiB })
    await here.settled(volume)
    const { id: snapshot } = await here.snapshot.create({ volume })
    await here.settled(snapshot)
    const { id: image } = await here.image.register({ name: 'golden', snapshot })
    const bee = engine.as({ account: 'bee', actor: 'bee', region: 'north' })
    await expect(bee.image.copy({ name: 'mine', image })).rejects.toMatchObject({ reasons: [{ code: 'notFound' }] })
    await acme.image.share(image, { add: ['bee'] })
    const { id: copy } = await bee.image.copy({ name: 'mine', image })
    expect(await bee.settled(copy)).toBe('available')
    const row = await bee.get(copy)
    expect([row.account, row.region]).toEqual(['bee', 'north'])
    expect((await bee.get(row.attributes.snapshot)).region).toBe('north')
    await acme.image.deregister(image)
    await acme.snapshot.delete(snapshot)
    expect(await acme.settled(snapshot)).toBe('deleted')
    await engine.close()
  })
})
