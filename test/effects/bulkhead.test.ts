import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bench, done, silence } from '../runtime/bench.ts'
import { copyOf, inventory, open, openWith, rest, typesOf } from '../runtime/setting.ts'
import { wrapped } from '../runtime/wrapped.ts'
import { crane } from './crane.ts'

const MINUTE = 60_000
/** Two providers: one that works, and one that never answers anything. */
function twoProviders() {
  const bench = new Bench()
  const hung = new Bench({ idempotency: { by: 'token' }, limits: { callsInFlightMax: 2 } })
  hung.always('instanceEnsure', silence)
  return { bench, hung, drivers: { lab: bench.driver, far: hung.driver } }
}
type Given = Partial<Omit<Parameters<typeof openWith>[0], 'kinds' | 'projections'>>
const openCranes = (given: Given = {}) => openWith({ kinds: { crane }, projections: { inventory }, ...given })
type Setting = Awaited<ReturnType<typeof openCranes>>

const lift = async ({ acme }: Setting, provider: string, loads = 1) => {
  const { id } = await acme.crane.build({})
  await acme.crane.lift(id, { loads, provider })
  return id
}
const lifted = async ({ engine }: Setting, id: string) =>
  (await typesOf(engine, id)).filter(type => type === 'crane.lifted').length

describe('a provider that never answers', () => {
  it('holds up its own asks and nobody else’s, however many they are', async () => {
    const { bench, hung, drivers } = twoProviders()
    const setting = await openCranes({ bench, drivers, asksMax: 3 })
    for (let n = 0; n < 8; n += 1) await lift(setting, 'far')
    const ids = []
    for (let n = 0; n < 8; n += 1) ids.push(await lift(setting, 'lab', 2))
    await rest()
    expect(await Promise.all(ids.map(id => lifted(setting, id)))).toEqual(Array(8).fill(2))
    expect(hung.underWayMax).toBe(2)
  })

  it('holds up nobody else after a restart either, though its asks are the oldest', async () => {
    const before = await openCranes({ ...twoProviders(), asksMax: 3 })
    before.bench.always('instanceEnsure', silence)
    for (let n = 0; n < 8; n += 1) await lift(before, 'far')
    const ids = [await lift(before, 'lab'), await lift(before, 'lab')]
    const after = await openCranes({ ...twoProviders(), asksMax: 3, database: copyOf(before.database) })
    await rest()
    expect(await Promise.all(ids.map(id => lifted(after, id)))).toEqual([1, 1])
  })

  it('does not hide others behind more asks at one position than are read at once', async () => {
    const before = await openCranes(twoProviders())
    before.bench.always('instanceEnsure', silence)
    await lift(before, 'moon', 1_300)
    const id = await lift(before, 'lab')
    const after = await openCranes({ ...twoProviders(), asksMax: 3, database: copyOf(before.database) })
    await rest()
    expect(await lifted(after, id)).toBe(1)
  })

  it('is asked everything, each once, when it answers again', async () => {
    const { bench, hung, drivers } = twoProviders()
    const setting = await openCranes({ bench, drivers, asksMax: 3 })
    const ids = []
    for (let n = 0; n < 8; n += 1) ids.push(await lift(setting, 'far'))
    await rest()
    hung.always('instanceEnsure', () => done())
    await setting.clock.pass(10 * MINUTE)
    expect(await Promise.all(ids.map(id => lifted(setting, id)))).toEqual(Array(8).fill(1))
    expect(setting.rows('select * from asks')).toEqual([])
    expect(new Set(hung.calls.map(({ token }) => token)).size).toBe(8)
  })

  it('leaves the others alone, whatever order they come in and whatever fits into memory', async () => {
    const step = fc.record({ provider: fc.constantFrom('lab', 'far', 'moon'), loads: fc.integer({ min: 0, max: 4 }) })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (asksMax, steps, isRestarted) => {
          const first = await openCranes({ ...twoProviders(), asksMax })
          if (isRestarted) first.bench.always('instanceEnsure', silence)
          const asked: { id: string; loads: number }[] = []
          for (const { provider, loads } of steps) {
            const id = await lift(first, provider, loads)
            if (provider === 'lab') asked.push({ id, loads })
          }
          const second = isRestarted
            ? await openCranes({ ...twoProviders(), asksMax, database: copyOf(first.database) })
            : first
          for (let turn = 0; turn < 40; turn += 1) await rest()
          for (const { id, loads } of asked) expect(await lifted(second, id)).toBe(loads)
          const tokens = second.bench.calls.map(({ token }) => token)
          expect(new Set(tokens).size).toBe(tokens.length)
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('asks that do not fit into memory', () => {
  it('and all wait for a later time leave the engine idle', async () => {
    const setting = await openCranes({ asksMax: 2 })
    for (let n = 0; n < 5; n += 1) await lift(setting, 'moon')
    await setting.engine.idle()
    expect(setting.rows('select * from asks')).toHaveLength(5)
  })

  it('are looked for once in a while, not at every commit, when the store cannot be read', async () => {
    const disk = { isBroken: false, reads: 0 }
    const setting = await openCranes({
      asksMax: 1,
      between: store =>
        wrapped(store, ({ asks }) => ({
          async asks(...asked) {
            disk.reads += 1
            if (disk.isBroken) throw new Error('disk on fire')
            return asks.apply(store, asked)
          },
        })),
    })
    disk.isBroken = true
    const ids = [await lift(setting, 'lab', 3)]
    for (let n = 0; n < 10; n += 1) ids.push(await lift(setting, 'lab'))
    await rest()
    disk.reads = 0
    for (let n = 0; n < 10; n += 1) ids.push(await lift(setting, 'lab'))
    await setting.clock.pass(3_000)
    expect(disk.reads).toBeLessThanOrEqual(3)
    disk.isBroken = false
    await setting.clock.pass(MINUTE)
    expect(await Promise.all(ids.map(id => lifted(setting, id)))).toEqual([3, ...Array(20).fill(1)])
  })

  it('are not called when they were closed while they were being read', async () => {
    let release = () => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    let reads = 0
    const bench = new Bench()
    let answer = (_: unknown) => {}
    bench.next('instanceEnsure', () => new Promise(resolve => (answer = resolve)))
    const setting = await openCranes({
      bench,
      asksMax: 1,
      between: store =>
        wrapped(store, ({ asks }) => ({
          async asks(...asked) {
            const rows = await asks.apply(store, asked)
            reads += 1
            if (reads === 2) await held
            return rows
          },
        })),
    })
    const [first, second] = [await lift(setting, 'lab'), await lift(setting, 'lab')]
    answer(done())
    await rest()
    expect(reads).toBe(2)
    const answered = { resource: second, type: 'crane.lifted', data: {}, answers: `${second}.2.0`, actor: 'x' }
    expect(await setting.engine.report(answered)).toBe('taken')
    release()
    await rest()
    await setting.engine.idle()
    expect(bench.calls.map(({ id }) => id)).toEqual([first])
  })

  it('do not keep one that supersedes from ending a hung one at once', async () => {
    const bench = new Bench().always('instanceEnsure', silence)
    const { acme } = await open({ bench, asksMax: 2 })
    const ids = []
    for (let n = 0; n < 4; n += 1) {
      const { id } = await acme.lamp.make({ label: `lamp ${n}` })
      await acme.lamp.light(id)
      ids.push(id)
    }
    await acme.lamp.break(ids[0]!)
    await rest()
    expect(await acme.get(ids[0]!)).toMatchObject({ state: 'broken' })
  })
})
