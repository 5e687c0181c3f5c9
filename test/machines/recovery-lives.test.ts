/** What holds of instances that may be recovered in any life, by the row `Destroyed` of the original. (spec: cloudstack 1.2.) */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recoveryDeeds } from './recovery-walks.ts'
import { vmSnapshotDeeds } from './vm-snapshot-walks.ts'
import { act, all, type Deed, deedOrSurrender } from './walks.ts'
import { able, furnished, type Resource, type World } from './world.ts'

const among = <W extends string>(...whats: W[]) =>
  fc.record({ what: fc.constantFrom(...whats), pick: fc.nat(7), other: fc.nat(7) })
/** What others do to it, and its VM snapshots, which may stay with it, more often than elsewhere. */
const step = fc.oneof(
  { weight: 3, arbitrary: deedOrSurrender },
  { weight: 1, arbitrary: among(...recoveryDeeds) },
  { weight: 1, arbitrary: among(...vmSnapshotDeeds, 'beginOutside', 'suspendOutside', 'beginOutside') },
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

/** It was kept, and not recovered since. */
function isAside(world: World, id: string): boolean {
  const own = world.log.filter(({ resource, decision }) => resource === id && decision === 'taken')
  const last = own.findLast(({ type, state }) => state === 'recoverable' || type === 'instance.recoverRequested')
  return last?.state === 'recoverable'
}

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

  it('is known to its volumes from when it is kept until it is recovered or gone, whatever happens between', () => {
    const seen = new Set<string>()
    inEveryLife(world => {
      for (const [id, instance] of all(world, 'instance')) {
        const terminated = expect.objectContaining({ terminated: true })
        const known = isAside(world, id) ? terminated : expect.not.objectContaining({ terminated: true })
        for (const { volume } of devicesOf(instance))
          expect([id, world.get(volume).context.attachment]).toEqual([id, known])
        if (isAside(world, id)) seen.add(instance.state)
      }
      for (const [volume, { context }] of all(world, 'volume'))
        if (context.attachment?.terminated) {
          const held = devicesOf(world.get(context.attachment.instance)).map(each => each.volume)
          expect(held).toContain(volume)
        }
    })
    for (const state of ['recoverable', 'shutting-down.destroying', 'shutting-down.settingAside.asking'])
      expect(seen).toContain(state)
  })

  it('has the VM snapshots that stay with it or none: once it is kept, nothing of it can fail its end', () => {
    inEveryLife(world => {
      for (const [id, { state, context }] of all(world, 'instance')) {
        const isKept = isAside(world, id)
        if (state === 'recoverable')
          expect([id, context.lineage !== undefined && !context.keepsLineage]).toEqual([id, false])
        if (isKept) expect(state).toMatch(/^(recoverable|shutting-down\.(?!clearing)|terminated)/)
        // What is kept until when is said exactly while it is.
        const isOver = /^(terminated|shutting-down\.(destroying|retrying|cleaning))/.test(state)
        expect([id, context.recoverableUntil === undefined]).toEqual([id, !isKept || isOver])
      }
    })
  })
})
