/**
 * Instances and their VM snapshots in random lives: the tree that an instance keeps, what its snapshots say of
 * themselves, and what may not change meanwhile. (spec: cloudstack 2.6, T1 to T10; test/machines/lineage.test.ts has the
 * tree alone.)
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Lineage } from '../../machines/lineage.ts'
import { vmSnapshotDeeds } from './vm-snapshot-walks.ts'
import { all, type Life, live } from './walks.ts'
import { able, type Resource, type World } from './world.ts'

/** Lives that keep machines more often than others do. */
const others = [
  'launch',
  'launch',
  'start',
  'stop',
  'forceStop',
  'terminate',
  'attach',
  'detach',
  'createVolume',
] as const
const outcomes = ['answer', 'answer', 'answer', 'reject', 'fire', 'powerOff', 'vanish'] as const
const deed = fc.record({
  what: fc.constantFrom(...vmSnapshotDeeds, ...others, ...outcomes),
  pick: fc.nat(20),
  other: fc.nat(20),
})
type What = Life['deeds'][number]['what']
const begun: What[] = ['launch', 'answer', 'answer']
const livesAfter = (before: readonly What[]): fc.Arbitrary<Life> =>
  fc.record({
    deeds: fc
      .array(deed, { minLength: 10, maxLength: 80 })
      .map(deeds => [...before.map(what => ({ what, pick: 0, other: 1 })), ...deeds]),
    careful: fc.boolean(),
  })

const lineageOf = ({ context }: Resource): Lineage => context.lineage ?? { nodes: {} }
const volumesOf = ({ context }: Resource): string[] =>
  Object.values(context.devices as Record<string, { volume: string }>)
    .map(({ volume }) => volume)
    .sort()
const isOver = ({ state }: Resource) => /^(terminated|shutting-down)/.test(state)

/** Checks each instance after every deed, with how it was before; says how many VM snapshots there were at most. */
function inEveryLife(
  check: (now: Resource, before: Resource | undefined, world: World) => void,
  beginning = begun,
): number {
  let most = 0
  fc.assert(
    fc.property(livesAfter(beginning), life => {
      const before = new Map<string, Resource>()
      live(life, world => {
        for (const [id, instance] of all(world, 'instance')) {
          check(instance, before.get(id), world)
          before.set(id, structuredClone(instance))
          most = Math.max(most, Object.keys(lineageOf(instance).nodes).length)
        }
      })
    }),
    { numRuns: 300 },
  )
  return most
}

describe('an instance that keeps VM snapshots', () => {
  it('is at one of them at most, which is there; each follows one that is there, and none itself (T1 to T3)', () => {
    const most = inEveryLife(instance => {
      const { nodes, base, current } = lineageOf(instance)
      if (base !== undefined) expect(['kept', 'hidden']).toContain(nodes[base]?.status)
      if (current !== undefined) expect(nodes[current]?.status).toBe('kept')
      for (const [id, { parent }] of Object.entries(nodes)) {
        const line = new Set([id])
        for (let at = parent; at !== undefined; at = nodes[at]!.parent) {
          expect(nodes[at], `${id} follows ${at}`).toBeDefined()
          expect(line.has(at), `${id} follows itself`).toBe(false)
          line.add(at)
        }
      }
    })
    expect(most).toBeGreaterThan(2)
  })

  it('does one thing with them at a time (T7)', () => {
    let busy = 0
    inEveryLife((instance, _before, world) => {
      const task = instance.context.vmSnapshotTask
      const mine = all(world, 'vm-snapshot').filter(([id]) => lineageOf(instance).nodes[id] !== undefined)
      const atWork = mine.filter(([, { state }]) => /^(creating|reverting|deleting\.asked)/.test(state))
      if (task === undefined) return
      busy++
      if (task.kind === 'remove') return
      expect(atWork.map(([id]) => id).filter(id => !task.snapshots.includes(id))).toEqual([])
      expect(atWork.length).toBeLessThanOrEqual(1)
    })
    expect(busy).toBeGreaterThan(0)
  })

  it('has the same volumes as long as it has any, until its end (T8)', () => {
    inEveryLife((instance, before) => {
      if (before === undefined || isOver(instance)) return
      const hadAny = Object.values(lineageOf(before).nodes).some(({ status }) => status !== 'failed')
      const hasAny = Object.values(lineageOf(instance).nodes).some(({ status }) => status !== 'failed')
      if (hadAny && hasAny) expect(volumesOf(instance)).toEqual(volumesOf(before))
    })
  })

  it('has no more than its provider allows, failed and hidden ones too (T9)', () => {
    const most = able.vmSnapshot!.maxCount!
    const full = Array.from({ length: most }, (): What[] => ['keepMachine', 'answer']).flat()
    const reached = inEveryLife(
      instance => expect(Object.keys(lineageOf(instance).nodes).length).toBeLessThanOrEqual(most),
      [...begun, ...full],
    )
    expect(reached).toBe(most)
  })

  it('gives no place to one that is being taken or could not be (T10)', () => {
    let failed = 0
    inEveryLife(instance => {
      const { nodes, base, current } = lineageOf(instance)
      for (const [id, { status, parent }] of Object.entries(nodes)) {
        if (status !== 'failed' && status !== 'creating') continue
        failed++
        expect([base, current, ...Object.values(nodes).map(each => each.parent)]).not.toContain(id)
        expect(parent).toBeUndefined()
      }
    })
    expect(failed).toBeGreaterThan(0)
  })
})
