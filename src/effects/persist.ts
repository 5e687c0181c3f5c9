/** Doing something until it succeeds, with more and more time between two attempts. */
import type { Clock } from '../runtime/clock.ts'
import { backoffMs } from './retry.ts'

export interface Effort {
  readonly clock: Clock
  /** Spreads what failed together. */
  readonly token: string
  /** Ends it: nothing is attempted or told any more. */
  readonly signal: AbortSignal
  /** Throws if it is to be done again. */
  readonly attempt: () => Promise<void>
  readonly failed: (error: unknown) => void
}

/** Resolves when an attempt succeeded, or the signal says that nobody wants it any more. */
export async function persist({ clock, token, signal, attempt, failed }: Effort): Promise<void> {
  let waitMs = 0
  for (let failures = 0; !signal.aborted; ) {
    const began = clock.now()
    try {
      return await attempt()
    } catch (error) {
      if (signal.aborted) return
      // What went well for longer than it had been waited for is no longer the same trouble.
      failures = clock.now() - began > waitMs ? 1 : failures + 1
      waitMs = backoffMs(failures, token)
      failed(error)
    }
    await sleep(clock, waitMs, signal)
  }
}

/** Resolves when the time has passed, or the signal aborts. */
function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const wake = () => {
      signal.removeEventListener('abort', wake)
      forget()
      resolve()
    }
    const forget = clock.wakeAt(clock.now() + ms, wake)
    signal.addEventListener('abort', wake)
  })
}
