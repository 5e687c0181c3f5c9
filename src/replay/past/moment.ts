/** A moment of the log: which event was the last one then. */
import { InvalidRequest } from '../../runtime/refusal.ts'
import type { Store } from '../../store/store.ts'

/** A time, as text with its zone (`2026-11-01T10:00:00Z`) or in ms since 1970, or the position of an event. */
export type Moment = string | number | { readonly position: number }

export interface Located {
  /** Of the last event that had been committed; 0: none. */
  readonly position: number
  /** Milliseconds since 1970; infinite for what is still so. */
  readonly timeMs: number
}

const zoned = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?$/

/**
 * The moment that a text names: a time, or a whole number, which is a position. A date alone is its first moment in UTC.
 * Throws InvalidRequest.
 */
export function momentIn(text: string): Moment {
  if (/^\d{1,15}$/.test(text)) return { position: Number(text) }
  return timeOf(text)
}

function timeOf(text: string): number {
  const time = zoned.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isFinite(time)) return time
  throw wrong(`'${text}' is no moment: give a time such as 2026-11-01T10:00:00Z, or the position of an event.`)
}

/**
 * Finds the last event of a moment. What is later than now is now.
 * @param newest position of the last event there is
 * Throws InvalidRequest for what is no moment, or a position that there is not.
 */
export async function locate(
  store: Pick<Store, 'log'>,
  moment: Moment,
  newest: number,
  nowMs: number,
): Promise<Located> {
  if (typeof moment === 'object' && moment !== null) {
    const { position } = moment
    if (!Number.isSafeInteger(position) || position < 0) throw wrong('A position is a whole number.')
    if (position > newest) throw wrong(`There is no event at position ${position}; the last is at ${newest}.`)
    if (position === newest) return { position, timeMs: Number.POSITIVE_INFINITY }
    return { position, timeMs: position === 0 ? 0 : await timeAt(store, position) }
  }
  const timeMs = typeof moment === 'string' ? timeOf(moment) : moment
  if (typeof timeMs !== 'number' || !Number.isFinite(timeMs)) throw wrong('A time is in milliseconds since 1970.')
  if (timeMs >= nowMs) return { position: newest, timeMs: Number.POSITIVE_INFINITY }
  // Times never decrease with positions.
  let [known, beyond] = [0, newest + 1]
  while (beyond - known > 1) {
    const middle = Math.floor((known + beyond) / 2)
    if ((await timeAt(store, middle)) <= timeMs) known = middle
    else beyond = middle
  }
  return { position: known, timeMs }
}

async function timeAt(store: Pick<Store, 'log'>, position: number): Promise<number> {
  const [event] = await store.log(position - 1, 1)
  return event ? (JSON.parse(event.text) as { at: number }).at : Number.POSITIVE_INFINITY
}

const wrong = (sentence: string) => new InvalidRequest('invalidInput', 'at', sentence)
