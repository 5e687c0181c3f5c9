/**
 * Following the news of one provider. A stream that ends or throws is followed anew, and since the contract of drivers
 * knows no place to resume from, what may have happened in between is looked for.
 */
import type { Driver, Observation } from '../drivers/driver.ts'
import { persist } from '../effects/persist.ts'
import type { Clock } from '../runtime/clock.ts'

export interface WatchOptions {
  readonly name: string
  readonly driver: Driver
  readonly clock: Clock
  readonly heard: (seen: Observation) => Promise<void>
  /** Looks for what nobody heard. Throws if it could not look at all of it. */
  readonly catchUp: () => Promise<void>
  readonly failed: (error: unknown, where: string) => void
}

export class Watch {
  readonly #options: WatchOptions
  readonly #end = new AbortController()
  #isCatchingUp = false
  /** The stream broke off while what was missed before was still being looked for: look again. */
  #isMissed = false

  constructor(options: WatchOptions) {
    this.#options = options
  }

  /** Resolves when it has been stopped. */
  start(): Promise<void> {
    const { name, clock, failed } = this.#options
    const { signal } = this.#end
    let isAnew = false
    const attempt = () => {
      if (isAnew) void this.#lookForMissed()
      isAnew = true
      return this.#follow()
    }
    return persist({
      clock,
      signal,
      attempt,
      token: `watch ${name}`,
      failed: error => failed(error, `watching ${name}`),
    })
  }

  stop(): void {
    this.#end.abort()
  }

  /** Follows one stream to its end, which is a failure: whoever ends it on purpose does not listen any more. */
  async #follow(): Promise<void> {
    const { name, driver, heard } = this.#options
    const { signal } = this.#end
    // Of this stream alone: whatever the driver keeps for it may go when it is over.
    const stream = new AbortController()
    const abort = () => stream.abort()
    signal.addEventListener('abort', abort)
    try {
      for await (const seen of driver.watch!(stream.signal)) {
        if (signal.aborted) return
        await heard(seen)
      }
    } finally {
      signal.removeEventListener('abort', abort)
      stream.abort()
    }
    throw new Error(`the driver '${name}' ended the stream of its news`)
  }

  async #lookForMissed(): Promise<void> {
    this.#isMissed = true
    if (this.#isCatchingUp) return
    this.#isCatchingUp = true
    const { name, clock, catchUp, failed } = this.#options
    const { signal } = this.#end
    const where = `looking for missed news of ${name}`
    while (this.#isMissed && !signal.aborted) {
      this.#isMissed = false
      await persist({ clock, signal, attempt: catchUp, token: where, failed: error => failed(error, where) })
    }
    this.#isCatchingUp = false
  }
}
