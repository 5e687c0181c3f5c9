/** When to call again. Doubling keeps a struggling provider from being buried; the ceiling keeps recovery prompt. */

const FIRST_MS = 250
const CEILING_MS = 60_000
/**
 * The longest wait of an ask, whoever wished for it: a driver that wants to be polled next year, and a clock that was set
 * back, must not make anybody wait for ever. Calling early does no harm.
 */
export const WAIT_MS_MAX = 3_600_000
/** A provider that asks to be called again at once, for ever, must not keep the disk busy with our notes of it. */
export const FLOOR_MS = 10

/**
 * Milliseconds to wait after the given failed attempt (from 1). The token spreads asks that failed together over a
 * quarter of the wait, the same way every time, so that a simulation repeats itself.
 */
export function backoffMs(attempt: number, token: string, askedMs?: number): number {
  if (askedMs !== undefined) return Math.min(Math.max(askedMs, FLOOR_MS), CEILING_MS)
  const base = Math.min(CEILING_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 16))
  let spread = 7
  for (let index = 0; index < token.length; index += 1) spread = (spread * 31 + token.charCodeAt(index)) % 1_024
  return Math.round(base * (1 + spread / 4_096))
}
