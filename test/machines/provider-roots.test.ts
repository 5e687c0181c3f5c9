/** The root that a provider makes: where a launch puts it, and what its instance hears of it. (spec: cloudstack 3.2, 3.4.) */
import { describe, expect, it } from 'vitest'
import type { Seen } from '../../machines/grammar.ts'
import { kinds } from '../../machines/index.ts'
import { type ClassName, classes } from './classes.ts'
import { furnished, GiB, outcome, type World } from './world.ts'

const pool = (name: string, gib: number, zone = 'a', settings: object = {}) => ({
  ...{ key: `pool/${name}`, zone },
  settings: { enabled: true, totalBytes: gib * GiB, overprovisionFactor: 1, ...settings },
})
function scene(name: ClassName, ...pools: readonly object[]) {
  const { world } = furnished(classes[name])
  const { id: image } = world.request('image', 'register', undefined, { name: 'plain', sizeBytes: 8 * GiB })
  world.claims.set('pools provider/lab', pools)
  const request = () => world.request('instance', 'launch', undefined, { image, type: 'small', onMismatch: 'warn' })
  return { world, request, launch: () => request().id }
}
const asked = (world: World) =>
  world.log
    .flatMap(({ wants }) => wants)
    .flatMap(want => ('verb' in want && want.verb === 'instanceEnsure' ? [want.args] : []))

describe('a launch whose root the provider makes', () => {
  it('goes where the most room is in its zone, and tells its provider: by its part, or by its id if it may be left', () => {
    const there = [
      pool('small', 9),
      pool('large', 20),
      pool('other', 90, 'b'),
      pool('off', 90, 'a', { enabled: false }),
    ]
    for (const name of ['C', 'C that keeps roots'] as const) {
      const { world, launch } = scene(name, ...there)
      const id = launch()
      const { providerRoot, keptRoot } = world.get(id).context
      expect(providerRoot).toEqual({ sizeBytes: 8 * GiB, pool: 'pool/large' })
      expect(asked(world)).toMatchObject([
        { root: { kind: 'private', volume: keptRoot?.volume ?? `${id}/root`, pool: 'large' } },
      ])
    }
  })

  it('is refused where none has room, none is enabled, or all are kept for types of volumes', () => {
    for (const full of [
      pool('ssd', 7),
      pool('ssd', 90, 'a', { enabled: false }),
      pool('ssd', 90, 'a', { volumeTypes: ['gp3'] }),
    ])
      expect(outcome(() => scene('C', full).request())).toBe('poolRoom')
  })

  it('takes no place where the root is a volume, or the image itself', () => {
    for (const name of ['D', 'E'] as const) {
      const { world, launch } = scene(name, pool('ssd', 8))
      expect(world.get(launch()).context.providerRoot).toBeUndefined()
    }
  })

  it('asks its provider as ever where there are no pools', () => {
    const { world, launch } = scene('C', pool('other', 90, 'b'))
    expect(world.get(launch()).context.providerRoot).toEqual({ sizeBytes: 8 * GiB })
    expect(asked(world)).toMatchObject([{ root: undefined }])
  })

  it('leaves a volume of that size in that pool, as it was measured last', () => {
    const { world, launch } = scene('A that keeps roots', pool('ssd', 90))
    const id = launch()
    world.settle()
    world.report(id, 'instance.rootMeasured', { sizeBytes: 9 * GiB })
    const { volume } = world.get(id).context.keptRoot
    world.request('instance', 'terminate', id)
    world.answer(id, 'done')
    expect(world.get(volume).context).toMatchObject({ sizeBytes: 9 * GiB, pool: 'pool/ssd' })
  })
})

describe('a sight of a root that its provider made', () => {
  const sight = (
    world: World,
    id: string,
    part: Seen['part'],
    facts: Seen['facts'],
    exists: Seen['exists'] = 'yes',
  ) => {
    const { state, context } = world.get(id)
    return kinds.instance.observed({ exists, facts, part }, context, state)
  }
  const root = (id: string) => ({ kind: 'volume', id: `${id}/root` })

  it('is news where it is another size, or holds a hundredth more or less', () => {
    const { world, launch } = scene('C')
    const id = launch()
    world.settle()
    const seen = (facts: Seen['facts']) => sight(world, id, root(id), facts)
    expect(seen({ sizeBytes: 8 * GiB })).toBeUndefined()
    const data = { sizeBytes: 8 * GiB, allocatedBytes: GiB }
    expect(seen(data)).toEqual({ event: 'rootMeasured', data })
    world.report(id, 'instance.rootMeasured', data)
    expect(world.get(id).context.providerRoot).toEqual(data)
    expect(world.report(id, 'instance.rootMeasured', data)).toBe('taken')
    expect(seen({ ...data, allocatedBytes: GiB + 1 })).toBeUndefined()
    expect(seen({ sizeBytes: 9 * GiB })).toEqual({ event: 'rootMeasured', data: { ...data, sizeBytes: 9 * GiB } })
  })

  it('says nothing of the guest, of other parts, of one that is not shown, or while something is done to it', () => {
    const { world, launch } = scene('C')
    const id = launch()
    const measured = { sizeBytes: 9 * GiB }
    expect(sight(world, id, root(id), measured)).toBeUndefined()
    expect(world.report(id, 'instance.rootMeasured', measured)).toBe('ignored')
    world.settle()
    expect(sight(world, id, root(id), {}, 'no')).toBeUndefined()
    expect(sight(world, id, { kind: 'attachment', id: `${id}/root` }, measured)).toBeUndefined()
    expect(sight(world, id, { kind: 'volume', id: `${id}/other` }, measured)).toBeUndefined()
    expect(sight(world, id, root(id), { ...measured, status: 'stopped' })?.event).toBe('rootMeasured')
    world.request('instance', 'stop', id)
    expect(sight(world, id, root(id), measured)).toBeUndefined()
  })

  it('is no news of an instance whose root is a volume', () => {
    const { world, launch } = scene('E')
    const id = launch()
    world.settle()
    expect(sight(world, id, root(id), { sizeBytes: 9 * GiB })).toBeUndefined()
    expect(world.report(id, 'instance.rootMeasured', { sizeBytes: 9 * GiB })).toBe('ignored')
  })
})
