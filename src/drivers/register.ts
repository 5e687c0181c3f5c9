/**
 * Drivers enter the engine here, once, before anything is asked of them: what they declare is checked against the one
 * vocabulary, and their calls against what they declare. (spec: stateful-and-deltacloud 3a.1 point 6.)
 */
import type { ZodError } from 'zod'
import { type Capabilities, capabilitiesSchema } from './capabilities.ts'
import { contradictionsOf } from './contradictions.ts'
import type { Driver } from './driver.ts'
import { type OptionalCall, type OptionalReading, promises, readings, requiredCalls } from './optional-calls.ts'

export interface RegisteredDriver {
  readonly driver: Driver
  readonly capabilities: Capabilities
}

/** One thing that is wrong with a driver: about a capability it declares (dotted path), or about one of its calls. */
export interface DriverProblem {
  readonly problem:
    | 'unknownCapability'
    | 'invalidCapability'
    | 'contradiction'
    | 'missingCall'
    | 'undeclaredCall'
    | 'describeFailed'
    | 'reservedName'
  readonly capability?: string
  readonly call?: string
  readonly message: string
}

/** A driver that declares what nobody knows or what can not be true, or whose calls do not match what it declares. */
export class DriverRefused extends Error {
  override readonly name = 'DriverRefused'
  /** Name under which it was to be registered. */
  readonly driver: string
  readonly problems: readonly DriverProblem[]
  constructor(driver: string, problems: readonly DriverProblem[], cause?: unknown) {
    super(`driver "${driver}" can not be registered: ${problems.map(({ message }) => message).join('; ')}`, { cause })
    this.driver = driver
    this.problems = problems
  }
}

/** By this name the engine asks itself. */
const RESERVED = 'engine'
const reserved: DriverProblem = {
  problem: 'reservedName',
  message: `the name "${RESERVED}" is taken by the engine itself; choose another`,
}

const unknownCapability = (capability: string): DriverProblem => ({
  problem: 'unknownCapability',
  capability,
  message: `it declares the unknown capability "${capability}"; known ones are in src/drivers/capabilities.ts`,
})
const capabilityProblems = (error: ZodError): DriverProblem[] =>
  error.issues.flatMap((issue): DriverProblem[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map(key => unknownCapability([...issue.path, key].join('.')))
    }
    const capability = issue.path.join('.')
    return [{ problem: 'invalidCapability', capability, message: `capability "${capability}": ${issue.message}` }]
  })

const callProblems = (driver: Driver, declared: Capabilities): DriverProblem[] => {
  const problems: DriverProblem[] = []
  for (const call of requiredCalls) {
    if (typeof driver[call] === 'function') continue
    problems.push({ problem: 'missingCall', call, message: `it has no ${call}, which every driver has` })
  }
  for (const [call, isPromised] of Object.entries({ ...promises, ...readings })) {
    const promised = isPromised(declared)
    const exists = typeof driver[call as OptionalCall | OptionalReading] === 'function'
    if (promised && !exists) {
      problems.push({
        problem: 'missingCall',
        call,
        message: `its capabilities promise ${call}, but it has no such call`,
      })
    }
    if (!promised && exists) {
      problems.push({
        problem: 'undeclaredCall',
        call,
        message: `it has ${call}, but no capability of it promises that`,
      })
    }
  }
  return problems
}

const register = (name: string, driver: Driver): RegisteredDriver => {
  if (name === RESERVED) throw new DriverRefused(name, [reserved])
  let described: unknown
  try {
    described = driver.describe()
  } catch (cause) {
    throw new DriverRefused(name, [{ problem: 'describeFailed', message: 'its describe() throws' }], cause)
  }
  const parsed = capabilitiesSchema.safeParse(described)
  if (!parsed.success) throw new DriverRefused(name, capabilityProblems(parsed.error), parsed.error)
  const contradictions = contradictionsOf(parsed.data).map(
    ({ capability, sentence }): DriverProblem => ({
      problem: 'contradiction',
      capability,
      message: `capability "${capability}" ${sentence}`,
    }),
  )
  const problems = [...contradictions, ...callProblems(driver, parsed.data)]
  if (problems.length > 0) throw new DriverRefused(name, problems)
  return Object.freeze({ driver, capabilities: deepFreeze(parsed.data) })
}

const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value)
    for (const part of Object.values(value)) deepFreeze(part)
  }
  return value
}

const refuseChange = () => {
  throw new TypeError('registered drivers do not change; give every driver to registerDrivers')
}

/**
 * Checks every driver and returns them by name with their capabilities, defaults filled in. The map and what it holds
 * do not change any more. Throws DriverRefused for the first driver that is wrong, naming all that is wrong with it.
 */
export const registerDrivers = (drivers: Readonly<Record<string, Driver>>): ReadonlyMap<string, RegisteredDriver> => {
  const registered = new Map(Object.entries(drivers).map(([name, driver]) => [name, register(name, driver)]))
  return Object.freeze(
    Object.assign(registered, { set: refuseChange, delete: refuseChange, clear: refuseChange }),
  ) as ReadonlyMap<string, RegisteredDriver>
}
