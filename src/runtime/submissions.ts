/** Submits at the door of the writer: parsed before they wait, and answered once for each token. (design: point 4.) */
import type { Store } from '../store/store.ts'
import { Conflict } from '../store/store.ts'
import type { SubmitOptions } from './client.ts'
import type { Clock } from './clock.ts'
import type { CommandResult, Surroundings } from './decide.ts'
import type { Hash } from './envelope.ts'
import { checkPrincipal, type Principal } from './principal.ts'
import { type ImageThere, type Scopes, scopeKey, Unasked } from './providers.ts'
import { InvalidRequest } from './refusal.ts'
import {
  COMMANDS_PER_SUBMIT_MAX,
  type CommandInput,
  parseCommand,
  Request,
  requestDigest,
  TOKEN_LENGTH_MAX,
} from './request.ts'
import { inSteps } from './steps.ts'
import type { Writer } from './writer.ts'

export interface Gate {
  readonly writer: Writer
  readonly store: Store
  readonly clock: Clock
  readonly hash: Hash
  /** What is left of a provider for one of its images: asks the provider, outside of every commit. */
  readonly leftFor: (there: ImageThere) => Promise<unknown>
}

type Results = readonly CommandResult[]
const PRUNE_STEP = 500

export class Submissions {
  readonly #gate: Gate
  readonly #around: Omit<Surroundings, 'now' | 'scopes'>
  readonly #retentionMs: number
  /** Requests with a token that are being decided: a second one waits for the first. */
  readonly #inFlight = new Map<string, { digest: string; results: Promise<Results> }>()

  constructor(gate: Gate, around: Omit<Surroundings, 'now' | 'scopes'>, retentionMs: number) {
    this.#gate = gate
    this.#around = around
    this.#retentionMs = retentionMs
  }

  async submit(
    inputs: readonly CommandInput[],
    principal: Principal,
    { token, dryRun }: SubmitOptions,
  ): Promise<Results> {
    checkPrincipal(principal)
    if (!Array.isArray(inputs) || inputs.length === 0)
      throw new InvalidRequest('invalidInput', 'commands', 'A submit is a list of at least one command.')
    if (inputs.length > COMMANDS_PER_SUBMIT_MAX)
      throw new InvalidRequest(
        'tooLarge',
        'commands',
        `A submit has at most ${COMMANDS_PER_SUBMIT_MAX} commands, not ${inputs.length}.`,
      )
    const isOne = inputs.length === 1
    const commands = inputs.map((each, index) =>
      parseCommand(this.#around.catalogue, each, isOne ? '' : `commands.${index}.`),
    )
    const { hash } = this.#gate
    if (token === undefined || dryRun)
      return this.#decided(scopes => new Request(commands, principal, { ...this.#around, scopes }, undefined, dryRun))
    if (typeof token !== 'string' || token === '' || token.length > TOKEN_LENGTH_MAX)
      throw new InvalidRequest('invalidInput', 'token', `A token is a text of 1 to ${TOKEN_LENGTH_MAX} characters.`)
    const digest = requestDigest(commands, hash)
    // As a list: an account or a token may hold any separator, and 'a' with 'b c' must not be 'a b' with 'c'.
    return this.#once(JSON.stringify([principal.account, token]), principal.account, token, digest, () =>
      this.#decided(scopes => new Request(commands, principal, { ...this.#around, scopes }, { token, digest })),
    )
  }

  /** Decides, asking providers first for what the request turns out to need of them. */
  async #decided(request: (scopes: Scopes) => Request): Promise<Results> {
    const scopes = new Map<string, unknown>()
    for (;;) {
      try {
        return await this.#gate.writer.submit(request(scopes))
      } catch (error) {
        if (!(error instanceof Unasked)) throw error
        const wanted = new Map(error.images.map(there => [scopeKey(there), there]))
        await Promise.all(
          [...wanted].map(async ([key, there]) => void scopes.set(key, await this.#gate.leftFor(there))),
        )
      }
    }
  }

  async #once(
    key: string,
    account: string,
    token: string,
    digest: string,
    decide: () => Promise<Results>,
  ): Promise<Results> {
    for (let first = this.#inFlight.get(key); first; first = this.#inFlight.get(key)) {
      if (first.digest === digest) return first.results
      // That one may itself be refused for what the token was used for before: what is remembered decides.
      await first.results.catch(() => {})
    }
    const results = this.#remembered(account, token, digest).then(known => known ?? decide())
    this.#inFlight.set(key, { digest, results })
    try {
      return await results
    } catch (error) {
      // Another process was first with this token: what it was told is the answer.
      const known =
        error instanceof Conflict && error.on === 'token' ? await this.#remembered(account, token, digest) : undefined
      if (known) return known
      throw error
    } finally {
      this.#inFlight.delete(key)
    }
  }

  async #remembered(account: string, token: string, digest: string): Promise<Results | undefined> {
    const row = await this.#gate.store.token(account, token)
    return row && (JSON.parse(same(row, digest, token).result) as Results)
  }

  /** Deletes tokens past their retention, until it is over. Returns how many. */
  prune(isOver: () => boolean): Promise<number> {
    const { clock, store } = this.#gate
    const before = clock.now() - this.#retentionMs
    return inSteps({ clock, isOver, sizeMax: PRUNE_STEP, step: sizeMax => store.pruneTokens(before, sizeMax) })
  }
}

function same<R extends { readonly digest: string }>(known: R, digest: string, token: string): R {
  if (known.digest === digest) return known
  throw new InvalidRequest('tokenReused', 'token', `Token '${token}' was used with another request; use a new token.`)
}
