/**
 * When derived rows are written: with their own events (strict), in a later commit that comes anyway, or by a timer when
 * none comes. (docs/decisions/0011.)
 */
import type { Clock } from '../runtime/clock.ts'
import type { Draft } from '../runtime/draft.ts'
import type { Residence } from '../runtime/residence.ts'
import type { Taken, Views } from '../runtime/views.ts'

export interface WriteBehindOptions {
  readonly views: Views
  readonly residence: Residence
  readonly clock: Clock
  readonly isStrict: boolean
  /** Events after which their rows ride in the next commit, and the longest they wait for one. */
  readonly behindMax: number
  readonly behindMs: number
  readonly failed: (error: unknown) => void
}

export class WriteBehind {
  readonly #options: WriteBehindOptions
  #forget: (() => void) | undefined
  #isClosed = false

  constructor(options: WriteBehindOptions) {
    this.#options = options
  }

  /** The derived rows to write in the transaction of this commit. */
  async derive(draft: Draft): Promise<Taken | undefined> {
    const { views, isStrict, behindMax } = this.#options
    if (isStrict) return views.rowsOf(draft)
    return views.pendingCount >= behindMax ? views.take() : undefined
  }

  committed({ envelopes, position }: Draft): void {
    const { views, residence, isStrict } = this.#options
    if (!isStrict) {
      views.absorb(envelopes)
      this.#soon()
      return
    }
    residence.takeDirty()
    residence.written()
    views.watermark = position
  }

  /** Writes everything that waits. */
  async flush(): Promise<void> {
    this.#stop()
    try {
      await this.#options.views.flush()
    } catch (error) {
      // Whoever asked hears of it; what waits is tried again all the same.
      this.#soon()
      throw error
    }
  }

  /** Arms no timer any more. */
  close(): void {
    this.#isClosed = true
    this.#stop()
  }

  #stop(): void {
    this.#forget?.()
    this.#forget = undefined
  }

  #soon(): void {
    if (this.#isClosed) return
    const { clock, behindMs } = this.#options
    this.#forget ??= clock.wakeAt(clock.now() + behindMs, () => void this.#now())
  }

  async #now(): Promise<void> {
    try {
      await this.flush()
    } catch (error) {
      this.#options.failed(error)
    }
  }
}
