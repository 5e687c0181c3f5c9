/**
 * How drivers say yes and no. What a caller may do after an error follows from its code, in one table, so that two
 * drivers never give the same code different consequences. (spec: drivers-and-qemu 8, errors.)
 */
import type { DriverError, ErrorCode, Facts, Handle, Outcome, Reference } from './driver.ts'

const retryAfter: { readonly [C in ErrorCode]: DriverError['retry'] } = {
  busy: 'later',
  unavailable: 'later',
  exhausted: 'after-change',
  precondition: 'after-change',
  conflict: 'never',
  notFound: 'after-change',
  invalid: 'never',
  unsupported: 'never',
  denied: 'never',
  corrupt: 'never',
  partial: 'same',
  unknownOutcome: 'observe-first',
  guestRefused: 'later',
  ended: 'never',
}

export const done = (facts: Facts, already = false, ref?: Reference): Outcome => ({ kind: 'done', already, facts, ref })

/** Certain: nothing was done and nothing will be. */
export const rejected = (code: ErrorCode, message: string, providerCode?: string): Outcome => ({
  kind: 'rejected',
  error: { code, effect: 'none', retry: retryAfter[code], message, providerCode },
})

/** Some of it is done; the same call again does the rest. */
export const partlyDone = (message: string): Outcome => ({
  kind: 'unknown',
  error: { code: 'partial', effect: 'partial', retry: retryAfter.partial, message },
})

/** Nobody knows whether it is done. */
export const unknownOutcome = (message: string, handle?: Handle): Outcome => ({
  kind: 'unknown',
  error: { code: 'unknownOutcome', effect: 'possible', retry: retryAfter.unknownOutcome, message },
  handle,
})
