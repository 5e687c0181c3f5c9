/** What a volume may be: its size and rates by type, its origin, its encryption, and how it changes. (spec: ec2 3.3.) */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { able, furnished, GiB, outcome, type World } from './world.ts'

const worldOf = (volume: DeclaredCapabilities['volume'] = {}) =>
  furnished({ ...able, volume: { ...able.volume, ...volume } }).world
const create = (world: World, input: object) => world.request('volume', 'create', undefined, { ...input })
/** What a volume of this input comes to: its first reasons, or `taken`. */
const made = (input: object, world = worldOf()) => outcome(() => create(world, input))
const volume = (input: object, world = worldOf()) => {
  const { id } = create(world, input)
  world.settle()
  return { world, id }
}
/** A snapshot as its face shows it. */
function snapshotIn(world: World, face: { state?: string; sizeBytes?: number; [more: string]: unknown } = {}): string {
  const id = `snap-${world.resources.size.toString(16).padStart(17, '0')}`
  const { state = 'completed', ...context } = { sizeBytes: 8 * GiB, provider: 'lab', ...face }
  world.resources.set(id, { kind: 'snapshot', version: 1, state, context: { images: [], copies: [], ...context } })
  return id
}
const MOST = 65_536 * GiB

describe('the size of a volume', () => {
  const ranges: [string, number, number][] = [
    ['gp2', 1, 16_384],
    ['gp3', 1, 65_536],
    ['io1', 4, 16_384],
    ['io2', 4, 65_536],
    ['st1', 125, 16_384],
    ['sc1', 125, 16_384],
    ['standard', 1, 1024],
  ]
  it.each(ranges)('of type %s is from %d to %d GiB', (volumeType, least, most) => {
    const iops = /^io/.test(volumeType) ? 100 : undefined
    const asked = (sizeBytes: number) => made({ volumeType, iops, sizeBytes })
    expect([asked(least * GiB), asked(most * GiB)]).toEqual(['taken', 'taken'])
    expect([asked(least * GiB - 1), asked(most * GiB + 1)]).toEqual(['sizeFitsType', 'sizeFitsType'])
  })

  it('of a type nobody here knows, or of none, is what the provider says', () => {
    const world = worldOf({ minBytes: 2, maxBytes: 10, stepBytes: 2 })
    for (const volumeType of [undefined, 'ceph-ssd']) {
      const asked = (sizeBytes: number) => made({ volumeType, sizeBytes }, world)
      expect([2, 10, 1, 12, 5].map(asked)).toEqual(['taken', 'taken', 'sizeOffered', 'sizeOffered', 'sizeOffered'])
    }
  })

  it('must be given, or come from a snapshot that has one', () => {
    expect(made({})).toBe('sizeGiven')
    const world = worldOf()
    const { id } = volume({ snapshot: snapshotIn(world, { sizeBytes: 8 * GiB }) }, world)
    expect(world.get(id).context).toMatchObject({ sizeBytes: 8 * GiB })
  })
})

describe('the rates of a volume', () => {
  const sizeBytes = 200 * GiB
  it.each<[string, object, string]>([
    ['must be given for io1', { volumeType: 'io1' }, 'iopsGiven'],
    ['must be given for io2', { volumeType: 'io2' }, 'iopsGiven'],
    ['may be given for io2', { volumeType: 'io2', iops: 500 }, 'taken'],
    ['are not chosen for gp2', { volumeType: 'gp2', iops: 500 }, 'iopsChosen'],
    ['are not chosen for st1', { volumeType: 'st1', iops: 500 }, 'iopsChosen'],
    ['are not chosen for sc1', { volumeType: 'sc1', iops: 500 }, 'iopsChosen'],
    ['are not chosen for standard', { volumeType: 'standard', iops: 500 }, 'iopsChosen'],
    ['may be chosen for gp3', { volumeType: 'gp3', iops: 5000, throughputMiBps: 250 }, 'taken'],
    ['have no throughput for io1', { volumeType: 'io1', iops: 500, throughputMiBps: 250 }, 'throughputChosen'],
    ['have no throughput for gp2', { volumeType: 'gp2', throughputMiBps: 250 }, 'throughputChosen'],
    ['are free for a type nobody here knows', { volumeType: 'ceph', iops: 1, throughputMiBps: 1 }, 'taken'],
  ])('%s', (_, input, expected) => expect(made({ sizeBytes, ...input })).toBe(expected))

  it('are 3000 and 125 MiB/s for gp3 if nobody chooses, and nothing for others', () => {
    const contextOf = (input: object) => {
      const { world, id } = volume({ sizeBytes, ...input })
      return world.get(id).context
    }
    expect(contextOf({ volumeType: 'gp3' })).toMatchObject({ iops: 3000, throughputMiBps: 125 })
    expect(contextOf({ volumeType: 'gp3', iops: 4000 })).toMatchObject({ iops: 4000, throughputMiBps: 125 })
    expect(contextOf({ volumeType: 'gp2' })).not.toHaveProperty('iops')
    expect(contextOf({})).not.toHaveProperty('volumeType')
  })

  it('reach the provider', () => {
    const world = worldOf()
    const { id } = create(world, { sizeBytes, volumeType: 'gp3', encrypted: true, kmsKey: 'ours' })
    expect(world.asks.get(id)![0]!.args).toMatchObject({
      sizeBytes,
      volumeType: 'gp3',
      iops: 3000,
      throughputMiBps: 125,
      encrypted: true,
      kmsKey: 'ours',
    })
  })
})

describe('a volume from a snapshot', () => {
  it('is refused while the snapshot is not completed, and where it is not', () => {
    const world = worldOf()
    for (const state of ['pending', 'error', 'deleting'])
      expect(made({ snapshot: snapshotIn(world, { state }) }, world)).toBe('snapshotCompleted')
    expect(made({ snapshot: snapshotIn(world, { provider: 'cellar' }) }, world)).toBe('snapshotHere')
    expect(made({ snapshot: 'snap-00000000000000099' }, world)).toBe('notFound')
  })

  it('names every reason, in one order', () => {
    const world = worldOf({ encrypt: false })
    const snapshot = snapshotIn(world, { state: 'pending', encrypted: true })
    const input = { snapshot, sizeBytes: GiB, zone: 'moon', volumeType: 'st1', iops: 3, encrypted: false }
    expect(made(input, world)).toBe(
      'zoneOffered, snapshotCompleted, snapshotFits, encryptionKept, sizeFitsType, iopsChosen, encryptionOffered',
    )
  })

  it('is never smaller, and says where it is from (11)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), (kept, asked) => {
        const world = worldOf()
        const snapshot = snapshotIn(world, { sizeBytes: kept * GiB })
        const decision = made({ snapshot, sizeBytes: asked * GiB }, world)
        expect(decision).toBe(asked < kept ? 'snapshotFits' : 'taken')
        if (decision !== 'taken') return
        const [id] = world.idsOf('volume')
        expect(world.get(id!).context).toMatchObject({ from: { kind: 'volumeSnapshot', id: snapshot } })
        expect(world.asks.get(id!)![0]!.args).toMatchObject({ from: { kind: 'volumeSnapshot', id: snapshot } })
      }),
    )
  })

  it('is encrypted as the snapshot is, with its key or another, and never loses it', () => {
    const world = worldOf()
    const snapshot = snapshotIn(world, { encrypted: true, kmsKey: 'ours' })
    const of = (input: object) => world.get(volume({ snapshot, ...input }, world).id).context
    expect(of({})).toMatchObject({ encrypted: true, kmsKey: 'ours' })
    expect(of({ kmsKey: 'mine' })).toMatchObject({ encrypted: true, kmsKey: 'mine' })
    expect(made({ snapshot, encrypted: false }, world)).toBe('encryptionKept')
    const plain = snapshotIn(world)
    expect(world.get(volume({ snapshot: plain, encrypted: true }, world).id).context).toMatchObject({ encrypted: true })
    expect(world.get(volume({ snapshot: plain }, world).id).context).not.toHaveProperty('encrypted')
  })
})

describe('encryption', () => {
  it('is refused by name where the provider has none, and a key without it', () => {
    expect(made({ sizeBytes: GiB, encrypted: true }, worldOf({ encrypt: false }))).toBe('encryptionOffered')
    expect(made({ sizeBytes: GiB, kmsKey: 'ours' })).toBe('keyEncrypts')
    expect(made({ sizeBytes: GiB, kmsKey: 'ours', encrypted: true })).toBe('taken')
  })
})

describe('a modification', () => {
  const modify = (world: World, id: string, input: object) =>
    outcome(() => world.request('volume', 'modify', id, { ...input }))
  const shape = ({ world, id }: { world: World; id: string }) => {
    const { sizeBytes, volumeType, iops, throughputMiBps } = world.get(id).context
    return [sizeBytes / GiB, volumeType, iops, throughputMiBps]
  }

  it('changes size, type and rates at once, and asks the provider for all of it', () => {
    const scene = volume({ sizeBytes: 8 * GiB })
    const { world, id } = scene
    expect(modify(world, id, { sizeBytes: 10 * GiB, volumeType: 'gp3', iops: 4000 })).toBe('taken')
    expect(shape(scene)).toEqual([10, 'gp3', 4000, 125])
    expect(world.asks.get(id)![0]).toMatchObject({
      verb: 'volumeResize',
      args: { sizeBytes: 10 * GiB, volumeType: 'gp3', iops: 4000, throughputMiBps: 125 },
    })
    expect(modify(world, id, { sizeBytes: 12 * GiB })).toBe('notResizing')
    world.settle()
    expect(modify(world, id, { volumeType: 'gp2' })).toBe('taken')
    expect(shape(scene)).toEqual([10, 'gp2', undefined, undefined])
  })

  it('that fails leaves the volume as it was, to the last field', () => {
    const scene = volume({ sizeBytes: 8 * GiB })
    const { world, id } = scene
    modify(world, id, { sizeBytes: 10 * GiB, volumeType: 'gp3' })
    world.answer(id, 'rejected')
    expect(shape(scene)).toEqual([8, undefined, undefined, undefined])
    expect(world.get(id).context).toMatchObject({ reason: { code: 'exhausted' } })
    expect(modify(world, id, {})).toBe('unchanged')
  })

  it('is in force while the provider moves the contents, and the next waits for the end of that', () => {
    const scene = volume({ sizeBytes: 8 * GiB })
    const { world, id } = scene
    modify(world, id, { volumeType: 'gp2' })
    const check = `${id} volume.optimizeCheckDue`
    for (let times = 0; times < 3; times++) {
      world.answer(id, 'done', { optimizing: true })
      expect(world.get(id).context.modification.state).toBe('optimizing')
      expect(modify(world, id, { volumeType: 'gp3' })).toBe('notResizing')
      expect(world.asks.get(id)).toEqual([])
      world.fire(check)
    }
    world.answer(id, 'done')
    expect(world.get(id).context).not.toHaveProperty('modification')
    expect(shape(scene)[1]).toBe('gp2')
    expect(world.timers.has(check)).toBe(false)
  })

  it('that is still optimizing ends with its volume', () => {
    const { world, id } = volume({ sizeBytes: 8 * GiB })
    modify(world, id, { volumeType: 'gp2' })
    world.answer(id, 'done', { optimizing: true })
    world.request('volume', 'delete', id)
    world.settle()
    expect(world.get(id).state).toBe('deleted')
    expect(world.timers).toEqual(new Set())
  })

  it('stays within what the provider has and what the type allows', () => {
    const { world, id } = volume(
      { sizeBytes: GiB, volumeType: 'standard' },
      worldOf({ stepBytes: GiB, maxBytes: MOST }),
    )
    expect(modify(world, id, { sizeBytes: 1.5 * GiB })).toBe('sizeOffered')
    expect(modify(world, id, { sizeBytes: 1025 * GiB })).toBe('sizeFitsType')
    expect(modify(world, id, { sizeBytes: MOST + GiB })).toBe('sizeOffered, sizeFitsType')
    expect(modify(world, id, { iops: 100 })).toBe('iopsChosen')
    expect(modify(world, id, { volumeType: 'io1' })).toBe('sizeFitsType, iopsGiven')
    expect(modify(world, id, { sizeBytes: 4 * GiB, volumeType: 'io1', iops: 100 })).toBe('taken')
  })

  it('is refused by name for what the provider cannot change', () => {
    const rigid = volume({ sizeBytes: GiB }, worldOf({ grow: 'none', retype: false }))
    expect(modify(rigid.world, rigid.id, { sizeBytes: 2 * GiB, volumeType: 'gp3' })).toBe('growOffered, retypeOffered')
    const typed = volume({ sizeBytes: GiB }, worldOf({ grow: 'none', retype: true }))
    expect(modify(typed.world, typed.id, { volumeType: 'gp3' })).toBe('taken')
  })

  it('of a suspended account is refused', () => {
    const { world, id } = volume({ sizeBytes: GiB })
    world.suspended = true
    expect(modify(world, id, { sizeBytes: 2 * GiB })).toBe('accountOpen')
    expect(made({ sizeBytes: GiB }, world)).toBe('accountOpen')
  })

  it('while detached keeps the volume detached where the provider needs that', () => {
    const scene = furnished({ ...able, volume: { ...able.volume, grow: 'offline' } })
    const { world, image } = scene
    const { id: instance } = world.request('instance', 'launch', undefined, { image, type: 'small' })
    world.settle()
    const { id } = volume({ sizeBytes: GiB }, world)
    const attach = () => outcome(() => world.request('volume', 'attach', id, { instance, device: 'sdf' }))
    modify(world, id, { sizeBytes: 2 * GiB })
    expect(attach()).toBe('notGrowingOffline')
    world.settle()
    modify(world, id, { volumeType: 'gp2' })
    expect(attach()).toBe('taken')
  })

  it('never makes a volume smaller, however often it is asked and whatever fails (11)', () => {
    const step = fc.record({ sizeGiB: fc.integer({ min: 1, max: 20 }), fails: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), steps => {
        const scene = volume({ sizeBytes: 4 * GiB })
        const { world, id } = scene
        let held = 4
        for (const { sizeGiB, fails } of steps) {
          const decision = modify(world, id, { sizeBytes: sizeGiB * GiB })
          expect(decision).toBe(sizeGiB < held ? 'growing' : sizeGiB === held ? 'unchanged' : 'taken')
          if (decision !== 'taken') continue
          expect(shape(scene)[0]).toBe(sizeGiB)
          world.answer(id, fails ? 'rejected' : 'done')
          if (!fails) held = sizeGiB
          expect(shape(scene)[0]).toBe(held)
        }
      }),
    )
  })
})
