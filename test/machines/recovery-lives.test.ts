/** What holds of instances that may be recovered in any life, by the row `Destroyed` of the original. (spec: cloudstack 1.2.) */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recoveryDeeds } from './recovery-walks.ts'
import { act, all, type Deed, deed } from './walks.ts'
import { able, furnished, type Resource, type World } from './world.ts'

const step = fc.oneof(
  { weight: 3, arbitrary: deed },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom(...recoveryDeeds), pick: fc.nat(7), other: fc.nat(7) }) },
)
const lives = fc.array(step, { minLength: 10, maxLength: 80 })
/** One that runs, whose life goes on from there. */
const begun: Deed[] = ['launch', 'answer', 'answer', 'answer'].map(what => ({
  what: what as Deed['what'],
  pick: 0,
  other: 0,
}))
function inEveryLife(check: (world: World) => void): void {
  fc.assert(
    fc.property(lives, deeds => {
      const { world, image } = furnished(able)
      for (const each of [...begun, ...deeds]) {
        act(world, image, each)
        check(world)
      }
    }),
    { numRuns: 300 },
  )
}
const kept = (world: World) => all(world, 'instance').filter(([, { state }]) => state === 'recoverable')
const devicesOf = ({ context }: Resource) => Object.values(context.devices as Record<string, { volume: string }>)

describe('in every life, an instance that may be recovered', () => {
  it('rests: nothing is asked of its provider but to delete VM snapshots, and a timer is armed for its end', () => {
    let seen = 0
    inEveryLife(world => {
      for (const [id, { context }] of kept(world)) {
        seen++
        // What was open when an operator said that it is stopped may be open still.
        const isSaid = world.log.some(each => each.resource === id && each.type === 'instance.forceStopRequested')
        if (!isSaid) expect((world.asks.get(id) ?? []).filter(({ verb }) => verb !== 'vmSnapshotDelete')).toEqual([])
        expect(world.timers.has(`${id} instance.expungeDue`)).toBe(true)
        expect(context.recoverableUntil).toBeGreaterThan(0)
      }
      for (const timer of world.timers)
        if (timer.endsWith(' instance.expungeDue')) expect(world.get(timer.split(' ')[0]!).state).toBe('recoverable')
    })
    expect(seen).toBeGreaterThan(0)
  })

  it('is left by being recovered or expunged, and else only to be turned off again; its devices stay the same', () => {
    /** `ext`: what the original does not have. */
    const ways = new Map([
      ['instance.recoverRequested', 'stopped'],
      ['instance.terminateRequested', 'shutting-down.destroying'],
      ['instance.expungeDue', 'shutting-down.destroying'],
      ['instance.externallyStarted', 'shutting-down.settingAside.asking'],
      ['instance.externallySuspended', 'shutting-down.settingAside.forcing'],
      // The late answer to a call that was open when an operator said that it is stopped: it is not, after all.
      ['instance.created', 'shutting-down.settingAside.asking'],
      ['instance.started', 'shutting-down.settingAside.asking'],
      ['instance.suspended', 'shutting-down.settingAside.forcing'],
    ])
    const devices = new Map<string, unknown>()
    const taken = new Set<string>()
    let read = 0
    let last: World | undefined
    inEveryLife(world => {
      if (world !== last) {
        devices.clear()
        read = 0
        last = world
      }
      for (; read < world.log.length; read++) {
        const { resource, type, before, state, context, decision } = world.log[read]!
        if (decision !== 'taken' || before !== 'recoverable') continue
        if (devices.has(resource)) expect((context as Resource['context']).devices).toEqual(devices.get(resource))
        devices.set(resource, (context as Resource['context']).devices)
        if (state === before) continue
        expect(state, type).toBe(ways.get(type))
        taken.add(type)
        devices.delete(resource)
      }
    })
    for (const type of ['instance.recoverRequested', 'instance.terminateRequested', 'instance.expungeDue'])
      expect(taken).toContain(type)
  })

  it('is known to its volumes until it is recovered or gone, and to no others', () => {
    inEveryLife(world => {
      const known = all(world, 'volume').filter(([, { context }]) => context.attachment?.terminated)
      for (const [volume, { context }] of known) {
        const { state } = world.get(context.attachment.instance)
        expect(state, volume).toMatch(/^(recoverable$|shutting-down\.)/)
      }
      for (const [, instance] of kept(world))
        for (const { volume } of devicesOf(instance))
          expect(world.get(volume).context.attachment).toMatchObject({ terminated: true })
    })
  })
})
