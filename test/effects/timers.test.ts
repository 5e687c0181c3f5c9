import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MORNING, TestClock } from '../runtime/clock.ts'
import { copyOf, historyOf, inventory, openWith, rest } from '../runtime/setting.ts'
import { wrapped } from '../runtime/wrapped.ts'
import { alarm } from './alarm.ts'

type Given = Omit<Parameters<typeof openWith>[0], 'kinds' | 'projections'>
const open = (given: Given = {}) => openWith({ kinds: { alarm }, projections: { inventory }, ...given })
type Setting = Awaited<ReturnType<typeof open>>

const setUp = async ({ acme }: Setting) => (await acme.alarm.setUp({})).id
const elapsedOf = async ({ acme }: Pick<Setting, 'acme'>, id: string) =>
  (await historyOf(acme, id)).filter(({ origin }) => origin === 'elapsed')
const timers = ({ rows }: Setting) => rows('select * from timers')

describe('a timer', () => {
  it('fires when it is due and not before, and its event says when that was', async () => {
    const setting = await open()
    const id = await setUp(setting)
    await setting.acme.alarm.arm(id, { which: 'bellDue', afterMs: 1_000 })
    await setting.clock.pass(999)
    expect(await elapsedOf(setting, id)).toEqual([])
    await setting.clock.pass(1)
    expect(await elapsedOf(setting, id)).toMatchObject([
      { type: 'alarm.bellDue', dueAt: MORNING + 1_000, at: MORNING + 1_000, data: {}, actor: 'engine', causation: 2 },
    ])
    expect(timers(setting)).toEqual([])
  })

  it('that ends something comes before what else is due at the same millisecond, however many there are', async () => {
    const setting = await open()
    const ids: string[] = []
    for (let count = 0; count < 300; count += 1) ids.push(await setUp(setting))
    for (const [index, id] of ids.entries())
      await setting.acme.alarm.arm(id, { which: index < 297 ? 'bellDue' : 'lampDue', dueAt: MORNING + 1_000 })
    await setting.acme.alarm.arm(ids[0]!, { which: 'lampDue', dueAt: MORNING + 2_000 })
    await setting.clock.pass(5_000)
    const fired: string[] = []
    for (const { text } of await setting.engine.store.log(600, 1_000)) {
      const { origin, type, dueAt } = JSON.parse(text)
      if (origin === 'elapsed') fired.push(`${dueAt - MORNING} ${type}`)
    }
    const lamps = Array.from({ length: 3 }, () => '1000 alarm.lampDue')
    const bells = Array.from({ length: 297 }, () => '1000 alarm.bellDue')
    expect(fired).toEqual([...lamps, ...bells, '2000 alarm.lampDue'])
  })

  it('fires once', async () => {
    const setting = await open()
    const id = await setUp(setting)
    await setting.acme.alarm.arm(id, { which: 'bellDue', afterMs: 10 })
    await setting.clock.pass(1_000_000)
    expect(await elapsedOf(setting, id)).toHaveLength(1)
  })

  it('that was disarmed does not fire, even at the last moment', async () => {
    const setting = await open()
    const id = await setUp(setting)
    await setting.acme.alarm.arm(id, { which: 'bellDue', afterMs: 1_000 })
    await setting.acme.alarm.arm(id, { which: 'lampDue', afterMs: 1_000 })
    setting.clock.set(MORNING + 1_000)
    const disarmed = setting.acme.alarm.disarm(id, { which: 'bellDue' })
    await setting.clock.pass(10_000)
    await disarmed
    expect((await elapsedOf(setting, id)).map(({ type }) => type)).toEqual(['alarm.lampDue'])
    expect(timers(setting)).toEqual([])
  })

  it('that is armed again is replaced, whether that is sooner or later', async () => {
    for (const afterMs of [10, 5_000]) {
      const setting = await open()
      const id = await setUp(setting)
      await setting.acme.alarm.arm(id, { which: 'bellDue', afterMs: 1_000 })
      await setting.acme.alarm.arm(id, { which: 'bellDue', afterMs })
      await setting.clock.pass(10_000)
      expect((await elapsedOf(setting, id)).map(({ dueAt }) => dueAt)).toEqual([MORNING + afterMs])
    }
  })

  it('may be armed for a moment that has passed, and fires at once', async () => {
    const setting = await open()
    const id = await setUp(setting)
    await setting.acme.alarm.arm(id, { which: 'bellDue', dueAt: 12 })
    await setting.clock.pass(0)
    expect(await elapsedOf(setting, id)).toMatchObject([{ dueAt: 12, at: MORNING }])
  })

  it('may be armed for a century from now, and holds up nobody meanwhile', async () => {
    const century = Date.UTC(2126, 5, 1)
    const setting = await open()
    const [far, near] = [await setUp(setting), await setUp(setting)]
    await setting.acme.alarm.arm(far, { which: 'bellDue', dueAt: century })
    await setting.acme.alarm.arm(near, { which: 'bellDue', afterMs: 5 })
    await setting.clock.pass(1_000)
    expect(await elapsedOf(setting, near)).toHaveLength(1)
    const later = await open({ database: copyOf(setting.database), clock: new TestClock(century - 1) })
    await later.clock.pass(0)
    expect(await elapsedOf(later, far)).toEqual([])
    await later.clock.pass(1)
    expect(await elapsedOf(later, far)).toMatchObject([{ dueAt: century, at: century }])
  })

  it('survives the engine, and fires late if it was due meanwhile', async () => {
    const before = await open()
    const [missed, coming] = [await setUp(before), await setUp(before)]
    await before.acme.alarm.arm(missed, { which: 'bellDue', afterMs: 1_000 })
    await before.acme.alarm.arm(coming, { which: 'bellDue', afterMs: 9_000 })
    await before.engine.close()
    const after = await open({ database: before.database, clock: new TestClock(MORNING + 5_000) })
    await after.clock.pass(0)
    expect(await elapsedOf(after, missed)).toMatchObject([{ dueAt: MORNING + 1_000, at: MORNING + 5_000 }])
    expect(await elapsedOf(after, coming)).toEqual([])
    await after.clock.pass(4_000)
    expect(await elapsedOf(after, coming)).toMatchObject([{ dueAt: MORNING + 9_000 }])
  })

  it('that its resource ignores is deleted and counted, and makes no event', async () => {
    const setting = await open()
    const id = await setUp(setting)
    await setting.acme.alarm.arm(id, { which: 'bellDue', afterMs: 1_000 })
    await setting.acme.alarm.sleep(id)
    const position = setting.engine.health().position
    await setting.clock.pass(1_000)
    expect(setting.engine.health().position).toBe(position)
    expect(timers(setting)).toEqual([])
    expect(await setting.engine.measures()).toMatchObject({ timers_ignored: 1, timers_taken: 0 })
    await setting.acme.alarm.wake(id)
    await setting.acme.alarm.arm(id, { which: 'bellDue', afterMs: 1 })
    await setting.clock.pass(1)
    expect(await elapsedOf(setting, id)).toHaveLength(1)
  })

  it('whose row nobody armed is deleted, and nothing happens', async () => {
    const setting = await open()
    const id = await setUp(setting)
    setting.database
      .prepare(`insert into timers values (?, 'alarm.bellDue', 5, 1, 1), ('alarm-0', 'alarm.bellDue', 6, 1, 1)`)
      .run(id)
    await setting.acme.alarm.arm(id, { which: 'lampDue', afterMs: 1 })
    await setting.clock.pass(1)
    expect((await elapsedOf(setting, id)).map(({ type }) => type)).toEqual(['alarm.lampDue'])
    expect(timers(setting)).toEqual([])
  })
})

describe('many timers', () => {
  it('fire in the order of their due times, also hundreds at one moment, each once', async () => {
    const setting = await open()
    const made = await setting.acme.submit(Array(700).fill({ kind: 'alarm', command: 'setUp' }))
    const afterMs = (index: number) => (index % 3 === 0 ? 10 : 10 + ((index * 7_919) % 50))
    await setting.acme.submit(
      made.map(({ id }, index) => ({
        kind: 'alarm',
        command: 'arm',
        id,
        input: { which: 'bellDue', afterMs: afterMs(index) },
      })),
    )
    setting.clock.set(MORNING + 100)
    await setting.clock.pass(0)
    const fired = []
    for (const { id } of made) fired.push(...(await elapsedOf(setting, id)))
    expect(fired).toHaveLength(700)
    const inOrder = fired.sort((a, b) => a.position - b.position).map(({ dueAt }) => dueAt!)
    expect(inOrder).toEqual([...inOrder].sort((a, b) => a - b))
    expect(timers(setting)).toEqual([])
  })

  it('of any lives fire exactly when a plain list of them would', async () => {
    const step = fc.oneof(
      fc.record({
        does: fc.constant('arm' as const),
        which: fc.constantFrom('bellDue', 'lampDue'),
        afterMs: fc.integer({ min: 0, max: 30 }),
      }),
      fc.record({ does: fc.constant('disarm' as const), which: fc.constantFrom('bellDue', 'lampDue') }),
      fc.record({ does: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 25 }) }),
      fc.constant({ does: 'crash' as const }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
        let setting = await open()
        const id = await setUp(setting)
        const armed = new Map<string, number>()
        const expected: [string, number][] = []
        for (const each of [...steps, { does: 'pass' as const, ms: 100 }]) {
          if (each.does === 'arm') {
            armed.set(each.which, setting.clock.now() + each.afterMs)
            await setting.acme.alarm.arm(id, { which: each.which as 'bellDue', afterMs: each.afterMs })
            if (each.afterMs > 0) continue
          }
          if (each.does === 'disarm') {
            armed.delete(each.which)
            await setting.acme.alarm.disarm(id, { which: each.which as 'bellDue' })
            continue
          }
          if (each.does === 'crash') {
            await rest()
            setting = await open({ database: copyOf(setting.database), clock: new TestClock(setting.clock.now()) })
            continue
          }
          await setting.clock.pass(each.does === 'pass' ? each.ms : 0)
          const due = [...armed].filter(([, dueAt]) => dueAt <= setting.clock.now()).sort((a, b) => a[1] - b[1])
          for (const [which, dueAt] of due) {
            expected.push([`alarm.${which}`, dueAt])
            armed.delete(which)
          }
        }
        const fired = (await elapsedOf(setting, id)).map(({ type, dueAt }) => [type, dueAt!] as [string, number])
        const sorted = (all: [string, number][]) => all.map(each => each.join(' ')).sort()
        expect(sorted(fired)).toEqual(sorted(expected))
        expect(fired.map(([, dueAt]) => dueAt)).toEqual(expected.map(([, dueAt]) => dueAt))
      }),
      { numRuns: 60 },
    )
  })
})

describe('a clock that steps back', () => {
  it('never makes the time of events decrease, nor a timer fire before its time', async () => {
    const setting = await open()
    const id = await setUp(setting)
    await setting.acme.alarm.arm(id, { which: 'bellDue', afterMs: 1_000 })
    setting.clock.set(MORNING - 3_600_000)
    await setting.acme.alarm.arm(id, { which: 'lampDue', afterMs: 2_000 })
    await setting.clock.pass(3_600_999)
    expect(await elapsedOf(setting, id)).toEqual([])
    await setting.clock.pass(1)
    await setting.clock.pass(1_000)
    const history = await historyOf(setting.acme, id)
    expect(history.map(({ at }) => at - MORNING)).toEqual([0, 0, 0, 1_000, 2_000])
  })

  it('while the engine was down does neither', async () => {
    const before = await open()
    const id = await setUp(before)
    await before.acme.alarm.arm(id, { which: 'bellDue', afterMs: 1_000 })
    await before.engine.close()
    const after = await open({ database: before.database, clock: new TestClock(MORNING - 60_000) })
    await after.acme.alarm.arm(id, { which: 'lampDue', afterMs: 50 })
    await after.clock.pass(61_000)
    expect((await historyOf(after.acme, id)).map(({ at }) => at - MORNING)).toEqual([0, 0, 0, 50, 1_000])
  })

  it('anyhow, at any moment, leaves the times of the log in order', async () => {
    const step = fc.record({
      jumpMs: fc.integer({ min: -5_000, max: 5_000 }),
      afterMs: fc.integer({ min: 0, max: 3_000 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async steps => {
        const setting = await open()
        const id = await setUp(setting)
        for (const { jumpMs, afterMs } of steps) {
          setting.clock.set(setting.clock.now() + jumpMs)
          await setting.acme.alarm.arm(id, { which: 'bellDue', afterMs })
          await setting.clock.pass(500)
        }
        await setting.clock.pass(1_000_000)
        const times = (await historyOf(setting.acme, id)).map(({ at }) => at)
        expect(times).toEqual([...times].sort((a, b) => a - b))
        for (const { at, dueAt } of await elapsedOf(setting, id)) expect(at).toBeGreaterThanOrEqual(dueAt!)
        expect(timers(setting)).toEqual([])
      }),
      { numRuns: 40 },
    )
  })
})

describe('a store that fails while timers are due', () => {
  it('delays them, and loses none', async () => {
    const faults = { reads: 0, commits: 0 }
    const setting = await open({
      between: store =>
        wrapped(store, ({ timers: read, commit }) => ({
          async timers(limit) {
            if (faults.reads-- > 0) throw new Error('disk on fire')
            return read.call(store, limit)
          },
          async commit(each) {
            if (faults.commits-- > 0) throw new Error('disk on fire')
            return commit.call(store, each)
          },
        })),
    })
    const id = await setUp(setting)
    await setting.acme.alarm.arm(id, { which: 'bellDue', afterMs: 10 })
    await setting.acme.alarm.arm(id, { which: 'lampDue', afterMs: 20 })
    Object.assign(faults, { reads: 2, commits: 2 })
    await setting.clock.pass(600_000)
    expect((await elapsedOf(setting, id)).map(({ type }) => type).sort()).toEqual(['alarm.bellDue', 'alarm.lampDue'])
  })
})
