/** How a reason of the engine is said in EC2: a code, and the recorded sentence where clients match on it. */

import type { Reason, RefusalOf } from '../../../index.ts'
import type { ErrorCode } from '../error-codes.ts'
import { inWireIds, wireId } from '../wire-ids.ts'

export interface Asked {
  readonly refusal: RefusalOf
  readonly reason: Reason
  /** Ids on the wire of all resources that were refused for this, in the order of the request. */
  readonly ids: readonly string[]
  /** The parameters of the request, for what a sentence quotes. */
  readonly parameters: Readonly<Record<string, unknown>>
}
export interface Words {
  readonly code: ErrorCode
  /** Without one, the engine's own sentence. */
  readonly sentence?: (asked: Asked) => string
}
/**
 * Words by a code of the engine: `<command>.<kind>.<code>` where it matters who said no, `<command>.<code>`,
 * `<kind>.<code>`, or the code alone. The most particular one is taken.
 */
export type WordsTable = Readonly<Record<string, Words>>

export const words = (code: ErrorCode, sentence?: Words['sentence']): Words => ({ code, sentence })

/** The resource that said no. */
export const target = ({ refusal }: Asked): string => wireId(refusal.resource)

/** What the request says of something: ids there are as the client wrote them. */
export const asked = ({ parameters }: Asked, name: string): string => String(parameters[name] ?? '')

/** The part of the engine's sentence that the first group of the pattern finds; what it quotes may have line breaks. */
export const said = ({ reason }: Asked, pattern: RegExp): string =>
  inWireIds(new RegExp(pattern, 's').exec(reason.sentence)?.[1] ?? '').trim()

const GIB = 2 ** 30

/** What stands after the colon of the engine's sentence, as a sentence; sizes in the unit of this protocol. */
export function why(of: Asked): string {
  const text = said(of, /: (.*?)\.?$/).replace(
    /\b(\d{9,})( bytes)?\b/g,
    bytes => `${Math.ceil(Number.parseInt(bytes, 10) / GIB)}GB`,
  )
  return text.charAt(0).toUpperCase() + text.slice(1)
}
