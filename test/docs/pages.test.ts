import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { actions } from '../../src/doors/ec2/index.ts'
import { ec2ActionsPage } from './ec2-actions-page.ts'
import { kindsPage } from './kinds-page.ts'
import { pages } from './pages.ts'

describe('a page written from the code', () => {
  it.each(Object.keys(pages))('is what the code says today; if not, run `npm run docs`: %s', async path => {
    expect(readFileSync(join(import.meta.dirname, '../..', path), 'utf8')).toBe(await pages[path]!())
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

describe('the reference of the EC2 door', () => {
  it('names every action and what each takes', () => {
    const page = ec2ActionsPage()
    for (const { name, parameters } of actions.values()) {
      const [, section] = page.split(`\n### ${name}\n`)
      expect(section, name).toBeDefined()
      const [entry] = section!.split('\n### ')
      for (const parameter of Object.keys(parameters)) expect(entry).toContain(`\`${parameter}`)
    }
  })
})
