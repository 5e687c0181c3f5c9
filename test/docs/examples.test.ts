/** What pages show to be copied can be copied. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fixturesSchema } from '../../src/cli/fixtures.ts'
import { parseKeys } from '../../src/doors/ec2/index.ts'
import { stemma } from '../cli/stemma.ts'

const pageOf = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')

describe('the page of the EC2 door', () => {
  const examples = [...pageOf('docs/ec2.md').matchAll(/```json\n(.*?)```/gs)].map(([, text]) => JSON.parse(text!))

  it('shows a file of keys and one of fixtures that are taken as they are', () => {
    expect(examples).toHaveLength(2)
    const [keys, fixtures] = examples
    expect(parseKeys(keys)).toHaveLength(1)
    expect(fixturesSchema.parse(fixtures).images[0]!.id).toBe('ami-0123456789abcdef0')
    expect(parseKeys(fixtures.accounts[0].keys.map((each: object) => ({ ...each, account: 'acme' })))).toHaveLength(1)
  })
})

it('the page of the server names every option there is', async () => {
  const { stdout } = await stemma('.', ['serve', '--help'])
  const options = [...stdout.matchAll(/^ +(--[a-z]+)/gm)].map(([, option]) => option)
  expect(options.length).toBeGreaterThan(8)
  const page = pageOf('docs/operate/server.md')
  expect(options.filter(option => !page.includes(`\`${option}`))).toEqual([])
})
