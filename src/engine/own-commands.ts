/**
 * The engine as a provider of one call: it gives a command for a resource, in that resource's account and region. An ask
 * for it is a row like any other, so it survives a crash; its token is the command's, so it is given once.
 * (docs/decisions/0043.)
 */
import { type Capabilities, capabilities, type Driver, type Outcome } from '../drivers/driver.ts'
import { done } from '../drivers/outcomes.ts'
import type { SubmitOptions } from '../runtime/client.ts'
import type { CommandResult } from '../runtime/decide.ts'
import type { Principal } from '../runtime/principal.ts'
import { InvalidRequest, Refused } from '../runtime/refusal.ts'
import type { CommandInput } from '../runtime/request.ts'
import type { Snapshot } from '../runtime/snapshot.ts'

/** Name of the provider; no driver is registered under it. */
const OWN = 'engine'

interface Engine {
  submit(
    commands: readonly CommandInput[],
    principal: Principal,
    options: SubmitOptions,
  ): Promise<readonly CommandResult[]>
}
interface Residents {
  find(resource: string): Promise<Snapshot | null>
}
interface Provider {
  readonly driver: Driver
  readonly capabilities: Capabilities
}

/** The providers that asks may name: every driver, and the engine. */
export const withOwnCommands = (
  drivers: ReadonlyMap<string, Provider>,
  residence: Residents,
  engine: Engine,
): ReadonlyMap<string, Provider> => new Map([...drivers, [OWN, ownCommands(residence, engine)]])

/** A refusal is a rejection with its code and words; what else goes wrong is tried again. */
function ownCommands(residence: Residents, engine: Engine): Provider {
  const command = async (resource: string, asked: CommandInput, { token }: { token: string }): Promise<Outcome> => {
    const owner = await residence.find(resource)
    if (!owner) throw new Error(`there is no ${resource} to give a command for`)
    const { account, region } = owner
    try {
      const [result] = await engine.submit([asked], { account, region, actor: resource }, { token })
      return done({ id: result!.id, state: result!.state, version: result!.version })
    } catch (error) {
      if (error instanceof Refused || error instanceof InvalidRequest) return rejection(error.code, error.message)
      throw error
    }
  }
  const declared = capabilities({ idempotency: { by: 'token' } })
  // It has this one call, and is asked for no other.
  const driver = { describe: () => declared, command } as unknown as Driver
  return { driver, capabilities: declared }
}

/** The code is the refusal's own, as callers read it. */
const rejection = (code: string, message: string): Outcome =>
  ({ kind: 'rejected', error: { code, effect: 'none', retry: 'never', message } }) as unknown as Outcome
