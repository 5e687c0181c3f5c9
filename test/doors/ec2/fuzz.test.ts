/**
 * Why this test? Clients of every age and quality speak to this door. Whatever they send is answered in well-formed XML
 * and never with a 500; what is refused leaves nothing behind; and the cloud they leave is whole.
 *
 * `STEMMA_FUZZ=500000 npx vitest run test/doors/ec2/fuzz.test.ts` sends more; `STEMMA_SEED` sends the same again.
 */

import fc from 'fast-check'
import { XMLValidator } from 'fast-xml-parser'
import { expect, it } from 'vitest'
import { actions } from '../../../src/doors/ec2/index.ts'
import { type FuzzedCloud, openCloud, type Pace, paces } from './fuzz/cloud.ts'
import { type Request, request } from './fuzz/requests.ts'
import { parsed } from './setting.ts'

const { STEMMA_FUZZ: wanted = '50000', STEMMA_SEED: seed } = process.env
const REQUESTS = Number(wanted)
/** Requests to one cloud: it fills, and listings stay short. */
const EACH = 500

const tally = new Map<string, { accepted: number; refused: number }>()
const codes = new Map<string, number>()

function judge({ action }: Request, status: number, text: string, wrote: number): void {
  // The one action that asks the provider while the caller waits: one that fails or is slow is told of.
  if (action === 'GetConsoleOutput' && status === 503) expect(text).toContain('<Code>Unavailable</Code>')
  else expect(status).toBeLessThan(500)
  expect(XMLValidator.validate(text)).toBe(true)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those that XML 1.0 has no way to write
  expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/)
  const { root, body } = parsed(text)
  const counts = tally.get(action) ?? { accepted: 0, refused: 0 }
  tally.set(action, counts)
  if (status === 200) {
    counts.accepted += 1
    expect(root).toBe(`${action}Response`)
    if (!actions.get(action)!.mutates) expect(wrote).toBe(0)
    return
  }
  counts.refused += 1
  expect(root).toBe('Response')
  const { Code: code, Message: message } = body.Errors.Error
  expect(code).toMatch(/^[A-Z][A-Za-z]+(\.[A-Z][A-Za-z]+)?$/)
  expect(message).not.toBe('')
  expect(wrote).toBe(0)
  codes.set(code, (codes.get(code) ?? 0) + 1)
}

async function fuzz(cloud: FuzzedCloud, requests: readonly Request[]): Promise<void> {
  for (const each of requests) {
    const { status, text, wrote } = await cloud.send(each)
    try {
      judge(each, status, text, wrote)
    } catch (error) {
      const shown = `${JSON.stringify(each).slice(0, 4_000)}\n${status} ${text.slice(0, 2_000)}\nwrote ${wrote}`
      throw new Error(`${(error as Error).message}\n${shown}\n${cloud.faults.map(String).join('\n')}`, { cause: error })
    }
  }
}

const life = fc.record({
  pace: fc.constantFrom<Pace>(...(Object.keys(paces) as Pace[])),
  requests: fc.array(request, { minLength: EACH, maxLength: EACH }),
})

it(`${REQUESTS} requests of all sorts are answered in XML and never with a 500, and leave a whole cloud`, async () => {
  let lives = 0
  const property = fc.asyncProperty(life, async ({ pace, requests }) => {
    lives += 1
    const cloud = await openCloud(pace, lives)
    try {
      await fuzz(cloud, requests)
      await cloud.comeToRest()
      expect(cloud.faults).toEqual([])
      expect(cloud.working()).toEqual([])
      expect(cloud.health()).toMatchObject({ contained: [], stalledViews: [] })
      expect(await cloud.changedByRebuild()).toEqual([])
    } finally {
      await cloud.close()
    }
  })
  await fc.assert(property, {
    numRuns: Math.ceil(REQUESTS / EACH),
    // Without one, that of every property (test/seeded.ts): said to be undefined, it would be another one in each run.
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    endOnFailure: true,
    // A life is hundreds of requests, and what failed says which it was.
    reporter: ({ failed, seed: again, counterexamplePath, errorInstance }) => {
      if (failed)
        throw new Error(`STEMMA_SEED=${again} (${counterexamplePath}): ${(errorInstance as Error).message}`, {
          cause: errorInstance,
        })
    },
  })
  if (process.env.STEMMA_REACH) console.log(tally, codes)
  // A fuzzer that is never let in proves nothing.
  const least = Math.floor(REQUESTS / 50_000)
  expect([...actions.keys()].filter(name => (tally.get(name)?.accepted ?? 0) < least)).toEqual([])
  expect(codes.size).toBeGreaterThan(Math.min(40, REQUESTS / 1_000))
}, 600_000)
