/** Schedules through a whole engine, on a clock that passes only when it is told to. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { MORNING, TestClock } from '../runtime/clock.ts'
import { GiB, open } from './cloud.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const daily = { every: 'day', hour: 3, minute: 0 } as const

async function morning(options = {}) {
  const clock = new TestClock(MORNING)
  const cloud = await open({ instant: true, clock, ...options }, {}, { clock })
  const { id: volume } = await cloud.acme.volume.create({ sizeBytes: GiB })
  await clock.pass(10_000)
  return { clock, ...cloud, volume }
}
type Setting = Awaited<ReturnType<typeof morning>>
const snapshotsOf = async ({ acme }: Pick<Setting, 'acme'>) =>
  (await acme.list('snapshot')).items.filter(({ state }) => state !== 'deleted').map(({ id }) => id)
const madeBy = async ({ acme }: Pick<Setting, 'acme'>, id: string): Promise<string[]> =>
  (await acme.get(id)).attributes.made.map((each: { id: string }) => each.id)

describe('a schedule of a volume', () => {
  it('takes a snapshot each time it is due, and keeps the newest of its own', async () => {
    const setting = await morning()
    const { acme, clock, volume, engine } = setting
    const { id: byHand } = await acme.snapshot.create({ volume })
    await clock.pass(1000)
    const target = { kind: 'volume', volume } as const
    const asked = { target, when: daily, keep: { count: 2 }, memberTags: { by: 'schedule' } }
    const { id } = await acme.schedule.create(asked)
    expect((await acme.get(id)).attributes.dueAt).toBe(MORNING + 3 * HOUR_MS)
    await clock.pass(4 * DAY_MS)
    const made = await madeBy(setting, id)
    expect(made).toHaveLength(2)
    expect((await snapshotsOf(setting)).sort()).toEqual([byHand, ...made].sort())
    expect(await acme.get(made[1]!)).toMatchObject({ attributes: { schedule: id, volume, tags: { by: 'schedule' } } })
    expect((await acme.get(id)).attributes).toMatchObject({
      runs: 4,
      dueAt: MORNING + 4 * DAY_MS + 3 * HOUR_MS,
      lastRun: { state: 'completed', made: made[1], startedAt: MORNING + 3 * DAY_MS + 3 * HOUR_MS },
    })
    await engine.close()
  })

  it('lets them go when they are too old, all but the newest', async () => {
    const setting = await morning()
    const { acme, clock, volume, engine } = setting
    const target = { kind: 'volume', volume } as const
    const { id } = await acme.schedule.create({ target, when: daily, keep: { ageMs: 2 * DAY_MS } })
    await clock.pass(5 * DAY_MS)
    expect(await madeBy(setting, id)).toHaveLength(2)
    await acme.schedule.pause(id)
    await clock.pass(5 * DAY_MS)
    expect(await madeBy(setting, id)).toHaveLength(1)
    expect((await acme.get(id)).attributes.runs).toBe(5)
    await acme.schedule.resume(id)
    await clock.pass(DAY_MS)
    expect((await acme.get(id)).attributes.runs).toBe(6)
    await engine.close()
  })

  it('never takes away what an image uses, until that is gone', async () => {
    const setting = await morning()
    const { acme, clock, volume, engine } = setting
    const target = { kind: 'volume', volume } as const
    const { id } = await acme.schedule.create({ target, when: daily, keep: { count: 1 } })
    await clock.pass(DAY_MS)
    const [first] = await madeBy(setting, id)
    const { id: image } = await acme.image.register({ name: 'golden', snapshot: first })
    await clock.pass(2 * DAY_MS)
    expect(await snapshotsOf(setting)).toContain(first)
    expect(await madeBy(setting, id)).toHaveLength(2)
    await acme.image.deregister(image)
    await clock.pass(DAY_MS)
    expect(await madeBy(setting, id)).toHaveLength(1)
    expect(await snapshotsOf(setting)).not.toContain(first)
    await engine.close()
  })

  it('records a limit that it meets, and goes on when there is room again', async () => {
    const setting = await morning()
    const { acme, clock, volume, engine, operator } = setting
    await operator.domain.create({ name: 'root' })
    await operator.account.open({ name: 'acme', domain: 'root' })
    await operator.account.limit('account/acme', { limits: { snapshots: 0 } })
    const target = { kind: 'volume', volume } as const
    const { id } = await acme.schedule.create({ target, when: daily, keep: { count: 3 } })
    await clock.pass(DAY_MS)
    expect((await acme.get(id)).attributes.lastRun).toMatchObject({ state: 'refused', code: 'snapshotLimitExceeded' })
    await operator.account.limit('account/acme', { limits: { snapshots: null } })
    await clock.pass(DAY_MS)
    expect((await acme.get(id)).attributes.lastRun).toMatchObject({ state: 'completed' })
    expect(await madeBy(setting, id)).toHaveLength(1)
    await engine.close()
  })

  it('records a failure, cleans up after it, and goes on', async () => {
    const setting = await morning()
    const { acme, clock, volume, engine, world } = setting
    const target = { kind: 'volume', volume } as const
    const { id } = await acme.schedule.create({ target, when: daily, keep: { count: 3 } })
    world.failNext('volumeSnapshotEnsure', 'rejected', 'exhausted')
    await clock.pass(DAY_MS)
    expect((await acme.get(id)).attributes.lastRun).toMatchObject({ state: 'failed', code: 'exhausted' })
    expect(await snapshotsOf(setting)).toEqual([])
    await clock.pass(DAY_MS)
    expect((await acme.get(id)).attributes.lastRun).toMatchObject({ state: 'completed' })
    await engine.close()
  })

  it('pauses and says why when its volume is gone; what it took is kept', async () => {
    const setting = await morning()
    const { acme, clock, volume, engine } = setting
    const target = { kind: 'volume', volume } as const
    const { id } = await acme.schedule.create({ target, when: daily, keep: { count: 3, ageMs: 5 * DAY_MS } })
    await clock.pass(2 * DAY_MS)
    const made = await madeBy(setting, id)
    expect(made).toHaveLength(2)
    await acme.schedule.pause(id)
    await acme.volume.delete(volume)
    await clock.pass(HOUR_MS)
    await acme.schedule.resume(id)
    await acme.schedule.run(id)
    await clock.pass(MINUTE_MS)
    const paused = await acme.get(id)
    expect(paused).toMatchObject({ state: 'paused', attributes: { reason: { code: 'wrongState' } } })
    expect(paused.attributes).not.toHaveProperty('dueAt')
    expect(paused.attributes.lastRun).toMatchObject({ state: 'refused', code: 'wrongState' })
    const { version } = paused
    await clock.pass(DAY_MS)
    expect((await acme.get(id)).version).toBe(version)
    expect(await snapshotsOf(setting)).toEqual(made)
    // But for its age, and the newest never for that.
    await clock.pass(5 * DAY_MS)
    expect(await snapshotsOf(setting)).toEqual([made[1]])
    await acme.schedule.resume(id)
    expect((await acme.get(id)).attributes).not.toHaveProperty('reason')
    await engine.close()
  })

  it('skips a run while the one before is under way', async () => {
    const setting = await morning({ instant: false, delayMs: { min: 90_000, max: 90_000 } })
    const { acme, clock, volume, engine, world } = setting
    world.failNext('volumeSnapshotEnsure', 'delay')
    const target = { kind: 'volume', volume } as const
    const when = { every: 'interval', intervalMs: MINUTE_MS } as const
    const { id } = await acme.schedule.create({ target, when, keep: { count: 5 } })
    await clock.pass(MINUTE_MS)
    expect((await acme.get(id)).attributes).toMatchObject({ runs: 1, lastRun: { state: 'running' } })
    await clock.pass(MINUTE_MS)
    expect((await acme.get(id)).attributes).toMatchObject({ runs: 2, lastSkip: { code: 'overlapping' } })
    expect(await snapshotsOf(setting)).toHaveLength(1)
    await clock.pass(10 * MINUTE_MS)
    expect((await madeBy(setting, id)).length).toBeGreaterThan(1)
    await acme.schedule.pause(id)
    await clock.pass(10 * MINUTE_MS)
    await engine.close()
  })

  it('ends and leaves its snapshots; it keeps none of what others made', async () => {
    const setting = await morning()
    const { acme, clock, volume, engine } = setting
    const target = { kind: 'volume', volume } as const
    const { id } = await acme.schedule.create({ target, when: daily, keep: { count: 2 } })
    await clock.pass(3 * DAY_MS)
    const made = await madeBy(setting, id)
    await acme.schedule.delete(id)
    await clock.pass(30 * MINUTE_MS)
    await acme.snapshot.delete(made[0]!)
    await clock.pass(3 * DAY_MS)
    expect(await snapshotsOf(setting)).toEqual([made[1]])
    await engine.close()
  })

  it.each([
    [{ timeZone: 'Europe/Atlantis' }, 'timeZoneUnknown'],
    [{ keep: {} }, 'missingRetention'],
  ])('is refused with %o', async (wrong, code) => {
    const { acme, volume, engine } = await morning()
    const asked = { target: { kind: 'volume', volume } as const, when: daily, keep: { count: 1 }, ...wrong }
    await expect(acme.schedule.create(asked)).rejects.toMatchObject({ code })
    await engine.close()
  })
})

describe('a schedule of an instance', () => {
  it('takes all its volumes at one moment, and lets the whole group go', async () => {
    const setting = await morning()
    const { acme, clock, volume, engine } = setting
    const { id: image } = await acme.image.register({ name: 'plain', sizeBytes: GiB })
    const { id: instance } = await acme.instance.launch({ image, type: 'small' })
    await clock.pass(10_000)
    await acme.volume.attach(volume, { instance, device: '/dev/sdf' })
    await clock.pass(10_000)
    const target = { kind: 'instance', instance } as const
    const { id } = await acme.schedule.create({ target, when: daily, keep: { count: 1 } })
    await clock.pass(3 * DAY_MS)
    const [group, ...others] = await madeBy(setting, id)
    expect(others).toEqual([])
    const { attributes } = await acme.get(group!)
    expect(attributes.members).toHaveLength(2)
    const members: string[] = attributes.members.map((each: { snapshot: string }) => each.snapshot)
    expect((await snapshotsOf(setting)).sort()).toEqual(members.sort())
    await engine.close()
  })
})

describe('a schedule of an instance as a whole', () => {
  it('keeps so many VM snapshots of it, and none that somebody took by hand goes', async () => {
    const setting = await morning()
    const { acme, clock, engine } = setting
    const { id: image } = await acme.image.register({ name: 'plain', sizeBytes: GiB })
    const { id: instance } = await acme.instance.launch({ image, type: 'small' })
    await clock.pass(10_000)
    const { id: byHand } = await acme['vm-snapshot'].create({ instance, memory: true })
    const target = { kind: 'vm-snapshot', instance, memory: true } as const
    const { id } = await acme.schedule.create({ target, when: daily, keep: { count: 2 } })
    await clock.pass(5 * DAY_MS)
    const made = await madeBy(setting, id)
    expect(made).toHaveLength(2)
    const ready = (await acme.list('vm-snapshot', { where: { state: 'ready' } })).items.map(each => each.id)
    expect(ready.sort()).toEqual([byHand, ...made].sort())
    expect((await acme.get(made[0]!)).attributes).toMatchObject({ instance, memory: true })
    await acme.instance.terminate(instance)
    await clock.pass(10 * MINUTE_MS)
    expect(await madeBy(setting, id)).toEqual([])
    await engine.close()
  })
})

describe('a schedule nobody was there for', () => {
  it('runs once for all that it missed, and then at its times', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'schedules-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'cloud.db')
    const clock = new TestClock(MORNING)
    const first = await open({ instant: true, clock }, {}, { clock, store: sqlite(file) })
    const { id: volume } = await first.acme.volume.create({ sizeBytes: GiB })
    await clock.pass(10_000)
    const target = { kind: 'volume', volume } as const
    const { id } = await first.acme.schedule.create({ target, when: daily, keep: { count: 9 } })
    await first.engine.close()
    clock.set(MORNING + 5 * DAY_MS + HOUR_MS)
    const { acme, engine } = await open({ instant: true, clock }, {}, { clock, store: sqlite(file), isNew: false })
    await clock.pass(MINUTE_MS)
    expect((await acme.get(id)).attributes).toMatchObject({ runs: 1, dueAt: MORNING + 5 * DAY_MS + 3 * HOUR_MS })
    await clock.pass(DAY_MS)
    expect((await acme.get(id)).attributes.runs).toBe(2)
    await engine.close()
  })
})
