/**
 * An image may offer less than its provider does. What is left is what a launch is decided with, and is in its event.
 * (spec: stateful-and-deltacloud 3a.1 points 3, 4; 3a.2; decision 0039.)
 */
import { describe, expect, it } from 'vitest'
import type { Envelope } from '../../machines/grammar.ts'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import { type SimulatedOptions, simulatedClasses } from '../../src/drivers/simulated/index.ts'
import { Refused, Unavailable } from '../../src/index.ts'
import { replay } from '../../src/runtime/replay.ts'
import { sha256 } from '../../src/system/hash.ts'
import { GiB, open } from './cloud.ts'

const narrow = 'img-00000000000000a01'
const plain = 'img-00000000000000a02'
/** It makes roots of its own and has no other ways. */
const withoutClones: DeclaredCapabilities = {
  ...simulatedClasses.B,
  canCloneImage: false,
  canDeleteClone: false,
  canCreateVolumeFromImage: false,
  bootFromVolume: false,
  bootFromSnapshot: false,
}

async function cloud(capabilities: DeclaredCapabilities, scope: DeclaredCapabilities, options: SimulatedOptions = {}) {
  const opened = await open({ images: { [narrow]: scope }, ...options, capabilities })
  for (const id of [narrow, plain])
    await opened.operator.image.register({ id, name: id, sizeBytes: GiB, public: true } as never)
  const launch = (image: string, input: object = {}) => opened.acme.instance.launch({ image, type: 'small', ...input })
  const launched = async (image: string, input: object = {}) => {
    const { id } = await launch(image, input)
    await opened.acme.settled(id)
    return { id, ...(await opened.acme.get(id)).attributes } as Record<string, unknown> & { id: string }
  }
  const codes = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => undefined,
      (cause: unknown) => cause,
    )
    return error instanceof Refused ? error.reasons.map(({ code }) => code) : [error]
  }
  return { ...opened, launch, launched, codes }
}

describe('an image of which the provider keeps no stopped instance', () => {
  const onHost: DeclaredCapabilities = { stop: 'destroys', start: 'none', rootOnDestroy: 'deletes' }

  it('launches stateless where others launch stateful', async () => {
    const { engine, acme, launched, codes } = await cloud(withoutClones, onHost)
    const [one, other] = [await launched(narrow), await launched(plain)]
    expect([one.mode, other.mode]).toEqual(['stateless', 'stateful'])
    expect(await codes(acme.instance.stop(one.id))).toContain('stopUnsupported')
    await acme.instance.stop(other.id)
    expect(await acme.settled(other.id)).toBe('stopped')
    await engine.close()
  })

  it('is refused for a stateful launch, or warned of', async () => {
    const { engine, launch, launched, codes } = await cloud(withoutClones, onHost)
    expect(await codes(launch(narrow, { mode: 'stateful' }))).toEqual(['modeNoMatch'])
    const { warnings } = await launch(narrow, { mode: 'stateful', onMismatch: 'warn' })
    expect(warnings).toMatchObject([{ code: 'modeMismatch', reason: 'DRIVER', resolved: 'stateless' }])
    expect((await launched(plain, { mode: 'stateful' })).warning).toBeUndefined()
    await engine.close()
  })
})

describe('an image that', () => {
  it('cannot be suspended with what it launches: that is refused', async () => {
    const { engine, acme, launched, codes } = await cloud({}, { suspend: 'none' })
    const [one, other] = [await launched(narrow), await launched(plain)]
    expect(await codes(acme.instance.suspend(one.id))).toEqual(['suspendUnsupported'])
    await acme.instance.suspend(other.id)
    expect(await acme.settled(other.id)).toBe('suspended')
    await engine.close()
  })

  it('is not cloned by the provider is cloned by the engine, or run on itself', async () => {
    const provided: DeclaredCapabilities = { clonesOnLaunch: 'always' }
    const { engine, launched } = await cloud(provided, { clonesOnLaunch: 'never' })
    expect([(await launched(narrow)).rootOwner, (await launched(plain)).rootOwner]).toEqual(['engine', 'provider'])
    await engine.close()
    const bare = await cloud({ ...withoutClones, clonesOnLaunch: 'optional' }, { clonesOnLaunch: 'never' })
    const { id } = await bare.operator.image.register({ name: 'own', sizeBytes: GiB })
    expect(id).not.toBe(narrow)
    const asOwner = await bare.operator.instance.launch({ image: narrow, type: 'small' })
    await bare.operator.settled(asOwner.id)
    expect((await bare.operator.get(asOwner.id)).attributes.rootOwner).toBe('image')
    expect((await bare.launched(plain)).rootOwner).toBe('provider')
    await bare.engine.close()
  })

  it('cannot be cloned makes no volume, and one that is linked to is needed by its clones', async () => {
    const whole = await cloud({}, { canCloneImage: false, canCreateVolumeFromImage: false })
    expect(await whole.codes(whole.acme.volume.create({ image: narrow }))).toEqual(['cloneUnsupported'])
    expect((await whole.acme.volume.create({ image: plain })).outcome).toBe('accepted')
    await whole.engine.close()
    const linked = await cloud({}, { cloneKind: 'linked' })
    for (const image of [narrow, plain]) await linked.acme.settled((await linked.acme.volume.create({ image })).id)
    expect(await linked.codes(linked.operator.image.deregister(narrow))).toEqual(['imageInUse'])
    expect((await linked.operator.image.deregister(plain)).outcome).toBe('accepted')
    await linked.engine.close()
  })
})

describe('what an image leaves of its provider', () => {
  it('counts for a launch on a volume that was made from it', async () => {
    const { engine, acme, codes } = await cloud({}, { suspend: 'none' })
    const { id: rootVolume } = await acme.volume.create({ image: narrow })
    await acme.settled(rootVolume)
    const { id } = await acme.instance.launch({ rootVolume, type: 'small' })
    await acme.settled(id)
    expect(await codes(acme.instance.suspend(id))).toEqual(['suspendUnsupported'])
    await engine.close()
  })

  it('is asked of no provider that does not say that its images differ, and once for launches that come together', async () => {
    const { engine, world, launch } = await cloud({}, { stop: 'none' })
    const before = world.calls.observe
    await Promise.all([launch(narrow), launch(narrow), launch(narrow)])
    expect(world.calls.observe - before).toBe(1)
    await engine.close()
    const silent = await cloud({}, {}, { images: undefined })
    await silent.launch(plain)
    expect(silent.world.calls.observe).toBe(0)
    await silent.engine.close()
  })

  it('is in the event, and a replay asks nobody', async () => {
    const { engine, launched } = await cloud(withoutClones, {
      stop: 'destroys',
      start: 'none',
      rootOnDestroy: 'deletes',
    })
    const { id } = await launched(narrow)
    const stream = await engine.store.stream(id, 1, 100)
    const { value } = await engine.history(id).next()
    const { provider } = (value as Envelope).facts as unknown as { provider: { capabilities: object } }
    expect(provider.capabilities).toMatchObject({ stop: 'destroys', start: 'none', vanishesAfterStop: true })
    await engine.close()
    const again = replay(engine.catalogue.kind('instance'), stream, sha256)
    expect(again.divergence).toBeUndefined()
  })

  it('holds nothing back while the provider is silent: the launch is refused for now, others are decided', async () => {
    const { engine, world, launch, acme } = await cloud({}, { stop: 'none' })
    world.failNext('observe', 'throws')
    const [slow, other] = await Promise.allSettled([
      launch(narrow, { mode: 'stateless' }),
      acme.volume.create({ sizeBytes: GiB }),
    ])
    expect([slow.status, other.status]).toEqual(['rejected', 'fulfilled'])
    expect((slow as PromiseRejectedResult).reason).toBeInstanceOf(Unavailable)
    expect((await acme.list('instance')).items).toEqual([])
    expect((await launch(narrow)).outcome).toBe('accepted')
    await engine.close()
  })

  it('is never more than the provider offers', async () => {
    const { engine, world, launch, codes, acme } = await cloud({ suspend: 'memory' }, { suspend: 'none' })
    const observe = world.observe.bind(world)
    world.observe = async (kind, id, context) => {
      const seen = await observe(kind, id, context)
      return kind === 'image' ? { ...seen, facts: { ...seen.facts, capabilities: { suspend: 'disk' } } } : seen
    }
    expect(await codes(launch(narrow))).toMatchObject([{ code: 'capabilityWidened', capability: 'suspend' }])
    expect((await acme.list('instance')).items).toEqual([])
    await engine.close()
  })

  it('is one submit with several images: all are asked, and all or nothing is launched', async () => {
    const { engine, acme, world } = await cloud(withoutClones, {
      stop: 'destroys',
      start: 'none',
      rootOnDestroy: 'deletes',
    })
    const launch = (image: string) => ({ kind: 'instance', command: 'launch', input: { image, type: 'small' } })
    const results = await engine.submit(
      [launch(narrow), launch(plain)],
      { account: 'acme', actor: 'ops' },
      { token: 't' },
    )
    const modes = await Promise.all(results.map(async ({ id }) => (await acme.get(id)).attributes.mode))
    expect(modes).toEqual(['stateless', 'stateful'])
    expect(world.calls.observe).toBe(2)
    const again = await engine.submit(
      [launch(narrow), launch(plain)],
      { account: 'acme', actor: 'ops' },
      { token: 't' },
    )
    expect(again).toEqual(results)
    await engine.close()
  })
})

describe('an instance that offers less than its image, which offers less than the provider', () => {
  it('offers what both leave, and need not repeat what its image says', async () => {
    const sleepless: DeclaredCapabilities = { suspend: 'none' }
    const { engine, world, acme, launched, codes } = await cloud({}, sleepless)
    const { instanceEnsure } = world
    const says: DeclaredCapabilities = { volumeAttach: { hotPlug: false } }
    world.instanceEnsure = async (...call) => {
      const outcome = await instanceEnsure(...call)
      if (outcome.kind !== 'done') return outcome
      return { ...outcome, facts: { ...outcome.facts, capabilities: says as never } }
    }
    const [one, other] = [await launched(narrow, { mode: 'stateful' }), await launched(plain, { mode: 'stateful' })]
    const { id: volume } = await acme.volume.create({ sizeBytes: GiB })
    await acme.settled(volume)
    for (const { id } of [one, other])
      expect(await codes(acme.volume.attach(volume, { instance: id, device: 'sdf' }))).toEqual(['hotPlugUnsupported'])
    expect(await codes(acme.instance.suspend(one.id))).toContain('suspendUnsupported')
    await acme.instance.suspend(other.id)
    expect(await acme.settled(other.id)).toBe('suspended')
    await engine.close()
  })
})
