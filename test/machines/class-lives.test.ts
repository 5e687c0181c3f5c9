/**
 * What holds in every life at every class of provider. (spec: stateful-and-deltacloud 3a.9.)
 *
 * |     | property                                                          | proven by                               |
 * |-----|-------------------------------------------------------------------|-----------------------------------------|
 * | P1  | every root the engine made has one owner, and none is left         | here                                    |
 * | P3  | launches of one image have roots of their own, or one has the image | here; roots.test.ts                     |
 * | P4  | a stop exactly where it keeps something                            | here                                    |
 * | P5  | nothing leads from stopped to running for what is stateless        | here                                    |
 * | P6  | every instance ends, from every state, once failures end           | here                                    |
 * | P7  | what is to outlive its instance is never deleted with it           | here                                    |
 * | P8  | what is offered is what is accepted, and a no changes nothing      | here; runtime/offered.test.ts           |
 * | P10 | no warning where it is refused, exactly one where it is not        | modes.test.ts; here                     |
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Ask } from '../../machines/index.ts'
import { type ClassName, classes, classNames } from './classes.ts'
import { act, all, type Deed, deed, deedOrSurrender } from './walks.ts'
import { furnished, outcome, type Resource, type World } from './world.ts'

const budget = { numRuns: 150 }
interface Life {
  readonly name: ClassName
  readonly deeds: readonly Deed[]
}
const lives: fc.Arbitrary<Life> = fc.record({
  name: fc.constantFrom(...classNames),
  deeds: fc.array(deed, { minLength: 10, maxLength: 60 }),
})
const deeds = fc.array(deed, { minLength: 10, maxLength: 60 })
const surrenders: fc.Arbitrary<Life> = fc.record({
  name: fc.constantFrom(...classNames),
  deeds: fc.array(deedOrSurrender, { minLength: 10, maxLength: 60 }),
})
function live({ name, deeds }: Life, check: (world: World) => void = () => {}): World {
  const { world, image } = furnished(classes[name])
  for (const each of deeds) {
    act(world, image, each)
    check(world)
  }
  return world
}
interface Device {
  readonly volume: string
  readonly root: boolean
  readonly deleteOnTermination: boolean
}
/** Roots of which the engine has to see that they go: every volume made of an image, by it or for its instance. */
const rootsMade = (world: World): [string, string][] => [
  ...all(world, 'volume').flatMap(([id, { context }]): [string, string][] =>
    context.cleanupOf && context.from?.kind === 'image' ? [[id, context.cleanupOf]] : [],
  ),
  ...all(world, 'instance').flatMap(([id, { context }]): [string, string][] => {
    const isAsked = world.log.some(each =>
      each.wants.some(want => each.resource === id && want.want === 'ask' && want.verb === 'instanceEnsure'),
    )
    const goesByFlag = context.offers.deletesRootByFlag && !context.offers.vanishesOff
    return context.keptRoot && isAsked && !goesByFlag ? [[context.keptRoot.volume, id]] : []
  }),
]
/** The calls of a resource that were answered, in order. */
function answered(world: World, id: string): { ask: Ask; isDone: boolean }[] {
  const waiting: Ask[] = []
  return world.log
    .filter(each => each.resource === id)
    .flatMap(({ type, wants }) => {
      const at = waiting.findIndex(({ answers }) => answers.done === type || answers.rejected === type)
      const [ask] = at >= 0 ? waiting.splice(at, 1) : []
      for (const want of wants)
        if (want.want === 'ask') waiting.splice(want.supersedes ? 0 : waiting.length, waiting.length, want)
      return ask ? [{ ask, isDone: ask.answers.done === type }] : []
    })
}
const devicesOf = ({ context }: Resource) => Object.values(context.devices) as Device[]
const preserves = (name: ClassName) => 'stop' in classes[name] && classes[name].stop === 'preserves'

/** The table of 3a.7, with the guards of this engine: does it take the command, or is there nothing to do? */
function expected({ state, context }: Resource, command: string, name: ClassName): 'taken' | 'unchanged' | 'no' {
  const [visible] = state.split('.') as [string]
  const isProtected = context.terminationProtection || context.stopProtection
  const hasRun = /^(running|pending\.(restarting|remaking|resuming))/.test(state)
  const capturing = context.quieted !== undefined
  const hasRoot =
    !['engine', 'user'].includes(context.rootOwner) || devicesOf({ context } as Resource).some(each => each.root)
  switch (command) {
    case 'start':
      // What its provider holds is asked to go on, unless it was just asked.
      if (visible === 'running' && context.stall && !context.stall.endedAt && !context.stall.asked) return 'taken'
      if (visible === 'pending' || visible === 'running') return 'unchanged'
      if (context.mode !== 'stateful' || context.unconfirmed) return 'no'
      return visible === 'suspended' || (visible === 'stopped' && hasRoot) ? 'taken' : 'no'
    case 'resume':
      if (visible === 'running' || state === 'pending.resuming') return 'unchanged'
      return visible === 'suspended' && context.mode === 'stateful' ? 'taken' : 'no'
    case 'suspend': {
      if (visible === 'suspending' || visible === 'suspended') return 'unchanged'
      const suspends = context.mode === 'stateful' && preserves(name) && 'suspend' in classes[name]
      return visible === 'running' && suspends && !context.stopProtection && !capturing ? 'taken' : 'no'
    }
    case 'reboot': {
      if (visible === 'terminated' || (visible === 'running' && context.rebooting && !capturing)) return 'unchanged'
      const { reboot = 'none' } = classes[name] as { reboot?: string }
      const restarts = reboot !== 'none' || (context.mode === 'stateful' && preserves(name))
      return visible === 'running' && restarts && !capturing ? 'taken' : 'no'
    }
    case 'stop': {
      // What is stopped only to be started again may be told to stay off.
      if (context.restarts && visible === 'stopping') return context.stopProtection ? 'no' : 'taken'
      if (visible === 'stopping' || visible === 'stopped') return 'unchanged'
      const stops = context.mode === 'stateful' && preserves(name) && !context.stopProtection && !capturing
      return hasRun && stops ? 'taken' : 'no'
    }
    case 'terminate':
      if (['shutting-down', 'recoverable', 'terminated'].includes(visible)) return 'unchanged'
      // Which disks would be kept is not known yet. (docs/decisions/0064.)
      if (context.vmSnapshotTask?.kind === 'revert' && context.recoverableForMs && context.mode === 'stateful')
        return 'no'
      return isProtected ? 'no' : 'taken'
    default:
      throw new Error(command)
  }
}

describe.each(['start', 'stop', 'suspend', 'resume', 'reboot', 'terminate'])(
  '%s, at every class, after every event',
  command => {
    it('is accepted exactly where the table says so, and a no changes nothing (P4, P5, P8)', () => {
      fc.assert(
        fc.property(lives, fc.nat(3), (life, pick) => {
          const world = live(life)
          const [id, instance] = all(world, 'instance')[pick] ?? []
          if (!id || !instance) return
          const { length } = world.log
          const answer = outcome(() => world.request('instance', command, id))
          const want = expected(instance, command, life.name)
          expect(answer === 'taken' || answer === 'unchanged' ? answer : 'no', `${instance.state}: ${answer}`).toBe(
            want,
          )
          if (want === 'taken') return
          expect(world.get(id)).toEqual(instance)
          expect(world.log.slice(length).every(each => each.decision !== 'taken')).toBe(true)
        }),
        { numRuns: 500 },
      )
    })
  },
)

describe('at every class of provider', () => {
  it('nothing leads from stopped to running for what is stateless (P5)', () => {
    fc.assert(
      fc.property(lives, life => {
        const world = live(life)
        for (const { type, before, state, context } of world.log) {
          if (!type.startsWith('instance.') || before !== 'stopped') continue
          if ((context as Resource['context']).mode === 'stateless') expect(state).toMatch(/^(stopped|shutting-down)/)
        }
      }),
      budget,
    )
  })

  it('every instance ends once failures end; no root that was made for it, and no lock, is left (P1, P6)', () => {
    fc.assert(
      fc.property(lives, life => {
        const world = live(life)
        const deleted = new Set<string>()
        for (const [id] of all(world, 'instance')) {
          outcome(() =>
            world.request('instance', 'modify', id, { terminationProtection: false, stopProtection: false }),
          )
          for (const { volume, deleteOnTermination } of devicesOf(world.get(id)))
            if (deleteOnTermination) deleted.add(volume)
          outcome(() => world.request('instance', 'terminate', id, { expunge: true }))
          expect(outcome(() => world.request('instance', 'terminate', id))).toBe('unchanged')
        }
        world.settle()
        for (const [id, { state, context }] of all(world, 'instance')) {
          expect(state, id).toBe('terminated')
          expect(context.devices).toEqual({})
          if (context.rootOwner === 'provider')
            expect(!!context.keptRoot).toBe(life.name === 'B' || life.name.endsWith('keeps roots'))
        }
        for (const volume of deleted) expect(world.get(volume).state, volume).toBe('deleted')
        for (const [volume, instance] of rootsMade(world)) {
          expect(world.get(volume).state, `${volume} of ${instance}`).toBe('deleted')
          const deletions = answered(world, volume).filter(({ ask }) => ask.verb === 'volumeDelete')
          expect(deletions.at(-1)).toMatchObject({ isDone: true })
        }
        for (const [id, { context }] of all(world, 'image')) expect(context.directUser, id).toBeUndefined()
      }),
      budget,
    )
  })

  it('a root has one instance, and an image that is run on has one (P1, P3)', () => {
    fc.assert(
      fc.property(lives, life => {
        live(life, world => {
          const living = all(world, 'instance').filter(([, each]) => each.state !== 'terminated')
          const roots = living
            .flatMap(([, each]) => devicesOf(each).filter(({ root }) => root))
            .map(each => each.volume)
          expect(new Set(roots).size).toBe(roots.length)
          // What is only being cleaned up runs on nothing.
          const onImages = living.filter(([, { context }]) => context.rootOwner === 'image' && !context.owed)
          const images = onImages.map(([, each]) => each.context.image as string)
          expect(new Set(images).size).toBe(images.length)
          for (const [id, { context }] of onImages) expect(world.get(context.image).context.directUser).toBe(id)
        })
      }),
      budget,
    )
  })

  it('an image is deregistered only when no disk needs it, and exactly those that do are counted', () => {
    fc.assert(
      fc.property(lives, fc.nat(3), (life, pick) => {
        const world = live(life, each => {
          for (const [id, { state }] of all(each, 'image')) {
            const living = [...all(each, 'volume'), ...all(each, 'instance')].filter(
              ([, { state: now }]) => now !== 'deleted' && now !== 'terminated',
            )
            const needing = living.filter(
              ([, { context }]) => context.pinsImage && (context.from?.id ?? context.image) === id,
            )
            const row = each.claims.get(`clones ${id}`) as { count: number } | undefined
            expect(row?.count ?? 0, id).toBe(needing.length)
            if (state === 'deregistered') expect(needing).toEqual([])
          }
        })
        const [image, { state = '', context = {} } = {}] = all(world, 'image')[pick] ?? []
        if (!image || state !== 'available') return
        const isNeeded = world.claims.has(`clones ${image}`) || context.directUser !== undefined
        expect(outcome(() => world.request('image', 'deregister', image))).toBe(isNeeded ? 'unused' : 'taken')
      }),
      budget,
    )
  })

  it('what is to outlive its instance is never deleted with it (P7)', () => {
    fc.assert(
      fc.property(lives, life => {
        const world = live(life)
        for (const { type, event, state } of world.log)
          if (type === 'volume.instanceGone' && !(event.data as Device).deleteOnTermination)
            expect(state).not.toMatch(/^delet/)
      }),
      budget,
    )
  })

  it('nothing is terminated before all that was to go with it is gone, or is left to its snapshots (P1)', () => {
    fc.assert(
      fc.property(lives, life => {
        const world = live(life)
        const ends = new Map<string, Set<string>>()
        for (const { type, resource, event, state, before } of world.log) {
          const { instance, deleteOnTermination } = event.data as Gone
          if (type === 'volume.rootLeft' || (type === 'volume.instanceGone' && deleteOnTermination))
            if (state !== 'deleting.waiting') ends.set(instance, (ends.get(instance) ?? new Set()).add(resource))
          if (type === 'volume.deleted') for (const owed of ends.values()) owed.delete(resource)
          if (state === 'terminated' && before !== 'terminated') expect([...(ends.get(resource) ?? [])]).toEqual([])
        }
      }),
      budget,
    )
  })
  type Gone = { instance: string; deleteOnTermination: boolean }

  it('whatever is given up, the rest ends, and what was given up is on record (P1, P6)', () => {
    fc.assert(
      fc.property(surrenders, life => {
        const world = live(life)
        for (const [id] of all(world, 'instance')) {
          outcome(() => world.request('instance', 'modify', id, { terminationProtection: false }))
          outcome(() => world.request('instance', 'terminate', id, { expunge: true }))
        }
        world.settle()
        for (const [id, { state }] of all(world, 'instance')) expect(state, id).toBe('terminated')
        for (const [volume] of rootsMade(world)) {
          const isRecorded = world.log.some(
            ({ type, event }) => type.endsWith('.orphanRecorded') && (event.data as { id: string }).id === volume,
          )
          if (world.resources.get(volume)?.state !== 'deleted') expect(isRecorded, volume).toBe(true)
        }
        for (const { type, resource, state, before } of world.log)
          if (type.endsWith('.abandonCleanupRequested') && state !== before)
            expect(world.log.some(each => each.resource === resource && each.type.endsWith('.orphanRecorded'))).toBe(
              true,
            )
      }),
      budget,
    )
  })

  it('a provider that deletes what an instance has is asked for its end when it has nothing to lose (P7)', () => {
    fc.assert(
      fc.property(fc.constantFrom<ClassName>('E that takes volumes', 'F that takes volumes'), deeds, (name, done) => {
        const world = live({ name, deeds: done })
        const had = new Map<string, Set<string>>()
        const open = new Map<string, Ask[]>()
        for (const { resource, type, wants } of world.log) {
          const waiting = open.get(resource) ?? []
          const at = waiting.findIndex(({ answers }) => answers.done === type || answers.rejected === type)
          const [ask] = at >= 0 ? waiting.splice(at, 1) : []
          const { volume, want, devices } = (ask?.args ?? {}) as Connecting
          const has = had.get(resource) ?? new Set<string>()
          had.set(resource, has)
          if (ask?.answers.done === type) {
            for (const each of devices ?? []) has.add(each.volume)
            if (ask.verb === 'attach') has.add(volume!)
            if (ask.verb === 'detach') has.delete(volume!)
            if (want === 'off') has.clear()
          }
          for (const each of wants) {
            if (each.want !== 'ask') continue
            open.set(resource, each.supersedes ? [each] : [...(open.get(resource) ?? []), each])
            if (each.verb !== 'instanceDestroy') continue
            const isOffFirst = open.get(resource)!.some(({ args }) => (args as Connecting).want === 'off')
            if (!isOffFirst) expect([...has]).toEqual([])
          }
        }
      }),
      budget,
    )
  })
  type Connecting = { volume?: string; want?: string; devices?: { volume: string }[] }

  it('a launch warns at most once, and only who did not want a refusal (P10)', () => {
    fc.assert(
      fc.property(lives, life => {
        const world = live(life)
        for (const [id, { context }] of all(world, 'instance')) {
          const warned = world.log.filter(each => each.resource === id && each.type === 'instance.modeMismatchWarned')
          expect(warned.length).toBe(context.warning ? 1 : 0)
        }
      }),
      budget,
    )
  })
})
