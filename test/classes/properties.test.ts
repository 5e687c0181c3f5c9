/**
 * What holds at every class of provider, in every life, whatever goes wrong: on the real engine, with a provider of each
 * class in one cloud. (spec: stateful-and-deltacloud 3a.9.) Where each of the properties is proven:
 *
 * |     | property                                                       | proven by                                          |
 * |-----|----------------------------------------------------------------|----------------------------------------------------|
 * | P1  | a root that was made for an instance has it alone and ends     | simulation/checkers/own-roots; machines/class-lives |
 * | P2  | launches leave an image as it is                               | simulation/checkers/untouched; drivers/lives       |
 * | P3  | launches of one image have roots of their own, or one has it   | here; simulation/checkers/own-roots, resolved      |
 * | P4  | a stop exactly where it keeps something                        | here; machines/class-lives                         |
 * | P5  | a root outlives a stop; what is stateless never starts again   | simulation/checkers/marked; machines/class-lives   |
 * | P6  | whatever was, and went wrong: terminate ends it, once          | here; simulation (clean slate)                     |
 * | P7  | what is to outlive its instance does                           | here; simulation/checkers/volumes-stay; machines/roots   |
 * | P8  | what is offered is accepted, nothing else, and a no is silent  | here; runtime/offered; machines/class-lives        |
 * | P9  | a replay needs no provider and changes nothing                 | here; simulation/replay (I5)                       |
 * | P10 | a mismatch is refused without a trace, or warned of once       | here; simulation/checkers/resolved; machines/modes |
 * | P11 | a driver that lies is found out                                | drivers/lies; classes/real-faults                  |
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { replay } from '../../src/runtime/replay.ts'
import { sha256 } from '../../src/system/hash.ts'
import { type ProviderClass, providerClassNames } from '../simulation/provider.ts'
import { anyLife, askedBy, type Cloud, happens, type Life, openCloud } from './cloud.ts'

const budget = { numRuns: Number(process.env.STEMMA_RUNS ?? 40) }
const MINUTES = 240_000

type Look = (cloud: Cloud) => Promise<void>
/** Lives a life; `ask` gives what a deed asks for. */
async function lived({ seed, faults, deeds }: Life, ask: Look | undefined, end: (cloud: Cloud) => Promise<void>) {
  const cloud = await openCloud({ seed, faults })
  try {
    for (const deed of deeds) {
      const ids = (await cloud.instances()).map(({ id }) => id)
      const command = askedBy(deed, ids, cloud.image)
      if (command) await cloud.submit(command)
      else await happens(cloud, deed, ids)
      await ask?.(cloud)
    }
    await end(cloud)
  } finally {
    await cloud.engine.close({ graceMs: 0 })
  }
}

/** The table of 3a.7, read from the log alone: is a stop of it accepted? Undefined where it has been asked for already. */
function stops(cloud: Cloud, id: string): boolean | undefined {
  const events = cloud.events().filter(({ resource }) => resource === id)
  const { data, facts } = events[0] as unknown as {
    data: { mode: string }
    facts: { provider: { capabilities: { stop: string } } }
  }
  const [visible] = events.at(-1)!.state.split('.')
  const hasRun = events.some(({ state }) => state.startsWith('running'))
  if (visible === 'stopping' || visible === 'stopped') return undefined
  const canStop = visible === 'running' || (visible === 'pending' && hasRun)
  return canStop && data.mode === 'stateful' && facts.provider.capabilities.stop === 'preserves'
}

describe('in every life, at every class of provider', () => {
  it('what is offered is accepted, what is not is not, and a no is silent (P4, P8)', { timeout: MINUTES }, async () => {
    let asked = 0
    const check: Look = async cloud => {
      for (const { id } of await cloud.instances()) {
        const { position } = cloud.engine.health()
        const offered = await cloud.acme.actions(id)
        // Something happened while it was looked at: what was offered may be another answer now.
        if (cloud.engine.health().position !== position) continue
        const stop = stops(cloud, id)
        const said = offered.find(({ command }) => command === 'stop')!.answer
        expect(said, id).toBe(stop === undefined ? 'unchanged' : stop ? 'accepted' : 'refused')
        for (const { command, answer } of offered) {
          // What would change something is tried at the end of the list, and then another is looked at.
          if (answer !== 'refused' && answer !== 'unchanged') continue
          if (cloud.engine.health().position !== position) break
          expect((await cloud.submit({ kind: 'instance', command, id })).answer, `${command} ${id}`).toMatch(
            answer === 'refused' ? /refused|invalid/ : answer,
          )
          expect(
            cloud
              .events()
              .slice(position)
              .filter(({ actor }) => actor === 'ops@acme'),
          ).toEqual([])
          asked += 1
        }
        const accepted = offered.filter(({ answer }) => answer === 'accepted')
        const next = accepted[asked % Math.max(1, accepted.length)]
        if (!next || next.command === 'terminate' || cloud.engine.health().position !== position) continue
        expect((await cloud.submit({ kind: 'instance', command: next.command, id })).answer).toBe('accepted')
        asked += 1
      }
    }
    await fc.assert(
      fc.asyncProperty(anyLife, life => lived(life, check, async () => {})),
      budget,
    )
    expect(asked).toBeGreaterThan(budget.numRuns)
  })

  it('terminate ends it, once, and what was to stay is there (P6, P7)', { timeout: MINUTES }, () =>
    fc.assert(
      fc.asyncProperty(anyLife, life =>
        lived(life, undefined, async cloud => {
          const ids = (await cloud.instances()).map(({ id }) => id)
          // What a provider took with a guest that ended by itself is no doing of the engine's.
          const lost = cloud
            .events()
            .filter(({ type }) => /poweredOff|vanished/.test(type))
            .map(({ resource }) => resource)
          const input = { terminationProtection: false, stopProtection: false }
          for (const id of ids) {
            await cloud.submit({ kind: 'instance', command: 'modify', id, input })
            await cloud.submit({ kind: 'instance', command: 'terminate', id })
          }
          await cloud.settle()
          const { length } = cloud.events()
          for (const id of ids)
            expect((await cloud.submit({ kind: 'instance', command: 'terminate', id })).answer).toMatch(
              /unchanged|refused/,
            )
          expect(cloud.events().length).toBe(length)
          const ends = new Map(cloud.events().map(({ resource, state }) => [resource, state]))
          for (const id of ids) expect(ends.get(id), id).toBe('terminated')
          const there = new Set(Object.values(cloud.providers).flatMap(each => each.objects().map(({ id }) => id)))
          const kept = (id: string) => ends.get(id) === 'available'
          for (const [id, state] of ends)
            if (id.startsWith('vol-') && !lost.length) expect(there.has(id), `${id} ${state}`).toBe(kept(id))
            else if (id.startsWith('i-')) expect(there.has(id), id).toBe(false)
        }),
      ),
      budget,
    ),
  )

  it('a replay without providers gives the same plans and the same state (P9)', { timeout: MINUTES }, () =>
    fc.assert(
      fc.asyncProperty(anyLife, life =>
        lived(life, undefined, async cloud => {
          await cloud.settle()
          await cloud.engine.close()
          const shown = () => cloud.database.prepare('SELECT * FROM inventory ORDER BY id').all()
          const [before, events] = [shown(), cloud.events()]
          const alone = await cloud.unplugged()
          const kinds = new Map(events.map(({ resource, kind }) => [resource, kind]))
          for (const [id, kind] of kinds) {
            const stream = await alone.store.stream(id, 1, 10_000)
            const { divergence } = replay(alone.catalogue.kind(kind), stream, sha256)
            expect(divergence, id).toBeUndefined()
          }
          await alone.rebuild('inventory')
          expect([shown(), cloud.events()]).toEqual([before, events])
          await alone.close({ graceMs: 0 })
        }),
      ),
      budget,
    ),
  )
})

describe('a stateful launch at a provider that keeps nothing', () => {
  const ephemeral: ProviderClass[] = ['A', 'F']
  it.each(ephemeral)('of class %s is refused without a trace, or warned of once (P10)', async name => {
    const cloud = await openCloud()
    const { length } = cloud.events()
    const launched = (onMismatch: string) => cloud.launch(name, { mode: 'stateful', onMismatch })
    expect(await launched('refuse')).toEqual({ answer: 'refused' })
    expect(cloud.events().length).toBe(length)
    const { id } = await launched('warn')
    await cloud.settle()
    const warnings = cloud.events().filter(({ resource, type }) => resource === id && type.endsWith('Warned'))
    expect(warnings.map(({ data }) => data)).toMatchObject([{ requested: 'stateful', resolved: 'stateless' }])
    await cloud.engine.close()
  })
})

describe('several launches of one image at once', () => {
  it.each(providerClassNames)('have roots of their own at class %s, or one of them has the image (P3)', async name => {
    const cloud = await openCloud()
    const launches = Array.from({ length: 5 }, () => cloud.launch(name))
    const accepted = (await Promise.all(launches)).filter(({ answer }) => answer === 'accepted')
    await cloud.settle()
    const { clonesOnLaunch, canCloneImage, bootFromVolume } = cloud.providers[name].describe()
    const isDirect = clonesOnLaunch === 'never' && !canCloneImage && !bootFromVolume
    expect(accepted.length).toBe(isDirect ? 1 : 5)
    const there = cloud.providers[name].objects().filter(({ kind }) => kind === 'instance')
    const roots = there.map(({ facts }) => JSON.stringify(facts.root))
    expect([roots.length, new Set(roots).size]).toEqual([accepted.length, accepted.length])
    await cloud.engine.close()
  })
})
