import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { cataloguePage, PAGE } from './catalogue.ts'

describe('the reference of kinds', () => {
  it('is what the catalogue says today; if not, run `npm run docs`', () => {
    expect(readFileSync(PAGE, 'utf8')).toBe(cataloguePage())
  })

  it('names every command, event and refusal', () => {
    const page = cataloguePage()
    for (const { commands, events, refusals } of Object.values(kinds))
      for (const name of [...Object.keys(commands), ...Object.keys(events.specs), ...Object.keys(refusals)])
        expect(page).toContain(`\`${name}\``)
  })
})
