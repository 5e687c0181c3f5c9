import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bench, done, rejected, silence, unknown } from '../runtime/bench.ts'
import { TestClock } from '../runtime/clock.ts'
import { copyOf, historyOf, inventory, open, openWith, rest, typesOf } from '../runtime/setting.ts'
import { crane } from './crane.ts'
import { lightOne, lit, storyOf } from './lamps.ts'
import { misdeeds } from './misdeeds.ts'

const MINUTE = 60_000
const openCranes = (bench: Bench, options = {}) =>
  openWith({ kinds: { crane }, projections: { inventory }, bench, ...options })

describe('a provider that misbehaves', () => {
  it.each(Object.keys(misdeeds))('and %s once is asked again with the same token, and the lamp burns', async name => {
    const setting = await open()
    setting.bench.next('instanceEnsure', misdeeds[name]!)
    const id = await lightOne(setting)
    await setting.clock.pass(3 * MINUTE)
    expect(await setting.acme.settled(id)).toBe('burning')
    expect(await storyOf(setting, id)).toEqual(lit)
    const asked = setting.bench.calls.filter(({ verb }) => verb === 'instanceEnsure')
    expect(asked.map(({ token, attempt }) => [token, attempt])).toEqual([
      [`${id}.2.0`, 1],
      [`${id}.2.0`, 2],
    ])
  })

  it('in any way, any number of times, in the end makes one event, and every attempt has the same token', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...Object.keys(misdeeds)), { maxLength: 7 }), async names => {
        const setting = await open()
        setting.bench.next('instanceEnsure', ...names.map(name => misdeeds[name]!))
        setting.bench.always('poll', () => unknown)
        const id = await lightOne(setting)
        await setting.clock.pass(20 * 2 * MINUTE)
        expect(await setting.acme.settled(id)).toBe('burning')
        expect(await storyOf(setting, id)).toEqual(lit)
        expect(new Set(setting.bench.calls.map(({ token }) => token))).toEqual(new Set([`${id}.2.0`]))
        expect(setting.rows('select * from asks')).toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  it('keeps its last error with the ask while it lasts', async () => {
    const setting = await open()
    setting.bench.next('instanceEnsure', misdeeds.throws!)
    await lightOne(setting)
    await rest()
    const [{ lastError, attempts, dueAt }] = setting.rows('select * from asks') as [Record<string, unknown>]
    expect(lastError).toContain('a bug')
    expect(attempts).toBe(1)
    expect(dueAt).toBeGreaterThan(setting.clock.now())
  })

  it('is given more and more time, but never more than a minute and a quarter', async () => {
    const setting = await open()
    const at: number[] = []
    setting.bench.always('instanceEnsure', () => {
      at.push(setting.clock.now())
      return unknown
    })
    await lightOne(setting)
    await setting.clock.pass(15 * MINUTE)
    const waits = at.slice(1).map((time, index) => time - at[index]!)
    expect(waits.length).toBeGreaterThan(10)
    for (const [index, wait] of waits.entries()) {
      expect(wait).toBeGreaterThan(0)
      expect(wait).toBeLessThanOrEqual(75_000)
      if (index > 0) expect(wait).toBeGreaterThanOrEqual(waits[index - 1]!)
    }
  })

  it('and hangs is told that nobody waits any more', async () => {
    const setting = await open({ bench: new Bench({ limits: { callTimeoutMs: 5_000 }, idempotency: { by: 'id' } }) })
    setting.bench.next('instanceEnsure', silence)
    await lightOne(setting)
    await setting.clock.pass(4_999)
    expect(setting.bench.calls[0]!.signal.aborted).toBe(false)
    await setting.clock.pass(1)
    expect(setting.bench.calls[0]!.signal.aborted).toBe(true)
  })
})

describe('an answer', () => {
  it('that is a rejection is its own event, with what the driver said', async () => {
    const setting = await open()
    setting.bench.next('instanceEnsure', rejected)
    const id = await lightOne(setting)
    expect(await setting.acme.settled(id)).toBe('dark')
    const [, , failed] = await historyOf(setting.acme, id)
    expect(failed).toMatchObject({
      type: 'lamp.lightFailed',
      origin: 'reported',
      data: { code: 'exhausted', message: 'no room', retry: 'never' },
      answers: `${id}.2.0`,
      actor: 'driver:lab',
    })
    expect(setting.bench.calls).toHaveLength(1)
  })

  it('names the ask it answers, the event that asked, and the story it belongs to', async () => {
    const setting = await open()
    const id = await lightOne(setting)
    await setting.acme.settled(id)
    const [, asked, answered] = await historyOf(setting.acme, id)
    expect(answered).toMatchObject({ answers: `${id}.2.0`, causation: asked!.position, correlation: asked!.position })
  })

  it('keeps the facts that its event declares, and drops the others', async () => {
    const setting = await open()
    setting.bench.next('instanceEnsure', done({ host: 'h1', colour: 'red' }))
    const id = await lightOne(setting)
    await setting.acme.settled(id)
    expect((await historyOf(setting.acme, id)).at(-1)!.data).toEqual({ host: 'h1' })
  })

  it('of a verb the provider does not have is a rejection', async () => {
    const setting = await open()
    Object.assign(setting.bench.driver, { instanceEnsure: undefined })
    const id = await lightOne(setting)
    expect(await setting.acme.settled(id)).toBe('dark')
    expect((await historyOf(setting.acme, id)).at(-1)!.data).toMatchObject({ code: 'unsupported' })
  })

  it('that is pending is polled with its handle until it is done', async () => {
    const setting = await open()
    const handle = { op: 'warm-up', token: 'x', data: { step: 1 } }
    setting.bench.next('instanceEnsure', { kind: 'pending', handle, pollAfterMs: 1_000 })
    setting.bench.next('poll', { kind: 'pending', handle: { ...handle, op: 'nearly' }, pollAfterMs: 2_000 })
    const id = await lightOne(setting)
    await setting.clock.pass(999)
    expect(setting.bench.verbs()).toEqual(['instanceEnsure'])
    await setting.clock.pass(2_001)
    expect(setting.bench.calls.map(({ verb, id: given }) => [verb, given])).toEqual([
      ['instanceEnsure', id],
      ['poll', 'warm-up'],
      ['poll', 'nearly'],
    ])
    expect(await setting.acme.settled(id)).toBe('burning')
    expect(await storyOf(setting, id)).toEqual(lit)
  })

  it('that is pending for a year is polled within the hour', async () => {
    const setting = await open()
    const handle = { op: 'warm-up', token: 'x' }
    setting.bench.next('instanceEnsure', { kind: 'pending', handle, pollAfterMs: 365 * 24 * 60 * MINUTE })
    const id = await lightOne(setting)
    await setting.clock.pass(60 * MINUTE)
    expect(await setting.acme.settled(id)).toBe('burning')
  })

  it('that waits for its next attempt is asked for within the hour, wherever the clock was set to meanwhile', async () => {
    const before = await open()
    before.bench.next('instanceEnsure', unknown)
    const id = await lightOne(before)
    await rest()
    const clock = new TestClock(before.clock.now() - 24 * 60 * MINUTE)
    const after = await open({ clock, database: copyOf(before.database) })
    await clock.pass(60 * MINUTE)
    expect(await after.acme.settled(id)).toBe('burning')
  })

  it('that was pending when the engine died is polled by the next one', async () => {
    const before = await open()
    const handle = { op: 'warm-up', token: 'x' }
    before.bench.next('instanceEnsure', { kind: 'pending', handle, pollAfterMs: 1_000 })
    const id = await lightOne(before)
    await rest()
    const after = await open({ database: copyOf(before.database) })
    await after.clock.pass(1_000)
    expect(after.bench.calls.map(({ verb, id: given }) => [verb, given])).toEqual([['poll', 'warm-up']])
    expect(await after.acme.settled(id)).toBe('burning')
  })

  it('that was under way when the engine died is asked for again with the same token', async () => {
    const before = await open()
    before.bench.next('instanceEnsure', silence)
    const id = await lightOne(before)
    await rest()
    const after = await open({ database: copyOf(before.database) })
    expect(await after.acme.settled(id)).toBe('burning')
    expect(after.bench.calls.map(({ token }) => token)).toEqual(before.bench.calls.map(({ token }) => token))
    expect(await storyOf(after, id)).toEqual(lit)
  })
})

describe('an ask that supersedes', () => {
  it('ends a hung one at once, and the late answer of that one only counts', async () => {
    const setting = await open()
    let answer = (_: unknown) => {}
    setting.bench.next('instanceEnsure', () => new Promise(resolve => (answer = resolve)))
    const id = await lightOne(setting)
    await rest()
    await setting.acme.lamp.break(id)
    expect(await setting.acme.settled(id)).toBe('broken')
    expect(setting.bench.calls[0]!.signal.aborted).toBe(true)
    const story = await storyOf(setting, id)
    answer(done())
    await rest()
    expect(await storyOf(setting, id)).toEqual(story)
    expect(story).toEqual(['lamp.makeRequested', 'lamp.lightRequested', 'lamp.breakRequested', 'lamp.broken'])
    expect(await setting.engine.measures()).toMatchObject({ worker_stale: 1, worker_superseded: 1, asksOpen: 0 })
  })

  it('ends one that waits for its next attempt, which is never made', async () => {
    const setting = await open()
    setting.bench.next('instanceEnsure', unknown)
    const id = await lightOne(setting)
    await rest()
    await setting.acme.lamp.break(id)
    await setting.clock.pass(10 * MINUTE)
    expect(setting.bench.verbs()).toEqual(['instanceEnsure', 'instanceDestroy'])
    expect(await setting.acme.settled(id)).toBe('broken')
  })

  it('is itself asked until it is done', async () => {
    const setting = await open()
    setting.bench.next('instanceDestroy', unknown, rejected, misdeeds.throws!)
    const id = await lightOne(setting)
    await setting.acme.settled(id)
    await setting.acme.lamp.break(id)
    await setting.clock.pass(5 * MINUTE)
    expect(await setting.acme.settled(id)).toBe('broken')
  })
})

describe('many asks', () => {
  it('of one resource are carried out one by one, in order', async () => {
    const bench = new Bench()
    const { acme, engine, clock } = await openCranes(bench)
    bench.next(
      'instanceEnsure',
      () => done(),
      () => unknown,
    )
    const { id } = await acme.crane.build({})
    await acme.crane.lift(id, { loads: 12 })
    await acme.crane.lift(id, { loads: 2 })
    await clock.pass(MINUTE)
    expect(bench.underWayMax).toBe(1)
    const loads = bench.calls.map(({ args }) => (args as { load: number }).load)
    expect(loads).toEqual([0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1])
    expect((await typesOf(engine, id)).filter(type => type === 'crane.lifted')).toHaveLength(14)
  })

  it('of one resource go on after the one before was rejected', async () => {
    const bench = new Bench()
    const { acme, engine } = await openCranes(bench)
    bench.next('instanceEnsure', rejected)
    const { id } = await acme.crane.build({})
    await acme.crane.lift(id, { loads: 2 })
    await engine.idle()
    expect((await typesOf(engine, id)).slice(2)).toEqual(['crane.liftFailed', 'crane.lifted'])
  })

  it('that take long tell how far they have come, at first and then in steps, and again after a restart', async () => {
    const first = await openCranes(new Bench())
    const handle = { op: 'lift', token: 't' }
    const at = (percent: number) => ({
      kind: 'pending' as const,
      handle,
      pollAfterMs: MINUTE,
      progress: { done: percent, total: 100 },
    })
    first.bench.next('instanceEnsure', { kind: 'pending', handle, pollAfterMs: MINUTE })
    first.bench.next('poll', at(3), at(7), at(9), at(60), at(Number.NaN), at(61))
    first.bench.always('poll', () => at(62))
    const { id } = await first.acme.crane.build({})
    await first.acme.crane.lift(id, { loads: 1 })
    await first.clock.pass(10 * MINUTE)
    const percents = async (engine: typeof first.engine) =>
      (await historyOf(engine, id)).filter(({ type }) => type === 'crane.lifting').map(({ data }) => data)
    expect(await percents(first.engine)).toEqual([{ percent: 0 }, { percent: 7 }, { percent: 60 }])

    const second = await openCranes(new Bench(), { database: copyOf(first.database) })
    second.bench.next('poll', at(62), done())
    await second.clock.pass(20 * MINUTE)
    expect((await percents(second.engine)).at(-1)).toEqual({ percent: 62 })
    expect((await typesOf(second.engine, id)).at(-1)).toBe('crane.lifted')
    expect(second.rows('select * from asks')).toEqual([])
  })

  it('of many resources are carried out at once, as many as the provider takes and no more', async () => {
    const bench = new Bench({ limits: { callsInFlightMax: 3 }, idempotency: { by: 'token' } })
    bench.always('instanceEnsure', async () => {
      await rest()
      return done()
    })
    const setting = await open({ bench })
    const made = await setting.acme.submit(
      Array.from({ length: 20 }, (_, n) => ({ kind: 'lamp', command: 'make', input: { label: `lamp ${n}` } })),
    )
    await setting.acme.submit(made.map(({ id }) => ({ kind: 'lamp', command: 'light', id })))
    for (const { id } of made) expect(await setting.acme.settled(id)).toBe('burning')
    expect(bench.underWayMax).toBe(3)
    expect(bench.calls).toHaveLength(20)
  })

  it('are all done though only a few fit into memory, before and after a restart, each called once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (asksMax, loads, isRestarted) => {
          const first = await openCranes(new Bench(), { asksMax })
          if (isRestarted) first.bench.always('instanceEnsure', silence)
          const ids: string[] = []
          for (const each of loads) {
            const { id } = await first.acme.crane.build({})
            ids.push(id)
            await first.acme.crane.lift(id, { loads: each })
          }
          const second = isRestarted
            ? await openCranes(new Bench(), { asksMax, database: copyOf(first.database) })
            : first
          await second.engine.idle()
          expect(second.rows('select * from asks')).toEqual([])
          for (const [index, id] of ids.entries())
            expect((await typesOf(second.engine, id)).slice(2)).toEqual(Array(loads[index]).fill('crane.lifted'))
          const tokens = second.bench.calls.map(({ token }) => token)
          expect(new Set(tokens).size).toBe(tokens.length)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('whose provider nobody registered wait, say so, and hold up nobody else', async () => {
    const { acme, engine, rows, clock } = await openCranes(new Bench())
    const [lost, fine] = [await acme.crane.build({}), await acme.crane.build({})]
    await acme.crane.lift(lost.id, { loads: 1, provider: 'moon' })
    await acme.crane.lift(fine.id, { loads: 1 })
    await engine.idle()
    expect(await typesOf(engine, fine.id)).toContain('crane.lifted')
    expect(rows('select lastError from asks')).toEqual([{ lastError: expect.stringContaining(`'moon'`) }])
    const commits = (await engine.measures()).writer_commits!
    await clock.pass(60 * MINUTE)
    // Waiting for an operator must not wear out the disk: at most about one row a minute.
    expect((await engine.measures()).writer_commits! - commits).toBeLessThan(80)
  })

  it('whose provider was missing are done once an engine knows it', async () => {
    const before = await openCranes(new Bench())
    const { id } = await before.acme.crane.build({})
    await before.acme.crane.lift(id, { loads: 1, provider: 'moon' })
    await rest()
    await before.engine.close()
    const moon = new Bench()
    const after = await openCranes(new Bench(), { database: before.database, drivers: { moon: moon.driver } })
    await after.clock.pass(5 * MINUTE)
    expect(moon.verbs()).toEqual(['instanceEnsure'])
    expect(await typesOf(after.engine, id)).toContain('crane.lifted')
  })
})
