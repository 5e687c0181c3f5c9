import { describe, expect, it } from 'vitest'
import { type Answer, Bench, silence, unknown } from '../runtime/bench.ts'
import { lamp } from '../runtime/light.ts'
import { copyOf, historyOf, inventory, open, openWith, rest } from '../runtime/setting.ts'
import { crane } from './crane.ts'
import { lightOne, lit, storyOf } from './lamps.ts'
import { misdeeds } from './misdeeds.ts'

const MINUTE = 60_000
describe('a provider that cannot repeat a call safely', () => {
  const seen = (exists: 'yes' | 'no' | 'unknown', facts = {}) => ({
    kind: 'instance',
    id: 'x',
    exists,
    facts,
    observedAt: 0,
  })
  const careless = (lagMs = 0) =>
    new Bench({ idempotency: { by: 'none' }, consistency: { readAfterWrite: lagMs === 0, lagMs } })

  it('is looked at after an unknown outcome, and what is found there is the answer', async () => {
    const setting = await open({ bench: careless() })
    setting.bench.next('instanceEnsure', unknown).always('observe', () => seen('yes', { host: 'h1' }))
    const id = await lightOne(setting)
    await setting.clock.pass(5 * MINUTE)
    expect(setting.bench.verbs()).toEqual(['instanceEnsure', 'observe'])
    expect(await storyOf(setting, id)).toEqual(lit)
    expect((await historyOf(setting.acme, id))[2]!.data).toEqual({ host: 'h1' })
  })

  it('is called again only when nothing is there', async () => {
    const setting = await open({ bench: careless() })
    setting.bench.next('instanceEnsure', silence).always('observe', () => seen('no'))
    const id = await lightOne(setting)
    await setting.clock.pass(5 * MINUTE)
    const verbs = setting.bench.verbs()
    expect(verbs.filter(verb => verb === 'instanceEnsure')).toHaveLength(2)
    expect(verbs.slice(1, -1).every(verb => verb === 'observe')).toBe(true)
    expect(verbs.length).toBeGreaterThan(2)
    expect(await setting.acme.settled(id)).toBe('burning')
  })

  it('is given its declared lag before nothing counts as nothing', async () => {
    const setting = await open({ bench: careless(30_000) })
    const asked: number[] = []
    let madeAt = Number.POSITIVE_INFINITY
    setting.bench.always('instanceEnsure', () => {
      asked.push(setting.clock.now())
      madeAt = Math.min(madeAt, setting.clock.now())
      return unknown
    })
    // The world shows what was made only after 29 seconds.
    setting.bench.always('observe', () => seen(setting.clock.now() >= madeAt + 29_000 ? 'yes' : 'no'))
    const id = await lightOne(setting)
    await setting.clock.pass(5 * MINUTE)
    expect(asked).toHaveLength(1)
    expect(await setting.acme.settled(id)).toBe('burning')
  })

  it('is never called while nobody can say what is there', async () => {
    const setting = await open({ bench: careless() })
    const blind: Answer[] = [
      () => seen('unknown'),
      misdeeds.throws!,
      silence,
      () => undefined,
      () => null,
      () => 'what',
    ]
    setting.bench
      .next('instanceEnsure', unknown)
      .next('observe', ...blind)
      .always('observe', () => seen('yes'))
    const id = await lightOne(setting)
    await setting.clock.pass(20 * MINUTE)
    expect(setting.bench.verbs()).toEqual(['instanceEnsure', ...Array(blind.length + 1).fill('observe')])
    expect(await setting.acme.settled(id)).toBe('burning')
  })

  it('is looked at before a call that a dead engine may have made', async () => {
    const before = await open({ bench: careless() })
    before.bench.next('instanceEnsure', silence)
    const id = await lightOne(before)
    await rest()
    const bench = careless().always('observe', () => seen('yes'))
    const after = await open({ bench, database: copyOf(before.database) })
    await after.clock.pass(MINUTE)
    expect(bench.verbs()).toEqual(['observe'])
    expect(await storyOf(after, id)).toEqual(lit)
  })
})

describe('unasked news', () => {
  it('is recorded where it says something new, and only counts where it does not', async () => {
    const setting = await open()
    const id = await lightOne(setting)
    await setting.acme.settled(id)
    const broken = { resource: id, type: 'lamp.broken', data: {}, actor: 'driver:lab' }
    expect(await setting.engine.report(broken)).toBe('taken')
    expect(await setting.engine.report(broken)).toBe('ignored')
    expect(await setting.engine.report({ ...broken, resource: 'lamp-0' })).toBe('stale')
    expect(await setting.engine.report({ ...broken, answers: `${id}.2.0` })).toBe('stale')
    expect(await storyOf(setting, id)).toEqual([...lit, 'lamp.broken'])
  })

  it('that a driver brings by itself is recorded, and what cannot be ends neither the watch nor anything else', async () => {
    const bench = new Bench()
    const seen: unknown[] = []
    let wake = () => {}
    const bring = async (...all: unknown[]) => {
      seen.push(...all)
      wake()
      await rest()
    }
    const watch = async function* () {
      for (;;) {
        while (seen.length) yield seen.shift()
        await new Promise<void>(resolve => (wake = resolve))
      }
    }
    Object.assign(bench.driver, { watch })
    const setting = await open({ bench })
    const faults: unknown[] = []
    setting.engine.on('fault', (_, where) => faults.push(where))
    const id = await lightOne(setting)
    await setting.acme.settled(id)
    const news = { kind: 'instance', id, exists: 'yes', facts: {}, observedAt: setting.clock.now() + 1 }
    await bring(news, undefined, { ...news, id: 'lamp-0', exists: 'no' }, { ...news, exists: 'no' })
    expect(await storyOf(setting, id)).toEqual([...lit, 'lamp.broken'])
    expect(faults).toEqual(['news of lab'])
  })

  it.each([
    ['is no event of any kind', { type: 'comet.seen' }],
    ['is no event of its kind', { type: 'lamp.exploded' }],
    ['is another kind’s', { type: 'crane.lifted' }],
    ['is nothing that drivers report', { type: 'lamp.lightRequested' }],
    ['does not fit its event', { type: 'lamp.lit', data: { host: 5 } }],
    ['has no JSON', { type: 'lamp.lit', data: { host: 10n } }],
  ])('that %s is turned away', async (_, wrong: object) => {
    const setting = await openWith({
      kinds: { crane, lamp },
      projections: { inventory },
    })
    const { id } = await setting.acme.lamp.make({ label: 'desk' })
    const report = { resource: id, type: 'lamp.lit', data: {}, actor: 'driver:lab', ...wrong }
    await expect(setting.engine.report(report as never)).rejects.toMatchObject({ code: 'invalidInput' })
    // Whoever reports nonsense must not have the resource set aside.
    expect(setting.engine.health()).toMatchObject({ position: 1, contained: [] })
    await expect(setting.acme.lamp.light(id)).resolves.toMatchObject({ outcome: 'accepted' })
  })
})
