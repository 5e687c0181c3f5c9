/**
 * Forgetting what has ended long enough ago, a few resources at a time and between two commits: nobody who waits for the
 * writer waits for more than one step. (design: contract point 12.)
 */
import type { EndingRow, Store } from '../store/store.ts'
import type { Clock } from './clock.ts'
import type { Residence } from './residence.ts'
import { inSteps } from './steps.ts'
import type { Views } from './views.ts'
import type { Writer } from './writer.ts'

/** Resources of one transaction: a few milliseconds where each of their rows is on a page of its own. */
const STEP = 100

export interface Forgetting {
  readonly store: Store
  readonly writer: Writer
  readonly views: Views
  readonly residence: Residence
  readonly clock: Clock
}

/** Forgets every resource whose retention is over, until it is over itself. Returns how many. */
export async function forgetEnded(around: Forgetting, isOver: () => boolean): Promise<number> {
  const { clock, residence } = around
  const now = clock.now()
  let count = 0
  for (const [kind, retentionMs] of residence.retention.periods()) {
    const step = (sizeMax: number) => forgetSome(around, kind, now - retentionMs, sizeMax)
    const failed = (error: unknown) => {
      // Closing ends it, wherever it is.
      if (isOver()) return 0
      throw error
    }
    count += await inSteps({ clock, isOver, sizeMax: STEP, step: sizeMax => step(sizeMax).catch(failed) })
  }
  return count
}

async function forgetSome(around: Forgetting, kind: string, until: number, sizeMax: number): Promise<number> {
  const { store, residence, views, writer } = around
  // Mostly there is nothing to forget: the writer is not asked for its time before there is.
  if ((await due(store, kind, until, 1)).length === 0) return 0
  return writer.between(() =>
    views.alone(async () => {
      const endings = await due(store, kind, until, sizeMax)
      const last = endings.at(-1)
      if (!last) return 0
      const perResource = views.derived.filter(view => view.perResource).map(({ name }) => name)
      await store.forget(kind, endings, perResource)
      const resources = endings.map(({ resource }) => resource)
      residence.retention.moveTo(kind, last.position)
      residence.forget(resources, [])
      views.drop(resources)
      return endings.length
    }),
  )
}

/** The next of a kind that had ended by this time: they ended in the order of their positions, and so of their times. */
async function due(store: Store, kind: string, until: number, sizeMax: number): Promise<EndingRow[]> {
  const next = await store.endings(kind, sizeMax)
  const beyond = next.findIndex(({ at }) => at > until)
  return beyond < 0 ? next : next.slice(0, beyond)
}
