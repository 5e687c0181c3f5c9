/** What filters let through: wildcards against a regular expression, and over filters, or over their values. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Ec2Error } from '../../../src/doors/ec2/errors.ts'
import { type Filter, type FilterFields, filtering, wildcard } from '../../../src/doors/ec2/filters.ts'

/** The same said once more, as a regular expression. */
const reference = (pattern: string): RegExp => {
  const source = pattern.replace(/\\[*?\\]|[\s\S]/gu, part => {
    if (part === '*') return '[\\s\\S]*'
    if (part === '?') return '[\\s\\S]'
    const literal = part.length > 1 && part.startsWith('\\') ? part.slice(1) : part
    return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  })
  return new RegExp(`^${source}$`, 'u')
}
const character = fc.constantFrom('a', 'b', 'A', '*', '?', '\\', '.', '+', '[', '😀', '\n', '')
const word = fc.array(character, { maxLength: 12 }).map(each => each.join(''))

describe('a wildcard', () => {
  it('finds what the same regular expression finds', () => {
    fc.assert(
      fc.property(word, word, (pattern, value) => {
        expect(wildcard(pattern)(value)).toBe(reference(pattern).test(value))
      }),
      { numRuns: 20_000 },
    )
  })

  it.each([
    ['i-*', 'i-1', true],
    ['i-*', 'I-1', false],
    ['*', '', true],
    ['?', '', false],
    ['?', '😀', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a\\*c', 'a*c', true],
    ['a\\*c', 'abc', false],
    ['a\\?', 'a?', true],
    ['\\\\', '\\', true],
    ['a\\b', 'a\\b', true],
    ['a.c', 'abc', false],
  ])('%s and %s: %s', (pattern, value, expected) => {
    expect(wildcard(pattern)(value)).toBe(expected)
  })

  it('is done at once where a search that goes back to every star would not be', () => {
    const value = 'a'.repeat(2_000)
    expect(wildcard(`${'*a'.repeat(500)}*b`)(value)).toBe(false)
    expect(wildcard(`${'*a'.repeat(500)}*`)(value)).toBe(true)
  })
})

interface Thing {
  readonly state: string
  readonly size?: number
  readonly isPublic: boolean
  readonly at: Date
  readonly devices: readonly string[]
  readonly tags?: Readonly<Record<string, string>>
}
const known: FilterFields<Thing> = {
  fields: {
    state: ({ state }) => state,
    size: ({ size }) => size,
    'is-public': ({ isPublic }) => isPublic,
    'create-time': ({ at }) => at,
    'device-name': ({ devices }) => devices,
  },
  tags: ({ tags }) => tags,
}
const things: readonly Thing[] = [
  {
    state: 'running',
    size: 8,
    isPublic: true,
    at: new Date(0),
    devices: ['sda', 'sdb'],
    tags: { Name: 'web-1', tier: '' },
  },
  { state: 'stopped', isPublic: false, at: new Date(86_400_000), devices: ['sdb'], tags: { constructor: 'x' } },
  { state: 'Running', size: 0, isPublic: false, at: new Date(1), devices: [] },
]
const found = (...filters: Filter[]) => {
  const passes = filtering(filters, known)
  return things.flatMap((thing, index) => (passes(thing) ? [index] : []))
}
const filter = (Name: string, ...Value: string[]): Filter => ({ Name, Value })

describe('filters', () => {
  it('let everything through when there are none', () => {
    expect(things.filter(filtering(undefined, known))).toHaveLength(3)
    expect(found()).toEqual([0, 1, 2])
  })

  it('are all to hold, each for one of its values', () => {
    expect(found(filter('state', 'running', 'stopped'))).toEqual([0, 1])
    expect(found(filter('state', 'running', 'stopped'), filter('device-name', 'sda'))).toEqual([0])
    expect(found(filter('state', 'running'), filter('state', 'stopped'))).toEqual([])
  })

  it('find one of several values, numbers, flags and times as they are shown', () => {
    expect(found(filter('device-name', '*b'))).toEqual([0, 1])
    expect(found(filter('size', '0'))).toEqual([2])
    expect(found(filter('size', '*'))).toEqual([0, 2])
    expect(found(filter('is-public', 'true'))).toEqual([0])
    expect(found(filter('create-time', '1970-01-01T*'))).toEqual([0, 2])
  })

  it('find tags by key and value, by key, and by value', () => {
    expect(found(filter('tag:Name', 'web-?'))).toEqual([0])
    expect(found(filter('tag:tier', ''))).toEqual([0])
    expect(found(filter('tag:constructor', '*'))).toEqual([1])
    expect(found(filter('tag:toString', '*'))).toEqual([])
    expect(found(filter('tag-key', 'Name', 'other'))).toEqual([0])
    expect(found(filter('tag-value', 'x'))).toEqual([1])
  })

  it('let nothing through without a value', () => {
    expect(found(filter('state'))).toEqual([])
    expect(found({ Name: 'state' })).toEqual([])
  })

  it.each<[string, Filter, string]>([
    ['unknown', filter('nothing', 'x'), "InvalidParameterValue: The filter 'nothing' is invalid"],
    ['every object has', filter('constructor', 'x'), "InvalidParameterValue: The filter 'constructor' is invalid"],
    ['missing', { Value: ['x'] }, 'InvalidParameterValue: A filter has a name.'],
    ['empty', filter('', 'x'), 'InvalidParameterValue: A filter has a name.'],
  ])('are refused when a name is %s', (_, asked, expected) => {
    expect(() => found(asked)).toThrow(expect.objectContaining({ name: 'Ec2Error' }))
    expect(refusalOf(() => found(asked))).toBe(expected)
  })

  it('are refused with more than 200 values', () => {
    const values = Array.from({ length: 201 }, (_, index) => String(index))
    expect(found(filter('state', ...values.slice(1)))).toEqual([])
    expect(refusalOf(() => found(filter('state', ...values)))).toMatch(/^FilterLimitExceeded: /)
  })

  it('are refused when they are more than 50', () => {
    const filters = Array.from({ length: 51 }, () => filter('state', 'running'))
    expect(found(...filters.slice(1))).toEqual([0])
    expect(refusalOf(() => found(...filters))).toMatch(/^FilterLimitExceeded: /)
  })
})

function refusalOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof Ec2Error) return `${error.code}: ${error.message}`
    throw error
  }
  return 'nothing'
}
