import { describe, expect, it } from 'vitest'
import { Bench } from '../runtime/bench.ts'
import { TurningClock } from '../runtime/clock.ts'
import { open, outcomeOf, rest, typesOf } from '../runtime/setting.ts'

const MINUTE = 60_000
type Stream = (signal: AbortSignal) => unknown

/** Streams of news, one for each time the driver is watched; after the last, it says nothing more. */
async function watched(...streams: Stream[]) {
  const bench = new Bench()
  const clock = new TurningClock()
  const at: number[] = []
  const signals: AbortSignal[] = []
  const silent: Stream = async function* () {
    await new Promise(() => {})
  }
  const watch = (signal: AbortSignal) => {
    at.push(clock.now())
    signals.push(signal)
    return (streams.shift() ?? silent)(signal)
  }
  Object.assign(bench.driver, { watch })
  const setting = await open({ bench, clock })
  const faults: string[] = []
  setting.engine.on('fault', (error, where) => faults.push(`${where}: ${(error as Error).message}`))
  const { id } = await setting.acme.lamp.make({ label: 'desk' })
  await setting.acme.lamp.light(id)
  await setting.acme.settled(id)
  return { ...setting, at, signals, faults, id }
}
const ends: Stream = async function* () {}
const gone = (id: string, observedAt: number) => ({ kind: 'instance', id, exists: 'no', facts: {}, observedAt })

/** Ways in which a stream of news breaks off. */
const breaks: Record<string, Stream> = {
  ends,
  throws: async function* () {
    yield* []
    throw new Error('the line went dead')
  },
  'is refused': () => {
    throw new Error('no connections left')
  },
  'is no stream at all': () => undefined,
}

describe('a stream of news that breaks off', () => {
  it.each(Object.keys(breaks))('because it %s is followed anew, and what it brings then is recorded', async name => {
    let bring = (_: unknown) => {}
    const setting = await watched(breaks[name]!, async function* () {
      yield await new Promise(resolve => (bring = resolve))
      await new Promise(() => {})
    })
    const { clock, acme, id, faults } = setting
    await clock.pass(MINUTE)
    expect(setting.at).toHaveLength(2)
    bring(gone(id, clock.now() + 1))
    await rest()
    expect((await typesOf(acme, id)).at(-1)).toBe('lamp.broken')
    expect(faults).toEqual([expect.stringMatching(/^watching lab: /)])
  })

  it('again and again is followed less and less often, but never less than once in a minute and a quarter', async () => {
    const setting = await watched(...Array<Stream>(50).fill(ends))
    await setting.clock.pass(20 * MINUTE)
    const waits = setting.at.slice(2).map((time, index) => time - setting.at[index + 1]!)
    expect(waits.length).toBeGreaterThan(15)
    for (const [index, wait] of waits.entries()) {
      expect(wait).toBeGreaterThan(0)
      expect(wait).toBeLessThanOrEqual(75_000)
      if (index > 0) expect(wait).toBeGreaterThanOrEqual(waits[index - 1]!)
    }
    expect(setting.faults).toHaveLength(setting.at.length)
  })

  it('after it had gone well for long is followed anew as soon as the first that broke off', async () => {
    let end = () => {}
    const lasting: Stream = async function* () {
      yield* []
      await new Promise<void>(resolve => (end = resolve))
    }
    const { at, clock } = await watched(...Array<Stream>(8).fill(ends), lasting)
    await clock.pass(30 * MINUTE)
    expect(at).toHaveLength(9)
    end()
    const endedAt = clock.now()
    await clock.pass(MINUTE)
    expect(at).toHaveLength(10)
    expect(at[9]! - endedAt).toBe(at[1]! - at[0]!)
  })

  it('lets its driver know that nobody follows it any more', async () => {
    const { signals, clock } = await watched(breaks.throws!)
    await clock.pass(MINUTE)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
  })

  it('is not followed any more once the engine is closed, and no clock waits for it', async () => {
    const { engine, clock, at, signals, faults } = await watched(...Array<Stream>(50).fill(ends))
    await clock.pass(MINUTE)
    const times = at.length
    const told = faults.length
    await engine.close()
    expect(clock.waiting).toBe(0)
    await clock.pass(10 * MINUTE)
    expect([at.length, faults.length]).toEqual([times, told])
    expect(signals.every(({ aborted }) => aborted)).toBe(true)
  })

  it('because the engine closes is no trouble', async () => {
    const polite: Stream = async function* (signal: AbortSignal) {
      yield* []
      await new Promise(resolve => signal.addEventListener('abort', resolve))
    }
    const { engine, faults, at } = await watched(polite)
    await engine.close()
    await rest()
    expect([at.length, faults]).toEqual([1, []])
  })
})

describe('a second look', () => {
  it('that is never answered does not outlive the engine', async () => {
    const { engine, bench, clock, id } = await watched()
    bench.always('observe', () => new Promise(() => {}))
    const heard = outcomeOf(engine.observed('lab', gone(id, 0) as never))
    await rest()
    expect(bench.verbs()).toContain('observe')
    await engine.close()
    expect((await heard).value).toBe('stale')
    expect(clock.waiting).toBe(0)
    expect(bench.calls.at(-1)!.signal.aborted).toBe(true)
  })

  it('is made again where the resource went on meanwhile, because nobody tells the news a second time', async () => {
    const { engine, bench, acme, clock, id } = await watched()
    let looks = 0
    bench.always('observe', async () => {
      looks += 1
      if (looks === 1) await acme.lamp.lock(id, { locked: true })
      return gone(id, clock.now() + looks) as never
    })
    expect(await engine.observed('lab', gone(id, 0) as never)).toBe('taken')
    expect([looks, (await typesOf(acme, id)).slice(-2)]).toEqual([2, ['lamp.lockRequested', 'lamp.broken']])
    await engine.close()
  })
})
