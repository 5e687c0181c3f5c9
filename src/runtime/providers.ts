/** What providers declare, as a command of some region reads it: with the zones of that region only. */

export interface ProviderFact {
  readonly name: string
  readonly capabilities: unknown
}

/** One image of a provider, which may offer less than the provider does. */
export interface ImageThere {
  readonly provider: string
  readonly image: string
}
/** What is left of providers for images, by `scopeKey`: what was asked for before the command was decided. */
export type Scopes = ReadonlyMap<string, unknown>
export const scopeKey = ({ provider, image }: ImageThere): string => `${image} ${provider}`

/**
 * Thrown by a read of what only the provider knows. No commit waits for a provider, so the request leaves the batch, the
 * provider is asked, and it is decided again with the answer.
 */
export class Unasked {
  readonly images: readonly ImageThere[]
  constructor(images: readonly ImageThere[]) {
    this.images = images
  }
}

interface Placed {
  readonly zones?: readonly string[]
  readonly regions?: Readonly<Record<string, readonly string[]>>
  readonly imagesNarrow?: boolean
}
const placed = ({ capabilities }: ProviderFact) => (capabilities ?? {}) as Placed

/** As seen from a region; undefined if it does not serve that one. One that declares no regions serves them all. */
function inRegion(provider: ProviderFact, region: string): ProviderFact | undefined {
  const { regions = {}, zones = [], ...rest } = placed(provider)
  if (Object.keys(regions).length === 0) return provider
  if (!Object.hasOwn(regions, region)) return undefined
  const here = regions[region]!.filter(zone => zones.includes(zone))
  return { name: provider.name, capabilities: { ...rest, regions, zones: here } }
}

/** The providers of an engine. */
export class Providers {
  readonly #all: ReadonlyMap<string, ProviderFact>
  readonly #seen = new Map<string, ProviderFact | undefined>()

  constructor(all: Iterable<ProviderFact>) {
    this.#all = new Map([...all].map(each => [each.name, each]))
  }

  /** The provider of this name as seen from a region; undefined if there is none, or it does not serve the region. */
  named(name: string, region: string): ProviderFact | undefined {
    const provider = this.#all.get(name)
    if (!provider) return undefined
    const key = `${region}/${name}`
    if (this.#seen.has(key)) return this.#seen.get(key)
    const seen = inRegion(provider, region)
    // Regions are many names that callers make up; those that are served are few.
    if (seen) this.#seen.set(key, seen)
    return seen
  }

  /** The first provider that serves the region. */
  first(region: string): ProviderFact | undefined {
    for (const name of this.#all.keys()) {
      const found = this.named(name, region)
      if (found) return found
    }
    return undefined
  }

  /** What is left of it for one image, seen from a region. Throws Unasked where that is not known yet. */
  forImage(provider: ProviderFact, image: string, region: string, scopes: Scopes): ProviderFact | undefined {
    if (!placed(provider).imagesNarrow) return provider
    const there = { provider: provider.name, image }
    const capabilities = scopes.get(scopeKey(there))
    if (capabilities === undefined) throw new Unasked([there])
    return inRegion({ name: provider.name, capabilities }, region)
  }
}
