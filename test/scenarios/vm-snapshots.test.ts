/** VM snapshots through the engine: what a caller of a control plane lives through. (spec: cloudstack 2; seed 003.) */
import { describe, expect, it } from 'vitest'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { Refused } from '../../src/index.ts'
import { GiB, open } from './cloud.ts'

async function running(capabilities: DeclaredCapabilities = {}) {
  const cloud = await open({}, capabilities)
  const { acme } = cloud
  const { id: image } = await acme.image.register({ name: 'web', sizeBytes: GiB })
  const { id } = await acme.instance.launch({ image, type: 'small', mode: 'stateful' })
  expect(await acme.settled(id)).toBe('running')
  const snapshots = acme['vm-snapshot']
  const keep = async (input: object = {}) => {
    const { id: snapshot } = await snapshots.create({ instance: id, memory: true, ...input })
    expect(await acme.settled(snapshot)).toBe('ready')
    return snapshot
  }
  const revert = async (snapshot: string) => {
    await snapshots.revert(snapshot)
    expect(await acme.settled(snapshot)).toBe('ready')
  }
  const forget = async (snapshot: string, input: object = {}) => {
    await snapshots.delete(snapshot, input)
    return acme.settled(snapshot)
  }
  return { ...cloud, id, image, keep, revert, forget, snapshots }
}
const codesOf = async (asked: Promise<unknown>) =>
  asked.then(
    () => 'accepted',
    error =>
      error instanceof Refused ? error.refusals.flatMap(({ reasons }) => reasons.map(({ code }) => code)) : error,
  )

describe('a tree of VM snapshots', () => {
  it('keeps what was written before each, also when the one they come from is deleted', async () => {
    const { engine, acme, world, id, keep, revert, forget } = await running()
    world.writeRoot(id, 'A')
    const a = await keep({ name: 'A' })
    world.writeRoot(id, 'B')
    const b = await keep({ name: 'B' })
    await revert(a)
    expect(world.readRoot(id)).toBe('A')
    world.writeRoot(id, 'C')
    const c = await keep({ name: 'C' })
    const { lineage } = (await acme.get(id)).attributes
    expect(lineage).toMatchObject({ base: c, current: c, nodes: { [b]: { parent: a }, [c]: { parent: a } } })
    for (const [snapshot, text] of [
      [a, 'A'],
      [b, 'B'],
      [c, 'C'],
    ] as const) {
      await revert(snapshot)
      expect(world.readRoot(id)).toBe(text)
    }
    expect(await forget(a)).toBe('deleted')
    for (const [snapshot, text] of [
      [b, 'B'],
      [c, 'C'],
    ] as const) {
      await revert(snapshot)
      expect(world.readRoot(id)).toBe(text)
      expect((await acme.get(snapshot)).attributes.parent).toBe(undefined)
    }
    const survey = await engine.survey()
    for (const { kinds } of survey.providers)
      for (const { orphan, ghost, drift, foreign } of kinds)
        expect([orphan.count, ghost.count, drift.count, foreign.count]).toEqual([0, 0, 0, 0])
    await acme.instance.terminate(id)
    expect(await acme.settled(id)).toBe('terminated')
    expect(world.objects()).toEqual([])
    expect((await acme.list('vm-snapshot')).items.map(({ state }) => state)).toEqual(['deleted', 'deleted', 'deleted'])
    await engine.close()
  })

  it('hides the layer that others are built on, and is rid of it with the last of them', async () => {
    const { engine, acme, world, id, keep, revert, forget } = await running({
      vmSnapshot: { memory: true, tree: true, revertWhileRunning: true, layered: true, maxCount: 8, maxDepth: 4 },
    })
    const [a, b] = [await keep(), await keep()]
    await revert(a)
    expect(await forget(a)).toBe('hidden')
    expect((await acme.get(id)).attributes.lineage).toMatchObject({ base: a, nodes: { [a]: { status: 'hidden' } } })
    expect(await forget(b)).toBe('deleted')
    expect(await acme.settled(a)).toBe('deleted')
    expect(world.objects().filter(({ kind }) => kind === 'vmSnapshot')).toEqual([])
    await engine.close()
  })
})

describe('what refuses a VM snapshot', () => {
  it('is said whole: by the instance and by each of its volumes', async () => {
    const { engine, acme, id, snapshots } = await running({
      vmSnapshot: { memory: false, diskOnly: true, live: true, maxCount: 8, maxDepth: 4 },
    })
    const [{ volume }] = (await acme.get(id)).attributes.devices
    await acme.volume.modify(volume, { sizeBytes: 2 * GiB })
    expect(await codesOf(snapshots.create({ instance: id, memory: true }))).toEqual([
      'memoryUnsupported',
      'modificationInProgress',
    ])
    expect((await acme.list('vm-snapshot')).items).toEqual([])
    await engine.close()
  })

  it('may be a limit, of which one of 64 callers gets the last unit', async () => {
    const { engine, operator, acme, id, snapshots, keep } = await running()
    await operator.domain.create({ name: 'root' })
    await operator.account.open({ name: 'acme', domain: 'root' })
    await operator.account.limit('account/acme', { limits: { vmSnapshots: 2 } })
    await keep()
    const asked = await Promise.all(
      Array.from({ length: 64 }, () => codesOf(snapshots.create({ instance: id, memory: true }))),
    )
    expect(asked.filter(each => each === 'accepted')).toHaveLength(1)
    await acme.settled(id)
    await engine.idle()
    expect(await codesOf(snapshots.create({ instance: id, memory: true }))).toEqual(['vmSnapshotLimitExceeded'])
    expect((await engine.views.limits.get('account/acme'))?.used).toMatchObject({ vmSnapshots: 2 })
    await engine.close()
  })

  it('may be a limit that its size would exceed when it is gone back to, before a disk is touched', async () => {
    const { engine, operator, acme, world, id, keep, snapshots } = await running()
    await operator.offering.define({ name: 'large', vcpus: 4, memoryBytes: 4 * GiB })
    await operator.domain.create({ name: 'root' })
    await operator.account.open({ name: 'acme', domain: 'root' })
    await acme.instance.stop(id)
    await acme.settled(id)
    await acme.instance.modify(id, { type: 'large' })
    const large = await keep({ memory: false })
    await acme.instance.modify(id, { type: 'small' })
    await operator.account.limit('account/acme', { limits: { vcpus: 2 } })
    const objects = () => world.objects().map(({ observedAt: _, ...seen }) => seen)
    const before = objects()
    expect(await codesOf(snapshots.revert(large))).toEqual(['vcpuLimitExceeded'])
    expect(objects()).toEqual(before)
    await operator.account.limit('account/acme', { limits: { vcpus: 4 } })
    await snapshots.revert(large)
    await acme.settled(large)
    expect((await acme.get(id)).attributes).toMatchObject({ type: 'large', vcpus: 4 })
    expect((await engine.views.limits.get('account/acme'))?.used).toMatchObject({ vcpus: 4 })
    await engine.close()
  })
})

describe('a VM snapshot', () => {
  it('shows what it keeps, whose it is and which one it came after, and is metered disks and memory apart', async () => {
    const { engine, acme, id, keep, forget } = await running()
    const first = await keep({ name: 'one', description: 'the first', tags: { stage: 'test' } })
    const second = await keep()
    const [{ volume }] = (await acme.get(id)).attributes.devices
    expect(await acme.get(second)).toMatchObject({
      state: 'ready',
      attributes: { instance: id, memory: true, memoryBytes: GiB, disks: [{ volume, sizeBytes: GiB }], parent: first },
      relations: expect.arrayContaining([
        { role: 'parent', id: first },
        { role: 'instance', id },
      ]),
    })
    expect(await acme.get(first)).toMatchObject({ name: 'one', attributes: { tags: { stage: 'test' } } })
    const metered = await engine.views.usage.get(first)
    expect(metered).toMatchObject({ counted: 1, sizeBytes: GiB, memoryBytes: GiB, instance: id })
    await forget(first)
    expect(await engine.views.usage.get(first)).toBe(undefined)
    await engine.rebuild('inventory')
    expect((await acme.get(id)).attributes.lineage).toMatchObject({ base: second })
    await engine.close()
  })

  it('of another account is none', async () => {
    const { engine, id, keep } = await running()
    const snapshot = await keep()
    const other = engine.as({ account: 'bee', actor: 'ops' })
    expect(await codesOf(other['vm-snapshot'].create({ instance: id }))).toEqual(['notFound'])
    expect(await codesOf(other['vm-snapshot'].revert(snapshot))).toEqual(['notFound'])
    await engine.close()
  })
})
