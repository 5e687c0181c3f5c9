/** Answers that no driver may give. */
import { type Answer, silence, unknown } from '../runtime/bench.ts'

const circular: Record<string, unknown> = { kind: 'done' }
circular.facts = circular
/** What drivers must not do, by name. */
export const misdeeds: Record<string, Answer> = {
  throws: () => {
    throw new Error('a bug')
  },
  rejectsWithNothing: () => Promise.reject(undefined),
  neverAnswers: silence,
  answersNothing: () => undefined,
  answersNull: () => null,
  answersText: () => 'done',
  answersEmptiness: () => ({}),
  answersAnUnknownKind: () => ({ kind: 'perhaps' }),
  answersInCircles: () => ({ kind: circular }),
  answersABigNumber: () => ({ kind: 10n }),
  isDoneWithoutFacts: () => ({ kind: 'done', already: false }),
  isDoneWithAFactOfAnotherType: () => ({ kind: 'done', already: false, facts: { host: 5 } }),
  isDoneWithWrongFacts: () => ({ kind: 'done', already: false, facts: 'host' }),
  isDoneWithNaN: () => ({ kind: 'done', already: false, facts: { host: Number.NaN } }),
  rejectsWithoutError: () => ({ kind: 'rejected' }),
  rejectsWithoutMessage: () => ({ kind: 'rejected', error: { retry: 'never' } }),
  isUnknownWithoutError: () => ({ kind: 'unknown' }),
  isPendingWithoutHandle: () => ({ kind: 'pending' }),
  isPendingWithoutTime: () => ({ kind: 'pending', handle: { op: 'x', token: 't' }, pollAfterMs: Number.NaN }),
  isPendingForEver: () => ({ kind: 'pending', handle: { op: 'x', token: 't' }, pollAfterMs: Number.POSITIVE_INFINITY }),
  isUnknown: () => unknown,
  isUnavailable: () => ({
    kind: 'rejected',
    error: { code: 'unavailable', effect: 'none', retry: 'later', message: 'down' },
  }),
}
