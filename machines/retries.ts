/**
 * What has to be asked until it is done is asked again after a wait that doubles: a provider that struggles is not buried
 * in calls, and one that is back again is found within the hour. Every failure is an event of its own, and is counted.
 * (spec: stateful-and-deltacloud 3a.5.)
 */

/** Of a call that has to succeed in the end: how often it has failed so far, and what was said last. */
export interface Failure {
  readonly attempts: number
  readonly code: string
  readonly message: string
}

export const RETRY_AFTER_MS_MIN = 60_000
export const RETRY_AFTER_MS_MAX = 3_600_000

/** Milliseconds to wait after so many failed attempts (from 1): a minute, twice as long each time, an hour at most. */
export const retryAfterMs = (attempts: number): number =>
  Math.min(RETRY_AFTER_MS_MAX, RETRY_AFTER_MS_MIN * 2 ** Math.min(Math.max(attempts, 1) - 1, 16))

/** The next failure of the same call. */
export const failedAgain = (
  before: Failure | undefined,
  { code, message }: { readonly code: string; readonly message: string },
): Failure => ({ attempts: (before?.attempts ?? 0) + 1, code, message })
