/** Reads what a command declared that it needs to know, over what earlier members of the batch wrote. */
import type { ClaimKey, FactSource, Json } from '../../machines/grammar.ts'
import type { Catalogue } from './catalogue.ts'
import type { Draft } from './draft.ts'
import { hears, type Principal, sees, type Tree } from './principal.ts'
import type { ProviderFact, Providers, Scopes } from './providers.ts'
import { Contained } from './refusal.ts'

/** A resource that a command names does not exist, or is none of the caller's business: both read the same. */
export class NotFound {
  readonly kind: string
  readonly id: string
  readonly field: string
  /** The region that it is not in, where whoever asks sees it in another. */
  readonly region: string | undefined
  constructor(kind: string, id: string, field: string, region?: string) {
    this.kind = kind
    this.id = id
    this.field = field
    this.region = region
  }
}

/** What the command is of: whose it is, or will be, and where. */
interface Target {
  readonly resource: string
  readonly kind: string
  /** Nothing of one that is to be made. */
  readonly context: unknown
  readonly account: string
  readonly region: string
}

export class FactReader {
  readonly #catalogue: Catalogue
  readonly #draft: Draft
  readonly #providers: Providers
  readonly #scopes: Scopes
  readonly #principal: Principal
  readonly #tree: Tree
  /** Whose the resource is, or will be, and where. */
  readonly #owner: Target

  constructor(
    catalogue: Catalogue,
    draft: Draft,
    { providers, scopes }: { providers: Providers; scopes: Scopes },
    principal: Principal,
    tree: Tree,
    owner: Target,
  ) {
    this.#catalogue = catalogue
    this.#draft = draft
    this.#providers = providers
    this.#scopes = scopes
    this.#principal = principal
    this.#tree = tree
    this.#owner = owner
  }

  /** The facts by name, or the first resource that is not there. Throws Missing for what is not resident, and Unasked. */
  read(needs: Readonly<Record<string, FactSource>>, input: Json): Record<string, unknown> | NotFound {
    const names = Object.keys(needs)
    try {
      this.#draft.all(names.flatMap(name => this.#ids(needs[name]!, input)))
    } catch (error) {
      if (!(error instanceof Contained) || hears(this.#principal, error)) throw error
      return this.#strange(needs, input, error.resource)
    }
    const facts: Record<string, unknown> = {}
    for (const name of names) {
      const fact = this.#one(needs[name]!, input, facts)
      if (fact instanceof NotFound) return fact
      facts[name] = fact
    }
    return facts
  }

  /** A resource that is set aside, named by somebody who may not hear of it. */
  #strange(needs: Readonly<Record<string, FactSource>>, input: Json, id: string): NotFound {
    const source = Object.values(needs).find(each => this.#ids(each, input).includes(id))
    const named = source && 'kind' in source ? source : { kind: 'resource', path: 'id' }
    return new NotFound(named.kind, id, named.path)
  }

  #ids(source: FactSource, input: Json): string[] {
    if (source.from === 'account') return [`account/${this.#owner.account}`]
    if (source.from !== 'resource' && source.from !== 'named') return []
    return strings(input, source.path).map(value => (source.from === 'named' ? `${source.kind}/${value}` : value))
  }

  #one(source: FactSource, input: Json, before: Readonly<Record<string, unknown>>): unknown {
    switch (source.from) {
      case 'provider':
        return this.#provider(source, input, before)
      case 'account':
        return this.#face(`account/${this.#owner.account}`) ?? null
      case 'claim':
        return this.#claimed(source, input) ?? null
      default:
        return this.#resources(source, input)
    }
  }

  #claimed({ view, key: parts, members }: Extract<FactSource, { from: 'claim' }>, input: Json): unknown {
    // What is listed in a view that this engine does not keep is nothing.
    if (members !== undefined && !this.#draft.keeps(view)) return []
    const key = this.#claimKey(parts, input)
    const row = key === undefined ? undefined : this.#draft.claim(view, key).row
    if (members === undefined) return row
    return this.#draft.claimed(view, (row?.[members] ?? []) as readonly string[])
  }

  #resources(source: Extract<FactSource, { path: string; kind: string }>, input: Json): unknown {
    const faces = []
    for (const id of this.#ids(source, input)) {
      const face = this.#face(id, source.kind, source.from === 'resource' && source.anyRegion)
      if (!face && !source.optional)
        return new NotFound(source.kind, id, source.path, this.#regionWithout(id, source.kind))
      if (face || !source.many) faces.push(face ?? null)
    }
    return source.many ? faces : (faces[0] ?? null)
  }

  /** Of what is made, if the principal sees the resource in another. */
  #regionWithout(id: string, kind: string): string | undefined {
    const isElsewhere = this.#principal.region === undefined && this.#face(id, kind, true) !== undefined
    return isElsewhere ? this.#owner.region : undefined
  }

  #face(id: string, kind?: string, anyRegion = false): Record<string, unknown> | undefined {
    const snapshot = this.#draft.snapshot(id)
    if (!snapshot || (kind !== undefined && snapshot.kind !== kind)) return undefined
    const compiled = this.#catalogue.kind(snapshot.kind)
    // Whoever acts in every region still brings together only what is in one.
    const region = anyRegion ? undefined : (this.#principal.region ?? this.#owner.region)
    const principal = { ...this.#principal, region }
    if (kind !== undefined && !sees(principal, compiled, snapshot, this.#tree)) return undefined
    const { resource, account, state } = snapshot
    return {
      ...compiled.kind.face(snapshot.context),
      id: resource,
      kind: snapshot.kind,
      account,
      state: state.split('.')[0],
    }
  }

  /** Undefined where a path of it finds nothing. */
  #claimKey(key: ClaimKey, input: Json): string | undefined {
    const { account, region, resource } = this.#owner
    const parts = [key].flat().map(part => {
      if (part === 'account') return account
      if (part === 'region') return region
      if (part === 'id') return resource
      if (part === 'provider') return this.#held('provider') ?? this.#named(strings(input, 'provider')[0])?.name
      return 'text' in part ? part.text : strings(input, part.path)[0]
    })
    return parts.includes(undefined) ? undefined : parts.join('/')
  }

  /** What the face of the target says, which is nothing of one that is to be made. */
  #held(name: string): string | undefined {
    const { kind, context } = this.#owner
    const { [name]: value } = this.#catalogue.kind(kind).kind.face(context)
    return typeof value === 'string' && value !== '' ? value : undefined
  }

  #provider(
    { path, of = [] }: Extract<FactSource, { from: 'provider' }>,
    input: Json,
    before: Readonly<Record<string, unknown>>,
  ): ProviderFact | NotFound {
    const [given] = path === undefined ? [] : strings(input, path)
    const found = this.#named(given)
    const [image] = of.flatMap(each => strings(before as Json, each))
    const left =
      found && image !== undefined ? this.#providers.forImage(found, image, this.#owner.region, this.#scopes) : found
    return left ?? new NotFound('provider', given ?? '(none)', path ?? 'provider')
  }

  #named(given: string | undefined): ProviderFact | undefined {
    const { region } = this.#owner
    return given === undefined ? this.#providers.first(region) : this.#providers.named(given, region)
  }
}

/** Every string a dotted path finds; `*` walks a list. */
export function strings(value: Json | undefined, path: string): string[] {
  let found: unknown[] = [value]
  for (const name of path.split('.'))
    found = found.flatMap(each => {
      if (name === '*') return Array.isArray(each) ? each : []
      const isRecord = typeof each === 'object' && each !== null && Object.hasOwn(each, name)
      return isRecord ? [(each as Record<string, unknown>)[name]] : []
    })
  return found.filter(each => typeof each === 'string')
}
