/**
 * What was seen of a resource while a call about it was open says nothing then: the call will say what became of it. But
 * whoever saw it may never say it again, and the answer need not tell: a guest that could not be suspended because it had
 * ended is no guest that runs. So it is looked at once more when nothing is open any more.
 */
import type { Envelope } from '../../machines/grammar.ts'
import type { Observation } from '../drivers/driver.ts'

/** More are left to the next survey. */
const heldMax = 10_000

export interface HeldSightsOptions {
  /** Hears every event after its commit, until what it returns is called. */
  readonly listen: (heard: (event: Envelope) => void) => () => void
  /** Whether something is open or under way about a resource. */
  readonly isMoving: (resource: string) => Promise<boolean>
  readonly lookAgain: (provider: string, seen: Observation) => Promise<void>
  readonly failed: (error: unknown, where: string) => void
}

interface Held {
  readonly provider: string
  readonly seen: Observation
}

export class HeldSights {
  readonly #options: HeldSightsOptions
  /** By resource, what was seen last. */
  readonly #held = new Map<string, Held>()
  #leave: (() => void) | undefined

  constructor(options: HeldSightsOptions) {
    this.#options = options
  }

  /** Keeps a sight of this resource until it rests. */
  hold(provider: string, seen: Observation): void {
    if (this.#held.size >= heldMax && !this.#held.has(seen.id)) return
    this.#held.set(seen.id, { provider, seen })
    // Events are heard only while something is held.
    this.#leave ??= this.#options.listen(({ resource }) => {
      if (this.#held.has(resource)) this.#try(resource)
    })
    // What was open may have been answered a moment ago.
    this.#try(seen.id)
  }

  stop(): void {
    this.#held.clear()
    this.#quieten()
  }

  #try(resource: string): void {
    this.#tried(resource).catch(error => {
      // A store that is closed has nothing to say, and nobody to hear it.
      if (this.#held.has(resource)) this.#options.failed(error, `looking at ${resource} again`)
    })
  }

  async #tried(resource: string): Promise<void> {
    if (await this.#options.isMoving(resource)) return
    const held = this.#held.get(resource)
    this.#held.delete(resource)
    this.#quieten()
    if (held) await this.#options.lookAgain(held.provider, held.seen)
  }

  #quieten(): void {
    if (this.#held.size > 0) return
    this.#leave?.()
    this.#leave = undefined
  }
}
