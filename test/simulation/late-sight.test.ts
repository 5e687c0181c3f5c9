/** Found while the simulator was written: news that travelled for longer than what they tell of was true. */
import { expect, it } from 'vitest'
import type { Observation } from '../../src/drivers/driver.ts'
import { everyChecker } from './checkers/index.ts'
import { settle } from './settle.ts'
import { furnish } from './setup.ts'
import { calm } from './shape.ts'
import { PROVIDER, World } from './world.ts'

it('does not end an instance because it was seen stopped before it was started', async () => {
  const world = new World({ seed: 1, shape: { ...calm, stateAfterCreate: 'stopped' }, checkers: everyChecker() })
  const { publicImage } = await furnish(world)
  const input = { image: publicImage, type: 'small', shutdownBehaviour: 'terminate' }
  world.submit({ account: 'ant', commands: [{ kind: 'instance', command: 'launch', input }] })
  await world.drain()
  let seen: Observation | undefined
  while (!seen) {
    const [next] = world.time.ready()
    if (next) world.run(next)
    else world.wait()
    await world.drain()
    seen = world.provider.objects().find(({ kind, facts }) => kind === 'instance' && facts.status === 'stopped')
  }
  await settle(world)
  void world.engine!.observed(PROVIDER, seen)
  // The engine looks again, and that takes the provider a moment.
  for (let waits = 0; waits < 10; waits += 1) {
    world.wait()
    for (const next of world.time.ready()) world.run(next)
    await world.drain()
  }
  await settle(world)
  expect(world.fold.resources.get(seen.id)!.state).toBe('running.steady')
  world.close()
})
