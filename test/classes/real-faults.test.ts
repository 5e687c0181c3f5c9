/**
 * What drivers of real clouds did, each as one story: told honestly by capabilities it does no harm, and told as a lie it
 * is found out before it could. (spec: stateful-and-deltacloud 2.2, 2.3, 3a.8, 6; P11.)
 */
import { afterEach, describe, expect, it } from 'vitest'
import { registerDrivers } from '../../src/drivers/register.ts'
import {
  type SimulatedOptions,
  simulated,
  simulatedClasses,
  simulatedOddities,
} from '../../src/drivers/simulated/index.ts'
import { driverClauses, keepsClause } from '../../src/testing/driver-contract.ts'
import { subjectOf } from '../drivers/subject.ts'
import { type Cloud, GiB, openCloud } from './cloud.ts'

const HOUR_MS = 3_600_000
const opened: Cloud[] = []
const cloudOf = async (options?: SimulatedOptions) => {
  const cloud = await openCloud(options)
  opened.push(cloud)
  return cloud
}
afterEach(async () => {
  for (const cloud of opened.splice(0)) await cloud.engine.close({ graceMs: 0 })
})

/** What a reader sees: the state, and the code of why. */
const shown = async ({ acme }: Cloud, id: string) => {
  const { state, attributes } = (await acme.get(id)) as unknown as {
    state: string
    attributes: { reason?: { code: string } }
  }
  return [state, attributes.reason?.code]
}
const offered = async ({ acme }: Cloud, id: string, command: string) =>
  (await acme.actions(id)).find(each => each.command === command)!.answer
const types = (cloud: Cloud, id: string) =>
  cloud
    .events()
    .filter(({ resource }) => resource === id)
    .map(({ type }) => type.replace('instance.', ''))
const there = (cloud: Cloud) => Object.values(cloud.providers).flatMap(each => each.objects().map(({ id }) => id))
const launched = async (cloud: Cloud, name: Parameters<Cloud['launch']>[0], input?: object) => {
  const { id } = await cloud.launch(name, input)
  await cloud.clock.pass(60_000)
  return id!
}
const say = (cloud: Cloud, command: string, id: string, input?: object) =>
  cloud.submit({ kind: 'instance', command, id, input })

/** Clauses of the driver contract that a driver breaks, of those about an area. */
const broken = async (options: SimulatedOptions): Promise<string[]> => {
  const found: string[] = []
  for (const clause of Object.values(driverClauses).flat()) {
    const make = async () => subjectOf(simulated({ instant: true, ...options }))
    await keepsClause(
      { name: 'one like a real one', make, sizeBytesMax: Number.MAX_SAFE_INTEGER },
      clause,
      expect,
    ).catch(() => found.push(clause.title))
  }
  return found
}

describe('a stop that is a destroy (2.2: three public clouds alias one to the other)', () => {
  it('is not offered where it is declared, and the instance ends only by terminate', async () => {
    const cloud = await cloudOf()
    const id = await launched(cloud, 'A')
    expect(await offered(cloud, id, 'stop')).toBe('refused')
    expect((await say(cloud, 'stop', id)).answer).toBe('refused')
    expect(await shown(cloud, id)).toEqual(['running', undefined])
    await say(cloud, 'terminate', id)
    await cloud.clock.pass(HOUR_MS)
    expect([await shown(cloud, id), there(cloud)]).toEqual([['terminated', 'userInitiated'], []])
  })

  it('is found out where it is not declared; who stopped all the same is told, and nothing is made up', async () => {
    const { capabilities: _, ...lie } = simulatedOddities.stopThatDestroys
    expect(await broken(simulatedOddities.stopThatDestroys)).toContain(
      'keeps what a guest wrote to its root through a stop and a start',
    )
    const cloud = await cloudOf(lie)
    const id = await launched(cloud, 'B')
    await say(cloud, 'stop', id)
    await cloud.clock.pass(HOUR_MS)
    await say(cloud, 'start', id)
    await cloud.clock.pass(HOUR_MS)
    // The root was its provider's and went with it: a start must not bring up an empty one under the same name.
    expect(await shown(cloud, id)).toEqual(['stopped', 'notFound'])
  })
})

describe('a stop that reboots (2.2: kept in a driver only to exist)', () => {
  it('is not offered where no stop is declared, and is found out where one is', async () => {
    const cloud = await cloudOf()
    const id = await launched(cloud, 'F')
    expect(await offered(cloud, id, 'stop')).toBe('refused')
    expect(cloud.providers.F.resets(id)).toBe(0)
    expect(await broken(simulatedOddities.stopThatReboots)).toContain(
      'stops an instance and keeps it; stopping it again is done already',
    )
  })
})

describe('a boot disk that is left behind (2.2, 6: a storage-first cloud)', () => {
  it('goes with its instance where whoever makes it cleans it up, also when the clean-up fails at first', async () => {
    const cloud = await cloudOf()
    const id = await launched(cloud, 'E')
    expect(there(cloud).some(each => each.startsWith('vol-'))).toBe(true)
    for (let times = 0; times < 3; times++) cloud.providers.E.failNext('volumeDelete', 'rejected')
    await say(cloud, 'terminate', id)
    await cloud.clock.pass(HOUR_MS)
    expect(there(cloud)).toEqual([])
  })

  it('is found out where the provider is said to delete it', async () => {
    expect(await broken(simulatedOddities.leakedBootDisk)).toContain(
      'deletes or leaves the root that it made with the instance, as it declares and its flags say',
    )
  })
})

describe('an error that is lost (6: the record of a pending creation just disappears)', () => {
  const { capabilities: _, script: __, ...forgetful } = simulatedOddities.lostCreateError

  it('is no end of the launch: it is asked for again, and made once', async () => {
    const cloud = await cloudOf(forgetful)
    cloud.providers.C.failNext('instanceEnsure', 'refusedLater')
    const { id } = await cloud.launch('C')
    await cloud.clock.pass(HOUR_MS)
    expect([await shown(cloud, id!), cloud.providers.C.made(id!)]).toEqual([['running', undefined], 1])
  })

  it('is a launch that failed, with a reason, as soon as the provider says no', async () => {
    const cloud = await cloudOf({ ...forgetful, capacity: { vcpus: 0 } })
    cloud.providers.C.failNext('instanceEnsure', 'refusedLater')
    const { id } = await cloud.launch('C')
    await cloud.clock.pass(HOUR_MS)
    expect([await shown(cloud, id!), there(cloud)]).toEqual([['terminated', 'exhausted'], []])
  })

  it('that comes each time is a launch that failed when its time is over, with that as its reason', async () => {
    const cloud = await cloudOf({ ...forgetful, faults: { instanceEnsure: { refusedLater: 1 } } })
    const { id } = await cloud.launch('C')
    await cloud.clock.pass(HOUR_MS - 60_000)
    expect((await shown(cloud, id!))[0]).toBe('pending')
    await cloud.clock.pass(HOUR_MS)
    expect([await shown(cloud, id!), there(cloud)]).toEqual([['terminated', 'launchTimedOut'], []])
    expect(types(cloud, id!)).toEqual(['launchRequested', 'prepared', 'launchTimedOut', 'stopFailed', 'destroyed'])
    const calls = cloud.providers.C.calls.instanceEnsure
    await cloud.clock.pass(2 * HOUR_MS)
    expect(cloud.providers.C.calls.instanceEnsure).toBe(calls)
  })

  it('is no end of a launch that its caller ends before', async () => {
    const cloud = await cloudOf({ ...forgetful, faults: { instanceEnsure: { refusedLater: 1 } } })
    const { id } = await cloud.launch('C')
    await cloud.clock.pass(60_000)
    await say(cloud, 'terminate', id!)
    await cloud.clock.pass(HOUR_MS)
    expect([await shown(cloud, id!), there(cloud)]).toEqual([['terminated', 'userInitiated'], []])
  })
})

describe('an instance that is created stopped (2.2, 2.3: template clones)', () => {
  it('is started by the engine, once, and its caller sees one launch', async () => {
    const cloud = await cloudOf()
    const id = await launched(cloud, 'C')
    expect(types(cloud, id)).toEqual(['launchRequested', 'prepared', 'created', 'started'])
    expect([await shown(cloud, id), cloud.providers.C.calls.instancePower]).toEqual([['running', undefined], 1])
  })

  it('has failed to launch if that first start fails: it is no broken instance (2.3), and nothing is left', async () => {
    for (const name of ['C', 'D'] as const) {
      const cloud = await cloudOf()
      cloud.providers[name].failNext('instancePower', 'rejected')
      const { id } = await cloud.launch(name)
      await cloud.clock.pass(HOUR_MS)
      expect(await shown(cloud, id!)).toEqual(['terminated', 'exhausted'])
      expect([types(cloud, id!).includes('startFailed'), there(cloud)]).toEqual([true, []])
    }
  })
})

describe('an instance that disappears when it is off (2.3: a fact that was kept by the names of drivers)', () => {
  it('is gone by that where stopping it was the way to destroy it, also if the answer is lost', async () => {
    const cloud = await cloudOf({ capabilities: { destroy: 'viaStop', stop: 'destroys', vanishesAfterStop: true } })
    for (const fault of [undefined, 'afterEffect', 'silence'] as const) {
      const id = await launched(cloud, 'A')
      if (fault) cloud.providers.A.failNext('instancePower', fault)
      await say(cloud, 'terminate', id)
      await cloud.clock.pass(HOUR_MS)
      expect([await shown(cloud, id), there(cloud)]).toEqual([['terminated', 'userInitiated'], []])
    }
    expect(cloud.providers.A.calls.instanceDestroy).toBe(0)
  })

  it('is no failure of its end where its guest had ended before', async () => {
    for (const name of ['A', 'F'] as const) {
      const cloud = await cloudOf()
      const id = await launched(cloud, name)
      cloud.providers[name].powerOffGuest(id)
      await cloud.clock.pass(HOUR_MS)
      expect(there(cloud).includes(id)).toBe(false)
      await say(cloud, 'terminate', id)
      await cloud.clock.pass(HOUR_MS)
      expect([(await shown(cloud, id))[0], there(cloud)]).toEqual(['terminated', []])
    }
  })
})

describe('an instance that its provider loses', () => {
  it('leaves no root behind where only a flag would have taken it along', async () => {
    const cloud = await cloudOf()
    const id = await launched(cloud, 'B', { mode: 'stateful' })
    const { rootOwner, keptRoot } = (await cloud.acme.get(id)).attributes as {
      rootOwner: string
      keptRoot: { volume: string }
    }
    expect([rootOwner, there(cloud).includes(keptRoot.volume)]).toEqual(['provider', true])
    cloud.providers.B.vanish(id)
    await cloud.clock.pass(60_000)
    expect(there(cloud)).toEqual([keptRoot.volume])
    await say(cloud, 'terminate', id)
    await cloud.clock.pass(HOUR_MS)
    expect([(await shown(cloud, id))[0], there(cloud)]).toEqual(['terminated', []])
  })

  it('has stopped where what is off is not shown, if its root outlives it: it starts again with that', async () => {
    const rootVolumes = { canCreateVolumeFromImage: true, bootFromVolume: true } as const
    const cloud = await cloudOf({ capabilities: { ...simulatedClasses.A, ...rootVolumes } })
    const id = await launched(cloud, 'A', { mode: 'stateful' })
    const provider = cloud.providers.A
    const { rootOwner } = (await cloud.acme.get(id)).attributes
    expect(rootOwner).toBe('engine')
    provider.writeRoot(id, 'kept')
    provider.powerOffGuest(id)
    await cloud.engine.survey()
    await cloud.clock.pass(HOUR_MS)
    expect(await shown(cloud, id)).toEqual(['stopped', 'guestShutdown'])
    expect(await offered(cloud, id, 'start')).toBe('accepted')
    await say(cloud, 'start', id)
    await cloud.clock.pass(HOUR_MS)
    expect([(await shown(cloud, id))[0], provider.readRoot(id)]).toEqual(['running', 'kept'])
  })
})

describe('a stop that is said to keep the root, and does not (3a.9)', () => {
  it('is found out', async () => {
    expect(await broken(simulatedOddities.stopThatForgets)).toContain(
      'keeps what a guest wrote to its root through a stop and a start',
    )
  })
})

describe('a provider whose word contradicts itself (6: stopped leads to its end by itself)', () => {
  const contradictory = [
    { stop: 'preserves', vanishesAfterStop: true },
    { stop: 'preserves', rootOnStop: 'deletes' },
    { stop: 'destroys', vanishesAfterStop: false },
    { stop: 'preserves', destroy: 'viaStop' },
  ] as const
  it.each(contradictory)('is not registered: %o', declared => {
    const driver = simulated({ capabilities: declared })
    expect(() => registerDrivers({ lab: driver })).toThrow(/contradict|preserves|destroy/)
  })
})

describe('a provider that takes all volumes with an instance (2.2: batch systems)', () => {
  it('is given none that is to stay where a guest that ends by itself would take it along', async () => {
    const cloud = await cloudOf()
    const id = await launched(cloud, 'F')
    const { id: volume } = await cloud.submit({
      kind: 'volume',
      command: 'create',
      input: { sizeBytes: GiB, provider: 'F' },
    })
    await cloud.clock.pass(60_000)
    const input = { instance: id, device: '/dev/sdf' }
    const attached = await cloud.submit({ kind: 'volume', command: 'attach', id: volume!, input })
    expect(attached).toEqual({ answer: 'refused' })
    await say(cloud, 'terminate', id)
    await cloud.clock.pass(HOUR_MS)
    expect(await shown(cloud, id)).toEqual(['terminated', 'userInitiated'])
    expect(there(cloud)).toEqual([volume])
  })
})
