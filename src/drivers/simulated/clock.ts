/** Time as the simulated provider sees it: the engine's own clock fits, and a simulation brings one that it owns. */
export interface SimulatedClock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls `wake` once at or after `time`; returns how to forget it. */
  wakeAt(time: number, wake: () => void): () => void
  /** Runs soon, after what is running now. */
  soon(run: () => void): void
}

/** Longer timers fire at once in Node; a wait this long is for ever anyway. */
const timerMaxMs = 2 ** 31 - 1

export const realClock: SimulatedClock = {
  now: Date.now,
  wakeAt: (time, wake) => {
    const timer = setTimeout(wake, Math.min(Math.max(time - Date.now(), 0), timerMaxMs))
    return () => clearTimeout(timer)
  },
  soon: run => {
    setImmediate(run)
  },
}
