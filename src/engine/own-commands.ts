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
interface Kinds {
  readonly kinds: ReadonlyMap<string, { is(state: string, tag: 'terminal'): boolean }>
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
  catalogue: Kinds,
): ReadonlyMap<string, Provider> => new Map([...drivers, [OWN, ownCommands(residence, engine, catalogue)]])

/**
 * A refusal is a rejection with its code and words; what else goes wrong is tried again. Whoever asked reads in `retry`
 * whether another time may be better: never, where something that the command names has ended or was never there.
 */
function ownCommands(residence: Residents, engine: Engine, catalogue: Kinds): Provider {
  const hasEnded = async (id: string): Promise<boolean> => {
    const named = await residence.find(id)
    return named !== null && catalogue.kinds.get(named.kind)?.is(named.state, 'terminal') === true
  }
  const isHopeless = async (asked: CommandInput, error: Refused | InvalidRequest): Promise<boolean> => {
    if (error instanceof InvalidRequest || error.code === 'notFound') return true
    const named = [asked.id, ...Object.values((asked.input ?? {}) as Record<string, unknown>)]
    for (const each of named) if (typeof each === 'string' && (await hasEnded(each))) return true
    return false
  }
  const command = async (resource: string, asked: CommandInput, { token }: { token: string }): Promise<Outcome> => {
    const owner = await residence.find(resource)
    if (!owner) throw new Error(`there is no ${resource} to give a command for`)
    const { account, region } = owner
    try {
      const [result] = await engine.submit([asked], { account, region, actor: resource }, { token })
      return done({ id: result!.id, state: result!.state, version: result!.version })
    } catch (error) {
      if (!(error instanceof Refused || error instanceof InvalidRequest)) throw error
      return rejection(error, (await isHopeless(asked, error)) ? 'never' : 'after-change')
    }
  }
  const declared = capabilities({ idempotency: { by: 'token' } })
  // It has this one call, and is asked for no other.
  const driver = { describe: () => declared, command } as unknown as Driver
  return { driver, capabilities: declared }
}

/** The code is the refusal's own, as callers read it. */
const rejection = ({ code, message }: Refused | InvalidRequest, retry: 'never' | 'after-change'): Outcome =>
  ({ kind: 'rejected', error: { code, effect: 'none', retry, message } }) as unknown as Outcome
