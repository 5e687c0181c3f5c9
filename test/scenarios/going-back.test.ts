/** Volumes that go back to a snapshot, and snapshots of several volumes at one moment, through a whole engine. */
import { describe, expect, it } from 'vitest'
import { during, TestClock } from '../runtime/clock.ts'
import { GiB, open } from './cloud.ts'

type Cloud = Awaited<ReturnType<typeof open>>
const codes = (act: Promise<unknown>) =>
  act.then(
    () => 'accepted',
    (error: { refusals?: { reasons: { code: string }[] }[]; code?: string }) =>
      error.refusals?.flatMap(each => each.reasons.map(({ code }) => code)) ?? error.code,
  )
/** A cloud in which everything takes a second, and time passes only when it is told to. */
async function slow() {
  const clock = new TestClock()
  return { clock, cloud: await open({}, {}, { clock }) }
}
async function snapped({ acme }: Cloud, sizeBytes = GiB) {
  const { id: volume } = await acme.volume.create({ sizeBytes })
  await acme.settled(volume)
  const { id: snapshot } = await acme.snapshot.create({ volume })
  await acme.settled(snapshot)
  return { volume, snapshot }
}
async function stopped({ acme }: Cloud, volume: string) {
  const { id: image } = await acme.image.register({ name: 'plain', sizeBytes: GiB })
  const { id } = await acme.instance.launch({ image, type: 'small' })
  await acme.settled(id)
  await acme.volume.attach(volume, { instance: id, device: '/dev/sdf' })
  await acme.settled(volume)
  await acme.instance.stop(id)
  await acme.settled(id)
  return id
}

describe('a volume', () => {
  it('goes back to its snapshot, with the size it had, and limits and usage follow', async () => {
    const cloud = await open({}, { volumeSnapshot: { of: ['available'], revert: true, revertRestoresSize: true } })
    const { acme, engine } = cloud
    const { volume, snapshot } = await snapped(cloud)
    await acme.volume.modify(volume, { sizeBytes: 3 * GiB })
    await engine.idle()
    const used = async () => (await engine.views.limits.get('account/acme'))?.used.primaryBytes
    expect(await used()).toBe(3 * GiB)
    await acme.volume.revert(volume, { snapshot }, { token: 'back' })
    expect(await acme.settled(volume)).toBe('available')
    expect(await used()).toBe(GiB)
    expect((await engine.views.usage.get(volume))?.sizeBytes).toBe(GiB)
    const { attributes } = await acme.get(volume)
    expect(attributes).toMatchObject({
      sizeBytes: GiB,
      revert: { state: 'completed', snapshot, originalBytes: 3 * GiB },
    })
    expect((await acme.volume.revert(volume, { snapshot }, { token: 'back' })).outcome).toBe('accepted')
    await engine.idle()
    const types = []
    for await (const { type } of acme.history(volume)) types.push(type)
    expect(types.filter(type => type === 'volume.reverted')).toHaveLength(1)
    await engine.close()
  })

  it('stays as it was where its provider will not, and says why', async () => {
    const cloud = await open({}, { volumeSnapshot: { of: ['available'], revert: true, revertRestoresSize: true } })
    const { acme, engine, world } = cloud
    const { volume, snapshot } = await snapped(cloud, 2 * GiB)
    world.failNext('volumeRevert', 'rejected', 'exhausted')
    await acme.volume.revert(volume, { snapshot })
    expect(await acme.settled(volume)).toBe('available')
    const { attributes } = await acme.get(volume)
    expect(attributes).toMatchObject({ sizeBytes: 2 * GiB, revert: { state: 'failed' }, reason: { code: 'exhausted' } })
    await acme.snapshot.delete(snapshot)
    expect(await acme.settled(snapshot)).toBe('deleted')
    await engine.close()
  })

  it('goes back beside a stopped instance, which does not start before; not beside one that runs', async () => {
    const { clock, cloud } = await slow()
    const { acme, engine } = cloud
    const { volume, snapshot } = await during(clock, snapped(cloud))
    const instance = await during(clock, stopped(cloud, volume))
    await acme.volume.revert(volume, { snapshot })
    expect((await acme.get(volume)).status).toBe('in-use.reverting')
    expect((await acme.get(volume)).attributes.attachment).toMatchObject({ instance, status: 'attached' })
    expect(await codes(acme.instance.start(instance))).toEqual(['volumeReverting'])
    expect(await codes(acme.snapshot.create({ volume }))).toEqual(['volumeReverting'])
    expect(await codes(acme.volume.modify(volume, { sizeBytes: 2 * GiB }))).toEqual(['volumeReverting'])
    // Deleted it is at once, and at its provider once nothing reads it.
    await acme.snapshot.delete(snapshot)
    expect((await acme.get(snapshot)).status).toBe('deleting.waiting')
    expect(await during(clock, acme.settled(volume))).toBe('in-use')
    expect(await during(clock, acme.settled(snapshot))).toBe('deleted')
    await acme.instance.start(instance)
    expect(await during(clock, acme.settled(instance))).toBe('running')
    const { id: later } = await acme.snapshot.create({ volume })
    await during(clock, acme.settled(later))
    expect(await codes(acme.volume.revert(volume, { snapshot: later }))).toEqual(['wrongState'])
    expect((await acme.get(volume)).status).toBe('in-use.attached')
    await engine.close()
  })

  it('goes back to a snapshot of its own only, and while nothing is taken of it', async () => {
    const cloud = await open()
    const { acme, engine } = cloud
    const [one, other] = [await snapped(cloud), await snapped(cloud)]
    expect(await codes(acme.volume.revert(one.volume, { snapshot: other.snapshot }))).toEqual(['snapshotOfOther'])
    const { id: copy } = await acme.snapshot.copy({ snapshot: one.snapshot })
    await acme.settled(copy)
    expect(await codes(acme.volume.revert(one.volume, { snapshot: copy }))).toEqual(['snapshotOfOther'])
    expect(await codes(acme.volume.revert(one.volume, { snapshot: 'snap-0' }))).toEqual(['notFound'])
    await engine.close()
  })

  it('that is deleted while it goes back is gone, and lets the snapshot go', async () => {
    const { clock, cloud } = await slow()
    const { acme, engine } = cloud
    const { volume, snapshot } = await during(clock, snapped(cloud))
    await acme.volume.revert(volume, { snapshot })
    expect((await acme.get(volume)).state).toBe('reverting')
    await acme.volume.delete(volume)
    expect(await during(clock, acme.settled(volume))).toBe('deleted')
    await acme.snapshot.delete(snapshot)
    expect(await during(clock, acme.settled(snapshot))).toBe('deleted')
    await engine.close()
  })

  it('does not go back at a provider that cannot', async () => {
    const cloud = await open({}, { volumeSnapshot: { of: ['available'], revert: false, revertRestoresSize: false } })
    const { volume, snapshot } = await snapped(cloud)
    expect(await codes(cloud.acme.volume.revert(volume, { snapshot }))).toEqual(['revertUnsupported'])
    await cloud.engine.close()
  })
})

describe('a group of snapshots', () => {
  it('is taken with one call, and each is a snapshot like others until the last is gone', async () => {
    const cloud = await open()
    const { acme, engine, world } = cloud
    const { volume } = await snapped(cloud)
    const instance = await stopped(cloud, volume)
    await acme.volume.tag(volume, { tags: { tier: 'data' } })
    const { id } = await acme['snapshot-group'].create({ instance, copyTags: true, tags: { by: 'hand' } })
    expect(await acme.settled(id)).toBe('completed')
    const { attributes } = await acme.get(id)
    expect(attributes.members).toHaveLength(2)
    const taken = attributes.members.find((each: { volume: string }) => each.volume === volume).snapshot
    expect(await acme.get(taken)).toMatchObject({
      state: 'completed',
      attributes: { volume, group: id, tags: { tier: 'data', by: 'hand' }, progress: 100 },
    })
    expect(world.objects().some(each => each.id === taken)).toBe(true)
    await acme.snapshot.delete(taken)
    await acme.settled(taken)
    expect((await acme.get(id)).attributes.left).toHaveLength(1)
    await acme['snapshot-group'].delete(id)
    expect(await acme.settled(id)).toBe('deleted')
    await engine.idle()
    expect(
      world.objects().filter(each => attributes.members.some((of: { snapshot: string }) => of.snapshot === each.id)),
    ).toEqual([])
    await engine.close()
  })

  it('that its provider will not take leaves no snapshot of any', async () => {
    const cloud = await open()
    const { acme, engine, world } = cloud
    const volumes = [(await snapped(cloud)).volume, (await snapped(cloud)).volume]
    world.failNext('volumeSnapshotGroupEnsure', 'rejected', 'exhausted')
    const { id } = await acme['snapshot-group'].create({ volumes })
    expect(await acme.settled(id)).toBe('error')
    const { members } = (await acme.get(id)).attributes
    for (const { snapshot } of members) expect((await acme.get(snapshot)).state).toBe('error')
    // Nothing waits for them: the volumes may go.
    for (const volume of volumes) await acme.volume.delete(volume)
    for (const volume of volumes) expect(await acme.settled(volume)).toBe('deleted')
    await engine.close()
  })

  it('is found taken at a provider that tells two calls apart by nothing, when its answer is lost', async () => {
    const clock = new TestClock()
    const cloud = await open({}, { idempotency: { by: 'none' } }, { clock })
    const { acme, engine, world } = cloud
    const one = await during(clock, snapped(cloud))
    const other = await during(clock, snapped(cloud))
    world.failNext('volumeSnapshotGroupEnsure', 'afterEffect')
    const { id } = await acme['snapshot-group'].create({ volumes: [one.volume, other.volume] })
    expect(await during(clock, acme.settled(id))).toBe('completed')
    world.failNext('volumeRevert', 'afterEffect')
    await acme.volume.revert(one.volume, { snapshot: one.snapshot })
    expect(await during(clock, acme.settled(one.volume))).toBe('available')
    expect((await acme.get(one.volume)).attributes.revert.state).toBe('completed')
    await during(clock, engine.close())
  })

  it('is refused whole: for one volume, for a limit, at a provider that has no such call', async () => {
    const cloud = await open()
    const { acme, engine, operator } = cloud
    const volumes = [(await snapped(cloud)).volume, (await snapped(cloud)).volume]
    const { id: young } = await acme.volume.create({ sizeBytes: GiB })
    await acme.settled(young)
    await acme.volume.delete(young)
    expect(await codes(acme['snapshot-group'].create({ volumes: [...volumes, young] }))).toEqual(['wrongState'])
    expect(await codes(acme['snapshot-group'].create({}))).toEqual(['missingVolumes'])
    await operator.domain.create({ name: 'root' })
    await operator.account.open({ name: 'acme', domain: 'root' })
    await operator.account.limit('account/acme', { limits: { snapshots: 3 } })
    expect(await codes(acme['snapshot-group'].create({ volumes }))).toEqual(['snapshotLimitExceeded'])
    expect((await acme.list('snapshot')).items).toHaveLength(2)
    await engine.close()

    const weaker = await open({}, { volumeSnapshot: { of: ['available'], group: false } })
    const { volume } = await snapped(weaker)
    expect(await codes(weaker.acme['snapshot-group'].create({ volumes: [volume] }))).toEqual([
      'snapshotGroupUnsupported',
    ])
    await weaker.engine.close()
  })
})
