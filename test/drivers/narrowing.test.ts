/** What an image or an instance offers is at most what its provider offers. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Capabilities, capabilities, type DeclaredCapabilities, followed } from '../../src/drivers/capabilities.ts'
import { derived } from '../../src/drivers/derived.ts'
import { same } from '../../src/drivers/entries.ts'
import { CapabilityRefused, narrowed, weaker } from '../../src/drivers/narrowing.ts'
import { anyCapabilities, anyDeclared } from './any-capabilities.ts'

const refusal = (run: () => unknown): CapabilityRefused => {
  try {
    run()
  } catch (error) {
    if (error instanceof CapabilityRefused) return error
    throw error
  }
  throw new Error('nothing was refused')
}
/** Whether b has nothing that a lacks. */
const isWithin = (b: Capabilities, a: Capabilities) => same(weaker(a, b), b)

const cloud = capabilities({
  clonesOnLaunch: 'optional',
  stop: 'preserves',
  start: 'both',
  rootOnDestroy: 'byFlag',
  destroyFrom: ['running', 'stopped'],
  volumeAttach: { max: 8, hotPlug: true },
})

describe('narrowing', () => {
  it('leaves what is not named as it is', () => {
    expect(narrowed(cloud, {}, {})).toEqual(cloud)
  })

  it('gives an image whose root is on the host no stop that keeps it, and what follows from that', () => {
    const image = { stop: 'destroys', rootOnDestroy: 'deletes', volumeAttach: { max: 2 } } as const
    expect(narrowed(cloud, image, { volumeAttach: { hotPlug: false } })).toEqual({
      ...cloud,
      stop: 'destroys',
      rootOnDestroy: 'deletes',
      rootOnStop: 'deletes',
      vanishesAfterStop: true,
      deleteOnTermination: false,
      volumeAttach: { ...cloud.volumeAttach, max: 2, hotPlug: false },
    })
  })

  it('makes an image exclusive that its instances run on', () => {
    expect(narrowed(cloud, { clonesOnLaunch: 'never' }).imageExclusive).toBe(true)
    expect(narrowed(cloud, { clonesOnLaunch: 'never', imageExclusive: false }).imageExclusive).toBe(false)
  })

  it.each<[DeclaredCapabilities, string]>([
    [{ pause: true }, 'pause'],
    [{ volumeAttach: { max: 9 } }, 'volumeAttach.max'],
    [{ destroyFrom: ['running', 'error'] }, 'destroyFrom'],
    [{ suspend: 'memory' }, 'suspend'],
    [{ settle: { missingGraceMs: 0, startRetryAfterMs: 1 } }, 'settle.startRetryAfterMs'],
    [{ zones: ['b'] }, 'zones'],
    [{ features: { 'instances.create': { user_data: {} } } }, 'features'],
  ])('refuses to widen: %j', (scope, capability) => {
    expect(refusal(() => narrowed(cloud, scope))).toMatchObject({ code: 'capabilityWidened', capability })
  })

  it('refuses a narrower scope that takes back what the one before it gave up', () => {
    const given = { stop: 'preserves' } as const
    expect(narrowed(cloud, given).stop).toBe('preserves')
    expect(refusal(() => narrowed(cloud, { stop: 'none' }, given))).toMatchObject({
      code: 'capabilityWidened',
      capability: 'stop',
      wider: 'none',
      narrower: 'preserves',
    })
  })

  it('lets no style of a start come from two styles that are not the same', () => {
    const soft = capabilities({ start: 'soft' })
    expect(weaker(soft, capabilities({ start: 'hard' })).start).toBe('none')
    expect(weaker(soft, capabilities({ start: 'both' })).start).toBe('soft')
    expect(refusal(() => narrowed(soft, { start: 'hard' }))).toMatchObject({ capability: 'start' })
  })

  it('counts what takes something away as the weaker, and sizes and times that limit', () => {
    const a = capabilities({ imageExclusive: true, volume: { minBytes: 1, stepBytes: 4 }, consistency: { lagMs: 9 } })
    const b = capabilities({ imageExclusive: false, volume: { minBytes: 8, stepBytes: 6 }, consistency: { lagMs: 2 } })
    const { imageExclusive, volume, consistency } = weaker(a, b)
    expect({ imageExclusive, volume, consistency }).toMatchObject({
      imageExclusive: true,
      volume: { minBytes: 8, stepBytes: 12 },
      consistency: { lagMs: 9 },
    })
  })

  it('refuses names and values that nobody knows', () => {
    const scope = (declared: object) => refusal(() => narrowed(cloud, declared as DeclaredCapabilities))
    expect(scope({ volumeAttach: { hotSwap: true } })).toMatchObject({
      code: 'unknownCapability',
      capability: 'volumeAttach.hotSwap',
    })
    expect(scope({ stop: 'sometimes' })).toMatchObject({ code: 'invalidCapability', capability: 'stop' })
    expect(scope({ volume: 3 })).toMatchObject({ code: 'invalidCapability', capability: 'volume' })
  })
})

describe('the weaker of two', () => {
  it('is always the same whichever comes first, and is itself with itself', () =>
    fc.assert(
      fc.property(anyCapabilities, anyCapabilities, (a, b) => {
        expect(same(weaker(a, b), weaker(b, a))).toBe(true)
        expect(weaker(a, a)).toEqual(a)
      }),
    ))

  it('is never stronger than either of them, nor weaker than something else that is within both', () =>
    fc.assert(
      fc.property(anyCapabilities, anyCapabilities, anyCapabilities, (a, b, c) => {
        const both = weaker(a, b)
        expect([isWithin(both, a), isWithin(both, b)]).toEqual([true, true])
        expect(isWithin(weaker(both, c), both)).toBe(true)
        const third = weaker(c, both)
        if (isWithin(third, a) && isWithin(third, b)) expect(isWithin(third, both)).toBe(true)
      }),
    ))
})

describe('narrowing by any scope', () => {
  /** What a scope would have to say to be within a wider one: of each entry the weaker. */
  const within = (wider: Capabilities, scope: DeclaredCapabilities): DeclaredCapabilities => {
    const most = weaker(wider, capabilities({ ...wider, ...scope }))
    return Object.fromEntries(Object.keys(scope).map(name => [name, most[name as keyof Capabilities]]))
  }
  /** Two that share no zone leave nothing that could be declared. */
  const usable = ({ zones = ['a'], regions = {} }: DeclaredCapabilities) =>
    [zones, ...Object.values(regions)].every(each => each.length > 0)

  it('never widens, and a second time changes nothing', () =>
    fc.assert(
      fc.property(anyCapabilities, anyDeclared, (wider, scope) => {
        const fitting = within(wider, scope)
        fc.pre(usable(fitting))
        const once = narrowed(wider, fitting)
        expect(isWithin(once, wider)).toBe(true)
        expect(narrowed(once, fitting)).toEqual(once)
      }),
    ))

  it('refuses exactly what is not within the wider scope', () =>
    fc.assert(
      fc.property(anyCapabilities, anyDeclared, (wider, scope) => {
        const claimed = capabilities({ ...wider, ...scope })
        const fits = Object.keys(scope).every(name => {
          const entry = name as keyof Capabilities
          return same(weaker(wider, claimed)[entry], claimed[entry])
        })
        if (fits) expect(isWithin(narrowed(wider, scope), wider)).toBe(true)
        else expect(refusal(() => narrowed(wider, scope)).code).toBe('capabilityWidened')
      }),
    ))

  it('is the same in either order for two scopes that speak of different things', () =>
    fc.assert(
      fc.property(anyCapabilities, anyDeclared, fc.infiniteStream(fc.boolean()), (wider, scope, coin) => {
        const fitting = within(wider, scope)
        fc.pre(usable(fitting))
        const [one, other] = [{}, {}] as Record<string, unknown>[]
        for (const [name, value] of Object.entries(fitting))
          (coin.next().value && !together.has(name) ? one : other)![name] = value
        expect(narrowed(wider, one!, other!)).toEqual(narrowed(wider, other!, one!))
      }),
    ))
  /** What follows from an entry, and that entry, are one thing. */
  const leading = ['clonesOnLaunch', 'stop', 'rootOnDestroy', 'attachmentsOnDestroy'] as const
  const together = new Set<string>([...leading, ...Object.keys(followed(capabilities({})))])
})

describe('what follows from capabilities', () => {
  it.each<[DeclaredCapabilities, string[]]>([
    [{}, []],
    [{ stop: 'preserves' }, []],
    [{ stop: 'preserves', start: 'hard' }, ['stateful']],
    [{ stop: 'destroys', start: 'both' }, []],
    [{ clonesOnLaunch: 'always', rootOnDestroy: 'deletes' }, ['statelessNative']],
    [{ clonesOnLaunch: 'optional', rootOnDestroy: 'byFlag' }, ['statelessNative']],
    [{ clonesOnLaunch: 'always', rootOnDestroy: 'keeps' }, []],
    [{ canCloneImage: true }, []],
    [{ canCloneImage: true, canDeleteClone: true }, ['statelessByEngine']],
    [{ canCreateVolumeFromImage: true }, []],
    [{ canCreateVolumeFromImage: true, bootFromVolume: true }, ['statelessByEngine']],
  ])('of %j: %j', (declared, facts) => {
    const found = Object.entries(derived(capabilities(declared))).filter(([, holds]) => holds)
    expect(found.map(([name]) => name)).toEqual(facts)
  })
})
