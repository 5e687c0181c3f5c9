/** What an action of the protocol is: its parameters, what can be said of them alone, and what it does. */
import type { AnyEngine, AnySession } from '../native/engine.ts'
import type { ParametersOf, Shape } from './parameters.ts'

export interface Region {
  readonly name: string
  /** The default zone first. */
  readonly zones: readonly string[]
}

/** One call of an action by a caller whose signature was right. */
export interface Call<P = Record<string, never>> {
  readonly parameters: P
  /** Of the caller's account, in the region of the signature. */
  readonly session: AnySession
  readonly engine: AnyEngine
  readonly account: string
  /** How the account is shown: 12 digits. */
  readonly ownerId: string
  ownerIdOf(account: string): string
  /** The account that is shown so; if none is known, the text itself. */
  accountOf(ownerId: string): string
  readonly region: Region
  readonly regions: readonly Region[]
  readonly requestId: string
  /** Where clients reach this server, e.g. `127.0.0.1:7420`. */
  readonly host: string
  readonly now: number
}

/**
 * An answer as plain data: an array is `<name><item>…</item></name>`, undefined no element, a Date ISO 8601 in UTC.
 * `return: true` is the whole answer of actions that have none.
 */
export type Answer = { readonly [element: string]: AnswerValue }
export type AnswerValue = string | number | boolean | Date | undefined | Answer | readonly AnswerValue[]

// biome-ignore lint/suspicious/noExplicitAny: a list of actions has parameters of every shape
export interface Action<S extends Shape = any> {
  readonly name: string
  /** One sentence, for the reference. */
  readonly summary: string
  readonly parameters: S
  /** Changes something: it may be asked for as a dry run. */
  readonly mutates: boolean
  /** What is wrong with the parameters, whatever the state of the cloud; comes before a dry run is answered. Throws Ec2Error. */
  readonly check: (call: Call<ParametersOf<S>>) => void
  readonly run: (call: Call<ParametersOf<S>>) => Promise<Answer>
}

export const action = <const S extends Shape>(
  declared: Omit<Action<S>, 'mutates' | 'check'> & Partial<Pick<Action<S>, 'mutates' | 'check'>>,
): Action<S> => ({ mutates: false, check: () => {}, ...declared })
