import { describe, expect, it } from 'vitest'
import { Bench } from './bench.ts'
import { TestClock } from './clock.ts'
import { open, outcomeOf, rest, typesOf } from './setting.ts'
import { wrapped } from './wrapped.ts'

/** A clock that cannot be asked to wake anybody, while it is told so. */
class StuckClock extends TestClock {
  isStuck = false
  override wakeAt(time: number, wake: () => void): () => void {
    if (this.isStuck) throw new Error('no timers left')
    return super.wakeAt(time, wake)
  }
}

describe('what goes wrong after a commit', () => {
  it('is told as a fault, and what was written is answered as written, once', async () => {
    const clock = new StuckClock()
    const { engine, acme } = await open({ clock })
    const faults: unknown[] = []
    engine.on('fault', (_, where) => faults.push(where))
    clock.isStuck = true
    const made = await outcomeOf(acme.lamp.make({ label: 'desk' }))
    expect(made.value).toMatchObject({ outcome: 'accepted', position: 1 })
    expect(engine.health().position).toBe(1)
    expect(faults).toEqual(['after a commit'])
  })

  it('in one part does not keep the next from hearing', async () => {
    const clock = new StuckClock()
    const bench = new Bench()
    const { engine, acme } = await open({ clock, bench })
    const { id } = await acme.lamp.make({ label: 'desk' })
    await engine.flush()
    clock.isStuck = true
    await acme.lamp.light(id)
    clock.isStuck = false
    await rest()
    await clock.pass(60_000)
    expect(await typesOf(acme, id)).toContain('lamp.lit')
  })
})

describe('rows that a reader could not have written', () => {
  it('are written a little later all the same', async () => {
    const disk = { isBroken: false }
    const { acme, clock, rows } = await open({
      between: store =>
        wrapped(store, ({ writeDerived }) => ({
          async writeDerived(changes) {
            if (disk.isBroken) throw new Error('disk full')
            return writeDerived.call(store, changes)
          },
        })),
    })
    const { id } = await acme.lamp.make({ label: 'desk' })
    disk.isBroken = true
    await expect(acme.get(id)).rejects.toThrow('disk full')
    disk.isBroken = false
    await clock.pass(1_000)
    expect(rows('select id from inventory')).toEqual([{ id }])
  })
})
