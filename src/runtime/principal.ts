/** Who asks, and what they may reach. (design: contract point 10.) */
import { type Authority, EVERYWHERE } from '../../machines/grammar.ts'
import type { CompiledKind } from './catalogue.ts'
import { type Contained, InvalidRequest, type Reason } from './refusal.ts'
import type { Snapshot } from './snapshot.ts'

export interface Principal {
  readonly account: string
  /** For the history: a person or program, e.g. `ops@acme`. */
  readonly actor: string
  /** Default `owner`: acts for its own account only. */
  readonly authority?: Authority
  /** Root of the tree a domain administrator reaches. */
  readonly domain?: string
  /**
   * Sees and makes only what is in this region, or in all of them. Without it every region is seen; `*` makes what is in
   * all of them.
   */
  readonly region?: string
}

/**
 * Whose name goes into every event must have one: an account that is undefined would own what nobody can reach. Throws
 * InvalidRequest.
 */
export function checkPrincipal({ account, actor, region }: Principal): void {
  for (const [field, value] of Object.entries({ account, actor }))
    if (typeof value !== 'string' || value === '')
      throw new InvalidRequest('invalidInput', field, `The ${field} of a principal is a text that is not empty.`)
  if (region !== undefined && typeof region !== 'string')
    throw new InvalidRequest('invalidInput', 'region', 'The region of a principal is a text.')
}

const ranks: Readonly<Record<Authority, number>> = { owner: 0, domainAdmin: 1, operator: 2, engine: 3 }

/** Whether this authority is at least the one a command declares. */
export const reaches = (principal: Principal, needed: Authority): boolean =>
  ranks[principal.authority ?? 'owner'] >= ranks[needed]

/** Where accounts live that nobody opened. (docs/decisions/0006.) */
export const ROOT_DOMAIN = 'root'

/** How the tree of domains is read: the parent of a domain, and the domain of an account. */
export interface Tree {
  domainOf(account: string): string | undefined
  parentOf(domain: string): string | undefined
}

/** Whether the principal may command resources of this account. */
export function commands(principal: Principal, account: string, tree: Tree): boolean {
  const authority = principal.authority ?? 'owner'
  if (authority === 'operator' || authority === 'engine') return true
  if (account === principal.account) return true
  return authority === 'domainAdmin' && within(tree, tree.domainOf(account), principal.domain)
}

/** Whether the principal may give a command of this authority to a resource of this account. */
export const mayGive = (principal: Principal, who: Authority, account: string, tree: Tree): boolean =>
  reaches(principal, who) && commands(principal, account, tree)

/** Commands that the resource's state has an entry for and the principal may give to it, whatever the input. */
export const allowedTo = (
  principal: Principal,
  compiled: CompiledKind,
  { state, account }: Pick<Snapshot, 'state' | 'account'>,
  tree: Tree,
): string[] =>
  compiled.allowed(state).filter(name => mayGive(principal, compiled.kind.commands[name]!.who, account, tree))

export const notPermitted = (id: string, command: string, who: Authority): Reason => ({
  requirement: 'authority',
  code: 'notPermitted',
  sentence: `${command} of '${id}' takes the authority of ${who}, and of the account whose it is.`,
})

/** Regions whose resources the principal sees; undefined: of all. */
export const regionsSeen = ({ region }: Principal): readonly string[] | undefined =>
  region === undefined || region === EVERYWHERE ? undefined : [region, EVERYWHERE]

/** Whether the principal may know that this resource exists; if not, it is answered as one that never did. */
export function sees(
  principal: Principal,
  { kind }: CompiledKind,
  { account, region, context }: Snapshot,
  tree: Tree,
): boolean {
  if (kind.regional && regionsSeen(principal)?.includes(region) === false) return false
  if (commands(principal, account, tree)) return true
  const visibility = kind.visibility(context)
  return visibility === 'public' || (visibility !== 'private' && visibility.includes(principal.account))
}

/** Whether the principal may hear that a resource is set aside; to all others it does not exist. */
export function hears(principal: Principal, { account }: Contained): boolean {
  const { authority = 'owner' } = principal
  return authority === 'operator' || authority === 'engine' || account === principal.account
}

function within(tree: Tree, domain: string | undefined, root: string | undefined): boolean {
  if (root === undefined) return false
  // A tree of domains is shallow; the bound keeps a damaged one from looping.
  for (let each = domain, depth = 0; each !== undefined && depth < 64; each = tree.parentOf(each), depth += 1)
    if (each === root) return true
  return false
}
