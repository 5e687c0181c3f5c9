/** A figure, its floor, and what was promised of it. */
import Table from 'cli-table3'

export interface Figure {
  readonly what: string
  readonly tookMs: number
  /** QEMU's own, of the same work. */
  readonly floorMs?: number
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

export function tableOf(figures: readonly Figure[]): string {
  const ms = (value: number | undefined) => (value === undefined ? '' : value.toFixed(1))
  const head = ['', 'ms', "QEMU's own", 'more', 'ratio', 'target', '']
  const table = new Table({ head, style: { head: [], border: [] } })
  for (const { what, tookMs, floorMs, target, isKept } of figures) {
    const more = floorMs === undefined ? ['', ''] : [ms(tookMs - floorMs), (tookMs / floorMs).toFixed(2)]
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
