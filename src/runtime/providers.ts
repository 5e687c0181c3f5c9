/** What providers declare, as a command of some region reads it: with the zones of that region only. */

export interface ProviderFact {
  readonly name: string
  readonly capabilities: unknown
}

interface Placed {
  readonly zones?: readonly string[]
  readonly regions?: Readonly<Record<string, readonly string[]>>
}

/** The providers of an engine. One that declares no regions serves them all. */
export class Providers {
  readonly #all: ReadonlyMap<string, ProviderFact>
  readonly #narrowed = new Map<string, ProviderFact | undefined>()

  constructor(all: Iterable<ProviderFact>) {
    this.#all = new Map([...all].map(each => [each.name, each]))
  }

  /** The provider of this name as seen from a region; undefined if there is none, or it does not serve the region. */
  named(name: string, region: string): ProviderFact | undefined {
    const provider = this.#all.get(name)
    const { regions = {} } = (provider?.capabilities ?? {}) as Placed
    if (!provider || Object.keys(regions).length === 0) return provider
    const key = `${region}/${name}`
    if (!this.#narrowed.has(key) && Object.hasOwn(regions, region))
      this.#narrowed.set(key, { name, capabilities: { ...(provider.capabilities as object), zones: regions[region] } })
    return this.#narrowed.get(key)
  }

  /** The first provider that serves the region. */
  first(region: string): ProviderFact | undefined {
    for (const name of this.#all.keys()) {
      const found = this.named(name, region)
      if (found) return found
    }
    return undefined
  }
}
