/**
 * Which call goes wrong, and how: by odds drawn from the seed, or by script ("the second attach"). The classes are those
 * that real providers showed when processes were killed and answers lost. (spec: drivers-and-qemu 8, mapping check.)
 */
import { type ChangingCall, changingCalls } from '../changing-calls.ts'
import type { ErrorCode } from '../driver.ts'
import { type Random, randomStream } from './random.ts'

/** What each fault does; the meaning of its name in a plan. */
export const faultMeanings = {
  beforeEffect: 'nothing is done, and the answer is either "unavailable" or an unknown outcome',
  afterEffect: 'all is done, and the answer is an unknown outcome',
  silence: 'all is done, and no answer comes until the call is aborted or its deadline is over',
  partial: 'some is done, and the same call again does the rest',
  delay: 'accepted: it is done later, and the handle tells when; the handle survives a restart',
  refusedLater: 'accepted, and later certainly not done; the handle tells why',
  pending: 'done at once, but only the handle says so',
  duplicateAnswer: 'the answer is given, and given again as news',
  staleRead: 'the state before the last change is shown, if that is younger than the declared lag',
  lostProcess: 'done, and then the guest of the call is lost: stopped, with news of it',
  throws: 'the driver throws, with or without having done it',
  rejected: 'certainly not done',
} as const
export type Fault = keyof typeof faultMeanings

export type Verb = ChangingCall | 'poll' | 'observe' | 'list' | 'probe' | 'capacity'

const changing = new Set<Fault>(Object.keys(faultMeanings) as Fault[])
changing.delete('staleRead')
const each = <N extends string, T>(names: readonly N[], value: T) =>
  Object.fromEntries(names.map(name => [name, value])) as { [K in N]: T }
const applicable: { readonly [V in Verb]: ReadonlySet<Fault> } = {
  ...each(changingCalls, changing),
  poll: new Set(['beforeEffect', 'throws']),
  observe: new Set(['beforeEffect', 'staleRead', 'throws']),
  list: new Set(['staleRead', 'throws']),
  probe: new Set(['throws']),
  capacity: new Set(['throws']),
}
const verbs = Object.keys(applicable) as Verb[]

/** Probability (0 to 1) of each fault at one call; what remains is the chance that nothing goes wrong. */
export type Odds = { readonly [F in Fault]?: number }
/** Odds by verb. `*` is for every verb that can fail in that way; a verb's own odds replace it fault by fault. */
export type FaultPlan = { readonly [V in Verb | '*']?: Odds }
/** The `nth` call (from 1) of a verb since the driver was opened goes wrong in this way. */
export interface FaultStep {
  readonly verb: Verb
  readonly nth: number
  readonly fault: Fault
  /** For `rejected`: the code of the error. */
  readonly code?: ErrorCode
}

/** A plan that names no known verb or fault, a fault that its verb can not have, or odds that are not odds. */
export class FaultPlanInvalid extends Error {
  override readonly name = 'FaultPlanInvalid'
}

export interface Drawn {
  readonly fault: Fault
  readonly code?: ErrorCode
}
export interface FaultSource {
  /** What goes wrong with this call of the verb about this resource; undefined for nothing. Counts the call. */
  draw(verb: Verb, resource?: string): Drawn | undefined
  /**
   * The next call of this verb, or the next about this resource, goes wrong in this way, whatever the plan says. Throws
   * FaultPlanInvalid.
   */
  next(verb: Verb, drawn: Drawn, resource?: string): void
  /** From now on nothing goes wrong. */
  heal(): void
  /** A coin for the details of a fault. */
  readonly coin: Random
}

const checkFault = (verb: string, fault: string): void => {
  if (verb !== '*' && !verbs.includes(verb as Verb))
    throw new FaultPlanInvalid(`a fault plan names the unknown call "${verb}"`)
  if (!(fault in faultMeanings)) throw new FaultPlanInvalid(`a fault plan names the unknown fault "${fault}" (${verb})`)
  if (verb !== '*' && !applicable[verb as Verb].has(fault as Fault)) {
    throw new FaultPlanInvalid(`${verb} can not have the fault "${fault}"`)
  }
}

/** What was asked for by `next`; without a resource, of whichever calls first. */
interface Order {
  readonly drawn: Drawn
  readonly resource?: string
}
const aboutNone = new Set<Verb>(['list', 'probe', 'capacity'])

/** Takes the first order that this call fits. */
const taken = (orders: Order[] | undefined, resource: string | undefined): Order | undefined => {
  const at = orders?.findIndex(order => order.resource === undefined || order.resource === resource) ?? -1
  return at < 0 ? undefined : orders!.splice(at, 1)[0]
}

type Bands = readonly { readonly upTo: number; readonly drawn: Drawn }[]

const bandsOf = (verb: Verb, plan: FaultPlan): Bands => {
  const odds = { ...plan['*'], ...plan[verb] }
  let upTo = 0
  const bands = (Object.keys(faultMeanings) as Fault[])
    .filter(fault => applicable[verb].has(fault) && odds[fault])
    .map(fault => {
      upTo += odds[fault]!
      return { upTo, drawn: { fault } }
    })
  // A little more than 1 is the rounding of odds that add up to 1.
  if (upTo > 1.000001) throw new FaultPlanInvalid(`the odds of ${verb} add up to ${upTo}, which is more than 1`)
  return bands
}

/** Is this fault anywhere in the plan or the script? */
export const plans = (fault: Fault, plan: FaultPlan = {}, script: readonly FaultStep[] = []): boolean =>
  Object.values(plan).some(odds => odds?.[fault]) || script.some(step => step.fault === fault)

/** Throws FaultPlanInvalid for what no draw could mean. Draws nothing and opens nothing. */
export const checkPlan = (plan: FaultPlan = {}, script: readonly FaultStep[] = []): void => {
  for (const [verb, odds] of Object.entries(plan)) {
    for (const [fault, chance] of Object.entries(odds ?? {})) {
      checkFault(verb, fault)
      if (!(chance >= 0 && chance <= 1))
        throw new FaultPlanInvalid(`the odds of ${verb} ${fault} are ${chance}, not 0 to 1`)
    }
  }
  for (const { verb, fault } of script) checkFault(verb, fault)
  for (const verb of verbs) bandsOf(verb, plan)
}

/** The plan has to be one that `checkPlan` accepts. */
export const faultSource = (seed: number, plan: FaultPlan = {}, script: readonly FaultStep[] = []): FaultSource => {
  const bands = Object.fromEntries(verbs.map(verb => [verb, bandsOf(verb, plan)])) as Record<Verb, Bands>
  const steps = new Map(script.map(step => [`${step.verb} ${step.nth}`, step]))
  const scripted = new Set(script.map(({ verb }) => verb))
  const counts = each(verbs, 0)
  const chance = randomStream(seed, 'faults')
  const ordered = new Map<Verb, Order[]>()
  let healed = false

  return {
    coin: randomStream(seed, 'fault details'),
    next: (verb, drawn, resource) => {
      checkFault(verb, drawn.fault)
      if (resource !== undefined && aboutNone.has(verb))
        throw new FaultPlanInvalid(`${verb} is about no resource, so not about ${resource}`)
      ordered.set(verb, [...(ordered.get(verb) ?? []), { drawn, resource }])
    },
    heal: () => {
      healed = true
      ordered.clear()
    },
    draw: (verb, resource) => {
      const nth = ++counts[verb]
      const order = ordered.size === 0 ? undefined : taken(ordered.get(verb), resource)
      if (order !== undefined) return order.drawn
      if (healed) return undefined
      const step = scripted.has(verb) ? steps.get(`${verb} ${nth}`) : undefined
      if (step !== undefined) return step
      const choices = bands[verb]
      if (choices.length === 0) return undefined
      const drawn = chance()
      return choices.find(({ upTo }) => drawn < upTo)?.drawn
    },
  }
}
