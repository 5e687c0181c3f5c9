/**
 * What of a provider is left for one of its images: asked of the provider before a launch is decided, so that what it
 * says is in the event and replaying asks nobody. (spec: stateful-and-deltacloud 3a.1 points 3, 4; decision 0039.)
 */
import { contradictionsOf } from '../drivers/contradictions.ts'
import { type Capabilities, CapabilityRefused, type DeclaredCapabilities, narrowed } from '../drivers/driver.ts'
import type { RegisteredDriver } from '../drivers/register.ts'
import type { Questions } from '../effects/questions.ts'
import type { Clock } from '../runtime/clock.ts'
import { type ImageThere, scopeKey } from '../runtime/providers.ts'
import { Unavailable } from '../runtime/refusal.ts'

/** How long an answer is used again: many launches of one image come together, and images hardly change. */
const KEPT_MS = 60_000
const KEPT_MAX = 1_000

export class Narrowings {
  readonly #drivers: ReadonlyMap<string, RegisteredDriver>
  readonly #questions: Questions
  readonly #clock: Clock
  readonly #kept = new Map<string, { readonly until: number; readonly left: Promise<Capabilities> }>()

  constructor(drivers: ReadonlyMap<string, RegisteredDriver>, questions: Questions, clock: Clock) {
    this.#drivers = drivers
    this.#questions = questions
    this.#clock = clock
  }

  /** As `ask`, or what was answered lately. An image that the provider does not know is not narrower than others. */
  leftFor(there: ImageThere): Promise<Capabilities> {
    const key = scopeKey(there)
    const known = this.#kept.get(key)
    if (known && known.until > this.#clock.now()) return known.left
    const left = this.ask(there).then(found => found ?? this.#drivers.get(there.provider)!.capabilities)
    const entry = { until: this.#clock.now() + KEPT_MS, left }
    this.#kept.delete(key)
    this.#kept.set(key, entry)
    if (this.#kept.size > KEPT_MAX) this.#kept.delete(this.#kept.keys().next().value!)
    left.catch(() => this.#kept.get(key) === entry && this.#kept.delete(key))
    return left
  }

  /**
   * Asks the provider, now. Undefined if it knows no such image. Throws Unavailable providerSilent if it gives no answer,
   * and CapabilityRefused if it says of the image what cannot be, which is a bug of the driver.
   */
  async ask({ provider, image }: ImageThere): Promise<Capabilities | undefined> {
    const registered = this.#drivers.get(provider)!
    const seen = await this.#questions
      .ask(registered, (driver, context) => driver.observe('image', image, context))
      .catch(cause => silent(provider, image, cause))
    if (seen.exists === 'unknown') return silent(provider, image)
    if (seen.exists === 'no') return undefined
    const left = narrowed(registered.capabilities, (seen.facts.capabilities ?? {}) as DeclaredCapabilities)
    const [wrong] = contradictionsOf(left)
    if (wrong) throw new CapabilityRefused('contradictoryCapability', wrong.capability, wrong.sentence, image)
    return left
  }
}

function silent(provider: string, image: string, cause?: unknown): never {
  throw new Unavailable('providerSilent', `The provider '${provider}' says nothing of '${image}' now; ask again.`, {
    cause,
  })
}
