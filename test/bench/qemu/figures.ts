/** A figure, its floor, and what was promised of it. */
import Table from 'cli-table3'

export interface Figure {
  readonly what: string
  readonly tookMs: number
  /** QEMU's own, of the same work. */
  readonly floorMs?: number
  /** What came on top of it, where that was measured in pairs. */
  readonly moreMs?: number
  readonly target?: string
  readonly isKept: boolean
}

/** The quickest round: what others do on the same computer makes rounds slower, never quicker. */
export const best = (times: readonly number[]): number => Math.min(...times)

/** A figure of which at most this may come on top of QEMU's own; without it, nothing was promised. */
export function above(
  what: string,
  took: readonly number[],
  floor: readonly number[],
  moreMs = Number.POSITIVE_INFINITY,
): Figure {
  const [tookMs, floorMs] = [best(took), best(floor)]
  if (moreMs === Number.POSITIVE_INFINITY) return { what, tookMs, floorMs, isKept: true }
  return { what, tookMs, floorMs, target: `at most ${moreMs} ms more`, isKept: tookMs - floorMs <= moreMs }
}

/** The middle one: what others do on the same computer moves it less than the mean. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/**
 * A figure whose rounds come in pairs, one right after the other: the noise of a moment is in both, so it is their
 * difference that is looked at, and the middle of all differences that was promised to be small.
 */
export function paired(what: string, took: readonly number[], floor: readonly number[], moreMs: number): Figure {
  const more = median(took.map((ms, round) => ms - floor[round]!))
  const target = `at most ${moreMs} ms more`
  return { what, tookMs: median(took), floorMs: median(floor), moreMs: more, target, isKept: more <= moreMs }
}

export function tableOf(figures: readonly Figure[]): string {
  const ms = (value: number | undefined) => (value === undefined ? '' : value.toFixed(1))
  const head = ['', 'ms', "QEMU's own", 'more', 'ratio', 'target', '']
  const table = new Table({ head, style: { head: [], border: [] } })
  for (const { what, tookMs, floorMs, moreMs, target, isKept } of figures) {
    const more = floorMs === undefined ? ['', ''] : [ms(moreMs ?? tookMs - floorMs), (tookMs / floorMs).toFixed(2)]
    table.push([
      what,
      ms(tookMs),
      ms(floorMs),
      ...more,
      target ?? '',
      target === undefined ? '' : isKept ? 'kept' : 'BROKEN',
    ])
  }
  return table.toString()
}
