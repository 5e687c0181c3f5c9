/** The lineage of VM snapshots as a tree: what holds of it after any history. (spec: cloudstack 2.6 T1 to T10, 3.4.) */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as tree from '../../machines/lineage.ts'

type Step = { readonly what: 'keep' | 'fail' | 'revert' | 'delete' | 'deleteLayer'; readonly pick: number }
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    what: fc.constantFrom('keep', 'keep', 'keep', 'fail', 'revert', 'delete', 'deleteLayer'),
    pick: fc.nat(20),
  }) as fc.Arbitrary<Step>,
  { maxLength: 40 },
)
const visible = ({ nodes }: tree.Lineage) => Object.keys(nodes).filter(id => nodes[id]!.status === 'kept')

/** One that is deleted goes, or is hidden where layers cannot be taken out; then what is hidden and spare goes too. */
function forget(lineage: tree.Lineage, id: string, layered: boolean): tree.Lineage {
  return collapsed(layered && tree.dependantsOf(lineage, id) > 1 ? tree.hidden(lineage, id) : tree.removed(lineage, id))
}
function collapsed(lineage: tree.Lineage): tree.Lineage {
  let now = lineage
  for (let spare = tree.collapsible(now); spare.length; spare = tree.collapsible(now))
    now = tree.removed(now, spare[0]!)
  return now
}
function history(
  list: readonly Step[],
  check: (now: tree.Lineage, before: tree.Lineage, step: Step, id: string) => void,
) {
  let lineage = tree.unbranched
  let made = 0
  for (const step of list) {
    const before = lineage
    const old = visible(lineage)[step.pick % Math.max(1, visible(lineage).length)]
    const id = step.what === 'keep' || step.what === 'fail' ? `s${++made}` : old
    if (id === undefined) continue
    if (step.what === 'keep') lineage = tree.kept(tree.begun(lineage, id, id, false), id)
    if (step.what === 'fail') lineage = tree.failed(tree.begun(lineage, id, id, false), id)
    if (step.what === 'revert') lineage = collapsed(tree.reverted(lineage, id))
    if (step.what === 'delete') lineage = forget(lineage, id, false)
    if (step.what === 'deleteLayer') lineage = forget(lineage, id, true)
    check(lineage, before, step, id)
  }
  return lineage
}
const always = (check: Parameters<typeof history>[1]) =>
  fc.assert(
    fc.property(steps, list => void history(list, check)),
    { numRuns: 500 },
  )

describe('a lineage', () => {
  it('has one base at most, of which its owner sees the nearest that is not hidden (T1)', () =>
    always(lineage => {
      const { base, current, nodes } = lineage
      if (base !== undefined) expect(['kept', 'hidden']).toContain(nodes[base]!.status)
      const line = tree.lineOf(lineage, base)
      expect(current).toBe(line.find(id => nodes[id]!.status === 'kept'))
    }))

  it('has parents that are there, and no circle (T2, T3)', () =>
    always(({ nodes }) => {
      for (const [id, { parent, status }] of Object.entries(nodes)) {
        if (parent !== undefined) expect(['kept', 'hidden']).toContain(nodes[parent]?.status)
        if (status === 'failed' || status === 'creating') expect(parent).toBe(undefined)
        expect(tree.lineOf({ nodes }, id).length).toBeLessThanOrEqual(Object.keys(nodes).length)
        expect(new Set(tree.lineOf({ nodes }, id)).size).toBe(tree.lineOf({ nodes }, id).length)
      }
    }))

  it('grows under its base, which the new one becomes (T4)', () =>
    always((lineage, before, { what }, id) => {
      if (what !== 'keep') return
      expect(lineage.nodes[id]!.parent).toBe(before.base)
      expect([lineage.base, lineage.current]).toEqual([id, id])
    }))

  it('changes only its base when it is reverted (T5)', () =>
    always((lineage, before, { what }, id) => {
      if (what !== 'revert') return
      const stays = Object.keys(before.nodes).filter(each => before.nodes[each]!.status !== 'hidden')
      for (const each of stays) expect(lineage.nodes[each]?.status).toBe(before.nodes[each]!.status)
      expect(lineage.base).toBe(id)
    }))

  it('gives the children of one that goes to its parent, and the base too (T6)', () =>
    always((lineage, before, { what }, id) => {
      if (what !== 'delete') return
      const { parent } = before.nodes[id]!
      const survivors = tree.childrenOf(before, id).filter(child => lineage.nodes[child])
      const heirs = new Set([parent, ...tree.lineOf(before, parent)])
      for (const child of survivors) expect(heirs).toContain(lineage.nodes[child]!.parent)
      if (before.base === id) expect(heirs).toContain(lineage.base)
      else if (before.nodes[before.base!]?.status === 'kept') expect(lineage.base).toBe(before.base)
    }))

  it('gives no place to one that could not be taken (T10)', () =>
    always((lineage, before, { what }, id) => {
      if (what !== 'fail') return
      expect(tree.childrenOf(lineage, id)).toEqual([])
      expect([lineage.base, lineage.current]).toEqual([before.base, before.current])
      expect(Object.keys(lineage.nodes).length).toBe(Object.keys(before.nodes).length + 1)
    }))

  it('hides only what several need, and nothing stays hidden that fewer do', () =>
    always(lineage => {
      for (const [id, { status }] of Object.entries(lineage.nodes))
        if (status === 'hidden') expect(tree.dependantsOf(lineage, id)).toBeGreaterThan(1)
    }))

  it('is empty again when all were deleted, in any order', () =>
    fc.assert(
      fc.property(steps, fc.infiniteStream(fc.nat(50)), fc.boolean(), (list, picks, layered) => {
        let lineage = history(list, () => {})
        for (let ids = visible(lineage); ids.length; ids = visible(lineage))
          lineage = forget(lineage, ids[picks.next().value! % ids.length]!, layered)
        expect(Object.values(lineage.nodes).filter(({ status }) => status !== 'failed')).toEqual([])
        expect(lineage.base).toBe(undefined)
      }),
      { numRuns: 500 },
    ))

  it('names a subtree with each before what it came after', () =>
    always((lineage, _, __, id) => {
      if (!lineage.nodes[id] || lineage.nodes[id]!.status === 'failed') return
      const order = tree.subtreeOf(lineage, id)
      expect(order.at(-1)).toBe(id)
      for (const [at, each] of order.entries())
        for (const child of tree.childrenOf(lineage, each)) expect(order.indexOf(child)).toBeLessThan(at)
    }))
})
