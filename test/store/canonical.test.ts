import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from '../../src/store/canonical.ts'

describe('canonical JSON', () => {
  it('is always the same text for the same value, whatever the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const shuffled = reversed(value)
        expect(canonical(shuffled)).toBe(canonical(value))
      }),
    )
  })

  it('always survives a round trip through JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        expect(canonical(JSON.parse(canonical(value)))).toBe(canonical(value))
      }),
    )
  })

  it('drops undefined and writes minus zero as zero', () => {
    expect(canonical({ b: undefined, a: -0 })).toBe('{"a":0}')
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1n, Symbol('x'), () => 1])(
    'refuses %s, which JSON cannot carry',
    value => {
      expect(() => canonical({ value })).toThrow(TypeError)
    },
  )
})

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).reverse()
  return Object.fromEntries(entries.map(([key, inner]) => [key, reversed(inner)]))
}
