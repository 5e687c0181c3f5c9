import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Envelope } from '../../machines/grammar.ts'
import { open, outcomeOf, rest } from './setting.ts'

type Engine = Awaited<ReturnType<typeof open>>['engine']

/** Reads up to `count` events after a position, then leaves. */
async function read(engine: Engine, after: number, count: number): Promise<Envelope[]> {
  const events: Envelope[] = []
  for await (const event of engine.subscribe({ after })) {
    events.push(event)
    if (events.length === count) break
  }
  return events
}
const positions = (events: Envelope[]) => events.map(({ position }) => position)
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

describe('a subscription', () => {
  it('resumes by position with no gap and no repeat while writers work', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 6 }),
        async (portions, batchMax) => {
          const { engine, acme } = await open({ batchMax })
          const total = portions.reduce((sum, each) => sum + each, 0)
          const writing = Promise.all(Array.from({ length: total }, (_, n) => acme.lamp.make({ label: `lamp ${n}` })))
          const seen: Envelope[] = []
          for (const portion of portions) seen.push(...(await read(engine, seen.at(-1)?.position ?? 0, portion)))
          await writing
          expect(positions(seen)).toEqual(upTo(total))
        },
      ),
      { numRuns: 30 },
    )
  })

  it('gives every reader everything, fast and slow, in the same order', async () => {
    const { engine, acme } = await open()
    const slow = (async () => {
      const seen: Envelope[] = []
      for await (const event of engine.subscribe()) {
        await rest()
        seen.push(event)
        if (seen.length === 30) break
      }
      return seen
    })()
    const fast = read(engine, 0, 30)
    for (let n = 0; n < 30; n += 1) await acme.lamp.make({ label: `lamp ${n}` })
    expect(positions(await fast)).toEqual(upTo(30))
    expect(await slow).toEqual(await fast)
  })

  it('shows events as their history shows them', async () => {
    const { engine, acme } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.light(id)
    await acme.settled(id)
    const history = []
    for await (const event of engine.history(id)) history.push(event)
    expect(await read(engine, 0, 3)).toEqual(history)
  })

  it('reads a long log from any place', async () => {
    const { engine, acme } = await open()
    const make = { kind: 'lamp', command: 'make', input: { label: 'desk' } }
    await acme.submit(Array(1_234).fill(make))
    expect(positions(await read(engine, 0, 1_234))).toEqual(upTo(1_234))
    expect(positions(await read(engine, 1_000, 234))).toEqual(upTo(1_234).slice(1_000))
  })

  it('ends when it is aborted: while it waits, between two events, and before it begins', async () => {
    const { engine, acme } = await open()
    const abort = new AbortController()
    const all = (async () => {
      const seen: Envelope[] = []
      for await (const event of engine.subscribe({ signal: abort.signal })) seen.push(event)
      return seen
    })()
    await acme.lamp.make({ label: 'desk' })
    await rest()
    abort.abort()
    await acme.lamp.make({ label: 'shelf' })
    expect(positions(await all)).toEqual([1])

    const between = new AbortController()
    const seen: Envelope[] = []
    for await (const event of engine.subscribe({ signal: between.signal })) {
      seen.push(event)
      between.abort()
    }
    expect(positions(seen)).toEqual([1])
    for await (const event of engine.subscribe({ signal: AbortSignal.abort() })) seen.push(event)
    expect(seen).toHaveLength(1)
  })

  it('ends when the engine closes, after the last event', async () => {
    const { engine, acme } = await open()
    const seen: Envelope[] = []
    const all = (async () => {
      for await (const event of engine.subscribe()) seen.push(event)
    })()
    await Promise.all(upTo(3).map(n => acme.lamp.make({ label: `lamp ${n}` })))
    await engine.close()
    await all
    expect(positions(seen)).toEqual([1, 2, 3])
  })
})

describe('a listener', () => {
  it('hears every event once, after its commit, in order', async () => {
    const { engine, acme, rows } = await open()
    const heard: number[] = []
    const stored: unknown[] = []
    engine.on('event', event => {
      heard.push(event.position)
      stored.push(rows(`select position from events where position = ${event.position}`)[0]?.position)
    })
    const { id } = await acme.lamp.make({ label: 'desk', twins: true })
    await acme.lamp.light(id)
    await acme.settled(id)
    expect(heard).toEqual([1, 2, 3, 4])
    expect(stored).toEqual(heard)
  })

  it('that throws hurts nobody, and what it threw is heard as a fault', async () => {
    const { engine, acme } = await open()
    const faults: unknown[] = []
    const heard: string[] = []
    engine.on('fault', (error, where) => faults.push([(error as Error).message, where]))
    engine.on('event', () => {
      throw new Error('clumsy')
    })
    engine.on('event', event => heard.push(event.type))
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.light(id)
    expect(await acme.settled(id)).toBe('burning')
    expect(heard).toEqual(['lamp.makeRequested', 'lamp.lightRequested', 'lamp.lit'])
    expect(faults).toEqual(Array(3).fill(['clumsy', 'listener of event']))
  })

  it('of faults may throw too', async () => {
    const { engine, acme } = await open()
    for (const name of ['event', 'fault'] as const)
      engine.on(name, () => {
        throw new Error('clumsy')
      })
    await expect(acme.lamp.make({ label: 'desk' })).resolves.toMatchObject({ outcome: 'accepted' })
  })

  it('hears no more once it has left', async () => {
    const { engine, acme } = await open()
    const heard: string[] = []
    const leave = engine.on('event', event => heard.push(event.type))
    await acme.lamp.make({ label: 'desk' })
    leave()
    await acme.lamp.make({ label: 'shelf' })
    expect(heard).toHaveLength(1)
  })

  it('hears of refusals with who was refused, but not of questions', async () => {
    const { engine, acme } = await open()
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.lock(id, { locked: true })
    const heard: unknown[] = []
    engine.on('refused', (error, { actor }) => heard.push([(error as { code: string }).code, actor]))
    await acme.actions(id)
    await outcomeOf(acme.lamp.light(id, {}, { dryRun: true }))
    expect(heard).toEqual([])
    await outcomeOf(acme.lamp.light(id))
    expect(heard).toEqual([['locked', 'ops@acme']])
  })
})
