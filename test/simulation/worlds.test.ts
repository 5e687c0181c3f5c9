/**
 * The engine, the store and a provider in simulated worlds, drawn from a seed. Longer: STEMMA_SEEDS=2000; one seed again:
 * STEMMA_SEED=17. (spec: reliability R1, R6.)
 */
import { describe, expect, it } from 'vitest'
import { HOURS } from './crashing.ts'
import { Figures, failureText } from './report.ts'
import { shrink } from './shrink.ts'
import { simulate } from './simulate.ts'

/** One seed again, or as many as fit a pull request on one core. */
const { STEMMA_SEED: seed, STEMMA_FIRST: first = seed ?? '1', STEMMA_SEEDS: count = seed ? '1' : '400' } = process.env
const seeds = Array.from({ length: Number(count) }, (_, index) => Number(first) + index)
/** Three failures say what there is to say. */
const FAILURES_MAX = 3

describe('a simulated cloud', () => {
  it(`keeps every promise in every world (${seeds.length})`, { timeout: HOURS }, async () => {
    const figures = new Figures()
    const failures: string[] = []
    for (const each of seeds) {
      const run = await simulate(each)
      figures.add(run)
      if (run.failure) failures.push(failureText(run, await shrink(run)))
      else if (seed) console.log(run.world.journal.tail())
      if (failures.length === FAILURES_MAX) break
    }
    console.log(figures.text())
    if (process.env.STEMMA_REACH) console.log(`never taken:\n${figures.missed().join('\n')}`)
    expect(failures.join('\n\n')).toBe('')
  })

  it('is the same twice: one seed, one log', async () => {
    for (const each of [1, 2, 3, 4, 5]) {
      const [once, again] = [await simulate(each), await simulate(each)]
      expect(again.logHash).toBe(once.logHash)
      expect(again.world.journal.tail()).toBe(once.world.journal.tail())
    }
  })
})
