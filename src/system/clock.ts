/** The real clock. What waits keeps the process alive: an engine that has work to do is ended by closing it. */
import type { Clock } from '../runtime/clock.ts'

/** setTimeout counts in 32 bits; a longer wait is made of several. */
const WAIT_MS_MAX = 2_000_000_000

export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    wakeAt(time, wake, idle = false) {
      let timeout: NodeJS.Timeout
      const wait = () => {
        const left = time - Date.now()
        timeout = setTimeout(left > WAIT_MS_MAX ? wait : wake, Math.max(0, Math.min(left, WAIT_MS_MAX)))
        if (idle) timeout.unref()
      }
      wait()
      return () => clearTimeout(timeout)
    },
    soon: run => void setImmediate(run),
  }
}
