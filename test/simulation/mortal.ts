/** Store and driver as one engine holds them: when its life ends, nothing it asked for is ever answered. */
import { changingCalls } from '../../src/drivers/changing-calls.ts'
import type { Driver, Outcome } from '../../src/drivers/driver.ts'
import type { SimulatedDriver } from '../../src/drivers/simulated/index.ts'
import type { ByResource, Refill, Store } from '../../src/store/store.ts'
import { type Life, never } from './crash.ts'

/** Settles as the promise does, unless the life has ended by then. */
export const whileAlive = <T>(life: Life, work: () => Promise<T>): Promise<T> => {
  if (life.touch('promise')) return never()
  return work().then(
    value => (life.isOver ? never<T>() : value),
    error => (life.isOver ? never<T>() : Promise.reject(error)),
  )
}

export function mortalStore<S extends Store | Refill | ByResource>(store: S, life: Life): S {
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...values: unknown[]) =>
        whileAlive(life, async () => {
          const result = await value.apply(target, values)
          // What it fills is the store's too, and dies with it.
          return name === 'refill' || name === 'byResource' ? mortalStore(result, life) : result
        })
    },
  })
}

/** One call of the provider, as it arrives there. */
export interface Call {
  readonly verb: string
  readonly id: string
  readonly args: unknown
  readonly token: string
  readonly attempt: number
  readonly isAborted: boolean
}
export interface Tap {
  /** Before the effect. */
  called(call: Call): void
  /** The answer is on its way to the engine. */
  answered(call: Call, outcome: Outcome): void
  threw(call: Call): void
}

const direct = new Set(['describe', 'settle', 'watch', 'close'])

/** The provider outlives engines: closing the engine does not close it, and news end with the engine. */
export function mortalDriver(provider: SimulatedDriver, life: Life, tap: Tap): { driver: Driver; ended: () => void } {
  const end = new AbortController()
  const calls: Record<string, unknown> = {
    describe: () => provider.describe(),
    settle: (token: string) => {
      if (!life.touch('settle')) provider.settle?.(token)
    },
    async *watch(signal: AbortSignal) {
      yield* provider.watch!(AbortSignal.any([signal, end.signal]))
      if (life.isOver) await never()
    },
  }
  for (const [verb, method] of Object.entries(provider)) {
    if (direct.has(verb) || typeof method !== 'function' || !isCall(verb)) continue
    calls[verb] = (...given: unknown[]) => {
      if (life.pass('call', verb)) return never()
      const call = callOf(verb, given)
      tap.called(call)
      const answer = (method as (...all: unknown[]) => Promise<Outcome>)(...given)
      if (life.pass('called', verb)) {
        // The provider answers all the same, and nobody hears.
        answer.catch(() => {})
        return never()
      }
      return answer.then(
        outcome => {
          if (life.pass('answer', verb)) return never()
          tap.answered(call, outcome)
          return outcome
        },
        error => {
          if (life.pass('answer', verb)) return never()
          tap.threw(call)
          throw error
        },
      )
    }
  }
  return { driver: calls as unknown as Driver, ended: () => end.abort() }
}

/** Whatever changes something at a provider, or looks at it. */
const everyCall: ReadonlySet<string> = new Set([
  ...changingCalls,
  'poll',
  'observe',
  'list',
  'probe',
  'capacity',
  'consoleOutput',
])
const isCall = (name: string) => everyCall.has(name)

function callOf(verb: string, given: unknown[]): Call {
  const context = given.findLast(each => typeof each === 'object' && each !== null && 'signal' in each) as
    | { token: string; attempt: number; signal: AbortSignal }
    | undefined
  const handle = given[0] as { token?: string } | string
  return {
    verb,
    id: typeof handle === 'string' ? handle : (handle.token ?? ''),
    args: given[1],
    token: context?.token ?? '',
    attempt: context?.attempt ?? 0,
    isAborted: context?.signal.aborted ?? false,
  }
}
