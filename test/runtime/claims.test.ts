import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Commit, Conflict } from '../../src/store/store.ts'
import { bulb, RATION, ration } from './bulb.ts'
import { lamp } from './light.ts'
import { copyOf, inventory, openWith, outcomeOf } from './setting.ts'
import { wrapped } from './wrapped.ts'

const kinds = { bulb, lamp }
const views = { inventory, ration }
type Given = Omit<Parameters<typeof openWith<typeof kinds, typeof views>>[0], 'kinds' | 'projections'>
const open = (given: Given = {}) => openWith({ kinds, projections: views, ...given })
type Setting = Awaited<ReturnType<typeof open>>

const take = { kind: 'bulb', command: 'take' }
const takeMany = ({ acme }: Setting, count: number) =>
  Promise.all(Array.from({ length: count }, () => outcomeOf(acme.bulb.take({}))))
const accepted = (outcomes: { value?: unknown }[]) => outcomes.filter(({ value }) => value)
const counted = ({ rows }: Setting) => rows('select account, bulbs from ration order by account')

describe('a claim', () => {
  it('gives the last unit to exactly one of 64 callers', async () => {
    const setting = await open()
    await takeMany(setting, RATION - 1)
    const outcomes = await takeMany(setting, 64)
    expect(accepted(outcomes)).toHaveLength(1)
    const refused = outcomes.flatMap(({ error }) => error ?? [])
    expect(refused.map(({ code }) => code)).toEqual(Array.from({ length: 63 }, () => 'rationUsedUp'))
    expect(counted(setting)).toEqual([{ account: 'acme', bulbs: RATION }])
  })

  it('gives it to exactly one however the callers fall into batches', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 30 }), async (batchMax, callers) => {
        const setting = await open({ batchMax })
        const outcomes = await takeMany(setting, callers)
        expect(accepted(outcomes)).toHaveLength(Math.min(callers, RATION))
      }),
      { numRuns: 30 },
    )
  })

  it('is seen by later commands of the same submit, which are refused together when it runs out', async () => {
    const setting = await open()
    await setting.acme.submit(Array(RATION - 1).fill(take))
    await expect(setting.acme.submit([take, take])).rejects.toMatchObject({
      code: 'rationUsedUp',
      refusals: [{ index: 1 }],
    })
    expect(counted(setting)).toEqual([{ account: 'acme', bulbs: RATION - 1 }])
    expect(await setting.acme.submit([take])).toMatchObject([{ outcome: 'accepted' }])
  })

  it('is given back by what gives it back, in whatever order requests come', async () => {
    const step = fc.record({ account: fc.constantFrom('acme', 'other'), takes: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
        const setting = await open({ batchMax: 3 })
        const out: Record<string, string[]> = { acme: [], other: [] }
        for (const { account, takes } of steps) {
          const own = out[account]!
          const session = setting.engine.as({ account, actor: 'x' })
          if (!takes) {
            const id = own.pop()
            if (id) await session.bulb.return(id)
            continue
          }
          const { value, error } = await outcomeOf(session.bulb.take({}))
          expect(error?.code).toBe(own.length < RATION ? undefined : 'rationUsedUp')
          if (value) own.push(value.id)
        }
        const expected = Object.entries(out).map(([account, { length }]) => ({ account, bulbs: length }))
        expect(counted(setting)).toEqual(expected.filter(({ bulbs }) => bulbs > 0))
      }),
      { numRuns: 30 },
    )
  })

  it('records in the event what it was when it was granted', async () => {
    const { engine, acme } = await open()
    const [one, two] = await acme.submit([take, take])
    const facts = []
    for (const { id } of [one!, two!]) for await (const event of engine.history(id)) facts.push(event.facts)
    expect(facts).toEqual([{ ration: null }, { ration: { bulbs: 1 } }])
  })

  it('still holds after a crash', async () => {
    const before = await open()
    await takeMany(before, RATION)
    const after = await open({ database: copyOf(before.database) })
    expect(accepted(await takeMany(after, 8))).toHaveLength(0)
    expect(counted(after)).toEqual([{ account: 'acme', bulbs: RATION }])
  })

  it('that someone else changed meanwhile is read again before the request is decided', async () => {
    const race = { isOn: false }
    const setting = await open({
      between: store =>
        wrapped(store, ({ commit }) => ({
          async commit(each: Commit) {
            if (!race.isOn || each.claims.length === 0) return commit.call(store, each)
            race.isOn = false
            setting.database.exec(`update ration set bulbs = ${RATION}, revision = 1000000 where account = 'acme'`)
            return commit.call(store, each)
          },
        })),
    })
    await setting.acme.bulb.take({})
    race.isOn = true
    await expect(setting.acme.bulb.take({})).rejects.toMatchObject({ code: 'rationUsedUp' })
    expect(setting.engine.health().position).toBe(1)
  })

  it('lost again and again is given up as a conflict that names it', async () => {
    const setting = await open({
      between: store => wrapped(store, () => ({ commit: () => Promise.reject(new Conflict('claim', 'ration/acme')) })),
    })
    await expect(setting.acme.bulb.take({})).rejects.toMatchObject({
      code: 'conflict',
      on: 'claim',
      key: 'ration/acme',
    })
  })
})

describe('a claimed view', () => {
  const life = async () => {
    const setting = await open()
    const outcomes = await takeMany(setting, RATION)
    await setting.acme.bulb.return(outcomes[0]!.value!.id)
    await setting.engine.as({ account: 'other', actor: 'x' }).bulb.take({})
    await setting.acme.lamp.make({ label: 'of no interest' })
    return setting
  }

  it('folds to the same rows when a new version of it is rebuilt at open, and goes on being claimed', async () => {
    const before = await life()
    const rows = counted(before)
    expect(rows).toEqual([
      { account: 'acme', bulbs: RATION - 1 },
      { account: 'other', bulbs: 1 },
    ])
    const after = await openWith({
      kinds,
      projections: { inventory, ration: { ...ration, version: 2 } },
      database: copyOf(before.database),
    })
    expect(after.engine.recovery.views).toContain('ration')
    expect(after.rows('select account, bulbs from ration order by account')).toEqual(rows)
    expect(accepted(await takeMany(after as never, 8))).toHaveLength(1)
  })

  it('is the same after a rebuild that an operator asks for, and goes on being claimed', async () => {
    const setting = await life()
    const rows = counted(setting)
    await setting.engine.rebuild('ration')
    expect(counted(setting)).toEqual(rows)
    expect(accepted(await takeMany(setting, 8))).toHaveLength(1)
  })

  it('is rebuilt at open when it is found at another position than the log', async () => {
    const before = await life()
    const database = copyOf(before.database)
    database.exec(`update watermarks set position = 2 where view = 'ration'; update ration set bulbs = 77`)
    const after = await open({ database })
    expect(counted(after)).toEqual(counted(before))
  })

  it('is read like any other view', async () => {
    const { engine } = await life()
    expect(await engine.views.ration.get('acme')).toEqual({ account: 'acme', bulbs: RATION - 1 })
    expect((await engine.views.ration.list({ where: { bulbs: 1 } })).items).toEqual([{ account: 'other', bulbs: 1 }])
  })
})
