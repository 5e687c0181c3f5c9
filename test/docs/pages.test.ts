import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { kindsPage } from './kinds-page.ts'
import { pages } from './pages.ts'

describe('a page written from the code', () => {
  it.each(Object.keys(pages))('is what the code says today; if not, run `npm run docs`: %s', path => {
    expect(readFileSync(join(import.meta.dirname, '../..', path), 'utf8')).toBe(pages[path]!())
  })
})

describe('the reference of kinds', () => {
  it('names every command, event and refusal', () => {
    const page = kindsPage()
    for (const { commands, events, refusals } of Object.values(kinds))
      for (const name of [...Object.keys(commands), ...Object.keys(events.specs), ...Object.keys(refusals)])
        expect(page).toContain(`\`${name}\``)
  })
})
