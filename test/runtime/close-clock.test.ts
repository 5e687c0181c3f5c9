import { describe, expect, it } from 'vitest'
import { done, silence, unknown } from './bench.ts'
import { TestClock } from './clock.ts'
import { copyOf, open, rest } from './setting.ts'
import { wrapped } from './wrapped.ts'

type Setting = Awaited<ReturnType<typeof open>>
async function lightOne({ acme }: Setting) {
  const { id } = await acme.lamp.make({ label: 'desk' })
  await acme.lamp.light(id)
  await rest()
  return id
}

// Whatever waits for a time to come keeps the process alive: for a lease, that may be days.
describe('a closed engine waits for nothing', () => {
  it('of a provider that never answered: it is told that nobody listens, and its ask stays open', async () => {
    const setting = await open()
    setting.bench.next('instanceEnsure', silence)
    await lightOne(setting)
    const closing = setting.engine.close({ graceMs: 10 })
    await setting.clock.pass(10)
    await closing
    await rest()
    expect(setting.clock.waiting).toBe(0)
    expect(setting.bench.calls[0]!.signal.aborted).toBe(true)
    expect(setting.rows('select attempts from asks')).toHaveLength(1)
  })

  it('of a provider that did not know what it did while it closed', async () => {
    const setting = await open()
    let answer = (_: unknown) => {}
    setting.bench.next('instanceEnsure', () => new Promise(resolve => (answer = resolve)))
    await lightOne(setting)
    const closing = setting.engine.close()
    await rest()
    answer(unknown)
    await closing
    expect(setting.clock.waiting).toBe(0)
    expect(setting.rows('select attempts from asks')).toEqual([{ attempts: 1 }])
  })

  it('of the deadlines that were armed while it closed', async () => {
    const setting = await open()
    let answer = (_: unknown) => {}
    setting.bench.next('instanceEnsure', () => new Promise(resolve => (answer = resolve)))
    const id = await lightOne(setting)
    const closing = setting.engine.close()
    await rest()
    answer(done())
    await closing
    expect(setting.clock.waiting).toBe(0)
    const armed = setting.rows('select resource, event from timers')
    expect(armed).toEqual([{ resource: id, event: 'lamp.dimDue' }])
  })

  it('also when it was closed because it could not be started', async () => {
    const before = await open()
    before.bench.next('instanceEnsure', silence)
    await lightOne(before)
    const clock = new TestClock()
    const { bench } = before
    bench.always('instanceEnsure', silence)
    const opening = open({
      bench,
      clock,
      database: copyOf(before.database),
      between: store => wrapped(store, () => ({ timers: () => Promise.reject(new Error('disk on fire')) })),
    })
    await expect(opening).rejects.toThrow('disk on fire')
    expect(clock.waiting).toBe(0)
    expect(bench.calls.at(-1)!.signal.aborted).toBe(true)
  })

  it('and idles at once, whatever it had left to do', async () => {
    const setting = await open({ asksMax: 1 })
    setting.bench.always('instanceEnsure', silence)
    await lightOne(setting)
    await lightOne(setting)
    const idle = setting.engine.idle()
    const closing = setting.engine.close({ graceMs: 10 })
    await setting.clock.pass(10)
    await closing
    await idle
    await setting.engine.idle()
    expect(setting.rows('select attempts from asks')).toHaveLength(2)
  })
})
