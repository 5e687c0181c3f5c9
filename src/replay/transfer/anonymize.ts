/**
 * Taking names out of a history, so that it can be shown to others: ids, accounts, people, names, tags and texts are
 * replaced, the same by the same everywhere, and everything that rules decide on stays. Digests are made anew.
 */
import type { Envelope, Json } from '../../../machines/grammar.ts'
import { isSecret } from '../../../machines/grammar.ts'
import type { Catalogue } from '../../runtime/catalogue.ts'
import { GENESIS, type Hash, seal, unseal } from '../../runtime/envelope.ts'
import { ROOT_DOMAIN } from '../../runtime/principal.ts'
import type { StoredEvent } from '../../store/store.ts'

/** Fields whose texts people or providers chose, and no rule of stemma reads for more than whether they are the same. */
const chosen = new Set([
  ...['name', 'description', 'actor', 'token', 'label', 'note', 'message', 'sentence', 'lastError'],
  ...['userData', 'publicKey', 'fingerprint', 'keyName', 'host', 'privateAddress', 'publicAddress', 'providerId'],
])
/** Fields that hold records or lists of such texts. */
const chosenWithin = new Set(['tags', 'snapshotTags', 'volumeTags', 'sharedWith', 'private'])

/** Fields whose values are words of the rules, whoever is called the same. */
const ruled = new Set(['kind', 'state'])
const naming = ['account', 'actor', 'token', 'resource', 'answers', 'data', 'facts', 'wants'] as const
const idShape = /\b([a-z]{1,12})-([0-9a-f]{17})\b/g

/**
 * The same history without names. Throws Damaged where it cannot be read.
 * @param salt whoever knows it can find out who is who by trying: keep it, or throw it away
 */
export function anonymize(
  events: readonly StoredEvent[],
  { catalogue, hash, salt }: { catalogue: Catalogue; hash: Hash; salt: string },
): StoredEvent[] {
  const names = new Names(catalogue, hash, salt)
  const envelopes = events.map(unseal)
  for (const event of envelopes) names.learn(event)
  const digests = new Map<string, string>()
  return envelopes.map(({ digest: _, ...event }) => {
    const told = names.replaced(event)
    const { stored } = seal(told, digests.get(told.resource) ?? GENESIS, hash)
    digests.set(told.resource, stored.digest)
    return stored
  })
}

class Names {
  readonly #catalogue: Catalogue
  readonly #hash: Hash
  readonly #salt: string
  /** Texts that name an account or a resource, wherever they stand. */
  readonly #named = new Map<string, string>()

  constructor(catalogue: Catalogue, hash: Hash, salt: string) {
    this.#catalogue = catalogue
    this.#hash = hash
    this.#salt = salt
  }

  learn({ account, resource, kind }: Envelope): void {
    this.#learnName(account, 'account')
    if (resource.startsWith(`${kind}/`)) this.#learnName(resource.slice(kind.length + 1), kind)
  }

  /** The event, of which only these fields can name somebody. */
  replaced(event: Omit<Envelope, 'digest'>): Omit<Envelope, 'digest'> {
    const secrets = new Set(this.#secretsOf(event.type))
    const named: Record<string, Json> = {}
    for (const field of naming) {
      const value = event[field] as Json | undefined
      if (value !== undefined) named[field] = this.#value(value, field, secrets)
    }
    return { ...event, ...named }
  }

  #learnName(name: string, noun: string): void {
    if (!this.#named.has(name)) this.#named.set(name, `${noun}-${this.#code(name).slice(0, 8)}`)
  }

  #secretsOf(type: string): string[] {
    const compiled = this.#catalogue.kinds.get(type.slice(0, type.indexOf('.')))
    const shape = compiled?.kind.events.specs[type.slice(type.indexOf('.') + 1)]?.data.shape ?? {}
    return Object.keys(shape).filter(field => isSecret(shape[field]!))
  }

  #value(value: Json | undefined, field: string | undefined, secrets: ReadonlySet<string>, isWithin = false): Json {
    if (typeof value === 'string')
      return this.#text(value, field, isWithin || (field !== undefined && secrets.has(field)))
    if (typeof value !== 'object' || value === null) return value ?? null
    const within = isWithin || (field !== undefined && chosenWithin.has(field))
    if (Array.isArray(value)) return value.map(each => this.#value(each, field, secrets, within))
    const told: Record<string, Json> = {}
    for (const [key, inner] of Object.entries(value)) {
      const name = within && !isStructure(key) ? this.#text(key, undefined, true) : this.#ids(key)
      told[name] = this.#value(inner, key, secrets, within)
    }
    return told
  }

  #text(text: string, field: string | undefined, isChosen: boolean): string {
    // Every cloud has this domain, and rules know it by its name.
    if (text === ROOT_DOMAIN) return text
    const known = this.#named.get(text)
    if (known !== undefined && !ruled.has(field ?? '')) return known
    const slash = text.indexOf('/')
    const name = slash > 0 ? this.#named.get(text.slice(slash + 1)) : undefined
    if (name !== undefined && this.#catalogue.kinds.has(text.slice(0, slash)))
      return `${text.slice(0, slash + 1)}${name}`
    if (isChosen || (field !== undefined && chosen.has(field)))
      return text === '' ? '' : `text-${this.#code(text).slice(0, 12)}`
    return this.#ids(text)
  }

  #ids(text: string): string {
    return text.replace(idShape, (_, prefix: string, digits: string) => `${prefix}-${this.#digits(digits)}`)
  }

  #digits(digits: string): string {
    let hex = ''
    for (const character of this.#hash(`${this.#salt} id ${digits}`)) hex += character.charCodeAt(0).toString(16)
    return hex.slice(0, 17)
  }

  /** Letters and digits only. */
  #code(text: string): string {
    return this.#hash(`${this.#salt} text ${text}`).replaceAll(/[^a-zA-Z0-9]/g, 'x')
  }
}

/** Names of what a record of tags is made of, where it is a list of pairs. */
const isStructure = (key: string) => key === 'key' || key === 'value'
