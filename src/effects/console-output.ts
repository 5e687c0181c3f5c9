/** Reading a console: a question to the driver that changes nothing, so it goes past the outbox. */
import type { Capabilities, ConsoleOutput, Driver } from '../drivers/driver.ts'
import type { Clock } from '../runtime/clock.ts'
import { Unavailable } from '../runtime/refusal.ts'
import { Abort, within } from './call.ts'

/** What the driver shows of the instance; undefined if it knows none. Throws Unavailable if it gives no answer. */
export async function consoleOutput(
  { driver, capabilities }: { driver: Driver; capabilities: Capabilities },
  instance: string,
  clock: Clock,
): Promise<ConsoleOutput | undefined> {
  const abort = new Abort()
  const { callTimeoutMs } = capabilities.limits
  const context = {
    token: '',
    attempt: 1,
    deadline: clock.now() + callTimeoutMs,
    get signal() {
      return abort.signal
    },
    now: () => clock.now(),
  }
  try {
    return await within(clock, callTimeoutMs, abort, async () => driver.consoleOutput!(instance, context))
  } catch (cause) {
    throw new Unavailable('providerSilent', `The provider shows no console of '${instance}' now; ask again.`, { cause })
  }
}
