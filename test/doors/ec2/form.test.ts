/** Forms into trees into typed parameters, and back: what arrives is what was sent, or is refused by its name. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Ec2Error } from '../../../src/doors/ec2/errors.ts'
import { pairsOf, type Tree, treeOf } from '../../../src/doors/ec2/form.ts'
import {
  base64,
  flag,
  integer,
  list,
  type ParametersOf,
  parametersOf,
  type Shape,
  structure,
  text,
  time,
} from '../../../src/doors/ec2/parameters.ts'
import { writableText } from './arbitraries.ts'

const refusal = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (error instanceof Ec2Error) return `${error.code}: ${error.message}`
    throw error
  }
  throw new Error('It was not refused.')
}
const read = <S extends Shape>(shape: S, form: string): ParametersOf<S> => parametersOf(shape, treeOf(pairsOf(form)))
const refused = (shape: Shape, form: string): string => refusal(() => read(shape, form))

describe('a form', () => {
  it('is read as it was written, whatever the characters', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(writableText, writableText)), pairs => {
        const written = new URLSearchParams(pairs).toString()
        expect(pairsOf(written)).toEqual(pairs)
      }),
    )
  })

  it('reads a plus as a blank, and a name without a value as an empty value', () => {
    expect(pairsOf('a=b+c%2Bd&e&&f==')).toEqual([
      ['a', 'b c+d'],
      ['e', ''],
      ['f', '='],
    ])
  })

  it('is refused when it is no text', () => {
    for (const form of ['a=%', 'a=%zz', 'a=%ff', '%c3%28=a', 'a=%ed%a0%80'])
      expect(refusal(() => pairsOf(form))).toMatch(/^InvalidParameterValue: .*UTF-8/)
  })

  it('is refused with characters that no answer could show', () => {
    for (const form of ['a=%00', 'a=%0B', '%1F=a', 'a=%EF%BF%BF'])
      expect(refusal(() => pairsOf(form))).toMatch(/^InvalidParameterValue: .*XML/)
    expect(pairsOf('a=%09%0A%0D%F0%9F%98%80')).toEqual([['a', '\t\n\r😀']])
  })

  it('takes ten thousand ids, and not without end', () => {
    const ids = (count: number) => Array.from({ length: count }, (_, index) => `Id.${index + 1}=i-${index}`).join('&')
    expect(read({ Id: list(text()) }, ids(10_000)).Id).toHaveLength(10_000)
    expect(refusal(() => pairsOf(ids(20_001)))).toMatch(/^InvalidParameterCombination: .*20000/)
  })

  it('is refused with a name given twice, or as a value and a group at once', () => {
    for (const form of ['A=1&A=1', 'A.1=1&A.1=2', 'A=1&A.1=2', 'A.1=2&A=1', 'A.1.B=1&A.1=2'])
      expect(refusal(() => treeOf(pairsOf(form)))).toMatch(/^InvalidParameterCombination: .*more than once/)
  })

  it('keeps names that JavaScript has a meaning for as names', () => {
    const tree = treeOf(pairsOf('__proto__.polluted=1&constructor.prototype.x=2'))
    expect([...tree.keys()]).toEqual(['__proto__', 'constructor'])
    expect(({} as { polluted?: string }).polluted).toBeUndefined()
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
      for (const form of [`${name}=1`, `${name}.x=1`])
        expect(refused({ Id: text() }, form)).toBe(
          `UnknownParameter: The parameter ${form.slice(0, -2)} is not recognized`,
        )
  })

  it('is refused when it is nested deeper than any action', () => {
    const deep = Array.from({ length: 50_000 }, () => 'A').join('.')
    for (const name of ['A.B.C.D.E.F.G.H.I', deep, 'A..B', '.A', 'A.', ''])
      expect(refusal(() => treeOf([[name, 'x']]))).toMatch(/^UnknownParameter: /)
  })
})

describe('a list', () => {
  const shape = { Id: list(text()) }

  it('is in the order of its numbers, which may have gaps and come in any order', () => {
    expect(read(shape, 'Id.10=c&Id.2=b&Id.1=a')).toEqual({ Id: ['a', 'b', 'c'] })
    expect(read(shape, 'Id=only')).toEqual({ Id: ['only'] })
    expect(read(shape, 'Id=')).toEqual({ Id: [] })
    expect(read(shape, '')).toEqual({ Id: undefined })
  })

  it('is refused with other names than numbers, and with one number twice', () => {
    for (const place of ['x', '-1', '1e3', '0x1', '9999999999'])
      expect(refused(shape, `Id.${place}=a`)).toBe(`UnknownParameter: The parameter Id.${place} is not recognized`)
    expect(refused(shape, 'Id.1=a&Id.01=b')).toMatch(/^InvalidParameterValue: .*twice/)
    expect(refused(shape, 'Id.1.2=a')).toBe('UnknownParameter: The parameter Id.1.2 is not recognized')
  })

  it('comes back as it was sent, with structures of lists in it', () => {
    const nested = { Part: list(structure({ Name: text(), Value: list(integer()) })) }
    const part = fc.record({ Name: writableText, Value: fc.array(fc.nat(2 ** 31 - 1), { minLength: 1 }) })
    const gaps = fc.uniqueArray(fc.integer({ min: 1, max: 999_999 }), { minLength: 20, maxLength: 20 })
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 20 }), gaps, (parts, numbers) => {
        const places = numbers.toSorted((one, other) => one - other)
        const pairs = parts.flatMap(({ Name, Value }, index): [string, string][] => [
          [`Part.${places[index]}.Name`, Name],
          ...Value.map((value, place): [string, string] => [`Part.${places[index]}.Value.${place + 1}`, String(value)]),
        ])
        expect(parametersOf(nested, treeOf(pairs.toReversed()))).toEqual({ Part: parts })
      }),
    )
  })
})

describe('a parameter', () => {
  it.each<[string, Shape, string, unknown]>([
    ['text', { A: text() }, 'A=%20x', ' x'],
    ['text of a few', { A: text({ values: ['on', 'off'] }) }, 'A=off', 'off'],
    ['integer', { A: integer({ min: -3 }) }, 'A=-3', -3],
    ['integer with zeros before it', { A: integer() }, 'A=007', 7],
    ['flag', { A: flag() }, 'A=true', true],
    ['flag in capitals', { A: flag() }, 'A=False', false],
    ['time', { A: time() }, 'A=2026-01-02T03:04:05.678Z', Date.UTC(2026, 0, 2, 3, 4, 5, 678)],
    ['time with an offset', { A: time() }, 'A=2026-01-02T03:04:05%2B01:00', Date.UTC(2026, 0, 2, 2, 4, 5)],
    ['base64', { A: base64({ maxBytes: 8 }) }, 'A=aGkK', Buffer.from('hi\n')],
    ['base64 without its end, and in lines', { A: base64({ maxBytes: 8 }) }, 'A=aG%0AkKaA', Buffer.from('hi\nh')],
  ])('%s', (_, shape, form, value) => {
    expect(read(shape, form)).toEqual({ A: value })
  })

  it.each<[string, Shape, string, RegExp]>([
    ['is missing', { Abc: text().required() }, '', /^MissingParameter: The request must contain the parameter abc$/],
    ['is empty', { Abc: text().required() }, 'Abc=', /^MissingParameter: The request must contain the parameter abc$/],
    ['is missing in a structure', { A: structure({ B: text().required() }) }, 'A.C=x', /^UnknownParameter: .* A\.C is/],
    ['is unknown', { A: text() }, 'Abc=x', /^UnknownParameter: The parameter Abc is not recognized$/],
    ['has another case', { A: text() }, 'a=x', /^UnknownParameter: The parameter a is not recognized$/],
    ['is too long', { A: text({ max: 3 }) }, 'A=abcd', /^InvalidParameterValue: Value \(abcd\) for parameter a is/],
    [
      'is none of the words',
      { A: text({ values: ['on'] }) },
      'A=off',
      /^InvalidParameterValue: .*Valid values are: on\.$/,
    ],
    ['is no integer', { A: integer() }, 'A=1.5', /^InvalidParameterValue: Value \(1\.5\) for parameter a is invalid\./],
    ['is an empty integer', { A: integer() }, 'A=', /^InvalidParameterValue: /],
    ['is an integer of another base', { A: integer() }, 'A=0x10', /^InvalidParameterValue: /],
    ['is too large', { A: integer({ max: 9 }) }, 'A=10', /^InvalidParameterValue: .*between 0 and 9/],
    ['is too small', { A: integer() }, 'A=-1', /^InvalidParameterValue: .*between 0 and/],
    ['is beyond all integers', { A: integer() }, `A=${'9'.repeat(400)}`, /^InvalidParameterValue: Value \(9{256}…\)/],
    ['is no flag', { A: flag() }, 'A=1', /^InvalidParameterValue: /],
    ['is no time', { A: time() }, 'A=yesterday', /^InvalidParameterValue: /],
    ['is a time that never is', { A: time() }, 'A=2026-13-01T00:00:00Z', /^InvalidParameterValue: /],
    ['is no base64', { A: base64({ maxBytes: 8 }) }, 'A=%21', /^InvalidUserData\.Malformed: /],
    ['ends within a byte', { A: base64({ maxBytes: 8 }) }, 'A=abcde', /^InvalidUserData\.Malformed: /],
    ['is too many bytes', { A: base64({ maxBytes: 2 }) }, 'A=aGkK', /^InvalidParameterValue: .*limited to 2 bytes/],
    ['has parts but should not', { A: text() }, 'A.B=x', /^UnknownParameter: The parameter A\.B is not recognized$/],
    ['has no parts but should', { A: structure({ B: text() }) }, 'A=x', /^InvalidParameterValue: .*It has parts/],
  ])('is refused when it %s', (_, shape, form, expected) => {
    expect(refused(shape, form)).toMatch(expected)
  })

  it('is named in full, wherever it stands', () => {
    const shape = { Part: list(structure({ Inner: structure({ Size: integer() }) })) }
    expect(refused(shape, 'Part.2.Inner.Size=x')).toMatch(/parameter part\.2\.Inner\.Size is invalid/)
    expect(refused(shape, 'Part.2.Inner.Other=x')).toMatch(/parameter Part\.2\.Inner\.Other is not/)
  })

  it('is never anything but read or refused in words, whatever is sent', () => {
    const shape: Shape = {
      A: text({ max: 5 }),
      B: integer(),
      C: list(structure({ D: flag(), E: list(time()) })),
      F: base64({ maxBytes: 4 }),
    }
    const name = fc.oneof(
      fc.constantFrom('A', 'B', 'C', 'F', 'C.1', 'C.1.D', 'C.2.E', 'C.2.E.1', '__proto__'),
      fc.string(),
    )
    const value = fc.oneof(fc.constantFrom('', '1', 'true', '2026-01-01T00:00:00Z', 'aGk='), fc.string())
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 6 }), pairs => {
        let tree: Tree
        try {
          tree = treeOf(pairs)
          parametersOf(shape, tree)
        } catch (error) {
          expect(error).toBeInstanceOf(Ec2Error)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
