/**
 * A life on each class of provider, by the calls that its capabilities lead to: whoever makes the root, the launches are
 * alike, a stop keeps what there was or is not offered, and nothing is left at the end. Under any plan of faults, asked
 * again until it is done. (spec: stateful-and-deltacloud 3a.6; P1, P2, P3, P5, P7 of 3a.9 as far as a driver goes.)
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Capabilities, derived } from '../../src/drivers/driver.ts'
import { type FaultPlan, type SimulatedDriver, simulated, simulatedClasses } from '../../src/drivers/simulated/index.ts'
import { disk, gigabyte } from './calls.ts'
import { type ChangingCall, insist } from './insist.ts'
import { virtualClock } from './virtual-clock.ts'

const image = 'img-1'

/** Who makes the root of a launch, and so who has to see that it goes. */
const rootMadeBy = (declared: Capabilities): 'provider' | 'caller' =>
  derived(declared).statelessNative ? 'provider' : 'caller'

class Caller {
  readonly driver: SimulatedDriver
  readonly declared: Capabilities
  readonly #clock = virtualClock()
  readonly #generations = new Map<string, number>()
  #tokens = 0

  constructor(capabilities: (typeof simulatedClasses)[keyof typeof simulatedClasses], seed: number, faults: FaultPlan) {
    this.driver = simulated({ instant: true, capabilities, seed, faults, clock: this.#clock })
    this.declared = this.driver.describe()
  }

  async ask(call: ChangingCall, id: string, spec: object) {
    const provider = { driver: () => this.driver, restart: () => {}, clock: this.#clock }
    const outcome = await insist(provider, call, id, spec, `${id}.${++this.#tokens}.0`)
    if (outcome.kind !== 'done') throw new Error(`${call} ${id}: ${JSON.stringify(outcome)}`)
    return outcome
  }
  root(id: string) {
    return `vol-${id}`
  }
  #devices(id: string) {
    return rootMadeBy(this.declared) === 'caller' ? [{ device: '/dev/vda', volume: this.root(id), root: true }] : []
  }

  async launch(id: string): Promise<void> {
    this.#generations.set(id, 1)
    const mine = rootMadeBy(this.declared) === 'provider'
    if (!mine) await this.ask('volumeEnsure', this.root(id), { ...disk, from: { kind: 'image', id: image } })
    const root = mine ? { kind: 'private', volume: this.root(id) } : undefined
    const size = { zone: 'a', vcpus: 1, memoryBytes: gigabyte }
    await this.ask('instanceEnsure', id, { ...size, image, root, generation: 1, devices: this.#devices(id) })
    if (this.declared.stateAfterCreate === 'stopped') await this.#turnOn(id, 1)
  }
  async #turnOn(id: string, generation: number): Promise<void> {
    const devices = this.#devices(id)
    await this.ask('instancePower', id, { want: 'running', mode: 'hard', generation, devices })
  }
  async stop(id: string): Promise<void> {
    await this.ask('instancePower', id, { want: 'off', mode: 'hard', generation: this.#generations.get(id)! })
  }
  async start(id: string): Promise<void> {
    const next = this.#generations.get(id)! + 1
    this.#generations.set(id, next)
    await this.#turnOn(id, next)
  }
  async destroy(id: string, isRunning: boolean): Promise<void> {
    if (isRunning && !this.declared.destroyFrom.includes('running')) await this.stop(id)
    await this.ask('instanceDestroy', id, { deleteRoot: true })
    if (rootMadeBy(this.declared) === 'caller') await this.ask('volumeDelete', this.root(id), {})
  }
}

const faults = [
  'beforeEffect',
  'afterEffect',
  'silence',
  'partial',
  'delay',
  'refusedLater',
  'pending',
  'throws',
  'rejected',
]
const anyPlan: fc.Arbitrary<FaultPlan> = fc
  .record(Object.fromEntries(faults.map(fault => [fault, fc.double({ min: 0, max: 0.1, noNaN: true })])))
  .map(odds => ({ '*': odds }))
const given = [fc.integer(), anyPlan] as const
const classes = Object.entries(simulatedClasses)
const thatAre = (holds: (declared: Capabilities) => boolean) =>
  classes.filter(([, each]) => holds(simulated({ capabilities: each }).describe()))

describe.each(classes)('on a provider of class %s', (_, capabilities) => {
  it('every launch has a root of its own, the image stays as it was, and nothing is left', () =>
    fc.assert(
      fc.asyncProperty(...given, async (seed, plan) => {
        const caller = new Caller(capabilities, seed, plan)
        const { driver } = caller
        const before = driver.digest('image', image)
        const ids = ['i-1', 'i-2', 'i-3']
        for (const id of ids) {
          await caller.launch(id)
          driver.writeRoot(id, id)
        }
        expect(ids.map(id => driver.readRoot(id))).toEqual(ids)
        expect(new Set(ids.map(id => driver.digest('volume', caller.root(id)))).size).toBe(3)
        expect(driver.digest('image', image)).toBe(before)
        for (const id of ids) await caller.destroy(id, true)
        expect(driver.objects()).toEqual([])
        expect(ids.flatMap(id => [driver.made(id), driver.made(caller.root(id))])).toEqual([1, 1, 1, 1, 1, 1])
      }),
      { numRuns: 60 },
    ))
})

describe.each(thatAre(declared => derived(declared).stateful))('on a provider of class %s', (_, capabilities) => {
  it('what a guest wrote is there after every stop and start', () =>
    fc.assert(
      fc.asyncProperty(...given, fc.integer({ min: 0, max: 3 }), async (seed, plan, stops) => {
        const caller = new Caller(capabilities, seed, plan)
        await caller.launch('i-1')
        caller.driver.writeRoot('i-1', 'mine')
        for (let stop = 0; stop < stops; stop++) {
          await caller.stop('i-1')
          await caller.start('i-1')
        }
        expect(caller.driver.readRoot('i-1')).toBe('mine')
        await caller.stop('i-1')
        await caller.destroy('i-1', false)
        expect(caller.driver.objects()).toEqual([])
      }),
      { numRuns: 60 },
    ))
})

const taking = thatAre(({ volumeAttach }) => volumeAttach.max > 0 && volumeAttach.hotPlug)
describe.each(taking)('on a provider of class %s', (_, capabilities) => {
  it('a volume of the user outlives the instance that had it, once it was taken off where the provider takes all', async () => {
    const caller = new Caller(capabilities, 1, {})
    await caller.launch('i-1')
    await caller.ask('volumeEnsure', 'data', disk)
    const attachment = { instance: 'i-1', volume: 'data', device: '/dev/vdb', generation: 1 }
    await caller.ask('attach', 'i-1', attachment)
    if (caller.declared.attachmentsOnDestroy === 'deletes') await caller.ask('detach', 'i-1', attachment)
    await caller.destroy('i-1', true)
    expect(caller.driver.objects().map(({ id }) => id)).toEqual(['data'])
  })
})

it('of several launches at once on one image that instances run on, exactly one succeeds', async () => {
  const driver = simulated({ capabilities: simulatedClasses.D, latencyMs: { min: 0, max: 3 } })
  const size = { zone: 'a', vcpus: 1, memoryBytes: gigabyte, generation: 1, devices: [] }
  const context = {
    attempt: 1,
    deadline: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    now: Date.now,
  }
  const outcomes = await Promise.all(
    ['i-1', 'i-2', 'i-3', 'i-4'].map(id =>
      driver.instanceEnsure(id, { ...size, image, root: { kind: 'image' } }, { ...context, token: `${id}.1.0` }),
    ),
  )
  expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['done', 'rejected', 'rejected', 'rejected'])
})
