/** `ClientToken`: the same request with it is answered again, never done again. (spec: ec2 2.10) */
import { createHash } from 'node:crypto'
import { type CommandInput, type CommandResult, InvalidRequest } from '../../index.ts'
import type { Call } from './action.ts'
import { Ec2Error, invalid } from './errors.ts'

const LENGTH_MAX = 64
/** The longest that the engine takes. */
const ENGINE_LENGTH_MAX = 128
const ascii = /^[\x20-\x7e]*$/

/** Throws Ec2Error InvalidParameterValue. */
export function checkClientToken(token: string | undefined): void {
  if (token === undefined || (token.length <= LENGTH_MAX && ascii.test(token))) return
  throw invalid('clientToken', token.slice(0, LENGTH_MAX), `At most ${LENGTH_MAX} ASCII characters.`)
}

export interface Submitted {
  readonly results: readonly CommandResult[]
  /** It was done before; these are the results of then. */
  readonly isReplay: boolean
}

/**
 * Submits the commands once for each token of the account in its region and for this action. The commands must follow
 * from the request alone: what differs counts as another request. Throws Ec2Error IdempotentParameterMismatch, and what
 * the engine throws.
 */
export async function submitOnce(
  { session, engine, region }: Pick<Call, 'session' | 'engine' | 'region'>,
  { action, token }: { readonly action: string; readonly token: string | undefined },
  commands: readonly CommandInput[],
): Promise<Submitted> {
  if (!token) return { results: await session.submit(commands), isReplay: false }
  const { position } = engine.health()
  try {
    const results = await session.submit(commands, { token: engineToken(action, region.name, token) })
    return { results, isReplay: results.every(each => each.position <= position) }
  } catch (error) {
    if (!(error instanceof InvalidRequest) || error.code !== 'tokenReused') throw error
    throw new Ec2Error(
      'IdempotentParameterMismatch',
      'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
      { cause: error },
    )
  }
}

function engineToken(action: string, region: string, token: string): string {
  const whole = `ec2:${action}:${region}:${token}`
  return whole.length <= ENGINE_LENGTH_MAX ? whole : sha256(whole)
}

/** `digits` hexadecimal digits that are always the same for these texts. */
export const derivedHex = (texts: readonly string[], digits: number): string =>
  sha256(JSON.stringify(texts)).slice(0, digits)

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
