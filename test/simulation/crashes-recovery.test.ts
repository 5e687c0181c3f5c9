/** The engine dies, and dies again while the next one recovers from that. (spec: reliability R3.) */
import { expect, it } from 'vitest'
import { HOURS } from './crashing.ts'
import { instanceStories } from './scenarios.ts'
import { statements, tellWithCrash } from './storytelling.ts'

it('a crash during the recovery from a crash changes nothing about how it ends', { timeout: HOURS }, async () => {
  const scenario = instanceStories.find(({ name }) => name === 'terminate while launching')!
  const clean = await tellWithCrash(scenario, { on: statements })
  let pairs = 0
  // Every seventh statement, and every eleventh of the recovery: STEMMA_SEEDS raises nothing here, the grid is small.
  for (let nth = 1; nth <= clean.seams; nth += 7)
    for (let then = 1; then <= 90; then += 11) {
      const told = await tellWithCrash(scenario, { nth, then, on: statements })
      expect(told.ending, `crash at ${nth}, then at ${then} of the recovery`).toBe(clean.ending)
      pairs += 1
    }
  console.log(`pairs of crashes: ${pairs}`)
})
