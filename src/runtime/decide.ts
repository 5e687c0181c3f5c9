/**
 * One command against the draft: accepted, unchanged, or refused with every reason. (design: contract points 1, 2, 10.)
 *
 * Order: the target, who may, the expected version, the facts, completion (ids, defaults), the event's own shape, the
 * machine. Input was parsed before the command was queued.
 */
import { type Command, Declined, type Json } from '../../machines/grammar.ts'
import { Cascade, ProposalRefused } from './cascade.ts'
import type { Catalogue, CompiledKind } from './catalogue.ts'
import type { Draft } from './draft.ts'
import type { Hash } from './envelope.ts'
import { FactReader, NotFound } from './facts.ts'
import type { Ids } from './ids.ts'
import {
  allowedTo,
  hears,
  mayGive,
  notPermitted as notPermittedTo,
  type Principal,
  ROOT_DOMAIN,
  reaches,
  sees,
  type Tree,
} from './principal.ts'
import type { Providers, Scopes } from './providers.ts'
import { BrokenRule, type Considered, Contained, InvalidRequest, type Reason, type RefusalOf } from './refusal.ts'
import { type Snapshot, unborn } from './snapshot.ts'

/** A command whose input has been parsed. */
export interface ParsedCommand {
  readonly compiled: CompiledKind
  readonly name: string
  readonly command: Command
  /** Undefined for creating commands that make their own id. */
  readonly id: string | undefined
  readonly input: Json
  readonly expectedVersion?: number
}

/** What one command of a submit came to. */
export interface CommandResult {
  readonly outcome: 'accepted' | 'unchanged'
  readonly id: string
  readonly kind: string
  /** The state a reader sees, before and after. */
  readonly previousState: string
  readonly state: string
  readonly version: number
  /** Of its event; 0 when unchanged. */
  readonly position: number
  /** It was done, but not as asked: what is other, in words for whoever asked. */
  readonly warnings?: readonly Warning[]
}
/** A warning is an event of the resource as well; this is its data. */
export interface Warning {
  readonly code: string
  readonly sentence: string
  readonly [detail: string]: Json | undefined
}

export interface Surroundings {
  readonly catalogue: Catalogue
  readonly providers: Providers
  /** What of providers is left for images. */
  readonly scopes: Scopes
  readonly ids: Ids
  readonly hash: Hash
  /** Where a principal that names no region makes things. */
  readonly region: string
  readonly now: number
}

const noFacts: Record<string, unknown> = Object.freeze({})

type Verdict = { result: CommandResult } | { refusal: RefusalOf; considered: Considered }
/** What became of a command on its way to the machine. */
type Offered = Partial<Pick<Considered, 'event' | 'facts'>>
type Refuse = (reasons: readonly Reason[], snapshot: Snapshot, offered?: Offered) => Verdict

export const visible = (path: string): string => {
  const end = path.indexOf('.')
  return end < 0 ? path : path.slice(0, end)
}

export class CommandDecision {
  readonly #around: Surroundings
  readonly #draft: Draft
  readonly #principal: Principal
  readonly #token: string | undefined
  readonly #tree: Tree
  readonly #region: string

  constructor(around: Surroundings, draft: Draft, principal: Principal, token: string | undefined) {
    this.#around = around
    this.#draft = draft
    this.#principal = principal
    this.#token = token
    this.#tree = treeOf(draft)
    this.#region = principal.region ?? around.region
  }

  /** Decides and, if accepted, writes to the draft. The caller rolls back when any command of the submit is refused. */
  decide(asked: ParsedCommand, index: number): Verdict {
    const target = this.#target(asked)
    const { position, at } = this.#draft
    const refuse: Refuse = (reasons, snapshot, offered) => ({
      considered: {
        position,
        at: Math.max(this.#around.now, at),
        version: snapshot.version,
        digest: snapshot.digest,
        input: asked.input,
        ...offered,
      },
      refusal: {
        command: `${asked.compiled.kind.name}.${asked.name}`,
        kind: asked.compiled.kind.name,
        resource: snapshot.resource,
        state: visible(snapshot.state),
        reasons,
        allowed: allowedTo(this.#principal, asked.compiled, snapshot, this.#tree),
        index,
      },
    })
    if ('requirement' in target) return refuse([target.reason], target.snapshot)
    const { snapshot } = target
    const facts = this.#facts(asked, snapshot)
    if (facts instanceof NotFound) return refuse([notFound(facts.kind, facts.id, facts.field, facts.region)], snapshot)
    const completed = this.#complete(asked, snapshot, facts)
    if (completed instanceof Declined)
      return refuse(this.#declinedFor(asked, snapshot, completed, facts), snapshot, { facts: facts as Json })
    return this.#ask(asked, snapshot, completed, facts, refuse)
  }

  #facts({ command, input }: ParsedCommand, owner: Snapshot): Record<string, unknown> | NotFound {
    if (Object.keys(command.needs).length === 0) return noFacts
    const { catalogue } = this.#around
    const reader = new FactReader(catalogue, this.#draft, this.#around, this.#principal, this.#tree, owner)
    return reader.read(command.needs, input)
  }

  #ask(asked: ParsedCommand, snapshot: Snapshot, data: Json, facts: Record<string, unknown>, refuse: Refuse): Verdict {
    const { compiled } = asked
    const type = `${compiled.kind.name}.${asked.command.event}`
    const spec = compiled.spec(type)
    const parsed = spec.data.safeParse(data)
    if (!parsed.success)
      throw new BrokenRule(`${type}: the completed command does not fit its event: ${parsed.error.message}`)
    const isBare = facts === noFacts && Object.keys(spec.facts.shape).length === 0
    const known = isBare ? { success: true as const, data: noFacts } : spec.facts.safeParse(facts)
    if (!known.success) throw new BrokenRule(`${type}: the facts do not fit its event: ${known.error.message}`)
    const cascade = new Cascade(this.#around.catalogue, this.#draft, this.#around.hash, this.#around.now)
    const before = this.#draft.envelopes.length
    const mark = this.#draft.mark()
    try {
      const { decision, event } = cascade.offer(compiled, snapshot, {
        type,
        origin: 'requested',
        data: parsed.data as Json,
        facts: Object.keys(known.data).length ? (known.data as Json) : undefined,
        actor: this.#principal.actor,
        token: this.#token,
      })
      if (decision === 'undecided' || decision === 'refused')
        return refuse(this.#reasons(compiled, snapshot, type, parsed.data, known.data, decision), snapshot, {
          event: { type, data: parsed.data as Json },
          facts: known.data as Json,
        })
      const objections = this.#draft.objections(mark)
      if (objections.length)
        return refuse(objections, snapshot, { event: { type, data: parsed.data as Json }, facts: known.data as Json })
      const after = this.#draft.snapshot(snapshot.resource) ?? snapshot
      const warnings = this.#warningsSince(before)
      return { result: { ...resultOf(snapshot, after, event?.position), ...(warnings.length && { warnings }) } }
    } catch (proposal) {
      if (!(proposal instanceof ProposalRefused)) throw proposal
      return this.#refusedBy(proposal, snapshot, refuse)
    }
  }

  #warningsSince(before: number): Warning[] {
    const { catalogue } = this.#around
    return this.#draft.envelopes
      .slice(before)
      .filter(({ type }) => catalogue.ofEvent(type).spec(type).warns)
      .map(({ data }) => data as unknown as Warning)
  }

  /** Another resource said no, or is none of this account's business: then there is nobody. */
  #refusedBy(proposal: ProposalRefused, { account, region }: Snapshot, refuse: Refuse): Verdict {
    const { compiled, snapshot: target, type, data, others } = proposal
    const { kind } = compiled
    const decision = decisionOf(proposal)
    const isStranger = target.account !== account || target.kind !== kind.name
    if (isStranger || (target.version === 0 && decision === 'undecided'))
      return refuse([notFound(kind.name, target.resource, 'id')], unborn(compiled, target.resource, account, region))
    // In the state of others may show what the first is the reason for; what they require, they require all the same.
    const heard = [proposal, ...others.filter(each => decisionOf(each) === 'refused')]
    const reasons = heard.flatMap(each =>
      this.#reasons(each.compiled, each.snapshot, each.type, each.data, {}, decisionOf(each)),
    )
    return refuse(reasons, target, { event: { type, data } })
  }

  #target(asked: ParsedCommand): { snapshot: Snapshot } | { requirement: string; reason: Reason; snapshot: Snapshot } {
    const { compiled, command, id, input, expectedVersion } = asked
    const { kind } = compiled
    const { account } = this.#principal
    const region = this.#region
    const no = (reason: Reason, snapshot: Snapshot) => ({ requirement: reason.requirement, reason, snapshot })
    if (command.creates) {
      const named = this.#idInInput(compiled, command, input)
      const made = named ?? this.#draft.fresh(this.#newId(kind.name))
      const fresh = unborn(compiled, made, account, region)
      if (!reaches(this.#principal, command.who)) return no(notPermitted(made, asked), fresh)
      if (named !== undefined && !reaches(this.#principal, command.idGivenBy ?? command.who))
        return no(notPermitted(made, asked, command.idGivenBy), fresh)
      const existing = named === undefined ? null : this.#draft.snapshot(made)
      return existing ? no(alreadyExists(kind.name, made), existing) : { snapshot: fresh }
    }
    const snapshot = this.#known(id!)
    const isOurs = snapshot && snapshot.kind === kind.name && sees(this.#principal, compiled, snapshot, this.#tree)
    if (!isOurs) return no(notFound(kind.name, id!, 'id'), unborn(compiled, id!, account, region))
    if (!mayGive(this.#principal, command.who, snapshot.account, this.#tree))
      return no(notPermitted(id!, asked), snapshot)
    if (expectedVersion !== undefined && expectedVersion !== snapshot.version)
      return no(otherVersion(snapshot, expectedVersion), snapshot)
    return { snapshot }
  }

  /** The id that the caller of a creating command chose, if it may be chosen and was. Throws InvalidRequest. */
  #idInInput({ kind }: CompiledKind, { namedBy, idGivenBy }: Command, input: Json): string | undefined {
    const given = input as Record<string, string>
    if (namedBy) return `${kind.name}/${given[namedBy]}`
    const { id } = given
    if (!idGivenBy || id === undefined) return undefined
    if (this.#around.catalogue.ofId(id)?.kind === kind) return id
    throw new InvalidRequest(
      'wrongKind',
      'id',
      `'${id}' is no id of a ${kind.name}: those begin with ${kind.idPrefix}-.`,
    )
  }

  /** The resource, or null if there is none that this principal may hear of. */
  #known(id: string): Snapshot | null {
    try {
      return this.#draft.snapshot(id)
    } catch (error) {
      if (error instanceof Contained && !hears(this.#principal, error)) return null
      throw error
    }
  }

  #newId(kindName: string): string {
    const { kind } = this.#around.catalogue.kind(kindName)
    return `${kind.idPrefix}-${this.#around.ids.next(this.#around.now)}`
  }

  #complete({ command, input }: ParsedCommand, snapshot: Snapshot, facts: unknown): Json | Declined {
    return command.complete({
      input,
      facts,
      id: snapshot.resource,
      account: snapshot.account,
      at: Math.max(this.#around.now, this.#draft.at),
      context: snapshot.context,
      state: visible(snapshot.state),
      newId: kind => this.#draft.fresh(this.#newId(kind)),
    })
  }

  /** What a command that could not be completed is refused for: its own noes among all others, in the declared order. */
  #declinedFor({ compiled, command }: ParsedCommand, snapshot: Snapshot, declined: Declined, facts: unknown): Reason[] {
    const type = `${compiled.kind.name}.${command.event}`
    const isPossible = compiled.evaluator.chart.leaves.get(snapshot.state)?.on.has(type)
    const decision = isPossible ? 'refused' : 'undecided'
    return this.#reasons(compiled, snapshot, type, declined.data, facts, decision, declined.noes)
  }

  /** Every requirement of the event that says no; in a wrong state, those of all states besides the state itself. */
  #reasons(
    compiled: CompiledKind,
    snapshot: Snapshot,
    type: string,
    data: unknown,
    facts: unknown,
    decision: 'refused' | 'undecided',
    noes: Readonly<Record<string, Json>> = {},
  ): Reason[] {
    const event = { ...snapshot, type, at: this.#draft.at, version: snapshot.version + 1, data, facts }
    const here = compiled.evaluator.chart.leaves.get(snapshot.state)?.on.get(type) ?? []
    const names = decision === 'refused' ? here.flatMap(each => each.requires) : compiled.requirements(type)
    const no = [...new Set([...names, ...Object.keys(noes)])].filter(
      name => Object.hasOwn(noes, name) || !compiled.kind.requirements[name]?.({ context: snapshot.context, event }),
    )
    const reasons = no.map(name => this.#reason(compiled, snapshot, name, noes[name] ?? (data as Json)))
    return decision === 'undecided' ? [...reasons, wrongState(compiled, snapshot, type)] : reasons
  }

  #reason({ kind }: CompiledKind, { resource, state, context }: Snapshot, requirement: string, data: Json): Reason {
    const refusal = kind.refusals[requirement]
    if (!refusal) throw new BrokenRule(`kind ${kind.name} has no refusal for its requirement ${requirement}`)
    const { code, sentence } = refusal
    if (typeof sentence === 'string') return { requirement, code, sentence }
    return { requirement, code, sentence: sentence({ resource, state: visible(state), context, data }) }
  }
}

const resultOf = (before: Snapshot, after: Snapshot, position = 0): CommandResult => ({
  outcome: position ? 'accepted' : 'unchanged',
  id: after.resource,
  kind: after.kind,
  previousState: visible(before.state),
  state: visible(after.state),
  version: after.version,
  position,
})

const notFound = (kind: string, id: string, field: string, region?: string): Reason => ({
  requirement: `${field}Exists`,
  code: 'notFound',
  sentence: `The ${kind} '${id}' does not exist${region === undefined ? '' : ` in the region ${region}`}.`,
})
const alreadyExists = (kind: string, id: string): Reason => ({
  requirement: 'new',
  code: 'alreadyExists',
  sentence: `The ${kind} '${id}' exists already; choose another name.`,
})
const notPermitted = (id: string, { compiled, name, command }: ParsedCommand, who = command.who): Reason =>
  notPermittedTo(id, `${compiled.kind.name}.${name}`, who)
const otherVersion = ({ resource, version }: Snapshot, expected: number): Reason => ({
  requirement: 'expectedVersion',
  code: 'versionMismatch',
  sentence: `'${resource}' is at version ${version}, not ${expected}; read it again and decide anew.`,
})
function wrongState(compiled: CompiledKind, { resource, state }: Snapshot, type: string): Reason {
  const states = [...compiled.evaluator.chart.leaves.values()]
    .filter(leaf => leaf.on.has(type))
    .map(l => visible(l.path))
  const possible = [...new Set(states)].join(', ')
  return {
    requirement: 'state',
    code: 'wrongState',
    sentence: `'${resource}' is ${visible(state)}; ${type} is possible only when it is ${possible}.`,
  }
}

/** The tree of accounts and domains, read from their published faces. */
const treeOf = (draft: Draft): Tree => ({
  domainOf: account => nameIn(draft.snapshot(`account/${account}`)?.context, 'domain') ?? ROOT_DOMAIN,
  parentOf: domain => nameIn(draft.snapshot(`domain/${domain}`)?.context, 'parent'),
})
const nameIn = (context: unknown, field: string): string | undefined =>
  (context as Record<string, string> | undefined)?.[field] ?? undefined

const decisionOf = ({ compiled, snapshot, type }: ProposalRefused) =>
  compiled.evaluator.chart.leaves.get(snapshot.state)?.on.has(type) ? 'refused' : 'undecided'
