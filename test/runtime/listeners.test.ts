import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { silence } from './bench.ts'
import { open, outcomeOf, rest } from './setting.ts'

describe('a listener', () => {
  it('that is asynchronous and fails is heard of as a fault, and ends nothing', async () => {
    const { engine, acme } = await open()
    const faults: unknown[] = []
    engine.on('fault', (error, where) => faults.push([error, where]))
    engine.on('event', async () => {
      throw new Error('no line to the bus')
    })
    await acme.lamp.make({ label: 'desk' })
    await rest()
    expect(faults).toEqual([[new Error('no line to the bus'), 'listener of event']])
  })
})

describe('waiting for a resource to settle', () => {
  it('leaves no more at its signal the longer it takes, and nothing once it is over', async () => {
    const { acme, bench } = await open()
    bench.always('instanceEnsure', silence)
    const { id } = await acme.lamp.make({ label: 'desk' })
    await acme.lamp.light(id)
    const abort = new AbortController()
    const waiting = outcomeOf(acme.settled(id, { signal: abort.signal }))
    for (let n = 0; n < 20; n += 1) {
      await acme.lamp.make({ label: `${n}` })
      await rest()
    }
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1)
    abort.abort()
    expect((await waiting).error).toMatchObject({ name: 'AbortError' })
    expect(getEventListeners(abort.signal, 'abort')).toEqual([])
  })
})
