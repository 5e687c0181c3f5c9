/** One instance may offer less than its image and its provider: what is left of them is in the event that says it was made. */
import { expect, it } from 'vitest'
import type { Envelope } from '../../machines/grammar.ts'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import type { Driver } from '../../src/drivers/driver.ts'
import { simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine, Refused, sqlite } from '../../src/index.ts'
import { replay } from '../../src/runtime/replay.ts'
import { sha256 } from '../../src/system/hash.ts'
import { GiB } from './cloud.ts'

/** A provider whose second host can do less, and says so of what it makes there. */
function withSmallHost(says: object): Driver {
  const world = simulated({ instant: true })
  let made = 0
  return {
    ...world,
    instanceEnsure: async (...call) => {
      const outcome = await world.instanceEnsure(...call)
      made += 1
      if (outcome.kind !== 'done' || made !== 2) return outcome
      return { ...outcome, facts: { ...outcome.facts, capabilities: says as never } }
    },
  }
}
async function twoOn(says: object) {
  const lab = withSmallHost(says)
  const engine = await createEngine({ kinds, projections, store: sqlite(':memory:'), drivers: { lab } })
  const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  const acme = engine.as({ account: 'acme', actor: 'ops' })
  const { id: image } = await acme.image.register({ name: 'web', sizeBytes: GiB })
  const launch = async () => (await acme.instance.launch({ image, type: 'small', mode: 'stateful' })).id
  const first = await launch()
  expect(await acme.settled(first)).toBe('running')
  return { engine, acme, first, launch }
}
const codesOf = async (asked: Promise<unknown>) =>
  asked.then(
    () => 'accepted',
    error => (error instanceof Refused ? error.reasons.map(({ code }) => code) : error),
  )

it('that cannot be suspended or plugged into where it runs is not, and others are', async () => {
  const less: DeclaredCapabilities = { suspend: 'none', volumeAttach: { hotPlug: false } }
  const { engine, acme, first, launch } = await twoOn(less)
  const second = await launch()
  expect(await acme.settled(second)).toBe('running')
  const { id: volume } = await acme.volume.create({ sizeBytes: GiB })
  await acme.settled(volume)
  const attach = { instance: second, device: 'sdf' }
  expect(await codesOf(acme.volume.attach(volume, attach))).toEqual(['hotPlugUnsupported'])
  expect(await codesOf(acme.instance.suspend(second))).toEqual(['suspendUnsupported'])
  expect(await codesOf(acme.instance.suspend(first))).toBe('accepted')
  const offered = new Map((await acme.actions(second)).map(({ command, answer }) => [command, answer]))
  expect([offered.get('suspend'), offered.get('stop')]).toEqual(['refused', 'accepted'])
  await acme.settled(first)
  const events: Envelope[] = []
  for await (const event of acme.history(second)) events.push(event)
  const created = events.find(({ type }) => type === 'instance.created')!
  expect((created.data as { capabilities: object }).capabilities).toMatchObject({ suspend: 'none' })
  const again = replay(engine.catalogue.kind('instance'), await engine.store.stream(second, 1, 100), sha256)
  expect(again.divergence).toBeUndefined()
  await engine.close()
})

it('whose provider says of it what cannot be is asked for again, and never taken at its word', async () => {
  const { engine, acme, launch } = await twoOn({ volumeAttach: { max: 10_000 } })
  const second = await launch()
  await engine.idle()
  expect(await acme.settled(second)).toBe('running')
  for await (const { type, data } of acme.history(second))
    if (type === 'instance.created') expect(data).not.toHaveProperty('capabilities')
  await engine.close()
})
