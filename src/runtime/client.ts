/** What `engine.as(principal)` gives: every command of every kind as a typed function. */
import type { z } from 'zod'
import type { Command, Kind } from '../../machines/grammar.ts'
import type { CommandResult } from './decide.ts'
import type { CommandInput } from './request.ts'

export interface SubmitOptions {
  /** Idempotency token, unique in the account: the same request with it is answered again, never done again. */
  readonly token?: string
  /** Decide, check, and write nothing. */
  readonly dryRun?: boolean
}
export interface CommandOptions extends SubmitOptions {
  /** Refuse unless the resource is at this version. */
  readonly expectedVersion?: number
}

type Input<C extends Command> = z.input<C['input']>
type Optional<I> =
  Record<never, never> extends I ? [input?: I, options?: CommandOptions] : [input: I, options?: CommandOptions]
type Call<C extends Command> = C['creates'] extends true
  ? (input: Input<C>, options?: SubmitOptions) => Promise<CommandResult>
  : (id: string, ...rest: Optional<Input<C>>) => Promise<CommandResult>

export type KindMap = Readonly<Record<string, Kind>>
export type CommandsOf<K extends KindMap> = {
  readonly [N in keyof K]: { readonly [C in keyof K[N]['commands']]: Call<K[N]['commands'][C]> }
}

/**
 * Builds the functions. A creating command takes `(input, options)`, any other `(id, input, options)`.
 * @param submit what carries one command out
 */
export function commandsOf<K extends KindMap>(
  kinds: K,
  submit: (command: CommandInput, options: SubmitOptions) => Promise<CommandResult>,
): CommandsOf<K> {
  const client: Record<string, Record<string, unknown>> = {}
  for (const [name, kind] of Object.entries(kinds)) {
    const calls: Record<string, unknown> = {}
    for (const [command, { creates }] of Object.entries(kind.commands))
      calls[command] = creates
        ? (input: unknown, options: SubmitOptions = {}) => submit({ kind: kind.name, command, input }, options)
        : (id: string, input: unknown, { expectedVersion, ...options }: CommandOptions = {}) =>
            submit({ kind: kind.name, command, id, input, expectedVersion }, options)
    client[name] = calls
  }
  return client as CommandsOf<K>
}
