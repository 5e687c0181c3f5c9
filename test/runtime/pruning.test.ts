import { describe, expect, it } from 'vitest'
import { TurningClock } from './clock.ts'
import { open, outcomeOf, rest } from './setting.ts'
import { wrapped } from './wrapped.ts'

const STEPS_MAX = 10_000

/** An engine whose store finds this many full steps of old tokens, and says when each is done. */
const openWithOld = async (fullSteps: number, heard: () => void) => {
  let steps = 0
  const setting = await open({
    clock: new TurningClock(),
    between: store =>
      wrapped(store, () => ({
        async pruneTokens(_before: number, limit: number) {
          heard()
          steps += 1
          if (steps > STEPS_MAX) throw new Error('it goes on for ever')
          return steps > fullSteps ? 0 : limit
        },
      })),
  })
  return { ...setting, steps: () => steps }
}

describe('pruning', () => {
  it('lets everybody else have a turn between two steps', async () => {
    const story: string[] = []
    const { engine } = await openWithOld(3, () => story.push('step'))
    let isDone = false
    const pruning = engine.prune().finally(() => {
      isDone = true
    })
    while (!isDone) {
      await rest()
      story.push('turn')
    }
    expect(await pruning).toBe(1_500)
    const steps = story.join(' ').replaceAll(/( turn)+/g, ' turn')
    expect(steps).toBe('step turn step turn step turn step turn')
  })

  it('asked for twice at once is done once', async () => {
    const { engine, steps } = await openWithOld(2, () => {})
    expect(await Promise.all([engine.prune(), engine.prune()])).toEqual([1_000, 1_000])
    expect(steps()).toBe(3)
  })

  it('ends when the engine is closed, and begins no more after that', async () => {
    const { engine, steps } = await openWithOld(Number.POSITIVE_INFINITY, () => {})
    const pruning = outcomeOf(engine.prune())
    await rest()
    await engine.close()
    const { value, error } = await pruning
    expect([value! > 0, error]).toEqual([true, undefined])
    const done = steps()
    await rest()
    await expect(engine.prune()).rejects.toMatchObject({ name: 'Unavailable', code: 'closed' })
    expect(steps()).toBe(done)
  })
})
