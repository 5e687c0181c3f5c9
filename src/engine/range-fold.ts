/** What a thread does of a rebuild: takes ranges as long as there are any, and writes their rows into its annex. */
import type { AnyProjection } from '../../projections/contract.ts'
import { Catalogue } from '../runtime/catalogue.ts'
import type { KindMap } from '../runtime/client.ts'
import { FoldedRows, Slots } from '../runtime/fold-rows.ts'
import type { ViewMap } from '../runtime/listing.ts'
import { OwnRows } from '../runtime/own-rows.ts'
import { type FoldedRanges, RangeFolding } from '../runtime/range-folding.ts'
import type { Containment } from '../runtime/readable.ts'
import { BrokenRule } from '../runtime/refusal.ts'
import { Retention } from '../runtime/retention.ts'
import type { Annex, Annexes, OpenAnnex, ResourceRange } from '../store/store.ts'

/** Rows written at once: an annex has one transaction, and what waits for it only keeps the collector busy. */
const AT_ONCE = 200

/** What a thread is sent. */
export interface FoldingAsked {
  readonly module: string
  /** As `rulesOf` gives them. */
  readonly rules: string
  readonly annexes: Annexes
  /** Which annex is its own. */
  readonly nth: number
  readonly position: number
  readonly ranges: readonly ResourceRange[]
  /** For each range 0, or who has taken it: of those who write annexes one more than the annex. */
  readonly taken: Int32Array<SharedArrayBuffer>
  /** Names of the views. */
  readonly names: readonly string[]
  readonly horizons: ReadonlyMap<string, number>
  readonly contained: Containment['contained']
  readonly heldMax: number
}

/** Throws for a module that has other rules, for a damaged event and for a fold that throws: all of it is done elsewhere. */
export async function foldRanges(asked: FoldingAsked): Promise<FoldedRanges> {
  const { module, annexes, nth, position, names, horizons } = asked
  const [{ kinds, projections }, { openAnnex }] = await Promise.all([
    import(module) as Promise<{ kinds: KindMap; projections: ViewMap }>,
    import(annexes.module) as Promise<{ openAnnex: OpenAnnex }>,
  ])
  if (!kinds || !projections || rulesOf(kinds, projections, names) !== asked.rules)
    throw new BrokenRule(`${module} has not the kinds and projections of the engine; give it both from one module`)
  const views = viewsOf(projections, names) as AnyProjection[]
  const annex = openAnnex(annexes.place as never, nth, position, views)
  try {
    const catalogue = new Catalogue(Object.values(kinds))
    return await foldInto(annex, asked, catalogue, new Retention(catalogue, horizons), views)
  } finally {
    await annex.close()
  }
}

async function foldInto(
  annex: Annex,
  { nth, ranges, taken, contained, heldMax }: FoldingAsked,
  catalogue: Catalogue,
  retention: Retention,
  views: readonly AnyProjection[],
): Promise<FoldedRanges> {
  const slots = new Slots()
  const nowhere = {
    rows: () => Promise.reject(new BrokenRule('a thread that folds ranges reads no rows')),
  }
  const own = views.map((view, place) => new OwnRows(view, new FoldedRows(view, nowhere, undefined, { slots, place })))
  const thrown = (error: unknown): never => {
    throw error
  }
  const folding = new RangeFolding(
    {
      ...{ catalogue, heldMax, log: annex.log, writtenMax: AT_ONCE, pause: async () => {} },
      residence: { contained, retention, contain: (_resource, _position, cause) => thrown(cause) },
      write: rows => annex.write(rows),
      failed: (_, error) => thrown(error),
    },
    own,
  )
  for (let range = takeOne(ranges, taken, nth + 1); range; range = takeOne(ranges, taken, nth + 1)) {
    annex.log.seek(range)
    await folding.run()
  }
  return folding.handOver()
}

/** The first range that nobody has taken. */
export function takeOne(
  ranges: readonly ResourceRange[],
  taken: FoldingAsked['taken'],
  who: number,
): ResourceRange | undefined {
  return ranges.find((_, place) => Atomics.compareExchange(taken, place, 0, who) === 0)
}

/** What tells the rules of a module from others, short of running them: kinds, their versions, and the shapes of views. */
export function rulesOf(kinds: KindMap, projections: ViewMap, names: readonly string[]): string {
  const versions = Object.values(kinds).map(({ name, rules }) => [name, rules])
  const shapes = viewsOf(projections, names).map(view => {
    const { name, version, key, columns, consistency, perResource } = view ?? {}
    return [name, version, key, columns, consistency, perResource]
  })
  return JSON.stringify([versions.sort(), shapes])
}

const viewsOf = (projections: ViewMap, names: readonly string[]) =>
  names.map(name => Object.values(projections).find(each => each.name === name))
