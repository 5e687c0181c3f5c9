/** A guest that its provider holds because what it writes cannot be written. (spec: drivers-and-qemu 2, trap 9.) */
import { describe, expect, it } from 'vitest'
import { show } from './walks.ts'
import { furnished, outcome, type World } from './world.ts'

const words = { pauseReason: 'io-error', pauseMessage: 'no space is left for vol-1' }
const MINUTE = 60_000
const RETRY = 'instance.stallRetryDue'

function running() {
  const { world, image } = furnished()
  const { id } = world.request('instance', 'launch', undefined, { image, type: 'small' })
  world.settle()
  return { world, id }
}
function held() {
  const scene = running()
  expect(show(scene.world, scene.id, 'paused', words)).toBe('stalled')
  return scene
}
const stallOf = (world: World, id: string) => world.get(id).context.stall
const due = (id: string) => `${id} ${RETRY}`
const lastArmed = (world: World) => world.log.at(-1)!.wants.find(({ want }) => want === 'arm')
const start = (world: World, id: string) => outcome(() => world.request('instance', 'start', id))

describe('a guest that finds no room to write', () => {
  it('runs to its readers, and says why it does not go on; only the first sight of it is news', () => {
    const { world, id } = held()
    expect(world.visible(id)).toBe('running')
    expect(stallOf(world, id)).toMatchObject({ code: 'io-error', message: 'no space is left for vol-1', attempts: 0 })
    expect(show(world, id, 'paused', words)).toBeUndefined()
    expect(world.report(id, 'instance.stalled', { generation: 1, code: 'io-error', message: 'again' })).toBe('ignored')
    expect(stallOf(world, id).message).toBe('no space is left for vol-1')
  })

  it('is not told from one that somebody paused by its status alone', () => {
    const { world, id } = running()
    expect(show(world, id, 'paused')).toBeUndefined()
    expect(world.get(id).context).not.toHaveProperty('stall')
  })

  it('is asked to go on after a minute, then ever more rarely, and does in its own launch', () => {
    const { world, id } = held()
    for (const [attempts, afterMs] of [
      [1, 2 * MINUTE],
      [2, 4 * MINUTE],
    ] as const) {
      world.fire(due(id))
      const ask = { verb: 'instancePower', args: { want: 'running', mode: 'graceful', generation: 1 } }
      expect(world.asks.get(id)).toMatchObject([ask])
      world.answer(id, 'rejected')
      expect(stallOf(world, id)).toMatchObject({ attempts, code: 'io-error' })
      expect(lastArmed(world)).toEqual({ want: 'arm', event: RETRY, afterMs })
    }
    world.fire(due(id))
    world.answer(id, 'done')
    expect(stallOf(world, id).endedAt).toBe(world.now)
    expect(world.timers.has(due(id))).toBe(false)
    expect(world.get(id).context.generation).toBe(1)
  })

  it('is asked at once when somebody starts it, and once at a time', () => {
    const { world, id } = held()
    expect(start(world, id)).toBe('taken')
    expect(world.timers.has(due(id))).toBe(false)
    expect(start(world, id)).toBe('unchanged')
    expect(world.asks.get(id)).toHaveLength(1)
    world.answer(id, 'done')
    expect(stallOf(world, id).endedAt).toBe(world.now)
    expect(start(world, id)).toBe('unchanged')
  })

  it('has recovered when it is seen to run, whoever let it go on', () => {
    const { world, id } = held()
    expect(show(world, id, 'running')).toBe('recovered')
    expect(world.timers.has(due(id))).toBe(false)
    expect(show(world, id, 'running')).toBeUndefined()
  })

  it('that is held again soon waits as if it had never gone on, and later as at first', () => {
    const { world, id } = held()
    const hold = () => show(world, id, 'paused', words)
    world.fire(due(id))
    world.answer(id, 'done')
    hold()
    expect([stallOf(world, id).attempts, lastArmed(world)]).toMatchObject([1, { afterMs: 2 * MINUTE }])
    show(world, id, 'running')
    world.now += 11 * MINUTE
    hold()
    expect([stallOf(world, id).attempts, lastArmed(world)]).toMatchObject([0, { afterMs: MINUTE }])
  })

  it('that was held again before the answer came is held, and is asked again', () => {
    const { world, id } = held()
    world.fire(due(id))
    expect(show(world, id, 'running')).toBeUndefined()
    expect(show(world, id, 'paused', words)).toBe('stalled')
    expect(show(world, id, 'paused', words)).toBeUndefined()
    world.answer(id, 'done')
    expect(stallOf(world, id)).toMatchObject({ attempts: 1 })
    expect(stallOf(world, id)).not.toHaveProperty('endedAt')
    expect(world.timers.has(due(id))).toBe(true)
  })

  it('is missed, seen and turned off as any other, and starts anew without a memory of it', () => {
    const { world, id } = held()
    world.report(id, 'instance.vanished', { generation: 1 })
    expect(world.get(id).context).toMatchObject({ impaired: true })
    expect(show(world, id, 'paused', words)).toBe('started')
    expect(world.get(id).context).not.toHaveProperty('impaired')
    world.request('instance', 'stop', id)
    expect(world.timers.has(due(id))).toBe(false)
    world.settle()
    expect(world.get(id)).toMatchObject({ state: 'stopped' })
    expect(world.get(id).context).not.toHaveProperty('stall')
  })
})
