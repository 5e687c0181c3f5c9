/** Tags: the same on every kind that has them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type KindName, outcome, sceneOf, type World } from './world.ts'

const many = (count: number, from = 0) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${from + index}`, 'x']))
const tagsOf = (world: World, id: string) => world.get(id).context.tags ?? {}

const kinds: [KindName, (tags: object) => { world: World; id: string }][] = [
  ['instance', tags => sceneOf('instance', { tags })],
  ['volume', tags => sceneOf('volume', { tags })],
  ['offering', tags => sceneOf('offering', { tags })],
]
describe.each(kinds)('the tags of %s', (kind, made) => {
  const asked = (world: World, command: string, id: string, tags: unknown) =>
    outcome(() => world.request(kind, command, id, { tags }))

  it('are there from its birth, are overwritten by key, and go by key or only with their value', () => {
    const { world, id } = made({ role: 'web', stage: 'test' })
    expect(asked(world, 'tag', id, { stage: 'live', owner: '' })).toBe('taken')
    expect(tagsOf(world, id)).toEqual({ role: 'web', stage: 'live', owner: '' })
    expect(asked(world, 'untag', id, [{ key: 'stage', value: 'test' }])).toBe('unchanged')
    expect(asked(world, 'untag', id, [{ key: 'stage', value: 'live' }, { key: 'none' }])).toBe('taken')
    expect(asked(world, 'untag', id, [{ key: 'owner', value: '' }, { key: 'role' }])).toBe('taken')
    expect(tagsOf(world, id)).toEqual({})
  })

  it('that are there already, or not there, need no change', () => {
    const { world, id } = made({ role: 'web' })
    expect(asked(world, 'tag', id, { role: 'web' })).toBe('unchanged')
    expect(asked(world, 'tag', id, {})).toBe('unchanged')
    expect(asked(world, 'untag', id, [{ key: 'toString' }])).toBe('unchanged')
  })

  it('are fifty at most, at birth and later', () => {
    expect(outcome(() => ({ decision: made(many(51)).id }))).toBe('tagsFew')
    const { world, id } = made(many(49))
    expect(asked(world, 'tag', id, many(2, 49))).toBe('tagsFew')
    expect(asked(world, 'tag', id, { ...many(49), key49: 'x' })).toBe('taken')
    expect(asked(world, 'tag', id, { key0: 'y' })).toBe('taken')
    expect(Object.keys(tagsOf(world, id))).toHaveLength(50)
  })

  it('are what a map of texts would be, whatever is put on and taken off', () => {
    const key = fc.constantFrom('a', 'b', 'c')
    const value = fc.constantFrom('', 'x', 'y')
    const step = fc.oneof(
      fc.record({ put: fc.dictionary(key, value, { maxKeys: 2 }) }),
      fc.record({ off: fc.array(fc.record({ key, value: fc.option(value, { nil: undefined }) }), { maxLength: 2 }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), steps => {
        const { world, id } = made({})
        const model = new Map<string, string>()
        for (const each of steps) {
          const before = JSON.stringify([...model].sort())
          if ('put' in each) for (const [name, text] of Object.entries(each.put)) model.set(name, text)
          else
            for (const off of each.off)
              if (off.value === undefined || model.get(off.key) === off.value) model.delete(off.key)
          const decision = 'put' in each ? asked(world, 'tag', id, each.put) : asked(world, 'untag', id, each.off)
          expect(decision).toBe(JSON.stringify([...model].sort()) === before ? 'unchanged' : 'taken')
          expect(tagsOf(world, id)).toEqual(Object.fromEntries(model))
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('tags of what is made together', () => {
  it('go to the instance and to its volumes, each their own', () => {
    const { world, id } = sceneOf('instance', { tags: { role: 'web' }, volumeTags: { role: 'disk' } })
    expect(tagsOf(world, id)).toEqual({ role: 'web' })
    for (const volume of world.idsOf('volume')) expect(tagsOf(world, volume)).toEqual({ role: 'disk' })
  })

  it('are fifty for each of them', () => {
    expect(outcome(() => ({ decision: sceneOf('instance', { volumeTags: many(51) }).id }))).toBe('tagsFew')
  })

  it('stay on an instance that has ended, and can still be changed there', () => {
    const { world, id } = sceneOf('instance', { tags: { role: 'web' } })
    world.request('instance', 'terminate', id)
    world.settle()
    expect(tagsOf(world, id)).toEqual({ role: 'web' })
    expect(outcome(() => world.request('instance', 'tag', id, { tags: { role: 'gone' } }))).toBe('taken')
  })

  it('are none of what is gone for good, or never was', () => {
    const { world, id } = sceneOf('volume', {})
    world.request('volume', 'delete', id)
    world.settle()
    const tag = (which: string) => outcome(() => world.request('volume', 'tag', which, { tags: { role: 'late' } }))
    expect(tag(id)).toBe('wrongState')
    expect(tag('vol-00000000000000000')).toBe('notFound')
  })
})
