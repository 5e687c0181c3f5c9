/**
 * What providers can do, for who wants to know before asking: declared, answered as questions, and narrowed for one image.
 * Nothing here decides anything; commands read the same. (spec: stateful-and-deltacloud 1.1 R8 to R10, R16.)
 */
import { EVERYWHERE } from '../../machines/grammar.ts'
import { type Answers, answersOf } from '../drivers/answers.ts'
import type { Capabilities } from '../drivers/driver.ts'
import type { RegisteredDriver } from '../drivers/register.ts'
import { type Providers, scopeKey } from '../runtime/providers.ts'
import { Refused } from '../runtime/refusal.ts'
import type { Narrowings } from './narrowings.ts'

/** A provider as seen from a region. */
export interface ProviderView {
  readonly name: string
  /** With the zones of the region. */
  readonly capabilities: Capabilities
  readonly answers: Answers
}

export class Introspection {
  readonly #drivers: ReadonlyMap<string, RegisteredDriver>
  readonly #seen: Providers
  readonly #narrowings: Narrowings

  constructor(drivers: ReadonlyMap<string, RegisteredDriver>, seen: Providers, narrowings: Narrowings) {
    this.#drivers = drivers
    this.#seen = seen
    this.#narrowings = narrowings
  }

  /** The providers that serve a region, the default one first; without a region, all. */
  list(region?: string): ProviderView[] {
    return [...this.#drivers.keys()].flatMap(name => this.#view(name, region) ?? [])
  }

  /** One of them by name. Throws Refused notFound. */
  get(name: string, region?: string): ProviderView {
    return this.#view(name, region) ?? missing('provider', name)
  }

  /**
   * What is left of it for instances of one image: the provider is asked, now. Throws Refused notFound where there is no
   * such provider, or it knows no such image; Unavailable if it gives no answer; CapabilityRefused if the image is said to
   * offer more than the provider, which is a bug of the driver.
   */
  async withImage(name: string, image: string, region?: string): Promise<ProviderView> {
    const seen = this.get(name, region)
    const there = { provider: name, image }
    const left = await this.#narrowings.ask(there)
    if (!left) return missing('image', image)
    if (isEverywhere(region)) return viewOf(name, left)
    const fact = { name, capabilities: { ...seen.capabilities, imagesNarrow: true } }
    const here = this.#seen.forImage(fact, image, region, new Map([[scopeKey(there), left]]))
    return here ? viewOf(name, here.capabilities as Capabilities) : missing('provider', name)
  }

  #view(name: string, region?: string): ProviderView | undefined {
    const seen = isEverywhere(region) ? this.#drivers.get(name) : this.#seen.named(name, region)
    return seen && viewOf(name, seen.capabilities as Capabilities)
  }
}

const isEverywhere = (region: string | undefined): region is undefined => region === undefined || region === EVERYWHERE

const viewOf = (name: string, capabilities: Capabilities): ProviderView => ({
  name,
  capabilities,
  answers: answersOf(capabilities),
})

function missing(kind: string, id: string): never {
  const reasons = [{ requirement: 'idExists', code: 'notFound', sentence: `The ${kind} '${id}' does not exist.` }]
  throw new Refused([{ command: 'read', kind, resource: id, state: 'absent', reasons, allowed: [], index: 0 }])
}
