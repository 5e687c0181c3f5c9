/**
 * The invariants of the specification (ec2 16), and where each is proven. What a row does not name is proven here.
 *
 * |    | invariant                                              | proven by                                                |
 * |----|--------------------------------------------------------|----------------------------------------------------------|
 * |  1 | six states, and only the edges of the table            | lives.test.ts; transitions.test.ts; simulated worlds     |
 * |  2 | terminated is the end, and no attachment is left       | lives.test.ts                                            |
 * |  3 | in use exactly while there is one attachment           | lives.test.ts                                            |
 * |  4 | no volume is deleted before the compute is gone        | lives.test.ts; simulation, "compute goes first"          |
 * |  5 | what may run has a root; without one it does not start | here                                                     |
 * |  6 | a terminate ends each volume as its flag says          | lives.test.ts; simulation, crashes at every seam         |
 * |  7 | a refusal changes nothing, a batch all or none         | simulation, "refused leaves no trace"; runtime/atomicity |
 * |  8 | the same token once more creates nothing               | simulation, "I6 once"; runtime/tokens                    |
 * |  9 | what was attached later outlives the instance          | here                                                     |
 * | 10 | a snapshot that an image uses is never deleted         | image-lives.test.ts                                      |
 * | 11 | a volume is no smaller than its snapshot, nor shrinks  | disks.test.ts; lives.test.ts                             |
 * | 12 | an available image has completed snapshots only        | image-lives.test.ts                                      |
 * | 13 | a device name occurs once in an instance               | here                                                     |
 * | 14 | stop and start keep id and volumes, and are numbered   | here; lives.test.ts                                      |
 * | 15 | a guest ends what is protected from callers            | here; reports.test.ts                                    |
 * | 16 | late news of another launch changes nothing            | lives.test.ts; simulation, "news is true"                |
 * | 17 | an attachment never crosses zones                      | lives.test.ts                                            |
 * | 18 | usage adds up                                          | projections/usage.test.ts                               |
 * | 19 | views that are rebuilt are the same                    | simulation, "I3 fold"; runtime/views                     |
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalised } from '../../machines/disks.ts'
import { all, live, lives } from './walks.ts'
import { furnished, outcome, type Resource } from './world.ts'

const budget = { numRuns: 400 }
interface Device {
  readonly device: string
  readonly volume: string
  readonly root: boolean
  readonly deleteOnTermination: boolean
}
const devicesOf = ({ context }: Resource): [string, Device][] => Object.entries(context.devices)
const rootOf = (instance: Resource) =>
  devicesOf(instance).find(([name]) => name === normalised(instance.context.rootDevice))

describe('in every life', () => {
  it('what runs, or may run again, has a root; what has lost it while stopped does not start (5)', () => {
    fc.assert(
      fc.property(lives, life => {
        live(life, world => {
          for (const [id, instance] of all(world, 'instance')) {
            const { state, context } = instance
            if (/^(running|stopping|pending\.re)/.test(state)) expect(rootOf(instance)?.[1].root, id).toBe(true)
            if (state !== 'stopped' || context.mode !== 'stateful' || rootOf(instance)) continue
            expect(outcome(() => world.request('instance', 'start', id))).toBe('rootAttached')
          }
        })
      }),
      budget,
    )
  })

  it('what was attached later outlives its instance, until somebody says otherwise (9)', () => {
    fc.assert(
      fc.property(lives, life => {
        const attached = new Set<string>()
        let read = 0
        live(life, world => {
          for (; read < world.log.length; read++) {
            const { type, resource, event, decision } = world.log[read]!
            if (type === 'volume.attachRequested' && decision === 'taken') attached.add(resource)
            if (type === 'instance.modifyRequested')
              for (const name of Object.keys((event.data as Flags).deleteOnTermination ?? {}))
                for (const [held, { volume }] of devicesOf(world.get(resource)))
                  if (held === normalised(name)) attached.delete(volume)
          }
          for (const [, instance] of all(world, 'instance'))
            for (const [, { volume, deleteOnTermination }] of devicesOf(instance))
              if (attached.has(volume)) expect(deleteOnTermination, volume).toBe(false)
        })
      }),
      budget,
    )
  })
  type Flags = { deleteOnTermination?: Record<string, boolean> }

  it('a device name, in any spelling, occurs once in an instance (13)', () => {
    fc.assert(
      fc.property(lives, life => {
        live(life, world => {
          for (const [id, instance] of all(world, 'instance')) {
            const ephemeral: string[] = instance.context.ephemeral ?? []
            const names = [...devicesOf(instance).map(([, { device }]) => device), ...ephemeral].map(normalised)
            expect(new Set(names).size, id).toBe(names.length)
            for (const [name, { device }] of devicesOf(instance)) expect(normalised(device)).toBe(name)
          }
        })
      }),
      budget,
    )
  })

  it('stopping and starting keeps id and volumes; launches are numbered, and their times rise (14)', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.boolean(), (times, fails) => {
        const { world, image } = furnished()
        const { id } = world.request('instance', 'launch', undefined, { image, type: 'small' })
        world.settle()
        const { devices } = world.get(id).context
        for (let time = 1; time <= times; time++) {
          const before = world.get(id).context
          world.request('instance', 'stop', id)
          world.settle()
          world.request('instance', 'start', id)
          if (fails) {
            world.answer(id, 'rejected')
            world.request('instance', 'start', id)
          }
          world.settle()
          const { state, context } = world.get(id)
          expect([state, context.generation]).toEqual(['running.steady', before.generation + (fails ? 2 : 1)])
          expect(context.launchedAt).toBeGreaterThan(before.launchedAt)
          expect(context.devices).toEqual(devices)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('a guest that shuts itself down ends what is protected from callers, who cannot (15)', () => {
    fc.assert(
      fc.property(lives, life => {
        const world = live(life, () => {})
        world.settle()
        for (const [id, { state, context }] of all(world, 'instance')) {
          if (!state.startsWith('running')) continue
          world.request('instance', 'modify', id, { terminationProtection: true, stopProtection: true })
          expect(outcome(() => world.request('instance', 'terminate', id))).toBe('unprotected, stopUnprotected')
          world.report(id, 'instance.poweredOff', { generation: context.generation })
          // What is stateless ends by the engine's will alone, which is held like anybody's. (stateful-and-deltacloud 3a.4.)
          const stops = context.mode === 'stateless' || context.shutdownBehaviour === 'stop'
          expect(world.visible(id)).toBe(stops ? 'stopping' : 'shutting-down')
        }
      }),
      budget,
    )
  })
})
