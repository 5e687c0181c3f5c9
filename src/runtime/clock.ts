/** Time as the engine sees it. The real one is in `src/system`; a simulation brings its own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /**
   * Calls `wake` once at or after `time`; returns how to forget it. `idle`: it is no work that is waited for, and alone
   * must not keep a process alive.
   */
  wakeAt(time: number, wake: () => void, idle?: boolean): () => void
  /** Runs soon, after what is running now: how waiting requests gather into one batch. */
  soon(run: () => void): void
}
