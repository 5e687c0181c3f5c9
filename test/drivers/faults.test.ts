/** Each way in which a provider fails, by script: what the caller is told, and what is true. */
import { describe, expect, it } from 'vitest'
import type { Observation } from '../../src/drivers/driver.ts'
import {
  type Fault,
  type FaultPlan,
  FaultPlanInvalid,
  type SimulatedOptions,
  simulated,
} from '../../src/drivers/simulated/index.ts'
import { call, disk, gigabyte, server } from './calls.ts'
import { virtualClock } from './virtual-clock.ts'

const failingAt = (
  verb: 'volumeEnsure' | 'volumeSnapshotEnsure' | 'instanceEnsure',
  fault: Fault,
  rest: SimulatedOptions = {},
) => simulated({ instant: true, script: [{ verb, nth: 1, fault }], ...rest })
const volumes = (driver: { objects(): readonly Observation[] }) =>
  driver.objects().filter(({ kind }) => kind === 'volume')

describe('a fault', () => {
  it('before the effect leaves nothing behind, and is either "unavailable" or unknown', async () => {
    const seen = new Set<string>()
    for (let seed = 1; seed <= 20; seed++) {
      const driver = failingAt('volumeEnsure', 'beforeEffect', { seed })
      const outcome = await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))
      if (outcome.kind !== 'rejected' && outcome.kind !== 'unknown') throw new Error(`not a failure: ${outcome.kind}`)
      seen.add(`${outcome.kind} ${outcome.error.code} ${outcome.error.retry}`)
      expect(driver.objects()).toEqual([])
    }
    expect([...seen].sort()).toEqual(['rejected unavailable later', 'unknown unknownOutcome observe-first'])
  })

  it('after the effect has made the volume, and the same call finds it', async () => {
    const driver = failingAt('volumeEnsure', 'afterEffect')
    expect(await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))).toMatchObject({
      kind: 'unknown',
      error: { effect: 'possible', retry: 'observe-first' },
    })
    expect(volumes(driver)).toMatchObject([{ id: 'vol-1', exists: 'yes' }])
    expect(await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))).toMatchObject({ kind: 'done', already: true })
    expect(driver.made('vol-1')).toBe(1)
  })

  it('that is asked for of one resource waits for it, whoever calls before', async () => {
    const driver = simulated({ instant: true })
    driver.failNext('volumeEnsure', 'rejected', 'denied', 'vol-2')
    driver.failNext('volumeEnsure', 'rejected', 'exhausted')
    const made = (id: string) => driver.volumeEnsure!(id, disk, call(`${id}.1.0`))
    expect(await made('vol-1')).toMatchObject({ kind: 'rejected', error: { code: 'exhausted' } })
    expect(await made('vol-3')).toMatchObject({ kind: 'done' })
    expect(await made('vol-2')).toMatchObject({ kind: 'rejected', error: { code: 'denied' } })
    expect(await made('vol-2')).toMatchObject({ kind: 'done' })

    driver.failNext('observe', 'beforeEffect', undefined, 'vol-2')
    expect(await driver.observe('volume', 'vol-1', call('look'))).toMatchObject({ exists: 'no' })
    expect(await driver.observe('volume', 'vol-2', call('look'))).toMatchObject({ exists: 'unknown' })

    driver.failNext('poll', 'beforeEffect', undefined, 'vol-4')
    driver.failNext('volumeEnsure', 'pending', undefined, 'vol-4')
    const begun = await made('vol-4')
    if (begun.kind !== 'pending') throw new Error(`not pending: ${begun.kind}`)
    const polled = () => driver.poll(begun.handle, call('vol-4.1.0'))
    expect([(await polled()).kind, (await polled()).kind]).toEqual(['unknown', 'done'])
    expect(() => driver.failNext('list', 'throws', undefined, 'vol-1')).toThrow(FaultPlanInvalid)
  })

  it('of silence answers only when the caller gives up, and the volume is there', async () => {
    const driver = failingAt('volumeEnsure', 'silence')
    const patience = new AbortController()
    let answered = false
    const asked = driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0', { signal: patience.signal })).then(outcome => {
      answered = true
      return outcome
    })
    await new Promise(resolve => setImmediate(resolve))
    expect(answered).toBe(false)
    expect(volumes(driver)).toHaveLength(1)
    patience.abort()
    expect(await asked).toMatchObject({ kind: 'unknown' })
  })

  it('of silence ends at the deadline when the provider has a clock', async () => {
    const clock = virtualClock()
    const driver = failingAt('volumeEnsure', 'silence', { instant: false, latencyMs: { min: 0, max: 0 }, clock })
    const deadline = clock.now() + 5000
    const asked = driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0', { deadline, now: clock.now }))
    clock.pass(5000)
    expect(await asked).toMatchObject({ kind: 'unknown' })
  })

  it('of partial work leaves an instance that is neither there nor gone, and the same call finishes it', async () => {
    const driver = failingAt('instanceEnsure', 'partial')
    await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))
    expect(await driver.instanceEnsure('i-1', server('vol-1'), call('i-1.1.0'))).toMatchObject({
      kind: 'unknown',
      error: { code: 'partial', effect: 'partial', retry: 'same' },
    })
    expect(await driver.observe('instance', 'i-1', call('look'))).toMatchObject({ exists: 'unknown' })
    expect(await driver.instanceEnsure('i-1', server('vol-1'), call('i-1.1.0'))).toMatchObject({
      kind: 'done',
      facts: { status: 'running' },
    })
    expect(driver.made('i-1')).toBe(1)
  })

  it('of partial work can be destroyed instead, and then nothing is left', async () => {
    const driver = failingAt('instanceEnsure', 'partial')
    await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))
    await driver.instanceEnsure('i-1', server('vol-1'), call('i-1.1.0'))
    expect(await driver.instanceDestroy('i-1', {}, call('i-1.2.0'))).toMatchObject({ kind: 'done' })
    expect(await driver.volumeDelete!('vol-1', {}, call('vol-1.2.0'))).toMatchObject({ kind: 'done' })
    expect(driver.objects()).toEqual([])
  })

  it('half way through a destroy leaves the disks connected until the destroy is repeated', async () => {
    const driver = simulated({ instant: true, script: [{ verb: 'instanceDestroy', nth: 1, fault: 'partial' }] })
    await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))
    await driver.instanceEnsure('i-1', server('vol-1'), call('i-1.1.0'))
    expect(await driver.instanceDestroy('i-1', {}, call('i-1.2.0'))).toMatchObject({ error: { code: 'partial' } })
    expect(await driver.volumeDelete!('vol-1', {}, call('vol-1.2.0'))).toMatchObject({
      error: { code: 'precondition' },
    })
    expect(await driver.instanceDestroy('i-1', {}, call('i-1.2.0'))).toMatchObject({ kind: 'done' })
    expect(await driver.volumeDelete!('vol-1', {}, call('vol-1.2.0'))).toMatchObject({ kind: 'done' })
  })

  it('of delay makes the volume later, whether anyone polls or not', async () => {
    const clock = virtualClock()
    const driver = failingAt('volumeEnsure', 'delay', { clock, delayMs: { min: 500, max: 500 } })
    const begun = await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))
    if (begun.kind !== 'pending') throw new Error(`not pending: ${begun.kind}`)
    expect(begun.pollAfterMs).toBe(500)
    expect(await driver.observe('volume', 'vol-1', call('look'))).toMatchObject({ exists: 'no' })
    clock.pass(500)
    expect(await driver.observe('volume', 'vol-1', call('look'))).toMatchObject({ exists: 'yes' })
    expect(await driver.poll(begun.handle, call('vol-1.1.0'))).toMatchObject({ kind: 'done', already: false })
    driver.settle!('vol-1.1.0')
    expect(await driver.poll(begun.handle, call('vol-1.1.0'))).toMatchObject({ kind: 'unknown' })
  })

  it('of delay keeps of a volume what it was when the snapshot was accepted, also when the volume goes away', async () => {
    const clock = virtualClock()
    const driver = failingAt('volumeSnapshotEnsure', 'delay', { clock, delayMs: { min: 500, max: 500 } })
    await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))
    const begun = await driver.volumeSnapshotEnsure!('snap-1', { volume: 'vol-1' }, call('snap-1.1.0'))
    if (begun.kind !== 'pending') throw new Error(`not pending: ${begun.kind}`)
    expect(begun.progress).toEqual({ done: 0, total: 500 })
    await driver.volumeResize!('vol-1', { sizeBytes: disk.sizeBytes * 2 }, call('vol-1.2.0'))
    await driver.volumeDelete!('vol-1', {}, call('vol-1.3.0'))
    clock.pass(250)
    expect(await driver.poll(begun.handle, call('snap-1.1.0'))).toMatchObject({ progress: { done: 250, total: 500 } })
    expect(await driver.observe('volumeSnapshot', 'snap-1', call('look'))).toMatchObject({ exists: 'unknown' })
    clock.pass(250)
    expect(await driver.poll(begun.handle, call('snap-1.1.0'))).toMatchObject({
      kind: 'done',
      facts: { sizeBytes: disk.sizeBytes },
    })
  })

  it('of delay refuses a snapshot of nothing at once', async () => {
    const driver = failingAt('volumeSnapshotEnsure', 'delay')
    expect(await driver.volumeSnapshotEnsure!('snap-1', { volume: 'vol-1' }, call('snap-1.1.0'))).toMatchObject({
      kind: 'rejected',
      error: { code: 'notFound' },
    })
  })

  it('of delay makes other calls for the resource wait, except its end, which overrides it for good', async () => {
    const clock = virtualClock()
    const driver = failingAt('instanceEnsure', 'delay', { clock, delayMs: { min: 500, max: 500 } })
    await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))
    const begun = await driver.instanceEnsure('i-1', server('vol-1'), call('i-1.1.0'))
    if (begun.kind !== 'pending') throw new Error(`not pending: ${begun.kind}`)
    const stop = { want: 'off', mode: 'hard', generation: 1 } as const
    expect(await driver.instancePower!('i-1', stop, call('i-1.2.0'))).toMatchObject({
      error: { code: 'busy', retry: 'later' },
    })
    expect(await driver.instanceDestroy('i-1', {}, call('i-1.3.0'))).toMatchObject({ kind: 'done' })
    clock.pass(1000)
    expect(await driver.observe('instance', 'i-1', call('look'))).toMatchObject({ exists: 'no' })
    expect(await driver.poll(begun.handle, call('i-1.1.0'))).toMatchObject({ kind: 'rejected' })
    expect(driver.made('i-1')).toBe(0)
  })

  it('of delay is remembered with its answer: the same call, repeated late, does not do the work again', async () => {
    const clock = virtualClock()
    const driver = simulated({ instant: true, clock, delayMs: { min: 500, max: 500 } })
    await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))
    driver.failNext('volumeDelete', 'delay')
    const remove = () => driver.volumeDelete!('vol-1', {}, call('vol-1.2.0'))
    expect(await remove()).toMatchObject({ kind: 'pending' })
    clock.pass(500)
    expect(await remove()).toMatchObject({ kind: 'done', already: true })

    const unsafe = failingAt('volumeEnsure', 'pending', { capabilities: { idempotency: { by: 'none' } } })
    await unsafe.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))
    expect(await unsafe.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))).toMatchObject({ kind: 'done', already: true })
    expect(unsafe.made('vol-1')).toBe(1)
  })

  it('of pending has made the volume at once, and the handle says so', async () => {
    const driver = failingAt('volumeEnsure', 'pending')
    const begun = await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))
    if (begun.kind !== 'pending') throw new Error(`not pending: ${begun.kind}`)
    expect(volumes(driver)).toHaveLength(1)
    expect(await driver.poll(begun.handle, call('vol-1.1.0'))).toMatchObject({
      kind: 'done',
      facts: { sizeBytes: gigabyte },
    })
  })

  it('of a duplicate gives the answer a second time, as news', async () => {
    const heard: string[] = []
    const driver = failingAt('volumeEnsure', 'duplicateAnswer', { onDuplicate: token => heard.push(token) })
    const watching = new AbortController()
    const reader = driver.watch!(watching.signal)[Symbol.asyncIterator]()
    expect(await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))).toMatchObject({ kind: 'done', already: false })
    expect(heard).toEqual(['vol-1.1.0'])
    expect((await reader.next()).value).toMatchObject({
      id: 'vol-1',
      token: 'vol-1.1.0',
      facts: { sizeBytes: gigabyte },
    })
    watching.abort()
    expect((await reader.next()).done).toBe(true)
  })

  it('of a stale read shows the state before the change, and only within the declared lag', async () => {
    const clock = virtualClock()
    const faults: FaultPlan = { observe: { staleRead: 1 }, list: { staleRead: 1 } }
    const driver = simulated({ instant: true, clock, faults })
    expect(driver.describe().consistency).toEqual({ readAfterWrite: false, lagMs: 1000 })
    const look = () => driver.observe('volume', 'vol-1', call('look'))
    const ids = async () => (await driver.list('volume', undefined, call('look'))).items.map(({ id }) => id)
    await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))
    expect([(await look()).exists, await ids()]).toEqual(['no', []])
    clock.pass(1000)
    expect([(await look()).exists, await ids()]).toEqual(['yes', ['vol-1']])
    await driver.volumeDelete!('vol-1', {}, call('vol-1.2.0'))
    expect([(await look()).exists, await ids()]).toEqual(['yes', ['vol-1']])
    clock.pass(1000)
    expect([(await look()).exists, await ids()]).toEqual(['no', []])
  })

  it('of a lost process stops the guest behind the answer, and tells those who watch', async () => {
    const driver = failingAt('instanceEnsure', 'lostProcess')
    const reader = driver.watch!(new AbortController().signal)[Symbol.asyncIterator]()
    await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))
    expect(await driver.instanceEnsure('i-1', server('vol-1'), call('i-1.1.0'))).toMatchObject({
      kind: 'done',
      facts: { status: 'running' },
    })
    expect((await reader.next()).value).toMatchObject({
      id: 'i-1',
      facts: { status: 'stopped', endReason: 'vanished' },
    })
    expect(await driver.observe('instance', 'i-1', call('look'))).toMatchObject({
      exists: 'yes',
      facts: { status: 'stopped' },
    })
  })

  it('that throws may have done its work or not', async () => {
    const made = new Set<number>()
    for (let seed = 1; seed <= 20; seed++) {
      const driver = failingAt('volumeEnsure', 'throws', { seed })
      await expect(driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))).rejects.toThrow('has a bug')
      made.add(driver.made('vol-1'))
    }
    expect([...made].sort()).toEqual([0, 1])
  })

  it('of a rejection has done nothing, with the code of the script', async () => {
    const script = [{ verb: 'volumeEnsure', nth: 2, fault: 'rejected', code: 'denied' }] as const
    const driver = simulated({ instant: true, script })
    expect(await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))).toMatchObject({ kind: 'done' })
    expect(await driver.volumeEnsure!('vol-2', disk, call('vol-2.1.0'))).toMatchObject({
      kind: 'rejected',
      error: { code: 'denied' },
    })
    expect(await driver.volumeEnsure!('vol-2', disk, call('vol-2.1.0'))).toMatchObject({ kind: 'done', already: false })
  })

  it('is over when the provider heals', async () => {
    const driver = simulated({ instant: true, faults: { '*': { rejected: 1 } } })
    expect(await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))).toMatchObject({ kind: 'rejected' })
    driver.heal()
    expect(await driver.volumeEnsure!('vol-1', disk, call('vol-1.1.0'))).toMatchObject({ kind: 'done' })
  })
})

describe('a seed', () => {
  const story = async (seed: number) => {
    const faults: FaultPlan = { '*': { beforeEffect: 0.2, afterEffect: 0.2, partial: 0.1, delay: 0.1, rejected: 0.1 } }
    const driver = simulated({ instant: true, clock: virtualClock(), seed, faults })
    const told: string[] = []
    for (let at = 0; at < 60; at++) {
      told.push(JSON.stringify(await driver.volumeEnsure!(`vol-${at % 20}`, disk, call(`vol-${at % 20}.1.0`))))
    }
    return told
  }
  it('tells the same story again', async () => {
    expect(await story(7)).toEqual(await story(7))
  })
  it('tells another story than another seed', async () => {
    expect(await story(7)).not.toEqual(await story(8))
  })
})

describe('a fault plan', () => {
  it.each([
    [{ faults: { volumeMelt: { throws: 0.1 } } }, 'unknown call "volumeMelt"'],
    [{ faults: { attach: { sulks: 0.1 } } }, 'unknown fault "sulks"'],
    [{ faults: { attach: { throws: 1.5 } } }, 'not 0 to 1'],
    [{ faults: { attach: { throws: 0.6, partial: 0.6 } } }, 'more than 1'],
    [{ faults: { list: { partial: 0.1 } } }, 'can not have the fault'],
    [{ script: [{ verb: 'attach', nth: 1, fault: 'staleRead' }] }, 'can not have the fault'],
    [{ faults: { observe: { staleRead: 1 } }, capabilities: { consistency: { lagMs: 0 } } }, 'need a declared lag'],
  ])('%j is refused', (options, reason) => {
    expect(() => simulated(options as unknown as SimulatedOptions)).toThrow(reason)
  })
})
