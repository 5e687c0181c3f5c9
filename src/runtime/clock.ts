/** Time as the engine sees it. The real one is in `src/system`; a simulation brings its own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls `wake` once at or after `time`; returns how to forget it. */
  wakeAt(time: number, wake: () => void): () => void
  /** Runs soon, after what is running now: how waiting requests gather into one batch. */
  soon(run: () => void): void
}
