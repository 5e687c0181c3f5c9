/** What every outcome has to look like, so that the engine knows what to do next without knowing the driver. */
import type { DriverError, Outcome } from '../../drivers/driver.ts'
import type { Runner } from './runner.ts'

const privateMax = 4096

const retries: { readonly [K in 'rejected' | 'unknown']: readonly DriverError['effect'][] } = {
  // "Certain: no effect" is what lets the engine say no to its caller.
  rejected: ['none'],
  unknown: ['possible', 'partial'],
}

export const wellFormed = (outcome: Outcome, expect: Runner['expect']): void => {
  expect(['done', 'pending', 'rejected', 'unknown']).toContain(outcome.kind)
  // A recorded answer comes back from a database as JSON; what does not survive that is lost.
  expect(JSON.parse(JSON.stringify(outcome))).toEqual(withoutUndefined(outcome))
  if (outcome.kind === 'done') {
    expect(typeof outcome.already).toBe('boolean')
    expect(JSON.stringify(outcome.ref?.private ?? null).length <= privateMax).toBe(true)
  } else if (outcome.kind === 'pending') {
    expect(outcome.pollAfterMs > 0).toBe(true)
  } else {
    expect(retries[outcome.kind]).toContain(outcome.error.effect)
    expect(outcome.error.message.length > 0).toBe(true)
  }
}

const withoutUndefined = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, part]) => part !== undefined)
  return Object.fromEntries(kept.map(([key, part]) => [key, withoutUndefined(part)]))
}
