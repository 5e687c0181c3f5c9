/** Limits of accounts and domains: what is used is counted in the transaction, and nobody gets what another got. */
import { describe, expect, it } from 'vitest'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { simulatedClasses } from '../../src/drivers/simulated/index.ts'
import { Refused } from '../../src/index.ts'
import { GiB, open as openCloud } from '../scenarios/cloud.ts'

async function open(capabilities: DeclaredCapabilities = {}) {
  const { engine, operator, world } = await openCloud({}, capabilities)
  await operator.domain.create({ name: 'root' })
  await operator.domain.create({ name: 'works', parent: 'root' })
  await operator.domain.create({ name: 'lab', parent: 'works' })
  for (const name of ['acme', 'bee']) await operator.account.open({ name, domain: 'lab' })
  const as = (account: string) => engine.as({ account, actor: 'ops' })
  const acme = as('acme')
  const image = (await operator.image.register({ name: 'web', sizeBytes: GiB, public: true })).id
  const used = async (key: string) => (await engine.views.limits.get(key))?.used ?? {}
  const rows = async () => {
    const found = []
    for await (const row of engine.views.limits.all()) found.push(row)
    return found
  }
  return {
    engine,
    operator,
    world,
    acme,
    bee: as('bee'),
    image,
    used,
    launch: (session = acme) => session.instance.launch({ image, type: 'small' }),
    rebuilt: async () => {
      const before = await rows()
      await engine.rebuild('limits')
      expect(await rows()).toEqual(before)
    },
  }
}
const codeOf = async (asked: Promise<unknown>) =>
  asked.then(
    () => 'accepted',
    error => (error instanceof Refused ? error.refusals.flatMap(each => each.reasons.map(({ code }) => code)) : error),
  )

describe('what an account has', () => {
  it('is counted in it, and in the domains above it but the root', async () => {
    const { engine, acme, bee, launch, used, rebuilt } = await open()
    const { id } = await launch()
    await launch(bee)
    await bee.volume.create({ sizeBytes: 4096 })
    const one = { instances: 1, vcpus: 1, memoryBytes: GiB, volumes: 1, primaryBytes: GiB }
    expect(await used('account/acme')).toEqual(one)
    expect(await used('account/bee')).toEqual({ ...one, volumes: 2, primaryBytes: GiB + 4096 })
    const both = { instances: 2, vcpus: 2, memoryBytes: 2 * GiB, volumes: 3, primaryBytes: 2 * GiB + 4096 }
    expect([await used('domain/lab'), await used('domain/works'), await used('domain/root')]).toEqual([both, both, {}])
    await rebuilt()
    await acme.settled(id)
    await acme.instance.terminate(id)
    await acme.settled(id)
    for (const volume of (await acme.list('volume')).items) await acme.settled(volume.id)
    expect(await used('account/acme')).toEqual({})
    await rebuilt()
    await engine.close()
  })

  it('moves with it into the domain in which it is opened afterwards', async () => {
    const { engine, operator, used, rebuilt } = await open()
    const late = engine.as({ account: 'late', actor: 'ops' })
    await late.volume.create({ sizeBytes: 4096 })
    expect(await used('domain/lab')).toEqual({})
    await operator.account.open({ name: 'late', domain: 'lab' })
    expect(await used('domain/lab')).toEqual({ volumes: 1, primaryBytes: 4096 })
    await rebuilt()
    await engine.close()
  })

  it('follows the size of a volume: up with the request, back if that fails, off when it is deleted', async () => {
    const { engine, acme, used, rebuilt } = await open()
    const { id } = await acme.volume.create({ sizeBytes: 4096 })
    await acme.settled(id)
    await acme.volume.modify(id, { sizeBytes: 8192 })
    expect(await used('account/acme')).toEqual({ volumes: 1, primaryBytes: 8192 })
    const snapshot = await acme.snapshot.create({ volume: id })
    await acme.settled(snapshot.id)
    expect(await used('account/acme')).toMatchObject({ snapshots: 1, secondaryBytes: 8192 })
    await acme.snapshot.delete(snapshot.id)
    await acme.volume.delete(id)
    await acme.settled(snapshot.id)
    await acme.settled(id)
    expect(await used('account/acme')).toEqual({})
    await rebuilt()
    await engine.close()
  })
})

describe('a limit', () => {
  it('does not grow when a provider leaves the root of what is gone, which is only there to be deleted', async () => {
    const { acme, engine, launch, used, world } = await open({ ...simulatedClasses.C, rootOnDestroy: 'keeps' })
    const { id } = await launch()
    await acme.settled(id)
    const before = await used('account/acme')
    expect(before).toMatchObject({ volumes: 1, primaryBytes: GiB })
    world.failNext('volumeDelete', 'rejected', 'denied')
    await acme.instance.terminate(id)
    await engine.idle()
    expect((await acme.list('volume')).items.map(({ state }) => state)).toEqual(['deleting'])
    expect(await used('account/acme')).toEqual(before)
  })

  it('counts the root that a provider makes, until its instance is terminated', async () => {
    const { acme, engine, launch, operator, used, rebuilt } = await open(simulatedClasses.C)
    await operator.account.limit('account/acme', { limits: { primaryBytes: 2 * GiB - 1 } })
    const { id } = await launch()
    expect(await used('account/acme')).toMatchObject({ instances: 1, volumes: 1, primaryBytes: GiB })
    expect(await codeOf(launch())).toEqual(['primaryStorageLimitExceeded'])
    await acme.settled(id)
    await acme.instance.terminate(id)
    await acme.settled(id)
    expect(await used('account/acme')).toEqual({})
    await launch()
    await rebuilt()
    await engine.close()
  })

  it('refuses what goes beyond it, with all of it, and leaves nothing behind', async () => {
    const { engine, operator, acme, launch, used } = await open()
    await operator.account.limit('account/acme', { limits: { instances: 1, vcpus: 1, volumes: 5 } })
    const { id } = await launch()
    await acme.settled(id)
    const before = (await engine.health()).position
    expect(await codeOf(launch())).toEqual(['instanceLimitExceeded', 'vcpuLimitExceeded'])
    await expect(launch()).rejects.toThrow('The account acme may have 1 instances: it has 1, and this takes 1 more.')
    expect((await engine.health()).position).toBe(before)
    expect(await used('account/acme')).toMatchObject({ instances: 1, volumes: 1 })
    await engine.close()
  })

  it('of a domain is for all accounts in it and below together', async () => {
    const { engine, operator, acme, bee } = await open()
    await operator.domain.limit('domain/works', { limits: { volumes: 3 } })
    for (const session of [acme, bee, acme]) await session.volume.create({ sizeBytes: 4096 })
    expect(await codeOf(bee.volume.create({ sizeBytes: 4096 }))).toEqual(['volumeLimitExceeded'])
    await engine.close()
  })

  it('below what there is takes nothing away and lets nothing be added; raised or lifted, it does again', async () => {
    const { engine, operator, acme } = await open()
    const create = () => codeOf(acme.volume.create({ sizeBytes: 4096 }))
    const ids = [await acme.volume.create({ sizeBytes: 4096 }), await acme.volume.create({ sizeBytes: 4096 })]
    const limit = (volumes: number | null) => operator.account.limit('account/acme', { limits: { volumes } })
    await limit(1)
    expect(await create()).toEqual(['volumeLimitExceeded'])
    for (const { id } of ids) await acme.settled(id)
    await acme.volume.delete(ids[0]!.id)
    await acme.settled(ids[0]!.id)
    expect(await create()).toEqual(['volumeLimitExceeded'])
    await limit(2)
    expect([await create(), await create()]).toEqual(['accepted', ['volumeLimitExceeded']])
    await limit(null)
    expect(await create()).toBe('accepted')
    expect((await limit(null)).outcome).toBe('unchanged')
    await engine.close()
  })

  it('counts a batch whole: all of it fits, or nothing is done', async () => {
    const { engine, operator, acme, used } = await open()
    await operator.account.limit('account/acme', { limits: { volumes: 2 } })
    const batch = (count: number) =>
      acme.submit(
        Array.from({ length: count }, () => ({ kind: 'volume', command: 'create', input: { sizeBytes: 4096 } })),
      )
    expect(await codeOf(batch(3))).toContain('volumeLimitExceeded')
    expect(await used('account/acme')).toEqual({})
    await batch(2)
    expect(await used('account/acme')).toMatchObject({ volumes: 2 })
    await engine.close()
  })

  it('gives the last unit to one of 64 callers', async () => {
    const { engine, operator, launch, used } = await open()
    await operator.account.limit('account/acme', { limits: { instances: 3 } })
    await launch()
    await launch()
    const outcomes = await Promise.all(Array.from({ length: 64 }, () => codeOf(launch())))
    expect(outcomes.filter(each => each === 'accepted')).toHaveLength(1)
    expect(outcomes.filter(each => each[0] === 'instanceLimitExceeded')).toHaveLength(63)
    expect(await used('account/acme')).toMatchObject({ instances: 3 })
    await engine.close()
  })

  it('is set by an operator, and not on the root', async () => {
    const { engine, operator, acme } = await open()
    expect(await codeOf(acme.account.limit('account/acme', { limits: { volumes: 9 } }))).not.toBe('accepted')
    expect(await codeOf(operator.domain.limit('domain/root', { limits: { volumes: 9 } }))).toEqual(['rootUnlimited'])
    await expect(operator.account.limit('account/acme', { limits: { volumes: -1 } })).rejects.toThrow()
    await expect(operator.account.limit('account/acme', { limits: { planets: 1 } as never })).rejects.toThrow()
    await engine.close()
  })
})
