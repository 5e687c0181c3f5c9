import { describe, expect, it } from 'vitest'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'
import type { Driver } from '../../src/drivers/driver.ts'
import { simulated, simulatedClasses } from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import type { FindingClass, SurveyReport } from '../../src/index.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { rest, TestClock } from '../runtime/clock.ts'
import { outcomeOf, typesOf } from '../runtime/setting.ts'

const GiB = 1_073_741_824
const MINUTE = 60_000

const clocked = (clock: TestClock) => ({
  now: () => clock.now(),
  wakeAt: (time: number, wake: () => void) => clock.wakeAt(time, wake),
  soon: (run: () => void) => clock.soon(run),
})

/** An engine that surveys only when it is told to, on a provider of its own or one that others use too. */
async function open({
  clock = new TestClock(),
  capabilities = {},
  world = simulated({ instant: true, clock: clocked(clock), capabilities }),
  driver = world,
  surveyEveryMs = 0,
}: {
  clock?: TestClock
  capabilities?: DeclaredCapabilities
  world?: ReturnType<typeof simulated>
  driver?: Driver
  surveyEveryMs?: number
} = {}) {
  const options = { kinds, projections, store: sqlite(':memory:'), clock, drivers: { lab: driver }, surveyEveryMs }
  const engine = await createEngine(options)
  const operator = engine.as({ account: 'op', actor: 'op', authority: 'operator' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  const acme = engine.as({ account: 'acme', actor: 'ops' })
  let images = 0
  /** What a survey finds, as `class kind id`. */
  const found = (report: SurveyReport, ...classes: FindingClass[]) =>
    report.providers
      .flatMap(each => each.kinds.flatMap(kind => classes.flatMap(name => kind[name].listed)))
      .map(each => `${each.class} ${each.kind} ${each.id}`)
      .sort()
  const look = async () => found(await engine.survey(), 'orphan', 'ghost', 'drift')
  const running = async () => {
    images += 1
    const { id: image } = await acme.image.register({ name: `plain-${images}`, sizeBytes: GiB })
    const { id } = await acme.instance.launch({ image, type: 'small' })
    await acme.settled(id)
    return id
  }
  const volume = async () => {
    const { id } = await acme.volume.create({ sizeBytes: GiB })
    await acme.settled(id)
    return id
  }
  return { engine, operator, acme, clock, world, found, look, running, volume }
}

describe('a survey', () => {
  it('of a cloud as it should be finds nothing', async () => {
    const { engine, acme, clock, look, running, volume } = await open()
    const id = await running()
    const data = await volume()
    await acme.volume.attach(data, { instance: id, device: '/dev/sdf' })
    await acme.settled(data)
    const { id: snapshot } = await acme.snapshot.create({ volume: await volume() })
    await acme.settled(snapshot)
    const off = await running()
    await acme.instance.stop(off)
    await acme.settled(off)
    await clock.pass(10 * MINUTE)
    expect(await look()).toEqual([])
    const [{ kinds: seen } = { kinds: [] }] = (await engine.survey()).providers
    expect(seen.map(({ kind, known, unsettled }) => `${kind} ${known} ${unsettled}`)).toEqual([
      'image 0 0',
      'volume 4 0',
      'volumeSnapshot 1 0',
      'instance 2 0',
      'vmSnapshot 0 0',
      'attachment 2 0',
    ])
    await engine.close()
  })

  it('finds what a lost create left behind as an orphan, once it is old enough', async () => {
    const { engine, world, clock, look, volume } = await open({ capabilities: { idempotency: { by: 'none' } } })
    const id = await volume()
    // The provider makes another one when the same call reaches it a second time.
    const again = { token: `${id}.1.0`, attempt: 2, deadline: Number.POSITIVE_INFINITY, owner: engine.owner }
    const context = { ...again, signal: new AbortController().signal, now: () => clock.now() }
    await world.volumeEnsure!(id, { sizeBytes: GiB, zone: 'a' }, context)
    expect(world.made(id)).toBe(2)
    expect(await look()).toEqual([])
    await clock.pass(10 * MINUTE)
    expect(await look()).toEqual([`orphan volume ${id}~2`])
    expect(await engine.clean({ provider: 'lab', kind: 'volume', id: `${id}~2` })).toMatchObject({ outcome: 'cleaned' })
    expect(await look()).toEqual([])
    expect(world.objects().map(each => each.id)).toEqual([id])
    await engine.close()
  })

  it('finds a volume that the provider lost as a ghost: it is impaired until it is seen again', async () => {
    const { engine, acme, world, clock, look, running, volume } = await open()
    const [instance, id] = [await running(), await volume()]
    await clock.pass(10 * MINUTE)
    world.vanish(id)
    await clock.pass(MINUTE)
    expect(await look()).toEqual([`ghost volume ${id}`])
    expect(await typesOf(acme, id)).toContain('volume.vanished')
    expect((await acme.get(id)).attributes).toMatchObject({ impaired: true })
    const attached = await outcomeOf(acme.volume.attach(id, { instance, device: '/dev/sdf' }))
    expect(attached.error).toMatchObject({ code: 'volumeVanished' })
    const taken = await outcomeOf(acme.snapshot.create({ volume: id }))
    expect(taken.error).toMatchObject({ code: 'volumeVanished' })
    // Its operator brings it back.
    world.plant({ id, sizeBytes: GiB, owner: engine.owner })
    await clock.pass(10 * MINUTE)
    expect(await look()).toEqual([])
    expect((await acme.get(id)).attributes).not.toHaveProperty('impaired')
    await acme.volume.attach(id, { instance, device: '/dev/sdf' })
    expect(await acme.settled(id)).toBe('in-use')
    await engine.close()
  })

  it('finds another size as drift, and takes it for true', async () => {
    const { engine, acme, world, clock, look, volume } = await open()
    const id = await volume()
    await clock.pass(10 * MINUTE)
    world.vanish(id)
    world.plant({ id, sizeBytes: 3 * GiB, owner: engine.owner })
    await rest()
    await clock.pass(MINUTE)
    const report = await engine.survey()
    const [drift] = report.providers[0]!.kinds.find(({ kind }) => kind === 'volume')!.drift.listed
    expect(drift).toMatchObject({
      class: 'drift',
      id,
      recorded: true,
      differences: [{ fact: 'sizeBytes', here: GiB, there: 3 * GiB }],
    })
    expect((await acme.get(id)).attributes.sizeBytes).toBe(3 * GiB)
    expect(await look()).toEqual([])
    await engine.close()
  })

  it('finds a snapshot that the provider lost, and nothing is made of it', async () => {
    const { engine, acme, world, clock, look, volume } = await open()
    const { id } = await acme.snapshot.create({ volume: await volume() })
    await acme.settled(id)
    await clock.pass(10 * MINUTE)
    world.vanish(id)
    await clock.pass(MINUTE)
    expect(await look()).toEqual([`ghost volumeSnapshot ${id}`])
    const made = await outcomeOf(acme.volume.create({ snapshot: id }))
    expect(made.error).toMatchObject({ code: 'snapshotVanished' })
    const copied = await outcomeOf(acme.snapshot.copy({ snapshot: id }))
    expect(copied.error).toMatchObject({ code: 'snapshotVanished' })
    await acme.snapshot.delete(id)
    expect(await acme.settled(id)).toBe('deleted')
    await engine.close()
  })

  it('knows a suspended guest, and the disks that it keeps', async () => {
    const { engine, acme, clock, look, running, volume } = await open()
    const [id, data] = [await running(), await volume()]
    await acme.volume.attach(data, { instance: id, device: '/dev/sdf' })
    await acme.settled(data)
    await acme.instance.suspend(id)
    expect(await acme.settled(id)).toBe('suspended')
    await clock.pass(10 * MINUTE)
    expect(await look()).toEqual([])
    await engine.close()
  })

  it('knows a root that its provider keeps under a name of ours, before and after that is a volume here', async () => {
    const keeps = { ...simulatedClasses.C, rootOnDestroy: 'keeps' } as const
    const { engine, acme, world, clock, look, running } = await open({ capabilities: keeps })
    const id = await running()
    const [root] = world.objects().filter(({ kind }) => kind === 'volume')
    expect(root!.id).toMatch(/^vol-/)
    await clock.pass(10 * MINUTE)
    expect(await look()).toEqual([])
    const cleaned = await outcomeOf(engine.clean({ provider: 'lab', kind: 'volume', id: root!.id }))
    expect(cleaned.error).toMatchObject({ code: 'notConfirmed' })
    await acme.instance.terminate(id)
    expect(await acme.settled(id)).toBe('terminated')
    await clock.pass(10 * MINUTE)
    expect([await look(), world.objects()]).toEqual([[], []])
    await engine.close()
  })

  it('finds what was given up as an orphan, and cleans it away', async () => {
    const { engine, acme, operator, world, clock, look, volume } = await open()
    const id = await volume()
    world.failNext('volumeDelete', 'rejected', 'denied', id)
    await acme.volume.delete(id)
    await clock.pass(MINUTE / 2)
    await operator.volume.abandonCleanup(id)
    expect(await acme.settled(id)).toBe('deleted')
    await clock.pass(10 * MINUTE)
    expect(await look()).toEqual([`orphan volume ${id}`])
    expect((await acme.get(id)).attributes.orphans).toMatchObject([{ kind: 'volume', id }])
    expect(await engine.clean({ provider: 'lab', kind: 'volume', id })).toMatchObject({ recorded: true })
    expect([await look(), world.objects()]).toEqual([[], []])
    expect((await acme.get(id)).attributes).not.toHaveProperty('orphans')
    await engine.close()
  })

  it('takes a compute that was given up out of the orphans of its instance, once it is cleaned away', async () => {
    const { engine, acme, operator, world, clock, look, running } = await open()
    const id = await running()
    world.failNext('instanceDestroy', 'rejected', 'denied', id)
    await acme.instance.terminate(id)
    await clock.pass(MINUTE / 2)
    await operator.instance.abandonCleanup(id, { item: id })
    expect((await acme.get(id)).attributes.orphans).toMatchObject([{ kind: 'instance', id }])
    await clock.pass(10 * MINUTE)
    expect(await look()).toContain(`orphan instance ${id}`)
    expect(await engine.clean({ provider: 'lab', kind: 'instance', id })).toMatchObject({ recorded: true })
    expect((await acme.get(id)).attributes).not.toHaveProperty('orphans')
    await engine.close()
  })

  it('counts what is foreign, and touches none of it', async () => {
    const one = await open()
    const other = await open({ clock: one.clock, world: one.world })
    const [mine, theirs] = [await one.volume(), await other.volume()]
    one.world.plant({ id: 'vol-nobody', sizeBytes: GiB, owner: 'somebody' })
    await one.clock.pass(10 * MINUTE)
    const before = JSON.stringify(one.world.objects())
    const foreign = async ({ engine, found }: typeof one) => found(await engine.survey(), 'foreign')
    expect(await foreign(one)).toEqual([`foreign volume ${theirs}`, 'foreign volume vol-nobody'].sort())
    expect(await foreign(other)).toEqual([`foreign volume ${mine}`, 'foreign volume vol-nobody'].sort())
    expect([await one.look(), await other.look()]).toEqual([[], []])
    const cleaned = await outcomeOf(one.engine.clean({ provider: 'lab', kind: 'volume', id: theirs }))
    expect(cleaned.error).toMatchObject({ code: 'foreign' })
    expect(JSON.stringify(one.world.objects())).toBe(before)
    await one.engine.close()
    await other.engine.close()
  })

  it('of a provider that gives no answer says so, and keeps nobody waiting for another', async () => {
    const clock = new TestClock()
    const world = simulated({ instant: true, clock: clocked(clock) })
    const silent: Driver = { ...world, list: () => new Promise(() => {}) }
    const { engine } = await open({ clock, world, driver: silent })
    const survey = engine.survey()
    await clock.pass(10 * MINUTE)
    expect((await survey).providers).toMatchObject([{ provider: 'lab', reachable: false }])
    await engine.close()
    expect(clock.waiting).toBe(0)
  })

  it('is made soon after the start, again every so often, and not after the end', async () => {
    const { engine, world, clock } = await open({ surveyEveryMs: 15 * MINUTE })
    const surveys = [] as SurveyReport[]
    engine.on('surveyed', report => surveys.push(report))
    await clock.pass(31 * MINUTE)
    expect(surveys).toHaveLength(3)
    expect(engine.lastSurvey).toEqual(surveys.at(-1))
    const lists = world.calls.list
    await engine.close()
    await clock.pass(60 * MINUTE)
    expect([world.calls.list, clock.waiting]).toEqual([lists, 0])
  })
})

describe('cleaning', () => {
  it('refuses what is known, too young, or of no kind that can be removed', async () => {
    const { engine, world, volume } = await open()
    const id = await volume()
    const refused = async (kind: string, thing: string) =>
      (await outcomeOf(engine.clean({ provider: 'lab', kind, id: thing }))).error?.code
    world.plant({ id: 'vol-new', sizeBytes: GiB, owner: engine.owner })
    expect(await refused('volume', id)).toBe('stillKnown')
    expect(await refused('volume', 'vol-new')).toBe('tooYoung')
    expect(await refused('image', 'img-1')).toBe('foreign')
    expect(await refused('attachment', `${id}/vol-1`)).toBe('invalidInput')
    expect(await engine.clean({ provider: 'lab', kind: 'volume', id: 'vol-none' })).toMatchObject({ outcome: 'absent' })
    expect(world.objects().map(each => each.id)).toEqual([id, 'vol-new'])
    await engine.close()
  })

  it('of what a deleted volume left is in its history', async () => {
    const { engine, acme, world, clock, look, volume } = await open()
    const id = await volume()
    await acme.volume.delete(id)
    await acme.settled(id)
    world.plant({ id, sizeBytes: GiB, owner: engine.owner })
    await clock.pass(10 * MINUTE)
    expect(await look()).toEqual([`orphan volume ${id}`])
    const { token, recorded } = await engine.clean({ provider: 'lab', kind: 'volume', id }, 'ops@cloud')
    expect(recorded).toBe(true)
    const events = []
    for await (const event of acme.history(id)) events.push(event)
    expect(events.at(-1)).toMatchObject({
      type: 'volume.orphanCleaned',
      state: 'deleted',
      actor: 'ops@cloud',
      data: { token, kind: 'volume', id },
    })
    expect(await look()).toEqual([])
    await engine.close()
  })

  it('of an instance turns it off first where its provider wants that', async () => {
    const { engine, acme, world, clock, look, running } = await open({ capabilities: { destroyFrom: ['stopped'] } })
    const id = await running()
    const spec = { zone: 'a', image: 'img-1', vcpus: 1, memoryBytes: GiB, devices: [], generation: 1 }
    const context = { token: 'i-lost.1.0', attempt: 1, deadline: Number.POSITIVE_INFINITY, owner: engine.owner }
    const own = { ...context, signal: new AbortController().signal, now: () => clock.now() }
    await world.instanceEnsure('i-lost', spec, own)
    await clock.pass(10 * MINUTE)
    // The root that the provider made for it is a finding of its own.
    expect(await look()).toContain('orphan instance i-lost')
    await engine.clean({ provider: 'lab', kind: 'instance', id: 'i-lost' })
    expect(await look()).not.toContain('orphan instance i-lost')
    expect((await acme.get(id)).state).toBe('running')
    await engine.close()
  })

  it('is the operator’s alone', async () => {
    const { engine, acme, operator } = await open()
    for (const asked of [acme.survey(), acme.lastSurvey(), acme.clean({ provider: 'lab', kind: 'volume', id: 'v' })])
      expect((await outcomeOf<unknown>(asked)).error).toMatchObject({ code: 'notPermitted' })
    expect((await operator.survey()).found).toBe(0)
    await engine.close()
  })
})
