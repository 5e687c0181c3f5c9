/**
 * What providers can do, for who wants to know before asking: declared, answered as questions, and narrowed for one image.
 * Nothing here decides anything; commands read the same declarations. (spec: stateful-and-deltacloud 1.1 R8 to R10, R16.)
 */
import { EVERYWHERE } from '../../machines/grammar.ts'
import { type Answers, answersOf } from '../drivers/answers.ts'
import { type Capabilities, type DeclaredCapabilities, narrowed } from '../drivers/driver.ts'
import type { RegisteredDriver } from '../drivers/register.ts'
import type { Questions } from '../effects/questions.ts'
import type { Providers } from '../runtime/providers.ts'
import { Refused, Unavailable } from '../runtime/refusal.ts'

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
  readonly #questions: Questions

  constructor(drivers: ReadonlyMap<string, RegisteredDriver>, seen: Providers, questions: Questions) {
    this.#drivers = drivers
    this.#seen = seen
    this.#questions = questions
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
    const { capabilities } = this.get(name, region)
    const seen = await this.#questions
      .ask(this.#drivers.get(name)!, (driver, context) => driver.observe('image', image, context))
      .catch(cause => silent(name, image, cause))
    if (seen.exists === 'unknown') return silent(name, image)
    if (seen.exists === 'no') return missing('image', image)
    return viewOf(name, narrowed(capabilities, (seen.facts.capabilities ?? {}) as DeclaredCapabilities))
  }

  #view(name: string, region?: string): ProviderView | undefined {
    const isEverywhere = region === undefined || region === EVERYWHERE
    const seen = isEverywhere ? this.#drivers.get(name) : this.#seen.named(name, region)
    return seen && viewOf(name, seen.capabilities as Capabilities)
  }
}

const viewOf = (name: string, capabilities: Capabilities): ProviderView => ({
  name,
  capabilities,
  answers: answersOf(capabilities),
})

function silent(provider: string, image: string, cause?: unknown): never {
  throw new Unavailable('providerSilent', `The provider '${provider}' says nothing of '${image}' now; ask again.`, {
    cause,
  })
}

function missing(kind: string, id: string): never {
  const reasons = [{ requirement: 'idExists', code: 'notFound', sentence: `The ${kind} '${id}' does not exist.` }]
  throw new Refused([{ command: 'read', kind, resource: id, state: 'absent', reasons, allowed: [], index: 0 }])
}
