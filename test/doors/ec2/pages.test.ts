/** Pages neither skip nor repeat, while things come and go between them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Paging, paged } from '../../../src/doors/ec2/pages.ts'

interface Thing {
  readonly id: string
  readonly at: number
}
const paging = (asked: Partial<Paging<Thing>>): Paging<Thing> => ({
  min: 1,
  max: 1_000,
  place: ({ at, id }) => [at, id],
  of: ['x'],
  ...asked,
})
const thing = fc.record({ id: fc.string({ maxLength: 3 }), at: fc.nat(5) })
const things = fc.uniqueArray(thing, { selector: ({ id, at }) => JSON.stringify([at, id]), maxLength: 30 })
const inOrder = (all: readonly Thing[]) =>
  all.toSorted((one, other) => one.at - other.at || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0))
const codeOf = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    return (error as { code?: string }).code
  }
  return 'nothing'
}

describe('pages', () => {
  it('show each thing once, in the order of its making, and end', () => {
    fc.assert(
      fc.property(things, fc.integer({ min: 1, max: 7 }), (all, MaxResults) => {
        const seen: Thing[] = []
        let NextToken: string | undefined
        do {
          const page = paged(all, paging({ MaxResults, NextToken }))
          expect(page.items.length).toBeLessThanOrEqual(MaxResults)
          expect(page.nextToken === undefined || page.items.length === MaxResults).toBe(true)
          seen.push(...page.items)
          NextToken = page.nextToken
        } while (NextToken !== undefined)
        expect(seen).toEqual(inOrder(all))
      }),
    )
  })

  it('show what stays exactly once, whatever else comes and goes between them', () => {
    fc.assert(
      fc.property(things, fc.array(fc.tuple(things, fc.nat(30))), (stays, changes) => {
        const seen: Thing[] = []
        let NextToken: string | undefined
        const others = [...changes.map(([each]) => each), []]
        for (const visitors of others) {
          const all = [
            ...stays,
            ...visitors.filter(each => !stays.some(other => other.at === each.at && other.id === each.id)),
          ]
          const isLast = visitors === others.at(-1)
          const page = paged(all, paging({ MaxResults: isLast ? 1_000 : 2, NextToken }))
          seen.push(...page.items)
          NextToken = page.nextToken
          if (NextToken === undefined) break
        }
        const ofThose = seen.filter(each => stays.includes(each))
        expect(ofThose).toEqual(inOrder(stays))
      }),
    )
  })

  it('are one when no size is asked for', () => {
    const all = [
      { id: 'b', at: 2 },
      { id: 'a', at: 2 },
      { id: 'z', at: 1 },
    ]
    expect(paged(all, paging({}))).toEqual({ items: inOrder(all), nextToken: undefined })
  })

  it('are refused in sizes that there are not', () => {
    for (const MaxResults of [4, 1_001])
      expect(codeOf(() => paged([], paging({ MaxResults, min: 5 })))).toBe('InvalidParameterValue')
    expect(codeOf(() => paged([], paging({ MaxResults: 5, min: 5 })))).toBe('nothing')
  })

  it('are refused with a token that is none of ours, or of another question', () => {
    const all = [
      { id: 'a', at: 1 },
      { id: 'b', at: 2 },
    ]
    const { nextToken } = paged(all, paging({ MaxResults: 1 }))
    expect(codeOf(() => paged(all, paging({ NextToken: nextToken, of: ['y'] })))).toBe('InvalidNextToken')
    expect(codeOf(() => paged(all, paging({ NextToken: nextToken })))).toBe('nothing')
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String(),
          fc.json().map(each => Buffer.from(each).toString('base64url')),
        ),
        token => {
          expect(codeOf(() => paged(all, paging({ NextToken: token })))).toBe('InvalidNextToken')
        },
      ),
    )
  })
})
