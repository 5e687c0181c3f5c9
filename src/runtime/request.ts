/**
 * A caller's submit: one command, or several decided atomically, with an optional idempotency token.
 * (design: contract points 1, 2, 4.)
 */
import type { Json } from '../../machines/grammar.ts'
import { canonical } from '../store/canonical.ts'
import type { TokenRow } from '../store/store.ts'

import type { Catalogue } from './catalogue.ts'
import { CommandDecision, type CommandResult, type ParsedCommand, type Surroundings } from './decide.ts'
import type { Draft } from './draft.ts'
import { strings } from './facts.ts'
import type { Principal } from './principal.ts'
import { type ImageThere, Unasked } from './providers.ts'
import { type Considered, InvalidRequest, type RefusalOf, Refused } from './refusal.ts'
import type { Member } from './writer.ts'

/** What a caller writes. `id` names the target of a command that does not create. */
export interface CommandInput {
  readonly kind: string
  readonly command: string
  readonly id?: string
  readonly input?: unknown
  readonly expectedVersion?: number
}

/** Commands of one submit. More would hold the writer for too long. */
export const COMMANDS_PER_SUBMIT_MAX = 10_000
export const TOKEN_LENGTH_MAX = 128

/** Checks everything about a command that needs no state. Throws InvalidRequest; its field begins with `place`. */
export function parseCommand(catalogue: Catalogue, asked: CommandInput, place = ''): ParsedCommand {
  try {
    return parsed(catalogue, asked)
  } catch (error) {
    throw place !== '' && error instanceof InvalidRequest ? error.within(place) : error
  }
}

function parsed(catalogue: Catalogue, asked: CommandInput): ParsedCommand {
  if (typeof asked !== 'object' || asked === null)
    throw new InvalidRequest('invalidInput', 'command', 'A command is an object.')
  if (typeof asked.kind !== 'string') throw new InvalidRequest('unknownKind', 'kind', 'A command names its kind.')
  if (typeof asked.command !== 'string')
    throw new InvalidRequest('unknownCommand', 'command', 'A command has a name, which is a text.')
  const { compiled, command } = catalogue.command(asked.kind, asked.command)
  const { expectedVersion } = asked
  const input = command.input.safeParse(asked.input ?? {})
  if (!input.success) {
    const issues = input.error.issues.map(issue => ({ field: fieldOf(issue), message: issue.message }))
    const { field, message } = issues[0]!
    const name = `${asked.kind}.${asked.command}`
    throw new InvalidRequest('invalidInput', field, `${name}: ${field || 'input'}: ${message}.`, issues)
  }
  if (expectedVersion !== undefined && (!Number.isSafeInteger(expectedVersion) || expectedVersion < 0))
    throw new InvalidRequest('invalidInput', 'expectedVersion', 'expectedVersion is an integer of at least 0.')
  const id = command.creates ? undefined : targetId(catalogue, compiled.kind.name, asked.id)
  return { compiled, name: asked.command, command, id, input: input.data as Json, expectedVersion }
}

/** The offending field; for an unknown one, its own name. */
function fieldOf(issue: { path: PropertyKey[]; code?: string; keys?: string[] }): string {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys?.slice(0, 1) : []
  return [...issue.path, ...(unknown ?? [])].map(String).join('.')
}

function targetId(catalogue: Catalogue, kind: string, id: unknown): string {
  if (typeof id !== 'string' || id === '' || id.length > 256)
    throw new InvalidRequest(
      'invalidInput',
      'id',
      `id: the id of the ${kind} is missing, or is no text of 1 to 256 characters.`,
    )
  const other = catalogue.ofId(id)
  if (other && other.kind.name !== kind)
    throw new InvalidRequest('wrongKind', 'id', `'${id}' is the id of a ${other.kind.name}, not of a ${kind}.`)
  return id
}

export interface Remembered {
  readonly token: string
  readonly digest: string
}

/** The same request has the same digest, whatever the order of its keys. */
export const requestDigest = (commands: readonly ParsedCommand[], hash: (text: string) => string): string =>
  hash(
    canonical(
      commands.map(({ compiled, name, id, input, expectedVersion }) => [
        compiled.kind.name,
        name,
        id,
        input,
        expectedVersion,
      ]),
    ),
  )

export class Request implements Member<readonly CommandResult[]> {
  readonly reads: readonly string[]
  readonly decidesOnce: boolean
  readonly isQuestion: boolean
  readonly #commands: readonly ParsedCommand[]
  readonly #principal: Principal
  readonly #around: Omit<Surroundings, 'now'>
  readonly #remember: Remembered | undefined

  constructor(
    commands: readonly ParsedCommand[],
    principal: Principal,
    around: Omit<Surroundings, 'now'>,
    remember?: Remembered,
    isDryRun = false,
  ) {
    this.#commands = commands
    this.#principal = principal
    this.#around = around
    this.#remember = remember
    this.isQuestion = isDryRun
    this.decidesOnce = commands.some(each => each.expectedVersion !== undefined)
    this.reads = [
      `account/${principal.account}`,
      ...commands.flatMap(({ id, command, input }) => [
        ...(id === undefined ? [] : [id]),
        ...Object.values(command.needs).flatMap(need =>
          need.from === 'resource'
            ? strings(input, need.path)
            : need.from === 'named'
              ? strings(input, need.path).map(name => `${need.kind}/${name}`)
              : [],
        ),
      ]),
    ]
  }

  decide(draft: Draft): readonly CommandResult[] {
    const decision = new CommandDecision(
      { ...this.#around, now: draft.now },
      draft,
      this.#principal,
      this.#remember?.token,
    )
    const results: CommandResult[] = []
    const refusals: Refusal[] = []
    const unasked: ImageThere[] = []
    const before = draft.mark()
    for (let index = 0; index < this.#commands.length; index += 1) {
      const mark = draft.mark()
      const verdict = orUnasked(() => decision.decide(this.#commands[index]!, index))
      if (verdict instanceof Unasked) unasked.push(...verdict.images)
      else if ('result' in verdict) results.push(verdict.result)
      else {
        draft.rollback(mark)
        refusals.push(verdict)
      }
    }
    // All of them at once, and before anything is said that may come out otherwise.
    if (unasked.length) throw new Unasked(unasked)
    if (refusals.length) throw refused(refusals)
    if (this.isQuestion) draft.rollback(before)
    else if (this.#remember) draft.tokens.push(this.#tokenRow(draft, results))
    return results
  }

  #tokenRow(draft: Draft, results: readonly CommandResult[]): TokenRow {
    const { account } = this.#principal
    const { token, digest } = this.#remember!
    return { account, token, digest, result: JSON.stringify(results), at: Math.max(draft.now, draft.at) }
  }
}

type Refusal = { readonly refusal: RefusalOf; readonly considered: Considered }

/** What is thrown for want of an answer, so that the commands after it are heard as well. */
function orUnasked<V>(decide: () => V): V | Unasked {
  try {
    return decide()
  } catch (error) {
    if (error instanceof Unasked) return error
    throw error
  }
}

/** All ids that do not exist are reported together, before anything else is said about the others. */
function refused(refusals: readonly Refusal[]): Refused {
  const missing = refusals.filter(({ refusal: { reasons } }) => reasons[0]?.code === 'notFound')
  const told = missing.length ? missing : refusals
  return new Refused(
    told.map(({ refusal }) => refusal),
    told.map(({ considered }) => considered),
  )
}
