import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import type { Driver } from '../../src/drivers/driver.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { rest, TestClock } from '../runtime/clock.ts'

const GiB = 1_073_741_824
const MINUTE = 60_000

/** Three running instances at a provider whose news can be cut off, and whose lists fail as often as told. */
async function running() {
  const clock = new TestClock()
  const own = {
    now: () => clock.now(),
    wakeAt: (time: number, wake: () => void) => clock.wakeAt(time, wake),
    soon: (run: () => void) => clock.soon(run),
  }
  const world = simulated({ instant: true, clock: own })
  const line = { isCut: false, listFailures: 0, cut: () => {} }
  const driver: Driver = {
    ...world,
    async *watch(signal) {
      const cut = new AbortController()
      line.cut = () => {
        line.isCut = true
        cut.abort()
      }
      if (line.isCut) throw new Error('the line is dead')
      yield* world.watch!(AbortSignal.any([signal, cut.signal]))
    },
    async list(...asked) {
      if (line.listFailures-- > 0) throw new Error('the list is not to be had')
      return world.list(...asked)
    },
  }
  const store = sqlite(':memory:')
  const engine = await createEngine({ kinds, projections, store, clock, drivers: { lab: driver } })
  const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  const acme = engine.as({ account: 'acme', actor: 'ops' })
  const { id: image } = await acme.image.register({ name: 'plain', sizeBytes: GiB })
  const ids = []
  for (let n = 0; n < 3; n += 1) {
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await acme.settled(id)
    ids.push(id)
  }
  const [ended, vanished, fine] = ids as [string, string, string]
  const typesOf = async (id: string) => {
    const types: string[] = []
    for await (const { type } of acme.history(id)) types.push(type)
    return types
  }
  return { engine, world, clock, line, typesOf, ended, vanished, fine }
}
type Setting = Awaited<ReturnType<typeof running>>

/** One guest ends and one vanishes while nobody hears of it. */
async function missed({ world, line, clock, ended, vanished }: Setting) {
  await rest()
  line.cut()
  await clock.pass(1)
  world.powerOffGuest(ended)
  world.vanish(vanished)
  await clock.pass(10 * MINUTE)
}

describe('what happened while the line to a provider was cut', () => {
  it('is found when its news are followed again, and nothing else is', async () => {
    const setting = await running()
    const { typesOf, line, clock, ended, vanished, fine } = setting
    const before = await typesOf(fine)
    line.listFailures = Number.POSITIVE_INFINITY
    await missed(setting)
    expect(await typesOf(ended)).not.toContain('instance.poweredOff')
    line.listFailures = 0
    line.isCut = false
    await clock.pass(2 * MINUTE)
    expect(await typesOf(ended)).toContain('instance.poweredOff')
    expect(await typesOf(vanished)).toContain('instance.vanished')
    expect(await typesOf(fine)).toEqual(before)
    await setting.engine.close()
  })

  it('is found also while they cannot be followed, by looking each time', async () => {
    const setting = await running()
    await missed(setting)
    expect(setting.line.isCut).toBe(true)
    expect(await setting.typesOf(setting.ended)).toContain('instance.poweredOff')
    expect(await setting.typesOf(setting.vanished)).toContain('instance.vanished')
    await setting.engine.close()
  })

  it('is found in the end when the provider cannot be looked at either, at first', async () => {
    const setting = await running()
    const faults = new Set<string>()
    setting.engine.on('fault', (_, where) => faults.add(where))
    setting.line.listFailures = 5
    await missed(setting)
    expect(await setting.typesOf(setting.ended)).toContain('instance.poweredOff')
    expect(faults).toEqual(new Set(['watching lab', 'looking for missed news of lab']))
    await setting.engine.close()
    expect(setting.clock.waiting).toBe(0)
  })
})

describe('what a guest does while a call about it is open', () => {
  it('is found when that call has been refused, without waiting for a survey', async () => {
    const { engine, world, clock, typesOf, ended, fine } = await running()
    const acme = engine.as({ account: 'acme', actor: 'ops' })
    for (const id of [ended, fine]) {
      world.failNext('instancePower', 'refusedLater', 'precondition', id)
      await acme.instance.suspend(id)
    }
    await rest()
    world.powerOffGuest(ended)
    await rest()
    expect([(await acme.get(ended)).state, (await acme.get(fine)).state]).toEqual(['suspending', 'suspending'])
    const surveys = (await engine.measures()).surveys_taken
    await clock.pass(MINUTE)
    expect((await typesOf(ended)).slice(-3)).toContain('instance.poweredOff')
    expect([(await acme.get(ended)).state, (await acme.get(fine)).state]).toEqual(['stopped', 'running'])
    expect((await engine.measures()).surveys_taken).toBe(surveys)
    await engine.close()
    expect(clock.waiting).toBe(0)
  })
})
