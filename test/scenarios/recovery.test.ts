/** A terminated instance that is kept, through the engine: limits, capacity, timers, restarts and sights have to agree. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Refused, readWhy } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { TestClock } from '../runtime/clock.ts'
import { GiB, open } from './cloud.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

type Cloud = Awaited<ReturnType<typeof open>>
async function running(cloud: Cloud, input: object = {}) {
  const { acme } = cloud
  const { id: image } = await acme.image.register({ name: 'web', sizeBytes: GiB })
  const launch = () => acme.instance.launch({ image, type: 'small', mode: 'stateful', recoverableForMs: DAY, ...input })
  const { id } = await launch()
  expect(await acme.settled(id)).toBe('running')
  return { ...cloud, id, launch }
}
async function kept(input: object = {}) {
  const scene = await running(await open(), input)
  await scene.acme.instance.terminate(scene.id)
  expect(await scene.acme.settled(scene.id)).toBe('recoverable')
  return scene
}
const codesOf = (asked: Promise<unknown>) =>
  asked.then(
    () => ['accepted'],
    error =>
      error instanceof Refused ? error.refusals.flatMap(({ reasons }) => reasons.map(({ code }) => code)) : [error],
  )

describe('an instance that was terminated and is kept', () => {
  it('comes back with what it wrote', async () => {
    const { engine, acme, world, id } = await running(await open())
    world.writeRoot(id, 'half a thought')
    expect(await acme.instance.terminate(id)).toMatchObject({ previousState: 'running', state: 'shutting-down' })
    expect(await acme.settled(id)).toBe('recoverable')
    expect(world.objects().find(each => each.id === id)).toMatchObject({ facts: { status: 'stopped' } })
    expect(await acme.instance.recover(id)).toMatchObject({ previousState: 'recoverable', state: 'stopped' })
    await acme.instance.start(id)
    expect(await acme.settled(id)).toBe('running')
    expect(world.readRoot(id)).toBe('half a thought')
    await engine.close()
  })

  it('says until when, and why', async () => {
    const { engine, acme, id } = await kept()
    const { state, attributes, updatedAt } = await acme.get(id)
    expect([state, attributes.recoverableUntil]).toEqual(['recoverable', (updatedAt as number) + DAY])
    expect(attributes).toMatchObject({ recoverableForMs: DAY, reason: { code: 'userInitiated' } })
    expect(attributes.devices).toHaveLength(1)
    const why = await readWhy(engine, acme, id)
    expect(why.awaits).toEqual([{ for: 'timer', event: 'instance.expungeDue', dueAt: attributes.recoverableUntil }])
    await acme.instance.recover(id)
    expect((await acme.get(id)).attributes).not.toHaveProperty('recoverableUntil')
    await engine.close()
  })

  it('ends when its time is over, also where the engine was closed meanwhile', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stemma-recovery-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'cloud.db')
    const clock = new TestClock()
    const first = await open({}, {}, { clock, store: sqlite(file) })
    const { id: image } = await first.acme.image.register({ name: 'web', sizeBytes: GiB })
    const { id } = await first.acme.instance.launch({ image, type: 'small', recoverableForMs: DAY })
    const comesTo = async ({ acme }: Cloud, state: string) => {
      for (let turn = 0; turn < 50 && (await acme.get(id)).state !== state; turn++) await clock.pass(1000)
      expect((await acme.get(id)).state).toBe(state)
    }
    await comesTo(first, 'running')
    await first.acme.instance.terminate(id)
    await comesTo(first, 'recoverable')
    await clock.pass(DAY - MINUTE)
    expect((await first.acme.get(id)).state).toBe('recoverable')
    await first.engine.close()
    await clock.pass(HOUR)
    const again = await open({}, {}, { clock, store: sqlite(file), isNew: false })
    await comesTo(again, 'terminated')
    await again.engine.close()
  })

  it('takes nothing of the limits, but for its volumes; recovered it takes its part again, or is refused (L7, L9)', async () => {
    const { engine, operator, acme, id, launch } = await kept()
    await operator.domain.create({ name: 'root' })
    await operator.account.open({ name: 'acme', domain: 'root' })
    await operator.account.limit('account/acme', { limits: { instances: 1 } })
    const used = async () => (await engine.views.limits.get('account/acme'))?.used
    expect(await used()).toEqual({ volumes: 1, primaryBytes: GiB, images: 1 })
    const { id: other } = await launch()
    expect(await codesOf(acme.instance.recover(id))).toEqual(['instanceLimitExceeded'])
    expect((await acme.get(id)).state).toBe('recoverable')
    await acme.instance.terminate(other, { expunge: true })
    expect(await acme.settled(other)).toBe('terminated')
    const raced = await Promise.all([codesOf(acme.instance.recover(id)), codesOf(launch())])
    expect(raced.map(([code]) => code).sort()).toEqual(['accepted', 'instanceLimitExceeded'])
    await engine.idle()
    const before = await used()
    await engine.rebuild('limits')
    expect(await used()).toEqual(before)
    await engine.close()
  })

  it('still occupies what it has, which is on its way out; what stays after it is not', async () => {
    const { engine, acme, id } = await kept({
      blockDevices: [{ device: '/dev/sdb', sizeBytes: 2 * GiB, deleteOnTermination: false }],
    })
    const figures = async () => (await engine.views.capacity.get('account/acme'))?.figures
    expect(await figures()).toMatchObject({ allocatedBytes: 2 * GiB, reclaimableBytes: GiB })
    await acme.instance.recover(id)
    expect(await figures()).toMatchObject({ allocatedBytes: 3 * GiB })
    expect(await figures()).not.toHaveProperty('reclaimableBytes')
    await acme.instance.terminate(id)
    await acme.settled(id)
    await acme.instance.terminate(id, { expunge: true })
    expect(await acme.settled(id)).toBe('terminated')
    await engine.idle()
    const before = await figures()
    expect(before).toMatchObject({ allocatedBytes: 2 * GiB })
    await engine.rebuild('capacity')
    expect(await figures()).toEqual(before)
    await engine.close()
  })

  it('is what its provider should have, off: a survey finds nothing to say', async () => {
    const { engine, world, id } = await kept()
    const found = async () =>
      (await engine.survey()).providers.flatMap(({ kinds }) =>
        kinds.map(({ orphan, ghost, drift }) => orphan.count + ghost.count + drift.count),
      )
    expect((await found()).every(count => count === 0)).toBe(true)
    expect(world.objects().some(each => each.id === id)).toBe(true)
    await engine.close()
  })
})

/** What views say of an account and of a volume in it, which they also say when they are folded anew. */
async function seenAnew({ engine }: Cloud, volume: string) {
  await engine.idle()
  const keys = { limits: 'account/acme', capacity: volume, usage: volume, inventory: volume } as const
  const views = Object.keys(keys) as (keyof typeof keys)[]
  const rows = () => Promise.all(views.map(view => engine.views[view].get(keys[view])))
  const before = await rows()
  for (const view of views) await engine.rebuild(view)
  expect(await rows()).toEqual(before)
  return before
}

describe('an instance that somebody starts while it is kept', () => {
  const keeping = { vmSnapshot: { memory: true, diskOnly: true, tree: true, live: true, maxCount: 4, maxDepth: 4 } }
  /** Kept with a VM snapshot that stays with it, which its provider will not delete, and then started there. */
  const startedAgain = async () => {
    const cloud = await running(await open({}, keeping))
    const { acme, world, id } = cloud
    const { id: snapshot } = await acme['vm-snapshot'].create({ instance: id })
    expect(await acme.settled(snapshot)).toBe('ready')
    await acme.instance.terminate(id, { profile: 'cloudstack-vmware' })
    expect(await acme.settled(id)).toBe('recoverable')
    const { recoverableUntil } = (await acme.get(id)).attributes
    const [{ volume }] = (await acme.get(id)).attributes.devices
    world.failNext('vmSnapshotDelete', 'rejected')
    expect(world.startGuest(id)).toBe(true)
    const types = async () => {
      const all: string[] = []
      for await (const { type } of acme.history(id)) all.push(type)
      return all
    }
    while (!(await types()).includes('instance.externallyStarted')) await new Promise(resolve => setTimeout(resolve, 1))
    expect(await acme.settled(id)).toBe('recoverable')
    expect(world.objects().find(each => each.id === id)).toMatchObject({ facts: { status: 'stopped' } })
    expect((await acme.get(id)).attributes.recoverableUntil).toBe(recoverableUntil)
    return { ...cloud, snapshot, volume, types }
  }
  it('keeps its VM snapshots: none is asked to go, so nothing can leave it stopped and its volumes untold', async () => {
    const { engine, acme, snapshot, volume, types, id } = await startedAgain()
    expect((await acme.get(snapshot)).state).toBe('ready')
    expect(await types()).not.toContain('instance.vmSnapshotRemoveFailed')
    expect((await acme.get(volume)).attributes.attachment).toMatchObject({ instance: id, terminated: true })
    await engine.close()
  })

  it('recovered, takes again what it had, with its volumes', async () => {
    const cloud = await startedAgain()
    const { engine, acme, id, snapshot, volume } = cloud
    await acme.instance.recover(id)
    const [limits, capacity, usage, inventory] = await seenAnew(cloud, volume)
    expect(limits).toMatchObject({ used: { instances: 1, vcpus: 1, volumes: 1, vmSnapshots: 1 } })
    expect(capacity).toMatchObject({ phase: 'allocated' })
    expect(usage).toMatchObject({ counted: 1 })
    expect(inventory).not.toHaveProperty('attributes.attachment.terminated')
    await acme.instance.start(id)
    expect(await acme.settled(id)).toBe('running')
    expect((await acme.get(snapshot)).state).toBe('ready')
    await engine.close()
  })
})

describe('a VM snapshot that will not go while its instance is set aside', () => {
  it('leaves that stopped, with all of its volumes, and nothing on its way out', async () => {
    const cloud = await running(
      await open({}, { vmSnapshot: { diskOnly: true, live: true, maxCount: 4, maxDepth: 4 } }),
    )
    const { engine, acme, world, id } = cloud
    const { id: snapshot } = await acme['vm-snapshot'].create({ instance: id })
    expect(await acme.settled(snapshot)).toBe('ready')
    const [{ volume }] = (await acme.get(id)).attributes.devices
    world.failNext('vmSnapshotDelete', 'rejected')
    await acme.instance.terminate(id)
    expect(await acme.settled(id)).toBe('stopped')
    const [limits, capacity, usage] = await seenAnew(cloud, volume)
    expect(limits).toMatchObject({ used: { instances: 1, volumes: 1 } })
    expect([capacity, usage]).toMatchObject([{ phase: 'allocated' }, { counted: 1 }])
    await acme.instance.terminate(id)
    expect(await acme.settled(id)).toBe('recoverable')
    await engine.close()
  })
})
