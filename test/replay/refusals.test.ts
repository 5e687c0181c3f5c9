/**
 * Why this test? A rule that is made stricter, or less strict, shows in no history: what was refused left no event. The
 * journal has what was offered and the facts, so verification can say what would become of it under the new rule.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Kind, requires } from '../../machines/grammar.ts'
import { kinds } from '../../machines/index.ts'
import { type Verdict, verify } from '../../src/replay/verify/index.ts'
import type { RefusalEntry } from '../../src/store/refusals.ts'
import { sha256 as hash } from '../../src/system/hash.ts'
import { type Cloud, furnish, GiB, openCloud } from './cloud.ts'

type Requirements = Kind['requirements']

/** The kinds, with requirements of one of them decided otherwise. */
function withRules(name: 'instance' | 'volume', changed: Requirements) {
  const kind: Kind = kinds[name]
  const requirements = { ...kind.requirements, ...changed }
  const machine = kind.machine.provide({ guards: { requires: requires(requirements) } } as never)
  return { ...kinds, [name]: { ...kind, requirements, machine } }
}

let cloud: Cloud
let instance: string
let volume: string
let refusals: RefusalEntry[]
beforeAll(async () => {
  cloud = await openCloud()
  await furnish(cloud)
  const { acme } = cloud
  const { id: image } = await acme.image.register({ name: 'own', sizeBytes: 8 * GiB })
  instance = (await acme.instance.launch({ image, type: 'small', terminationProtection: true })).id
  volume = (await acme.volume.create({ sizeBytes: GiB })).id
  await cloud.engine.idle()
  await acme.volume.attach(volume, { instance, device: '/dev/sdf' })
  await cloud.engine.idle()
  await expect(acme.instance.terminate(instance)).rejects.toMatchObject({ name: 'Refused' })
  await expect(acme.volume.attach(volume, { instance, device: '/dev/sdg' })).rejects.toMatchObject({ name: 'Refused' })
  refusals = await cloud.engine.refusals({ limit: 100 })
})
afterAll(() => cloud.engine.close())

const under = (changed: object, of = refusals): Promise<Verdict> =>
  verify(cloud.engine.store, { kinds: changed as never, reference: kinds, hash, refusals: of })
const entryOf = (kind: string) => refusals.find(each => each.kind === kind)!
const namesOf = (kind: string) => [...new Set(entryOf(kind).reasons.map(({ requirement }) => requirement))].sort()

describe('what was refused', () => {
  it('is refused for the same reasons by the rules that refused it', async () => {
    expect(await under(kinds)).toMatchObject({ refusals: 2, diverged: 0 })
  })

  it('is told where a candidate relaxes the rule that refused it', async () => {
    const { diverged, divergences } = await under(withRules('instance', { unprotected: () => true }))
    expect(diverged).toBe(1)
    expect(divergences[0]).toMatchObject({
      resource: instance,
      differs: 'refusal',
      type: 'instance.terminateRequested',
      recorded: namesOf('instance'),
      today: ['accepted'],
    })
    expect(namesOf('instance')).toEqual(['unprotected'])
  })

  it('is told where a candidate tightens another rule, by what the resource remembers', async () => {
    const { divergences } = await under(withRules('instance', { stopUnprotected: () => false }))
    const found = divergences.find(({ type }) => type === 'instance.terminateRequested')
    expect(found).toMatchObject({ differs: 'refusal', today: ['stopUnprotected', 'unprotected'] })
  })

  it('is decided with the facts that were read then', async () => {
    const none = await under(withRules('volume', { sameZone: ({ event }) => event.facts.instance.zone === 'a' }))
    expect(none.diverged).toBe(0)
    // Only of the second attempt: the first became an event, and is compared as one.
    const changed: Requirements = {
      sameZone: ({ event: { facts, version } }) => facts.instance.zone !== 'a' || version < 4,
    }
    const { divergences } = await under(withRules('volume', changed))
    expect(divergences).toMatchObject([
      {
        resource: volume,
        differs: 'refusal',
        recorded: namesOf('volume'),
        today: [...namesOf('volume'), 'sameZone'].sort(),
      },
    ])
  })

  it('is left alone where the journal lacks what it was decided with, or something else decided', async () => {
    const bare = refusals.map(({ event: _, ...rest }) => rest as RefusalEntry)
    expect(await under(withRules('instance', { unprotected: () => true }), bare)).toMatchObject({
      refusals: 0,
      diverged: 0,
    })
    const cut = refusals.map(each => ({ ...each, isCut: true }))
    expect((await under(kinds, cut as RefusalEntry[])).refusals).toBe(0)
    const limit = refusals.map(each => ({ ...each, reasons: [{ ...each.reasons[0]!, requirement: 'limit' }] }))
    expect((await under(kinds, limit)).refusals).toBe(0)
  })

  it('and what was accepted, and would not be, is told as an event that is not taken', async () => {
    const { divergences } = await under(withRules('volume', { unattached: () => false }))
    expect(divergences[0]).toMatchObject({
      resource: volume,
      type: 'volume.attachRequested',
      recorded: 'in-use.attaching',
    })
  })
})
