/**
 * Why this test? A story is believed by whoever has to explain what happened. Each thing it says must stand in the log,
 * nothing that stands there may be missing, and nobody may read in it what he could not read otherwise.
 */
import { describe, expect, it } from 'vitest'
import { readSteps, readStory, readWhy, type StoryEntry } from '../../src/replay/story/index.ts'
import { canonical } from '../../src/store/canonical.ts'
import { type Cloud, furnish, GiB, openCloud } from './cloud.ts'

type Told = Extract<StoryEntry, { entry: 'event' }>
const isTold = (entry: StoryEntry): entry is Told => entry.entry === 'event'

async function launched(): Promise<{ cloud: Cloud; id: string }> {
  const cloud = await openCloud()
  await furnish(cloud)
  const { id: image } = await cloud.acme.image.register({ name: 'own', sizeBytes: 8 * GiB })
  const { id } = await cloud.acme.instance.launch({ image, type: 'small' })
  await cloud.engine.idle()
  return { cloud, id }
}

describe('the story of a resource', () => {
  it('is its whole history, with what caused each event and what it led to', async () => {
    const { cloud, id } = await launched()
    const { entries, next } = await readStory(cloud.engine, cloud.acme, id)
    const events = []
    for await (const event of cloud.acme.history(id)) events.push(event)
    expect(entries.filter(isTold).map(({ position }) => position)).toEqual(events.map(({ position }) => position))
    expect(next).toBeUndefined()
    const [asked] = entries as [Told]
    const volume = asked.led[0]!
    expect(volume).toMatchObject({ type: 'volume.requestedByInstance' })
    const ready = entries.filter(isTold).find(({ type }) => type === 'instance.volumeReady')!
    expect(ready.causedBy).toMatchObject({ resource: volume.resource, type: 'volume.created' })
    const other = await readStory(cloud.engine, cloud.acme, volume.resource)
    expect(other.entries.filter(isTold)[0]).toMatchObject({ causedBy: { position: asked.position, resource: id } })
    await cloud.engine.close()
  })

  it('says what was asked of the driver, and how each ask and each timer ended', async () => {
    const { cloud, id } = await launched()
    cloud.world.failNext('instancePower', 'rejected', 'denied')
    await cloud.acme.instance.stop(id)
    await cloud.engine.idle()
    const { entries } = await readStory(cloud.engine, cloud.acme, id)
    const asks = entries.filter(isTold).flatMap(each => each.asks)
    expect(asks[0]).toMatchObject({ verb: 'instanceEnsure', outcome: 'done', ended: { type: 'instance.created' } })
    const [, stop] = asks
    expect(stop).toMatchObject({ verb: 'instancePower', outcome: 'rejected', error: { code: 'denied' } })
    const answer = entries.filter(isTold).find(({ position }) => position === stop!.ended!.position)!
    expect(answer.answers).toBe(stop!.token)
    const timers = entries.filter(isTold).flatMap(each => each.timers)
    expect(timers.find(({ event }) => event === 'instance.launchTimedOut')).toMatchObject({ outcome: 'disarmed' })
    for (const { endedBy } of timers) if (endedBy) expect(entries.some(each => each.position === endedBy)).toBe(true)
    await cloud.engine.close()
  })

  it('has what was refused where it was refused', async () => {
    const { cloud, id } = await launched()
    await cloud.acme.instance.modify(id, { terminationProtection: true })
    await expect(cloud.acme.instance.terminate(id)).rejects.toMatchObject({ name: 'Refused' })
    await cloud.acme.instance.modify(id, { terminationProtection: false })
    const { entries } = await readStory(cloud.engine, cloud.acme, id)
    const names = entries.slice(-3).map(each => (each.entry === 'event' ? each.type : each.command))
    expect(names).toEqual(['instance.modifyRequested', 'instance.terminate', 'instance.modifyRequested'])
    expect(entries.at(-2)).toMatchObject({
      entry: 'refusal',
      actor: 'ops@acme',
      reasons: [{ requirement: 'unprotected' }],
    })
    await cloud.engine.close()
  })

  it('comes in pages that are the whole', async () => {
    const { cloud, id } = await launched()
    await expect(cloud.acme.instance.start(id, {}, { expectedVersion: 99 })).rejects.toBeDefined()
    await cloud.acme.instance.stop(id)
    await cloud.engine.idle()
    const whole = await readStory(cloud.engine, cloud.acme, id)
    const pages: StoryEntry[] = []
    for (let from: number | undefined = 1; from !== undefined; ) {
      const page: Awaited<ReturnType<typeof readStory>> = await readStory(cloud.engine, cloud.acme, id, {
        fromVersion: from,
        limit: 2,
      })
      pages.push(...page.entries)
      from = page.next
    }
    expect(pages).toEqual(whole.entries)
    await cloud.engine.close()
  })

  it('is nobody else’s, and of others tells only what its reader may see', async () => {
    const { cloud, id } = await launched()
    for (const read of [readStory, readSteps, readWhy])
      await expect(read(cloud.engine, cloud.bee, id)).rejects.toMatchObject({ code: 'notFound' })
    const past = await cloud.engine.at({ position: cloud.engine.health().position - 1 })
    const { entries } = await readStory(cloud.engine, past.as(cloud.acme.principal), id)
    const now = await readStory(cloud.engine, cloud.acme, id)
    expect(entries.length).toBe(now.entries.length - 1)
    await cloud.engine.close()
  })
})

describe('why a resource is where it is', () => {
  it('is the way there by causation, from the first request on', async () => {
    const { cloud, id } = await launched()
    const why = await readWhy(cloud.engine, cloud.acme, id)
    expect(why).toMatchObject({
      state: 'running',
      path: 'running.steady',
      since: { type: 'instance.created' },
      awaits: [],
    })
    expect(why.chain.map(({ type }) => type)).toEqual([
      'instance.launchRequested',
      'volume.requestedByInstance',
      'volume.created',
      'instance.volumeReady',
      'instance.created',
    ])
    expect(why.actions).toEqual(await cloud.acme.actions(id))
    await cloud.engine.close()
  })

  it('is what it waits for: an ask with its calls so far, timers, other resources', async () => {
    const cloud = await openCloud()
    await furnish(cloud)
    const { id: image } = await cloud.acme.image.register({ name: 'own', sizeBytes: 8 * GiB })
    cloud.world.failNext('volumeEnsure', 'silence')
    const { id } = await cloud.acme.instance.launch({ image, type: 'small' })
    expect(await cloud.engine.store.countAsks()).toBe(1)
    const why = await readWhy(cloud.engine, cloud.acme, id)
    expect(why.tags).toContain('working')
    const other = why.awaits.find(each => each.for === 'resource')!
    expect(other).toMatchObject({ kind: 'volume' })
    expect(why.awaits).toContainEqual(expect.objectContaining({ for: 'timer', event: 'instance.launchTimedOut' }))
    const volume = await readWhy(cloud.engine, cloud.acme, (other as { id: string }).id)
    expect(volume.awaits[0]).toMatchObject({ for: 'ask', verb: 'volumeEnsure', call: { attempts: expect.any(Number) } })
    await cloud.engine.close({ graceMs: 0 })
  })
})

describe('the steps of a history', () => {
  it('add up: what each changed, done to what was before, is what is there', async () => {
    const { cloud, id } = await launched()
    await cloud.acme.instance.tag(id, { tags: { stage: 'test' } })
    const steps = await readSteps(cloud.engine, cloud.acme, id)
    const tagged = steps.at(-1)!
    expect(tagged.changes).toEqual([expect.objectContaining({ path: expect.stringMatching(/^tags/) })])
    for (const [index, { from }] of steps.entries()) expect(from).toBe(index === 0 ? 'absent' : steps[index - 1]!.to)
    for (const { changes } of steps)
      for (const { from, to } of changes) expect(canonical(from ?? null)).not.toBe(canonical(to ?? null))
    await cloud.engine.close()
  })
})
