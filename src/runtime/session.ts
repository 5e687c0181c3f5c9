/** One principal's view of the engine: typed commands, reads within its reach, and waiting for a resource to settle. */
import type { Envelope } from '../../machines/grammar.ts'
import type { RowOf, ViewRow } from '../../projections/contract.ts'
import type { RefusalEntry, RefusalQuery } from '../store/refusals.ts'
import { type Action, actionsOf } from './actions.ts'
import type { Catalogue } from './catalogue.ts'
import { type CommandsOf, commandsOf, type KindMap, type SubmitOptions } from './client.ts'
import { type CommandResult, visible } from './decide.ts'
import type { Listing, ListQuery, View, ViewMap } from './listing.ts'
import type { Bell } from './log.ts'
import { commands, hears, type Principal, ROOT_DOMAIN, reaches, regionsSeen, sees, type Tree } from './principal.ts'
import { Contained, InvalidRequest, Refused, Unavailable } from './refusal.ts'
import type { CommandInput } from './request.ts'
import type { Residence } from './residence.ts'
import type { Snapshot } from './snapshot.ts'
import type { Cleaned, SurveyReport, Thing } from './survey.ts'

/** What a session needs of the engine. */
export interface Host<K extends KindMap> {
  readonly kinds: K
  readonly catalogue: Catalogue
  readonly views: Readonly<Record<string, View<ViewRow>>>
  submit(
    commands: readonly CommandInput[],
    principal: Principal,
    options?: SubmitOptions,
  ): Promise<readonly CommandResult[]>
  history(resource: string, fromVersion?: number): AsyncGenerator<Envelope>
  refusals(asked: Partial<RefusalQuery>): Promise<RefusalEntry[]>
  readonly lastSurvey: SurveyReport
  survey(asked: { readonly provider?: string }): Promise<SurveyReport>
  /** Not of a past. */
  rebuild?(...views: readonly string[]): Promise<number>
  clean(thing: Thing, actor: string): Promise<Cleaned>
  /** Reads consoles at a provider; undefined where it keeps none. */
  consoleOf(provider: string): ((instance: string) => Promise<ConsoleOutput | undefined>) | undefined
}

/** A resource as readers see it: its row of the inventory. */
export type ResourceRow<P extends ViewMap = ViewMap> = P extends { readonly inventory: infer I } ? RowOf<I> : ViewRow

/** What a guest has written to its console: at most the last 64 KiB, and when the provider last saw something new. */
export interface ConsoleOutput {
  readonly outputBase64: string
  readonly at: number
}

interface SessionParts {
  readonly residence: Pick<Residence, 'find'>
  readonly bell: Bell
}

export class Session<K extends KindMap, P extends ViewMap = ViewMap> {
  readonly principal: Principal
  readonly #host: Host<K>
  readonly #residence: Pick<Residence, 'find'>
  readonly #bell: Bell

  private constructor(host: Host<K>, principal: Principal, { residence, bell }: SessionParts) {
    this.principal = principal
    this.#host = host
    this.#residence = residence
    this.#bell = bell
  }

  static open<K extends KindMap, P extends ViewMap>(
    host: unknown,
    principal: Principal,
    parts: SessionParts,
  ): Session<K, P> & CommandsOf<K> {
    const known = host as Host<K>
    const session = new Session<K, P>(known, principal, parts)
    const one = async (command: CommandInput, options: SubmitOptions) =>
      (await known.submit([command], principal, options))[0]!
    return Object.assign(session, commandsOf(known.kinds, one))
  }

  /** Several commands, all or none. */
  submit(commands: readonly CommandInput[], options?: SubmitOptions): Promise<readonly CommandResult[]> {
    return this.#host.submit(commands, this.principal, options)
  }

  /** The resource's row. Throws Refused notFound if there is none, or none this principal may know of. */
  async get(id: string): Promise<ResourceRow<P>> {
    await this.#seen(id)
    return ((await this.#host.views.inventory!.get(id)) as ResourceRow<P> | undefined) ?? this.#missing(id)
  }

  /** Rows of one kind: this account's own and those that everybody may see; an operator's list has every account's. */
  async list(kind: string, query: ListQuery<ResourceRow<P>> = {}): Promise<Listing<ResourceRow<P>>> {
    const { authority = 'owner', account } = this.principal
    const { regional } = this.#host.catalogue.kind(kind).kind
    const isOperator = authority === 'operator' || authority === 'engine'
    if (query.anyOf && !isOperator)
      throw new InvalidRequest(
        'invalidInput',
        'anyOf',
        "anyOf is the operator's; an account lists its own and what everybody may see.",
      )
    const inventory = this.#host.views.inventory!
    // An embedder's own inventory may have no such column: then everything is private.
    const shared = inventory.columns.includes('visibility') ? [{ visibility: 'public' }] : []
    const anyOf = isOperator ? query.anyOf : [{ account }, ...shared]
    const region = regional && inventory.columns.includes('region') ? this.#regionsOf(query.where) : {}
    return inventory.list({ ...query, anyOf, where: { ...query.where, ...region, kind } } as never) as never
  }

  /** The resource's events in order. Throws Refused notFound. */
  async *history(id: string, fromVersion = 1): AsyncGenerator<Envelope> {
    const { account } = await this.#seen(id)
    const isOurs = commands(this.principal, account, await this.#tree(account))
    // Whoever may only look learns what happened, not who did it and with which token.
    for await (const event of this.#host.history(id, fromVersion))
      yield isOurs ? event : { ...event, actor: account, token: undefined }
  }

  /**
   * What was refused to this account lately, to anybody for an operator: the newest that match, newest last. A text is the
   * id of a resource; one that never existed was asked for all the same. Throws InvalidRequest.
   */
  async refusals(asked: string | Partial<RefusalQuery> = {}): Promise<RefusalEntry[]> {
    const query = typeof asked === 'string' ? { resource: asked } : asked
    const { authority = 'owner', account } = this.principal
    if (authority === 'operator' || authority === 'engine') return this.#host.refusals(query)
    // Another account's are as if nothing had been refused: not even that says anything.
    if (query.account !== undefined && query.account !== account) return []
    return this.#host.refusals({ ...query, account })
  }

  /** What would be accepted now, and for the rest why not. */
  async actions(id: string): Promise<Action[]> {
    const snapshot = await this.#seen(id)
    const compiled = this.#host.catalogue.kind(snapshot.kind)
    const dryRun = async (command: CommandInput) =>
      (await this.#host.submit([command], this.principal, { dryRun: true }))[0]!
    const tree = await this.#tree(snapshot.account)
    return actionsOf(compiled, snapshot, { principal: this.principal, tree }, dryRun)
  }

  /**
   * Waits until the resource is no longer in a working state; resolves to the state a reader sees. Throws Refused
   * notFound, and Unavailable if the engine is closed meanwhile.
   */
  async settled(id: string, { signal }: { signal?: AbortSignal } = {}): Promise<string> {
    // One listener for the whole wait: every commit rings, and one for each turn would pile up at the signal.
    const wake = () => this.#bell.ring()
    signal?.addEventListener('abort', wake, { once: true })
    try {
      for (;;) {
        const rung = this.#bell.next()
        const snapshot = await this.#seen(id)
        if (!this.#host.catalogue.kind(snapshot.kind).is(snapshot.state, 'working')) return visible(snapshot.state)
        signal?.throwIfAborted()
        if (this.#bell.isOver)
          throw new Unavailable('closed', `The engine closed while '${id}' was ${visible(snapshot.state)}.`)
        await rung
      }
    } finally {
      signal?.removeEventListener('abort', wake)
    }
  }

  /** Of the regions asked for, those this principal sees. */
  #regionsOf(where: { region?: unknown } = {}): { region?: readonly string[] } {
    const seen = regionsSeen(this.principal)
    if (!seen) return {}
    const asked = where.region === undefined ? seen : [where.region].flat()
    return { region: seen.filter(each => asked.includes(each)) }
  }

  /**
   * What an instance has written to its console, asked of its provider now. Throws Refused notFound, or
   * consoleUnsupported where the provider keeps none; Unavailable if the provider gives no answer.
   */
  async consoleOutput(id: string): Promise<ConsoleOutput> {
    const snapshot = await this.#seen(id)
    const { face } = this.#host.catalogue.kind(snapshot.kind).kind
    const read = this.#host.consoleOf(String(face(snapshot.context).provider))
    if (read) return (await read(id)) ?? { outputBase64: '', at: snapshot.at }
    const sentence = `The provider of '${id}' keeps no console output.`
    const reasons = [{ requirement: 'consoleOffered', code: 'consoleUnsupported', sentence }]
    const { kind, state } = snapshot
    throw new Refused([{ command: 'read', kind, resource: id, state: visible(state), reasons, allowed: [], index: 0 }])
  }

  /** As the engine does it. The operator's, as `lastSurvey` and `clean` are. Throws Refused notPermitted, InvalidRequest. */
  async survey(asked: { readonly provider?: string } = {}): Promise<SurveyReport> {
    this.#operatorOnly('survey')
    return this.#host.survey(asked)
  }
  /** What the last survey of each provider found. Throws Refused notPermitted. */
  async lastSurvey(): Promise<SurveyReport> {
    this.#operatorOnly('survey')
    return this.#host.lastSurvey
  }
  /** As the engine does it. Throws Refused notPermitted, and what the engine throws. */
  async clean(thing: Thing): Promise<Cleaned> {
    this.#operatorOnly('clean')
    return this.#host.clean(thing, this.principal.actor)
  }

  /** As the engine does it. The operator's. Throws Refused notPermitted, and what the engine throws. */
  async rebuild(...views: readonly string[]): Promise<number> {
    this.#operatorOnly('rebuild', 'view', 'views')
    const { rebuild } = this.#host
    if (rebuild) return rebuild.call(this.#host, ...views)
    throw new InvalidRequest('invalidInput', 'at', 'Views of the past are made anew whenever they are read.')
  }

  #operatorOnly(command: string, kind = 'provider', what = 'what providers have'): void {
    if (reaches(this.principal, 'operator')) return
    const sentence = `To ${command} ${what} takes the authority of operator.`
    const reasons = [{ requirement: 'who', code: 'notPermitted', sentence }]
    throw new Refused([{ command, kind, resource: '', state: 'absent', reasons, allowed: [], index: 0 }])
  }

  async #seen(id: string): Promise<Snapshot> {
    if (typeof id !== 'string') return this.#missing('')
    const snapshot = await this.#residence.find(id).catch(error => {
      if (error instanceof Contained && !hears(this.principal, error)) return null
      throw error
    })
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
