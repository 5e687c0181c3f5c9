/**
 * What holds in every life of instances and volumes (ec2 16, by its numbers), whatever is asked, answered, reported or
 * overdue, and in whatever order.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Ask } from '../../machines/index.ts'
import { reference } from '../../src/runtime/evolve.ts'
import { catalogue, charts } from './charts.ts'
import { all, live, lives } from './walks.ts'
import { outcome, type Resource, type World } from './world.ts'

const budget = { numRuns: 600 }

type Device = { volume: string; deleteOnTermination: boolean; status: string }
const devices = (instance: Resource): Device[] => Object.values(instance.context.devices)

/** Every way a reader may see an instance go from one state to another (ec2 2.2 and 2.6, stateful-and-deltacloud 3a.6-8). */
const edges = new Set([
  'absent pending',
  'pending running',
  'pending stopped',
  'pending stopping',
  'pending suspended',
  'pending shutting-down',
  'pending terminated',
  'running stopping',
  'running suspending',
  'running suspended',
  'running shutting-down',
  'suspending running',
  'suspending suspended',
  'suspending shutting-down',
  'suspended pending',
  'suspended running',
  'suspended stopping',
  'suspended shutting-down',
  'stopping stopped',
  // A restart where there is no call for it.
  'stopping pending',
  'stopping shutting-down',
  'stopped pending',
  // Somebody else has begun it.
  'stopped running',
  'stopped suspended',
  'stopped shutting-down',
  // An operator who cannot reach its provider says so.
  'running stopped',
  'suspending stopped',
  'suspended stopped',
  // It was being stopped before, and runs after all.
  'stopped stopping',
  'shutting-down terminated',
  // It may be recovered; and where a VM snapshot of it cannot be deleted, its end has failed.
  'stopped recoverable',
  'shutting-down recoverable',
  'shutting-down stopped',
  'recoverable stopped',
  'recoverable shutting-down',
])

describe('in every life', () => {
  it('an instance goes only along the edges of the table, and terminated is the end (1, 2)', () => {
    fc.assert(
      fc.property(lives, life => {
        const world = live(life, () => {})
        const seen = world.log.filter(each => each.type.startsWith('instance.'))
        for (const { before, state } of seen) {
          const [from, to] = [before.split('.')[0], state.split('.')[0]]
          if (from !== to) expect(edges).toContain(`${from} ${to}`)
        }
      }),
      budget,
    )
  })

  it('a volume is in use exactly while an instance lists it, and by one alone (2, 3, 13, 17)', () => {
    fc.assert(
      fc.property(lives, life => {
        live(life, world => {
          const listed = new Map<string, string>()
          for (const [id, instance] of all(world, 'instance'))
            for (const { volume, status } of devices(instance)) {
              expect(listed.has(volume), `${volume} twice`).toBe(false)
              listed.set(volume, id)
              expect(world.get(volume).context).toMatchObject({
                attachment: { instance: id },
                zone: instance.context.zone,
              })
              if (status === 'detaching') expect(world.get(volume).state).toBe('in-use.detaching')
            }
          for (const [id, { state, context }] of all(world, 'volume')) {
            expect(listed.get(id)).toBe(context.attachment?.instance)
            if (state.startsWith('in-use')) expect(listed.has(id)).toBe(true)
            if (/^(available|delet)/.test(state)) expect(listed.has(id)).toBe(false)
          }
        })
      }),
      budget,
    )
  })

  it('no volume is asked to be deleted while a compute may still be connected to it (4)', () => {
    fc.assert(
      fc.property(lives, life => {
        const connected = new Connections()
        let read = 0
        const world = live(life, world => {
          for (; read < world.log.length; read++) connected.follow(world.log[read]!)
        })
        world.settle()
        for (; read < world.log.length; read++) connected.follow(world.log[read]!)
      }),
      budget,
    )
  })

  it('what works has an open question, a deadline, or waits for others that work: nothing is stuck in silence', () => {
    fc.assert(
      fc.property(lives, life => {
        live(life, world => {
          const busy = (id: string, depth = 0): boolean => {
            const { kind, state, context } = world.get(id)
            const leaf = charts.get(kind)!.leaves.get(state)!
            const own =
              !!world.asks.get(id)?.length ||
              [...world.timers].some(key => key.startsWith(`${id} `) && /RetryDue/.test(key))
            const awaited = leaf.awaits?.(context) ?? []
            return own || (depth < 8 && awaited.length > 0 && awaited.every(each => busy(each, depth + 1)))
          }
          for (const [id, { kind, state }] of world.resources)
            if (charts.get(kind)!.leaves.get(state)!.tags.has('working'))
              expect(busy(id), `${id} in ${state}`).toBe(true)
        })
      }),
      budget,
    )
  })

  it('news of another launch never changes anything (16), and launches are counted one by one (14)', () => {
    fc.assert(
      fc.property(lives, life => {
        const generations = new Map<string, number>()
        live(life, (world, echo) => {
          if (echo) expect(world.log.at(-1)).toMatchObject({ resource: echo, decision: 'ignored' })
          for (const [id, { context }] of all(world, 'instance')) {
            expect(context.generation - (generations.get(id) ?? 1)).toBeLessThanOrEqual(1)
            expect(context.generation).toBeGreaterThanOrEqual(generations.get(id) ?? 1)
            generations.set(id, context.generation)
          }
        })
      }),
      budget,
    )
  })

  it('a report that comes twice does nothing the second time', () => {
    fc.assert(
      fc.property(lives, fc.boolean(), (life, fails) => {
        const world = live(life, () => {})
        for (let step = 0; step < 30; step++) {
          const [id] = [...world.asks].find(([, open]) => open.length) ?? []
          if (id === undefined) return
          const { type, data } = world.answer(id, fails && step % 3 === 0 ? 'rejected' : 'done')
          const sameOpen = world.asks.get(id)!.some(({ answers }) => answers.done === type || answers.rejected === type)
          if (!sameOpen) expect(world.report(id, type, data), type).toBe('ignored')
        }
      }),
      budget,
    )
  })

  it('terminating every instance ends with each volume deleted or free, as its flag says (6, 11)', () => {
    fc.assert(
      fc.property(lives, life => {
        const world = live(life, () => {})
        world.settle()
        const flags = new Map<string, boolean>()
        for (const [id, instance] of all(world, 'instance')) {
          for (const { volume, deleteOnTermination } of devices(instance)) flags.set(volume, deleteOnTermination)
          outcome(() => world.request('instance', 'modify', id, { terminationProtection: false }))
          outcome(() => world.request('instance', 'terminate', id, { expunge: true }))
        }
        world.settle()
        for (const [, { state }] of all(world, 'instance')) expect(state).toBe('terminated')
        for (const [volume, deleted] of flags) expect(world.get(volume).state).toBe(deleted ? 'deleted' : 'available')
        // A schedule outlives what it keeps.
        expect([...world.timers].filter(key => !key.startsWith('sched-'))).toEqual([])
      }),
      budget,
    )
  })

  it('an instance that ends, however it ends, takes with it what its flags say and nothing else (6)', () => {
    fc.assert(
      fc.property(lives, life => {
        const world = live(life, () => {})
        world.settle()
        const isOver = (state: string) => state === 'terminated' || state === 'shutting-down.cleaning'
        const ends = world.log.filter(({ before, state }) => isOver(state) && !isOver(before))
        const flags = ends.flatMap(({ context }) => devices({ context } as Resource))
        for (const { volume, deleteOnTermination } of flags)
          if (deleteOnTermination) expect(world.get(volume).state, volume).toBe('deleted')
        const asked = new Set(
          world.log.filter(each => each.type === 'volume.deleteRequested').map(each => each.resource),
        )
        const doomed = new Set(flags.filter(each => each.deleteOnTermination).map(each => each.volume))
        for (const [id, { state }] of all(world, 'volume'))
          if (state === 'deleted') expect(asked.has(id) || doomed.has(id), id).toBe(true)
      }),
      budget,
    )
  })

  it('XState itself comes to the same, step by step', () => {
    const references = new Map(catalogue.map(kind => [kind.name, reference(kind)]))
    fc.assert(
      fc.property(lives, life => {
        const world = live(life, () => {})
        for (const { resource, before, type, state, decision, event, context, wants } of world.log) {
          const step = references.get(type.split('.')[0]!)!.step({ state: before, context }, event)
          expect([resource, step.decision, step.next.state, step.wants]).toEqual([resource, decision, state, wants])
        }
      }),
      { numRuns: 100 },
    )
  })
})

/** Which computes may be connected to which volumes, from what was asked and answered alone. */
class Connections {
  readonly #to = new Map<string, Set<string>>()
  readonly #asked = new Map<string, Ask[]>()

  follow({ resource, type, wants }: World['log'][number]): void {
    const open = this.#asked.get(resource) ?? []
    const at = open.findIndex(each => each.answers.done === type || each.answers.rejected === type)
    if (at >= 0) this.#answered(resource, open.splice(at, 1)[0]!, type)
    for (const want of wants) {
      if (want.want !== 'ask') continue
      this.#asked.set(resource, want.supersedes ? [want] : [...(this.#asked.get(resource) ?? []), want])
      const { devices = [], volume } = want.args as { devices?: { volume: string }[]; volume?: string }
      for (const each of devices) this.#connect(each.volume, resource)
      if (want.verb === 'attach') this.#connect(volume!, resource)
      if (want.verb === 'volumeDelete')
        expect([...(this.#to.get(resource) ?? [])], `${resource} is deleted`).toEqual([])
    }
  }
  #answered(instance: string, { verb, args, answers }: Ask, type: string): void {
    const { want, volume, devices } = args as { want?: string; volume?: string; devices?: unknown }
    const done = answers.done === type
    if (done && (verb === 'instanceDestroy' || want === 'off'))
      for (const each of this.#to.values()) each.delete(instance)
    if (done ? verb === 'detach' : verb === 'attach') this.#to.get(volume!)?.delete(instance)
    // What cannot be resumed has its disks still.
    if (!done && want === 'running' && devices) for (const each of this.#to.values()) each.delete(instance)
  }
  #connect(volume: string, instance: string): void {
    this.#to.set(volume, (this.#to.get(volume) ?? new Set()).add(instance))
  }
}
