/**
 * What a driver says, checked before anything depends on it: drivers are written by others, in any language behind a
 * wire, and a wrong answer is one more way of not knowing. (design: contract point 5; driver contract, rule 5.)
 */
import type { DriverError, Observation, Outcome } from '../drivers/driver.ts'

type Loose = Readonly<Record<string, unknown>>
const isRecord = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isTime = (value: unknown) => typeof value === 'number' && Number.isFinite(value)
const retries: ReadonlySet<unknown> = new Set(
  Object.keys({
    same: 0,
    later: 0,
    'after-change': 0,
    'observe-first': 0,
    never: 0,
  } satisfies Record<DriverError['retry'], 0>),
)

const wrongError = (error: unknown): string | undefined => {
  if (!isRecord(error)) return 'an error that is no object'
  const { code, message, retry, retryAfterMs } = error
  if (typeof code !== 'string' || typeof message !== 'string') return 'an error without code or message'
  if (!retries.has(retry)) return 'an error that does not say when to try again'
  return retryAfterMs === undefined || isTime(retryAfterMs) ? undefined : 'an error whose retryAfterMs is no number'
}
const wrongHandle = ({ handle, pollAfterMs }: Loose): string | undefined => {
  if (!isRecord(handle) || typeof handle.op !== 'string') return 'pending without a handle'
  return isTime(pollAfterMs) ? undefined : 'pending without a number of milliseconds to wait'
}

const wrongs: Readonly<Record<Outcome['kind'], (answer: Loose) => string | undefined>> = {
  done: ({ facts }) => (isRecord(facts) ? undefined : 'done without facts'),
  pending: wrongHandle,
  rejected: ({ error }) => wrongError(error),
  unknown: ({ error }) => wrongError(error),
}

/** The answer as an outcome. What is none is unknown, and says what is wrong with it. */
export function understood(answer: unknown): Outcome {
  const kind = isRecord(answer) ? answer.kind : undefined
  const isKnown = typeof kind === 'string' && Object.hasOwn(wrongs, kind)
  const wrong = isKnown ? wrongs[kind as Outcome['kind']](answer as Loose) : 'something that is no outcome'
  if (wrong === undefined) return answer as Outcome
  const message = `the driver answered ${wrong}`
  return { kind: 'unknown', error: { code: 'unknownOutcome', effect: 'possible', retry: 'observe-first', message } }
}

/** Whether this tells what exists: anything else shows nothing. */
export const isObservation = (seen: unknown): seen is Observation =>
  isRecord(seen) && isRecord(seen.facts) && (seen.exists === 'yes' || seen.exists === 'no' || seen.exists === 'unknown')
