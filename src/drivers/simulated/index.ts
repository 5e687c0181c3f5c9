/**
 * A provider that exists only here: the reference of the driver contract, the world of every simulation, and what the
 * engine runs on when no real provider is at hand. It keeps its own truth, apart from the engine's, and fails on demand.
 */
import { type ChangingCall, changingCalls } from '../changing-calls.ts'
import type { CallContext, Driver, Observation, Outcome, ResourceKind } from '../driver.ts'
import { optionalCalls, promises } from '../optional-calls.ts'
import { rejected, unknownOutcome } from '../outcomes.ts'
import { Calls } from './calls.ts'
import { realClock } from './clock.ts'
import { consoleOf } from './console.ts'
import { delivery } from './delivery.ts'
import { checkPlan, type Drawn, FaultPlanInvalid, faultSource, plans, type Verb } from './faults.ts'
import { fileLedger } from './file.ts'
import { lag } from './lag.ts'
import { news } from './news.ts'
import { operatorOf } from './operator.ts'
import { declarationOf, type SimulatedOptions, type SimulatedWorld } from './options.ts'
import { randomStream } from './random.ts'
import { factsOf } from './records.ts'
import { listed, observed } from './views.ts'
import { World } from './world.ts'

export type { SimulatedCapacity } from './capacity.ts'
export { simulatedClasses } from './classes.ts'
export type { SimulatedClock } from './clock.ts'
export {
  type Fault,
  type FaultPlan,
  FaultPlanInvalid,
  type FaultStep,
  faultMeanings,
  type Odds,
  type Verb,
} from './faults.ts'
export { SimulatedFileRefused, SimulatedFileTaken } from './file.ts'
export { simulatedOddities } from './oddities.ts'
export type { SimulatedOptions, SimulatedWorld } from './options.ts'
export { type Quirk, quirkMeanings } from './quirks.ts'

export type SimulatedDriver = Driver & SimulatedWorld

/** What a driver that throws throws: a bug of it, which its caller has to survive. */
export class SimulatedBug extends Error {
  override readonly name = 'SimulatedBug'
}

/** The driver was closed, and is asked to look at something. (What it is asked to do it answers with `unavailable`.) */
export class SimulatedClosed extends Error {
  override readonly name = 'SimulatedClosed'
}

const creating = new Set<ChangingCall>([
  'volumeEnsure',
  'volumeResize',
  'volumeMigrate',
  'volumeSnapshotEnsure',
  'volumeSnapshotGroupEnsure',
  'vmSnapshotEnsure',
  'instanceEnsure',
  'instancePower',
  'attach',
])
const notWritten = (failure: Error): Outcome =>
  unknownOutcome(`the provider's truth could not be written: ${failure.message}`)

/**
 * Opens a simulated provider. Without options it can do all that the contract knows but take images away, which nobody
 * brought to it; it answers in 2 to 20 ms, never fails and forgets everything with the process. Throws ZodError for wrong capabilities, FaultPlanInvalid, and
 * SimulatedFileRefused for a file that is not its own.
 */
export function simulated(options: SimulatedOptions = {}): SimulatedDriver {
  const { instant = false, seed = 1, clock = realClock, owner = 'stemma' } = options
  const { latencyMs = { min: 2, max: 20 }, delayMs = { min: 10, max: 1000 } } = options
  const { declared, abilities, images } = declarationOf(options)
  const staleReads = plans('staleRead', options.faults, options.script)
  checkPlan(options.faults, options.script)
  const ledger = options.file === undefined ? undefined : fileLedger(options.file)
  // Opened again it draws other faults, or a process that dies of the first one would die of it for ever.
  const chanceSeed = seed + (ledger === undefined ? 0 : ledger.openings - 1)
  const faults = faultSource(chanceSeed, options.faults, options.script)
  const delayChance = randomStream(chanceSeed, 'delay')
  const world = new World({
    abilities,
    images,
    quirks: new Set(options.quirks),
    owner,
    capacity: options.capacity,
    optimizeMs: options.optimizeMs,
    pools: options.pools,
    ledger,
    lag: staleReads ? lag(abilities.consistency.lagMs) : undefined,
    now: () => clock.now(),
    soon: instant ? queueMicrotask : run => clock.soon(run),
  })
  const calls = new Calls(world)
  const chronicle = news()
  const deliver = delivery(world, { instant, latencyMs, chance: randomStream(chanceSeed, 'latency'), clock })
  const counts = { poll: 0, observe: 0, list: 0, probe: 0, capacity: 0 } as { [V in Verb]: number }
  for (const verb of changingCalls) counts[verb] = 0

  const arrive = (verb: Verb, caller: CallContext, resource?: string): Drawn | undefined => {
    counts[verb]++
    calls.catchUp()
    world.owner = caller.owner ?? owner
    return faults.draw(verb, resource)
  }
  const publish = (observation: Observation): void => {
    const written = world.written()
    if (written === undefined) chronicle.publish(observation)
    else void written.then(failure => failure ?? chronicle.publish(observation))
  }
  const operator = operatorOf(world, publish)

  const silence = (outcome: Outcome, context: CallContext): Promise<Outcome> =>
    new Promise(resolve => {
      const answer = () => {
        forget?.()
        context.signal.removeEventListener('abort', answer)
        resolve(deliver(outcome, notWritten))
      }
      // Without timers of its own, an instant provider is silent until the caller gives up.
      const forget = instant ? undefined : clock.wakeAt(clock.now() + context.deadline - context.now(), answer)
      if (context.signal.aborted) answer()
      else context.signal.addEventListener('abort', answer)
    })

  const fail = (
    drawn: Drawn,
    verb: ChangingCall,
    id: string,
    spec: unknown,
    context: CallContext,
  ): Promise<Outcome> => {
    const { token } = context
    const make = (half = false) => calls.make(verb, id, spec, token, half)
    const lost = unknownOutcome(`${verb} ${id}: the connection was lost before the answer`)
    switch (drawn.fault) {
      case 'beforeEffect': {
        const unavailable = faults.coin() < 0.5
        return deliver(
          unavailable ? rejected('unavailable', `${verb} ${id}: the provider is not reachable`) : lost,
          notWritten,
        )
      }
      case 'rejected': {
        if (calls.hasBegun(token)) return deliver(make(), notWritten)
        const code = drawn.code ?? (creating.has(verb) ? 'exhausted' : 'precondition')
        return deliver(rejected(code, `${verb} ${id}: refused by the fault plan`), notWritten)
      }
      case 'afterEffect':
        make()
        return deliver(lost, notWritten)
      case 'silence':
        make()
        return silence(lost, context)
      case 'throws': {
        if (faults.coin() < 0.5) make()
        const bug = new SimulatedBug(`${verb} ${id}: the simulated driver has a bug`)
        return deliver(undefined, () => undefined).then(() => Promise.reject(bug))
      }
      case 'partial':
        return deliver(make(true), notWritten)
      case 'delay': {
        const afterMs = delayMs.min + Math.floor(delayChance() * (delayMs.max - delayMs.min + 1))
        return deliver(calls.delay(verb, id, spec, token, afterMs), notWritten)
      }
      case 'refusedLater': {
        const afterMs = delayMs.min + Math.floor(delayChance() * (delayMs.max - delayMs.min + 1))
        return deliver(calls.delay(verb, id, spec, token, afterMs, drawn.code ?? 'exhausted'), notWritten)
      }
      case 'pending':
        return deliver(calls.hide(verb, id, spec, token), notWritten)
      case 'lostProcess': {
        const outcome = make()
        operator.loseProcess(verb === 'attach' || verb === 'detach' ? (spec as { instance: string }).instance : id)
        return deliver(outcome, notWritten)
      }
      case 'duplicateAnswer': {
        const outcome = make()
        return deliver(outcome, notWritten).then(answer => {
          options.onDuplicate?.(token, answer)
          const record = world.instances.get(id) ?? world.volumes.get(id) ?? world.snapshots.get(id)
          if (record) chronicle.publish({ ...observed(world, record.kind, id), facts: factsOf(record), token })
          return answer
        })
      }
      default:
        throw new Error(`${verb} can not have the fault ${drawn.fault}`)
    }
  }

  const perform =
    (verb: ChangingCall) =>
    (id: string, spec: unknown, context: CallContext): Promise<Outcome> => {
      if (world.closed) return Promise.resolve(rejected('unavailable', `${verb} ${id}: the provider is closed`))
      const drawn = arrive(verb, context, id)
      if (drawn !== undefined) return fail(drawn, verb, id, spec, context)
      return deliver(calls.make(verb, id, spec, context.token, false), notWritten)
    }

  /** Looking: the answer waits for what it shows to be written; a failure to write, or a closed world, throws. */
  const look = <T>(
    verb: Verb,
    context: CallContext,
    show: (drawn: Drawn | undefined) => T,
    resource?: string,
  ): Promise<T> => {
    if (world.closed)
      return Promise.reject(new SimulatedClosed(`${verb}: the simulated provider is closed; open it again`))
    const drawn = arrive(verb, context, resource)
    if (drawn?.fault === 'throws') return Promise.reject(new SimulatedBug(`${verb}: the simulated driver has a bug`))
    const shown = show(drawn)
    return deliver<T | Error>(shown, failure => failure).then(seen => {
      if (seen instanceof Error) throw seen
      return seen
    })
  }

  const driver: Driver = {
    describe: () => declared,
    probe: context =>
      look('probe', context, () => ({ usable: true, facts: { ...world.capacity.facts(), seed }, problems: [] })),
    instanceEnsure: perform('instanceEnsure'),
    instanceDestroy: perform('instanceDestroy'),
    poll: (handle, context) =>
      look(
        'poll',
        context,
        drawn =>
          drawn ? unknownOutcome(`${handle.op} ${handle.token}: the connection was lost`, handle) : calls.poll(handle),
        (handle.data as { resource?: string } | undefined)?.resource,
      ),
    settle: token => {
      if (!world.closed) calls.settle(token)
    },
    observe: (kind: ResourceKind, id: string, context) =>
      look(
        'observe',
        context,
        (drawn): Observation => {
          if (drawn?.fault === 'beforeEffect')
            return { kind, id, exists: 'unknown', facts: {}, observedAt: world.now() }
          return (drawn ? world.stale(kind, id) : undefined) ?? observed(world, kind, id)
        },
        id,
      ),
    list: (kind, cursor, context) => look('list', context, drawn => listed(world, kind, cursor, drawn !== undefined)),
    capacity: (_, context) => look('capacity', context, () => world.capacity.shown(abilities.capacity)),
    watch: signal => chronicle.watch(signal),
    close: async () => {
      chronicle.close()
      world.close()
    },
  }
  if (declared.consoleOutput)
    driver.consoleOutput = (instance, context) =>
      look('observe', context, () => (abilities.consoleOutput ? consoleOf(world, instance) : undefined), instance)
  for (const call of optionalCalls) if (promises[call](declared)) driver[call] = perform(call)

  const failNext: SimulatedWorld['failNext'] = (verb, fault, code, resource) => {
    if (fault === 'staleRead' && !staleReads)
      throw new FaultPlanInvalid('stale reads need a plan or script that has one')
    faults.next(verb, { fault, code }, resource)
  }
  const { loseProcess: _, ...tools } = operator
  return Object.assign(driver, tools, { calls: counts, heal: faults.heal, failNext }) satisfies Driver & SimulatedWorld
}
