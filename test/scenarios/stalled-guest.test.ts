/** A guest whose disk is full, through the engine: readers see why it does not go on, and it does when there is room. */
import { expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { TestClock } from '../runtime/clock.ts'

const GiB = 2 ** 30
const MINUTE = 60_000

async function opened() {
  const clock = new TestClock()
  const world = simulated({
    clock: { now: () => clock.now(), wakeAt: clock.wakeAt.bind(clock), soon: clock.soon },
    instant: true,
  })
  const options = { kinds, projections, store: sqlite(':memory:'), clock, drivers: { lab: world } }
  const engine = await createEngine({ ...options, surveyEveryMs: 0 })
  const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  const acme = engine.as({ account: 'acme', actor: 'ops' })
  const { id: image } = await acme.image.register({ name: 'plain', sizeBytes: GiB })
  const { id } = await acme.instance.launch({ image, type: 'small' })
  await acme.settled(id)
  await clock.pass(1)
  const stalled = async () => (await acme.get(id)).attributes.stalled
  return { clock, world, engine, acme, id, stalled }
}

it('a full disk holds its guest with the reason, until there is room and the engine has asked again', async () => {
  const { clock, world, engine, acme, id, stalled } = await opened()
  world.stallGuest(id)
  await clock.pass(1)
  expect(await acme.get(id)).toMatchObject({
    state: 'running',
    attributes: { stalled: { code: 'io-error', message: expect.stringContaining('no space is left') } },
  })
  await clock.pass(MINUTE)
  expect(await stalled()).toBeDefined()
  world.makeRoom()
  await clock.pass(2 * MINUTE)
  expect(await stalled()).toBeUndefined()
  expect(world.objects().find(each => each.id === id)!.facts).toMatchObject({ status: 'running', generation: 1 })
  const types = []
  for await (const { type } of engine.history(id)) types.push(type.slice('instance.'.length))
  expect(types.slice(-5)).toEqual(['stalled', 'stallRetryDue', 'recoverFailed', 'stallRetryDue', 'recovered'])
  await engine.close()
})

it('a survey finds nothing wrong with a guest that is held, and finds it held if nobody told', async () => {
  const { clock, world, engine, acme, id, stalled } = await opened()
  world.stallGuest(id)
  const drift = async () => {
    const survey = engine.survey()
    await clock.pass(MINUTE / 2)
    return (await survey).providers[0]!.kinds.find(({ kind }) => kind === 'instance')!.drift.count
  }
  expect(await drift()).toBe(0)
  expect(await stalled()).toMatchObject({ code: 'io-error' })
  expect(await drift()).toBe(0)
  await acme.instance.stop(id)
  await clock.pass(MINUTE)
  expect(await acme.settled(id)).toBe('stopped')
  expect(await stalled()).toBeUndefined()
  await engine.close()
})
