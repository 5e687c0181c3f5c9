/**
 * A call that no resource has asked for, such as the removal of what belongs to none: it is made now, waited for, and not
 * repeated after a crash. Only for calls that may be made twice.
 */
import type { Capabilities, Driver, Outcome } from '../drivers/driver.ts'
import type { Clock } from '../runtime/clock.ts'
import { Abort, type Called, call } from './call.ts'
import { FLOOR_MS } from './retry.ts'

/** The longest that work is waited for which a provider has accepted. */
const PATIENCE_MS = 120_000

export interface AtOnce {
  readonly provider: { readonly driver: Driver; readonly capabilities: Capabilities }
  readonly clock: Clock
  readonly owner: string
}

/** The outcome; `pending` if it is still being done. Never rejects. */
export async function callAtOnce(
  { provider, clock, owner }: AtOnce,
  { verb, resource, args, token }: { verb: string; resource: string; args: unknown; token: string },
): Promise<Outcome> {
  const { driver, capabilities } = provider
  const until = clock.now() + PATIENCE_MS
  let asked: Called = { token, attempts: 1, verb, resource, args: JSON.stringify(args), handle: undefined }
  for (;;) {
    const how = { owner, clock, timeoutMs: capabilities.limits.callTimeoutMs, abort: new Abort() }
    const outcome = await call(driver, asked, how)
    if (outcome.kind !== 'pending' || clock.now() >= until) {
      if (outcome.kind !== 'pending') driver.settle?.(token)
      return outcome
    }
    asked = { ...asked, handle: JSON.stringify(outcome.handle) }
    const dueAt = clock.now() + Math.max(FLOOR_MS, outcome.pollAfterMs)
    await new Promise<void>(resolve => clock.wakeAt(dueAt, resolve))
  }
}
