/** A cloud with a provider of each class, in one engine, and what can be done to it. Time passes only when it is told to. */
import Database from 'better-sqlite3'
import fc from 'fast-check'
import type { Envelope } from '../../machines/grammar.ts'
import { kinds } from '../../machines/index.ts'
import { projections } from '../../projections/index.ts'
import type { Driver } from '../../src/drivers/driver.ts'
import {
  type FaultPlan,
  type SimulatedDriver,
  type SimulatedOptions,
  simulated,
} from '../../src/drivers/simulated/index.ts'
import { createEngine } from '../../src/engine.ts'
import { InvalidRequest, Refused } from '../../src/runtime/refusal.ts'
import type { CommandInput } from '../../src/runtime/request.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { rest, TestClock } from '../runtime/clock.ts'
import { type ProviderClass, providerClasses, providerClassNames } from '../simulation/provider.ts'

export const GiB = 1_073_741_824
const HOUR_MS = 3_600_000

export type Cloud = Awaited<ReturnType<typeof openCloud>>
export type Answer = 'accepted' | 'unchanged' | 'refused' | 'invalid'

/** An engine on a database, with these providers. */
async function engineOn(database: Database.Database, clock: TestClock, drivers: Record<string, Driver>) {
  return createEngine({ kinds, projections, store: sqlite({ database }), drivers, clock })
}

/** With other options for its providers, if any are given; each has its class's name. */
export async function openCloud(options: SimulatedOptions = {}) {
  const clock = new TestClock()
  const database = new Database(':memory:')
  const made = (name: ProviderClass) =>
    simulated({ instant: true, clock, ...options, capabilities: { ...providerClasses[name], ...options.capabilities } })
  const providers = Object.fromEntries(providerClassNames.map(name => [name, made(name)])) as Record<
    ProviderClass,
    SimulatedDriver
  >
  const engine = await engineOn(database, clock, providers)
  const operator = engine.as({ account: 'ops', actor: 'ops', authority: 'operator' })
  const acme = engine.as({ account: 'acme', actor: 'ops@acme' })
  await operator.offering.define({ name: 'small', vcpus: 1, memoryBytes: GiB })
  const { id: image } = await acme.image.register({ name: 'base', sizeBytes: GiB })

  const submit = async (command: CommandInput): Promise<{ answer: Answer; id?: string }> => {
    try {
      const [result] = await acme.submit([command])
      return { answer: result!.outcome, id: result!.id }
    } catch (error) {
      if (error instanceof Refused) return { answer: 'refused' }
      if (error instanceof InvalidRequest) return { answer: 'invalid' }
      throw error
    }
  }
  return {
    engine,
    acme,
    image,
    clock,
    providers,
    submit,
    events: (): Envelope[] =>
      (database.prepare('SELECT text FROM events ORDER BY position').pluck().all() as string[]).map(text =>
        JSON.parse(text),
      ),
    instances: async () => (await acme.list('instance')).items as unknown as { id: string; state: string }[],
    launch: (provider: ProviderClass, input: object = {}) =>
      submit({ kind: 'instance', command: 'launch', input: { image, type: 'small', provider, ...input } }),
    /** Failures are over, and everything that waits for time has had it. */
    async settle() {
      for (const provider of Object.values(providers)) provider.heal()
      await clock.pass(3 * HOUR_MS)
      await rest()
    },
    /** The same history under the same rules, with no provider there. The engine before has to be closed. */
    unplugged: () => engineOn(database, clock, {}),
    database,
  }
}

const faults = ['beforeEffect', 'afterEffect', 'partial', 'delay', 'pending', 'throws', 'rejected', 'lostProcess']
export const anyFaults: fc.Arbitrary<FaultPlan> = fc
  .record(Object.fromEntries(faults.map(fault => [fault, fc.constantFrom(0, 0, 0.05, 0.15)])))
  .map(odds => ({ '*': odds }))

export interface Deed {
  readonly what: (typeof deeds)[number]
  /** Which instance or class, and which of the variants. */
  readonly pick: number
  readonly other: number
}
const deeds = [
  'launch',
  'launch',
  'stop',
  'stop',
  'start',
  'start',
  'reboot',
  'terminate',
  'protect',
  'unprotect',
  'powerOff',
  'vanish',
  'minute',
  'hour',
] as const
export const anyLife = fc.record({
  seed: fc.nat(1_000_000),
  faults: anyFaults,
  deeds: fc.array(
    fc.record({ what: fc.constantFrom(...deeds), pick: fc.nat(30), other: fc.nat(30) }) as fc.Arbitrary<Deed>,
    { minLength: 6, maxLength: 24 },
  ),
})
export type Life = typeof anyLife extends fc.Arbitrary<infer L> ? L : never

const commands: Readonly<Record<string, { command: string; input?: object }>> = {
  stop: { command: 'stop' },
  start: { command: 'start' },
  reboot: { command: 'reboot' },
  terminate: { command: 'terminate' },
  protect: { command: 'modify', input: { terminationProtection: true } },
  unprotect: { command: 'modify', input: { terminationProtection: false, stopProtection: false } },
}
const among = <T>(list: readonly T[], index: number): T => list[index % list.length]!

/** What a deed asks of the engine; undefined for what just happens. */
export function askedBy({ what, pick, other }: Deed, ids: readonly string[], image: string): CommandInput | undefined {
  if (what === 'launch') {
    const provider = among(providerClassNames, pick)
    const mode = among(['auto', 'auto', 'stateful', 'stateless'], other)
    const blockDevices = other % 5 === 0 ? [{ device: '/dev/sdf', sizeBytes: GiB, deleteOnTermination: false }] : []
    const more = { onMismatch: other % 3 ? 'warn' : 'refuse', blockDevices }
    return { kind: 'instance', command: 'launch', input: { image, type: 'small', provider, mode, ...more } }
  }
  const given = commands[what]
  return given && ids.length ? { kind: 'instance', id: among(ids, pick), ...given } : undefined
}

/** What just happens. */
export async function happens(cloud: Cloud, { what, pick }: Deed, ids: readonly string[]): Promise<void> {
  if (what === 'minute') return cloud.clock.pass(60_000)
  if (what === 'hour') return cloud.clock.pass(HOUR_MS)
  if (ids.length === 0) return
  const id = among(ids, pick)
  for (const provider of Object.values(cloud.providers))
    if (what === 'powerOff') provider.powerOffGuest(id)
    else if (what === 'vanish') provider.vanish(id)
}
