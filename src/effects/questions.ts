/**
 * Questions to drivers: what exists, what a console shows. They change nothing, so they go past the outbox, and nobody
 * repeats them after a crash.
 */
import type { CallContext, Capabilities, Driver } from '../drivers/driver.ts'
import type { Clock } from '../runtime/clock.ts'
import { Abort, contextOf, within } from './call.ts'

export class Questions {
  readonly #clock: Clock
  /** Who asks. */
  readonly #owner: string
  readonly #open = new Set<Abort>()
  #isOver = false

  constructor(clock: Clock, owner: string) {
    this.#clock = clock
    this.#owner = owner
  }

  /**
   * Asks, and waits no longer than the provider declares. Throws what the driver throws, and an Error if it gives no
   * answer in time or the engine closes meanwhile.
   */
  async ask<T>(
    { driver, capabilities }: { driver: Driver; capabilities: Capabilities },
    question: (driver: Driver, context: CallContext) => Promise<T>,
  ): Promise<T> {
    if (this.#isOver) throw new Error('the engine is closing')
    const clock = this.#clock
    const abort = new Abort()
    const { callTimeoutMs } = capabilities.limits
    const owner = this.#owner
    const context = contextOf({ token: '', attempts: 1 }, { owner, clock, timeoutMs: callTimeoutMs, abort })
    this.#open.add(abort)
    try {
      return await within(clock, callTimeoutMs, abort, () => question(driver, context))
    } finally {
      this.#open.delete(abort)
    }
  }

  /** Nobody waits for any answer any more. */
  end(): void {
    this.#isOver = true
    for (const abort of this.#open) abort.abort('was still open when the engine closed')
  }
}
