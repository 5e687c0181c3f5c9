import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { secret } from '../../machines/grammar.ts'
import { legible } from '../../src/runtime/legible.ts'

const CANARY = 'canary'
const budget = (left = 10_000) => ({ left, isCut: false })

describe('what is kept for people to read', () => {
  it('is the value itself where it is short and nothing of it is secret', () => {
    const value = { a: [1, null, true, { b: 'c' }], d: '' }
    const room = budget()
    expect(legible(value, z.json(), room)).toEqual(value)
    expect(legible({ a: undefined, b: 1 }, undefined, room)).toEqual({ b: 1 })
    expect(room.isCut).toBe(false)
  })

  it.each([
    ['a field', z.object({ key: secret(z.string()) }), { key: CANARY }],
    ['a field that may be absent', z.object({ key: secret(z.string().max(9)).optional() }), { key: CANARY }],
    ['a field that may be null', z.object({ key: secret(z.string()).nullable().default(null) }), { key: CANARY }],
    ['a whole object', z.object({ key: secret(z.object({ a: z.string() })) }), { key: { a: CANARY } }],
    [
      'members of a list',
      z.object({ keys: z.array(z.object({ key: secret(z.string()) })) }),
      { keys: [{ key: CANARY }] },
    ],
    ['values of a record', z.record(z.string(), secret(z.string())), { any: CANARY }],
    ['a place of a tuple', z.tuple([z.string(), secret(z.string())]), ['open', CANARY]],
    ['the rest of a tuple', z.tuple([z.string()], secret(z.string())), ['open', 'b', CANARY]],
    ['a choice', z.union([z.number(), z.object({ key: secret(z.string()) })]), { key: CANARY }],
    [
      'both of two',
      z.intersection(z.object({ a: z.string() }), z.object({ key: secret(z.string()) })),
      { key: CANARY },
    ],
    ['what is said later', z.object({ key: z.lazy(() => secret(z.string())) }), { key: CANARY }],
    ['what is transformed', z.object({ key: secret(z.string()).transform(key => key) }), { key: CANARY }],
    ['JSON in the middle', z.object({ any: z.json(), key: secret(z.json()) }), { any: {}, key: { deep: [CANARY] } }],
  ])('has no secret of %s', (_, schema, value) => {
    const room = budget()
    const text = JSON.stringify(legible(value, schema as z.ZodType, room))
    expect(text).toContain('(secret)')
    expect(text).not.toContain(CANARY)
    expect(room.isCut).toBe(true)
  })

  it('says nothing about a secret that was not given', () => {
    const schema = z.object({ key: secret(z.string()).optional() })
    const room = budget()
    expect([legible({}, schema, room), legible({ key: null }, schema, room), room.isCut]).toEqual([
      {},
      { key: null },
      false,
    ])
  })

  it('is never much longer than its budget, whatever the value', () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 6 }),
      fc.string({ maxLength: 3_000 }),
      fc.array(fc.nat(), { maxLength: 400 }),
    )
    fc.assert(
      fc.property(value, fc.integer({ min: 1, max: 800 }), (value, left) => {
        const room = budget(left)
        const text = JSON.stringify(legible(value, undefined, room))
        // A name or text in JSON is up to six times as long as its characters.
        expect(text.length).toBeLessThanOrEqual(6 * left + 20 * (left / 8 + 2))
        if (!room.isCut) expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('is soon done with what is deep or wide beyond all measure', () => {
    let deep: unknown = 'end'
    for (let depth = 0; depth < 200_000; depth += 1) deep = [deep]
    const room = budget(16_384)
    expect(JSON.stringify(legible(deep, z.json(), room)).length).toBeLessThan(16_384)
    expect(room.isCut).toBe(true)
    expect(legible(Array(5_000_000).fill(1), undefined, budget(100))).toHaveLength(12)
  })

  it('is honest about names that objects have by themselves', () => {
    const value = JSON.parse('{"__proto__": {"a": 1}, "constructor": "c"}')
    const shown = legible(value, z.object({ constructor: secret(z.string()) }), budget())
    expect(JSON.stringify(shown)).toBe('{"__proto__":{"a":1},"constructor":"(secret)"}')
    expect(JSON.stringify(legible({ toString: 'x' }, z.object({}), budget()))).toBe('{"toString":"x"}')
  })
})
