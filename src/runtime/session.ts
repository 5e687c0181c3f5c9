/** One principal's view of the engine: typed commands, reads within its reach, and waiting for a resource to settle. */
import type { Envelope } from '../../machines/grammar.ts'
import type { ViewRow } from '../../projections/contract.ts'
import { type Action, actionsOf } from './actions.ts'
import type { Catalogue } from './catalogue.ts'
import { type CommandsOf, commandsOf, type KindMap, type SubmitOptions } from './client.ts'
import { type CommandResult, visible } from './decide.ts'
import type { Listing, ListQuery, ViewMap } from './listing.ts'
import type { Bell } from './log.ts'
import { type Principal, ROOT_DOMAIN, sees, type Tree } from './principal.ts'
import { Refused, Unavailable } from './refusal.ts'
import type { CommandInput } from './request.ts'
import type { Residence } from './residence.ts'
import type { Snapshot } from './snapshot.ts'

/** What a session needs of the engine. */
export interface Host<K extends KindMap> {
  readonly kinds: K
  readonly catalogue: Catalogue
  readonly views: Readonly<
    Record<string, { get(key: string): Promise<ViewRow | undefined>; list(query?: never): Promise<Listing<ViewRow>> }>
  >
  submit(
    commands: readonly CommandInput[],
    principal: Principal,
    options?: SubmitOptions,
  ): Promise<readonly CommandResult[]>
  history(resource: string, fromVersion?: number): AsyncGenerator<Envelope>
}

/** A resource as readers see it: its row of the inventory. */
export type ResourceRow = ViewRow

export class Session<K extends KindMap, _P extends ViewMap = ViewMap, _S = unknown> {
  readonly principal: Principal
  readonly #host: Host<K>
  readonly #residence: Residence
  readonly #bell: Bell

  private constructor(host: Host<K>, principal: Principal, { residence, bell }: { residence: Residence; bell: Bell }) {
    this.principal = principal
    this.#host = host
    this.#residence = residence
    this.#bell = bell
  }

  static open<K extends KindMap, P extends ViewMap, S>(
    host: unknown,
    principal: Principal,
    parts: { residence: Residence; bell: Bell },
  ): Session<K, P, S> & CommandsOf<K> {
    const known = host as Host<K>
    const session = new Session<K, P, S>(known, principal, parts)
    const one = async (command: CommandInput, options: SubmitOptions) =>
      (await known.submit([command], principal, options))[0]!
    return Object.assign(session, commandsOf(known.kinds, one))
  }

  /** Several commands, all or none. */
  submit(commands: readonly CommandInput[], options?: SubmitOptions): Promise<readonly CommandResult[]> {
    return this.#host.submit(commands, this.principal, options)
  }

  /** The resource's row. Throws Refused notFound if there is none, or none this principal may know of. */
  async get(id: string): Promise<ResourceRow> {
    await this.#seen(id)
    return (await this.#host.views.inventory!.get(id)) ?? this.#missing(id)
  }

  /** Rows of one kind that belong to this account (an operator's: to any); `where.account` narrows or, for public ones, widens. */
  async list(kind: string, query: ListQuery<ViewRow> = {}): Promise<Listing<ResourceRow>> {
    const { authority = 'owner', account } = this.principal
    this.#host.catalogue.kind(kind)
    const isOperator = authority === 'operator' || authority === 'engine'
    const where = { ...query.where, kind, ...(isOperator ? {} : { account }) }
    return this.#host.views.inventory!.list({ ...query, where } as never)
  }

  /** The resource's events in order. Throws Refused notFound. */
  async *history(id: string, fromVersion = 1): AsyncGenerator<Envelope> {
    await this.#seen(id)
    yield* this.#host.history(id, fromVersion)
  }

  /** What would be accepted now, and for the rest why not. */
  async actions(id: string): Promise<Action[]> {
    const snapshot = await this.#seen(id)
    const compiled = this.#host.catalogue.kind(snapshot.kind)
    const dryRun = async (command: CommandInput) =>
      (await this.#host.submit([command], this.principal, { dryRun: true }))[0]!
    return actionsOf({ kind: compiled.kind, allowed: compiled.allowed(snapshot.state) }, id, this.principal, dryRun)
  }

  /**
   * Waits until the resource is no longer in a working state; resolves to the state a reader sees. Throws Refused
   * notFound, and Unavailable if the engine is closed meanwhile.
   */
  async settled(id: string, { signal }: { signal?: AbortSignal } = {}): Promise<string> {
    for (;;) {
      const rung = this.#bell.next()
      const snapshot = await this.#seen(id)
      if (!this.#host.catalogue.kind(snapshot.kind).is(snapshot.state, 'working')) return visible(snapshot.state)
      signal?.throwIfAborted()
      if (this.#bell.isOver)
        throw new Unavailable('closed', `The engine closed while '${id}' was ${visible(snapshot.state)}.`)
      await Promise.race([rung, aborted(signal)])
    }
  }

  async #seen(id: string): Promise<Snapshot> {
    const snapshot = await this.#residence.find(id)
    const compiled = snapshot && this.#host.catalogue.kind(snapshot.kind)
    if (snapshot && compiled && sees(this.principal, compiled, snapshot, await this.#tree(snapshot.account)))
      return snapshot
    return this.#missing(id)
  }

  #missing(id: string): never {
    const kind = this.#host.catalogue.ofId(id)?.kind.name ?? 'resource'
    const sentence = `The ${kind} '${id}' does not exist.`
    const reasons = [{ requirement: 'idExists', code: 'notFound', sentence }]
    throw new Refused([{ command: 'read', kind, resource: id, state: 'absent', reasons, allowed: [], index: 0 }])
  }

  /** The domains above an account; only a domain administrator's reach depends on them. */
  async #tree(account: string): Promise<Tree> {
    const parents = new Map<string, string | undefined>()
    if (this.principal.authority !== 'domainAdmin') return { domainOf: () => undefined, parentOf: () => undefined }
    const domain = nameIn(await this.#residence.find(`account/${account}`), 'domain') ?? ROOT_DOMAIN
    for (let each: string | undefined = domain; each !== undefined && !parents.has(each); each = parents.get(each))
      parents.set(each, nameIn(await this.#residence.find(`domain/${each}`), 'parent'))
    return { domainOf: () => domain, parentOf: each => parents.get(each) }
  }
}

const nameIn = (snapshot: Snapshot | null, field: string): string | undefined =>
  (snapshot?.context as Record<string, string> | undefined)?.[field] ?? undefined

const aborted = (signal?: AbortSignal) =>
  new Promise<void>(resolve => signal?.addEventListener('abort', () => resolve(), { once: true }))
