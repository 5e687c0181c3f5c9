/**
 * Whatever goes wrong, a caller that asks again with the same token until it is done gets the world it wanted, with one
 * object for each id. The caller here is the smallest correct one; the engine has to be at least as stubborn.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Fault, type FaultPlan, simulated } from '../../src/drivers/simulated/index.ts'
import { disk, gigabyte, server } from './calls.ts'
import { insist, type Provider, type ChangingCall as Verb } from './insist.ts'
import { virtualClock } from './virtual-clock.ts'

type Step =
  | {
      readonly do: 'launch' | 'destroy' | 'stop' | 'start' | 'grow' | 'attach' | 'detach' | 'snapshot' | 'forget'
      readonly at: number
    }
  | { readonly do: 'restart' }

const slots = [0, 1, 2, 3]
interface Wanted {
  status: 'running' | 'stopped'
  /** Which of its volumes are connected: none survives a stop. */
  root: boolean
  generation: number
  data: boolean
}

/** The world as the caller wants it, by slot; each launch into a free slot uses new ids. */
class Story {
  readonly provider: Provider
  readonly wanted = new Map<number, Wanted>()
  readonly sizes = new Map<string, number>()
  /** Snapshots of roots, which stay when the root is gone, with the size it had then. */
  readonly snapshots = new Map<string, number>()
  readonly #lives = new Map<number, number>()
  #tokens = 0

  constructor(provider: Provider) {
    this.provider = provider
  }

  name(kind: string, at: number): string {
    return `${kind}-${at}-${this.#lives.get(at) ?? 0}`
  }

  async ask(verb: Verb, id: string, spec: object): Promise<void> {
    const outcome = await insist(this.provider, verb, id, spec, `${id}.${++this.#tokens}.0`)
    if (outcome.kind !== 'done') throw new Error(`${verb} ${id}: ${JSON.stringify(outcome)}`)
  }

  async step(step: Step): Promise<void> {
    if (step.do === 'restart') return this.provider.restart()
    const { at } = step
    const [root, data, id] = [this.name('root', at), this.name('data', at), this.name('i', at)]
    const now = this.wanted.get(at)
    if (step.do === 'forget') return this.#forget()
    if (now === undefined) {
      if (step.do === 'launch') await this.#launch(at)
      return
    }
    const { generation } = now
    const attachment = { instance: id, volume: data, device: '/dev/vdb', generation }
    if (step.do === 'destroy') {
      await this.ask('instanceDestroy', id, {})
      for (const volume of [root, data]) {
        await this.ask('volumeDelete', volume, {})
        this.sizes.delete(volume)
      }
      this.wanted.delete(at)
      this.#lives.set(at, (this.#lives.get(at) ?? 0) + 1)
    } else if (step.do === 'stop') {
      await this.ask('instancePower', id, { want: 'off', mode: 'hard', generation })
      now.status = 'stopped'
      now.root = now.data = false
    } else if (step.do === 'start' && now.status === 'stopped') {
      await this.ask('instancePower', id, {
        want: 'running',
        mode: 'hard',
        generation: generation + 1,
        devices: server(root).devices,
      })
      now.status = 'running'
      now.root = true
      now.data = false
      now.generation++
    } else if (step.do === 'grow') {
      const sizeBytes = this.sizes.get(root)! + gigabyte
      await this.ask('volumeResize', root, { sizeBytes })
      this.sizes.set(root, sizeBytes)
    } else if (step.do === 'snapshot') {
      const snapshot = `snap-${++this.#tokens}`
      await this.ask('volumeSnapshotEnsure', snapshot, { volume: root })
      this.snapshots.set(snapshot, this.sizes.get(root)!)
    } else if (step.do === 'attach' || step.do === 'detach') {
      await this.ask(step.do, id, attachment)
      now.data = step.do === 'attach'
    }
  }

  async #forget(): Promise<void> {
    const [oldest] = this.snapshots.keys()
    if (oldest === undefined) return
    await this.ask('volumeSnapshotDelete', oldest, {})
    this.snapshots.delete(oldest)
  }

  async #launch(at: number): Promise<void> {
    this.#lives.set(at, (this.#lives.get(at) ?? 0) + 1)
    const [root, data, id] = [this.name('root', at), this.name('data', at), this.name('i', at)]
    for (const volume of [root, data]) {
      await this.ask('volumeEnsure', volume, disk)
      this.sizes.set(volume, disk.sizeBytes)
    }
    await this.ask('instanceEnsure', id, server(root))
    this.wanted.set(at, { status: 'running', generation: 1, root: true, data: false })
  }

  /** Every object that should be there, as the provider would show it. */
  expected(): string[] {
    const lines = [...this.sizes].map(([id, sizeBytes]) => `volume ${id} ${sizeBytes}`)
    for (const [id, sizeBytes] of this.snapshots) lines.push(`volumeSnapshot ${id} ${sizeBytes}`)
    for (const [at, { status, generation, root, data }] of this.wanted) {
      const id = this.name('i', at)
      lines.push(`instance ${id} ${status} ${generation}`)
      if (root) lines.push(`attachment ${id}/${this.name('root', at)}`)
      if (data) lines.push(`attachment ${id}/${this.name('data', at)}`)
    }
    return lines.sort()
  }

  shown(): string[] {
    return this.provider
      .driver()
      .objects()
      .map(({ kind, id, exists, facts }) => {
        if (exists !== 'yes') return `${kind} ${id} is incomplete`
        if (kind.startsWith('volume')) return `${kind} ${id} ${facts.sizeBytes}`
        return kind === 'instance' ? `instance ${id} ${facts.status} ${facts.generation}` : `${kind} ${id}`
      })
      .sort()
  }
}

const faults: Fault[] = [
  'beforeEffect',
  'afterEffect',
  'silence',
  'partial',
  'delay',
  'refusedLater',
  'pending',
  'duplicateAnswer',
  'throws',
  'rejected',
]
const odds = fc.record(
  Object.fromEntries(faults.map(fault => [fault, fc.double({ min: 0, max: 0.1, noNaN: true })])) as Record<
    Fault,
    fc.Arbitrary<number>
  >,
)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'launch',
        'launch',
        'destroy',
        'stop',
        'start',
        'grow',
        'attach',
        'detach',
        'snapshot',
        'forget',
      ),
      at: fc.constantFrom(...slots),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
)
const tale = {
  seed: fc.integer(),
  plan: odds.map((all): FaultPlan => ({ '*': all })),
  steps: fc.array(step, { maxLength: 40 }),
}

const converges = async (provider: Provider, steps: readonly Step[]) => {
  const story = new Story(provider)
  for (const each of steps) {
    await story.step(each)
    expect(story.shown()).toEqual(story.expected())
  }
  const ids = provider
    .driver()
    .objects()
    .filter(({ kind }) => kind !== 'attachment')
  for (const { id } of ids) expect([id, provider.driver().made(id)]).toEqual([id, 1])
}

describe('asking again until it is done', () => {
  it('makes the wanted world in memory, under any fault plan', () =>
    fc.assert(
      fc.asyncProperty(tale.seed, tale.plan, tale.steps, async (seed, plan, steps) => {
        const clock = virtualClock()
        const driver = simulated({ instant: true, clock, seed, faults: plan })
        await converges({ driver: () => driver, restart: () => {}, clock }, steps)
      }),
      { numRuns: 300 },
    ))

  it('makes the wanted world on a file, also when the driver is abandoned and opened again in between', () =>
    fc.assert(
      fc.asyncProperty(tale.seed, tale.plan, tale.steps, async (seed, plan, steps) => {
        const folder = mkdtempSync(join(tmpdir(), 'simulated-'))
        const clock = virtualClock()
        const open = () => simulated({ instant: true, clock, seed, faults: plan, file: join(folder, 'provider.db') })
        const opened = [open()]
        try {
          await converges({ driver: () => opened.at(-1)!, restart: () => opened.push(open()), clock }, steps)
        } finally {
          for (const driver of opened) await driver.close!()
          rmSync(folder, { recursive: true })
        }
      }),
      { numRuns: 40 },
    ))

  it('finds a lost guest stopped, and starts its next launch', () =>
    fc.assert(
      fc.asyncProperty(tale.seed, tale.plan, async (seed, plan) => {
        const clock = virtualClock()
        const driver = simulated({
          instant: true,
          clock,
          seed,
          faults: { ...plan, instancePower: { lostProcess: 0.5 } },
        })
        const story = new Story({ driver: () => driver, restart: () => {}, clock })
        await story.step({ do: 'launch', at: 0 })
        const id = story.name('i', 0)
        driver.powerOffGuest(id)
        for (let generation = 2; ; generation++) {
          const start = { want: 'running', mode: 'hard', generation }
          await insist(story.provider, 'instancePower', id, start, `${id}.start${generation}.0`)
          const [instance] = driver.objects().filter(({ kind }) => kind === 'instance')
          if (instance!.facts.status !== 'running') continue
          expect(instance!.facts).toMatchObject({ status: 'running', generation })
          break
        }
        expect(driver.made(id)).toBe(1)
      }),
      { numRuns: 100 },
    ))
})
