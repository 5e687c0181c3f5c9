/** What holds of snapshots and images in every life (ec2 16, by its numbers), whatever is asked, answered or overdue. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { act, type Deed, deed } from './walks.ts'
import { furnished, type Resource, type World } from './world.ts'

const lives = fc.array(deed, { minLength: 20, maxLength: 100 })
const budget = { numRuns: 600 }

/** Runs a life, checks after every deed, and once more when all is settled. */
function live(deeds: readonly Deed[], check: (world: World) => void): World {
  const { world, image } = furnished()
  for (const each of deeds) {
    act(world, image, each)
    check(world)
  }
  world.settle()
  check(world)
  return world
}
const all = (world: World, kind: string): [string, Resource][] =>
  [...world.resources].filter(([, each]) => each.kind === kind)
const visible = ({ state }: Resource) => state.split('.')[0]!
const snapshotsOf = ({ context }: Resource): string[] =>
  [context.snapshot, ...context.blockDevices.map((each: { snapshot?: string }) => each.snapshot)].filter(Boolean)

describe('in every life', () => {
  it('no snapshot goes that an image uses, and each knows the images that do (10)', () => {
    fc.assert(
      fc.property(lives, deeds => {
        live(deeds, world => {
          const users = new Map<string, string[]>()
          for (const [id, image] of all(world, 'image')) {
            if (!['pending', 'available'].includes(visible(image))) continue
            for (const each of new Set(snapshotsOf(image))) users.set(each, [...(users.get(each) ?? []), id])
          }
          for (const [id, snapshot] of all(world, 'snapshot')) {
            expect([...snapshot.context.images].sort(), id).toEqual((users.get(id) ?? []).sort())
            if (users.has(id)) expect(visible(snapshot)).toMatch(/^(pending|completed)$/)
          }
        })
      }),
      budget,
    )
  })

  it('an image is available only when every snapshot of it is complete, and fails with the first that is not (12)', () => {
    fc.assert(
      fc.property(lives, deeds => {
        live(deeds, world => {
          for (const [id, image] of all(world, 'image')) {
            const states = snapshotsOf(image).map(each => visible(world.get(each)))
            if (visible(image) === 'available') expect(states, id).toEqual(states.map(() => 'completed'))
            if (visible(image) !== 'pending') continue
            expect(states, id).toContain('pending')
            for (const state of states) expect(state, id).toMatch(/^(pending|completed)$/)
          }
        })
      }),
      budget,
    )
  })

  it('a disk from a snapshot holds it, and a disk of an image what it is made from (11)', () => {
    fc.assert(
      fc.property(lives, deeds => {
        live(deeds, world => {
          for (const [id, { context }] of all(world, 'volume'))
            if (context.from?.kind === 'volumeSnapshot')
              expect(context.sizeBytes, id).toBeGreaterThanOrEqual(world.get(context.from.id).context.sizeBytes)
          for (const [id, image] of all(world, 'image')) {
            if (visible(image) !== 'available') continue
            const { snapshot, sizeBytes, blockDevices } = image.context
            if (snapshot) expect(sizeBytes, id).toBeGreaterThanOrEqual(world.get(snapshot).context.sizeBytes)
            for (const each of blockDevices)
              if (each.snapshot)
                expect(each.sizeBytes, id).toBeGreaterThanOrEqual(world.get(each.snapshot).context.sizeBytes)
          }
        })
      }),
      budget,
    )
  })

  it('nothing is deleted at its provider while a snapshot of it is being taken', () => {
    fc.assert(
      fc.property(lives, deeds => {
        live(deeds, world => {
          for (const [id, open] of world.asks)
            for (const { verb, args } of open) {
              if (verb !== 'volumeSnapshotEnsure') continue
              const { volume, from } = args as { volume?: string; from?: { snapshot: string } }
              const source = world.get((volume ?? from?.snapshot)!)
              expect(source.state, `${id} of ${volume ?? from?.snapshot}`).toMatch(
                /^(available|in-use\.\w+|completed|deleting\.waiting)$/,
              )
            }
        })
      }),
      budget,
    )
  })

  it('a name belongs to one image that is there, or to none', () => {
    fc.assert(
      fc.property(lives, deeds => {
        live(deeds, world => {
          const named = all(world, 'image').filter(([, each]) => ['pending', 'available'].includes(visible(each)))
          const keys = all(world, 'key-pair').filter(([, each]) => visible(each) === 'available')
          const owners = [...named, ...keys].map(([id, { kind, context }]) => [
            `names acme/here/${kind}/${context.name}`,
            id,
          ])
          const rows = [...world.claims].map(([key, row]) => [key, (row as { id: string }).id])
          expect(rows.sort()).toEqual(owners.sort())
        })
      }),
      budget,
    )
  })

  it('a guest is off for one image at a time, and on again in the end, whatever became of the image', () => {
    fc.assert(
      fc.property(lives, deeds => {
        const world = live(deeds, world => {
          for (const [id, { state, context }] of all(world, 'instance')) {
            expect(context.quieted !== undefined, id).toBe(state.startsWith('running.capturing'))
            if (context.quieted?.uncut.length) expect(visible(world.get(context.quieted.image))).toBe('pending')
            for (const image of context.captures ?? []) expect(visible(world.get(image))).toBe('pending')
          }
        })
        for (const [id, each] of world.resources) {
          expect(each.state, id).not.toMatch(/^(running\.capturing|pending)/)
          expect(each.context.snapshots, id).toBeUndefined()
        }
      }),
      budget,
    )
  })
})
