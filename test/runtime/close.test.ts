import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bench, done, silence } from './bench.ts'
import { contentOf, open, outcomeOf, rest, typesOf } from './setting.ts'
import { wrapped } from './wrapped.ts'

const closed = { name: 'Unavailable', code: 'closed' }

describe('closing', () => {
  it('answers every request that was taken, and loses none that was accepted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ poisonous: fc.boolean(), token: fc.option(fc.nat(5)) }), { maxLength: 40 }),
        fc.nat(3),
        fc.integer({ min: 1, max: 8 }),
        async (requests, pauses, batchMax) => {
          const { engine, acme, database } = await open({ batchMax })
          const asked = requests.map(({ poisonous, token }, index) =>
            outcomeOf(
              poisonous
                ? acme.lamp.light('lamp-0')
                : acme.lamp.make({ label: `${token ?? index}` }, token === null ? {} : { token: `${token}` }),
            ),
          )
          for (let n = 0; n < pauses; n += 1) await Promise.resolve()
          await engine.close()
          const outcomes = await Promise.all(asked)
          const codes = outcomes.map(({ value, error }) => value?.outcome ?? error.code)
          expect(codes.filter(code => !['accepted', 'notFound', 'closed'].includes(code))).toEqual([])
          const accepted = new Set(outcomes.flatMap(({ value }) => value?.id ?? []))
          const after = await open({ database })
          expect(new Set((await after.acme.list('lamp', { limit: 1_000 })).items.map(({ id }) => id))).toEqual(accepted)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('waits for calls under way, and records what they come to', async () => {
    const { engine, acme, bench, database } = await open()
    let answer = (_: unknown) => {}
    bench.next(
      'instanceEnsure',
      () =>
        new Promise(resolve => {
          answer = resolve
        }),
    )
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.light(id)
    await rest()
    let isClosed = false
    const closing = engine.close().then(() => {
      isClosed = true
    })
    await rest()
    expect(isClosed).toBe(false)
    answer(done())
    await closing
    const after = await open({ database })
    expect(await after.acme.settled(id)).toBe('burning')
    expect(after.bench.calls).toEqual([])
  })

  it('does not wait for a hung provider beyond its grace; the next engine takes over', async () => {
    const { engine, acme, bench, clock, database } = await open()
    bench.next('instanceEnsure', silence)
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.light(id)
    await rest()
    let isClosed = false
    const closing = engine.close({ graceMs: 3_000 }).then(() => {
      isClosed = true
    })
    await clock.pass(2_999)
    expect(isClosed).toBe(false)
    await clock.pass(1)
    await closing
    const after = await open({ database })
    expect(await after.acme.settled(id)).toBe('burning')
    expect(after.bench.calls.map(({ token }) => token)).toEqual(bench.calls.map(({ token }) => token))
  })

  it('leaves an answer that comes too late unheard, and the ask open', async () => {
    const { engine, acme, bench, clock, database } = await open()
    let answer = (_: unknown) => {}
    bench.next(
      'instanceEnsure',
      () =>
        new Promise(resolve => {
          answer = resolve
        }),
    )
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.light(id)
    await rest()
    const closing = engine.close({ graceMs: 10 })
    await clock.pass(10)
    await closing
    const before = contentOf(database)
    answer(done())
    await clock.pass(600_000)
    expect(contentOf(database)).toEqual(before)
    expect(before.asks).toHaveLength(1)
  })

  it('begins no more calls and fires no more timers', async () => {
    const { engine, acme, bench, clock, database } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.light(id)
    await acme.settled(id)
    await engine.close()
    const calls = bench.calls.length
    await clock.pass(10_000)
    expect(bench.calls).toHaveLength(calls)
    expect(contentOf(database).timers).toHaveLength(1)
  })

  it('turns later requests away, and writes nothing of them', async () => {
    const { engine, acme, database } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    const closing = engine.close()
    await expect(acme.lamp.lock(id, { locked: true })).rejects.toMatchObject(closed)
    await closing
    const before = contentOf(database)
    await expect(acme.lamp.make({ label: 'hall' }, { token: 'one' })).rejects.toMatchObject(closed)
    await expect(engine.report({ resource: id, type: 'lamp.lit', data: {}, actor: 'x' })).rejects.toMatchObject(closed)
    await expect(engine.rebuild('inventory')).rejects.toMatchObject(closed)
    expect(contentOf(database)).toEqual(before)
  })

  it('may be asked for twice, also at once', async () => {
    const { engine } = await open()
    await Promise.all([engine.close(), engine.close()])
    await engine.close()
  })

  it('writes what is behind, so that the next engine has nothing to catch up', async () => {
    const { engine, acme, database } = await open()
    for (let n = 0; n < 20; n += 1) await acme.lamp.make({ label: `lamp ${n}` })
    await engine.close()
    const after = await open({ database })
    expect(after.engine.recovery).toMatchObject({ events: 0, resources: 0, views: [] })
    expect((await after.acme.list('lamp')).items).toHaveLength(20)
  })

  it('tells who waits for a resource to settle', async () => {
    const { engine, acme, bench, clock } = await open()
    bench.next('instanceEnsure', silence)
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.light(id)
    const waiting = outcomeOf(acme.settled(id))
    await rest()
    const closing = engine.close({ graceMs: 1 })
    await clock.pass(1)
    await closing
    expect((await waiting).error).toMatchObject(closed)
  })

  it('closes store and drivers also when what is behind cannot be written', async () => {
    const closedParts: string[] = []
    const setting = await open({
      between: store =>
        wrapped(store, ({ close }) => ({
          writeDerived: () => Promise.reject(new Error('disk full')),
          async close() {
            closedParts.push('store')
            await close.call(store)
          },
        })),
    })
    Object.assign(setting.bench.driver, { close: async () => void closedParts.push('driver') })
    const { id } = await setting.acme.lamp.make({ label: 'desk' })
    await expect(setting.engine.close()).rejects.toThrow('disk full')
    expect(closedParts).toEqual(['store', 'driver'])
    const after = await open({ database: setting.database })
    expect(await after.acme.get(id)).toMatchObject({ state: 'dark' })
    expect(await typesOf(after.acme, id)).toHaveLength(1)
  })

  it('goes on to the other drivers when one cannot be closed, and waits for none for ever', async () => {
    const [stuck, hung, fine] = [new Bench(), new Bench(), new Bench()]
    const heard: string[] = []
    Object.assign(stuck.driver, { close: () => Promise.reject(new Error('stuck')) })
    Object.assign(hung.driver, { close: silence })
    Object.assign(fine.driver, { close: async () => void heard.push('closed') })
    const drivers = { lab: stuck.driver, hung: hung.driver, fine: fine.driver }
    const setting = await open({ drivers })
    const { id } = await setting.acme.lamp.make({ label: 'desk' })
    const closing = outcomeOf(setting.engine.close({ graceMs: 100 }))
    await setting.clock.pass(100)
    expect((await closing).error.message).toBe('stuck')
    expect(heard).toEqual(['closed'])
    const after = await open({ database: setting.database })
    expect(await after.acme.get(id)).toMatchObject({ state: 'dark' })
  })
})
