/** The smallest correct caller of a driver: it asks again with the same token until it is done. */
import type { ChangingCall } from '../../src/drivers/changing-calls.ts'
import type { Driver, Outcome } from '../../src/drivers/driver.ts'
import type { SimulatedDriver } from '../../src/drivers/simulated/index.ts'
import { call } from './calls.ts'
import type { VirtualClock } from './virtual-clock.ts'

export type { ChangingCall } from '../../src/drivers/changing-calls.ts'

/** Enough that a plan where most calls fail still ends; a plan that never ends is a broken driver. */
const attemptsMax = 400

export interface Provider {
  readonly driver: () => SimulatedDriver
  readonly restart: () => void
  readonly clock: VirtualClock
}

const errorOf = (outcome: Outcome) =>
  outcome.kind === 'rejected' || outcome.kind === 'unknown' ? outcome.error : undefined

/** Asks until it is done. `ended` decides whether a certain no is the last word; injected ones never are. */
export const insist = async (
  provider: Provider,
  verb: ChangingCall,
  id: string,
  spec: object,
  token: string,
): Promise<Outcome> => {
  let last: Outcome | undefined
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    // Given up at once, so that silence costs nothing.
    const context = call(token, { attempt, signal: AbortSignal.abort() })
    try {
      last = await (provider.driver()[verb] as Driver['instanceEnsure'])(id, spec as never, context)
      while (last.kind === 'pending') {
        provider.clock.pass(last.pollAfterMs)
        last = await provider.driver().poll(last.handle, context)
      }
    } catch {
      continue
    }
    if (last.kind === 'done') return last
    const error = errorOf(last)!
    if (last.kind === 'rejected' && !error.message.includes('fault plan') && error.retry !== 'later') return last
  }
  throw new Error(`${verb} ${id} is not done after ${attemptsMax} attempts: ${JSON.stringify(last)}`)
}
