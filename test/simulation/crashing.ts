/** Stories told again and again, with a crash at another seam each time: however it goes, it ends as it does without. */
import { describe, expect, it } from 'vitest'
import type { Scenario } from './scenarios.ts'
import { awaits, statements, tellWithCrash } from './storytelling.ts'

/** Longer than any machine takes. */
export const HOURS = 3_600_000

async function everywhere(scenario: Scenario, on: typeof awaits): Promise<number> {
  const clean = await tellWithCrash(scenario, { on })
  const step = on === statements ? (scenario.every ?? 1) : 1
  for (let nth = 1; nth <= clean.seams; nth += step) {
    const told = await tellWithCrash(scenario, { nth, on })
    expect(told.crashed, `${scenario.name}: no crash at ${nth} of ${clean.seams}`).toBeDefined()
    expect(told.ending, `${scenario.name}: crash at ${nth} of ${clean.seams}: ${told.crashed}`).toBe(clean.ending)
  }
  return clean.seams
}

/** The tests of some stories: at every await, and around every statement. */
export function crashesIn(stories: readonly Scenario[]): void {
  describe('a crash', () => {
    it.each(stories)('at any await changes nothing about how it ends: $name', { timeout: HOURS }, async scenario => {
      const points = await everywhere(scenario, awaits)
      console.log(`crash points at awaits: ${scenario.name}: ${points}`)
    })

    it.each(stories)(
      'around any statement changes nothing about how it ends: $name',
      { timeout: HOURS },
      async scenario => {
        const points = await everywhere(scenario, statements)
        console.log(`crash points around statements: ${scenario.name}: ${points}`)
      },
    )
  })
}
