/** Reading a console. */
import type { Capabilities, ConsoleOutput, Driver } from '../drivers/driver.ts'
import { Unavailable } from '../runtime/refusal.ts'
import type { Questions } from './questions.ts'

/** What the driver shows of the instance; undefined if it knows none. Throws Unavailable if it gives no answer. */
export async function consoleOutput(
  provider: { driver: Driver; capabilities: Capabilities },
  instance: string,
  questions: Questions,
): Promise<ConsoleOutput | undefined> {
  try {
    return await questions.ask(provider, (driver, context) => driver.consoleOutput!(instance, context))
  } catch (cause) {
    throw new Unavailable('providerSilent', `The provider shows no console of '${instance}' now; ask again.`, { cause })
  }
}
