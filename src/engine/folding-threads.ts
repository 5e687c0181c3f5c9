/**
 * Rebuilds shared out among threads: each folds ranges of resources into an annex of the store. They import the rules, for
 * functions cannot be sent to them. (docs/decisions/0067.)
 */
import type { KindMap } from '../runtime/client.ts'
import type { ViewMap } from '../runtime/listing.ts'
import type { FoldedRanges } from '../runtime/range-folding.ts'
import type { AskedElsewhere, Elsewhere, SharedWork } from '../runtime/stream-folding.ts'
import { processorCount, startThread, type Thread } from '../system/threads.ts'
import type { ThreadOptions } from './options.ts'
import { type FoldingAsked, rulesOf, takeOne } from './range-fold.ts'

/** Beyond this many the thread that absorbs what they made has the most to do. */
const COUNT_MAX = 4
/** Another thread needs a third of a second to load the rules. */
const EVENTS_MIN = 50_000
/** Ranges for each thread: who is done with one takes the next, and the last ones are short. */
const RANGES_EACH = 24
/** Who took a range, if it was the thread that absorbs what the others made. */
const OWN = -1

export class FoldingThreads implements Elsewhere {
  readonly #options: ThreadOptions
  readonly #kinds: KindMap
  readonly #projections: ViewMap
  /** Besides the one that asks. */
  readonly #count: number
  readonly #going = new Set<SharedWork>()
  /** Hears why a thread did not do its part. */
  failed: (error: unknown) => void = () => {}

  constructor(options: ThreadOptions, kinds: KindMap, projections: ViewMap) {
    this.#options = options
    this.#kinds = kinds
    this.#projections = projections
    this.#count = (options.count ?? Math.min(processorCount(), COUNT_MAX)) - 1
  }

  get rangeCount(): number {
    return (this.#count + 1) * RANGES_EACH
  }

  isFor(events: number): boolean {
    return this.#count > 0 && events >= (this.#options.eventsMin ?? EVENTS_MIN)
  }

  begin({ annexes, position, ranges, views: names, residence, heldMax }: AskedElsewhere): SharedWork {
    const taken = new Int32Array(new SharedArrayBuffer(4 * ranges.length))
    const { horizons } = residence.retention
    // An error cannot always be sent, and only its place matters.
    const contained = new Map([...residence.contained].map(([resource, { position }]) => [resource, { position }]))
    const rules = rulesOf(this.#kinds, this.#projections, names)
    const module = String(this.#options.module)
    const shared = { module, rules, annexes, position, ranges, taken, names, horizons, contained, heldMax }
    const threads = Array.from({ length: this.#count }, (_, nth) => this.#start({ ...shared, nth }))
    const noted = new Map<number, FoldedRanges>()
    let isOver = false
    const answers = threads.map(({ answer }, nth) =>
      answer.then(
        note => noted.set(nth, note),
        error => isOver || this.failed(error),
      ),
    )
    const work: SharedWork = {
      take: () => takeOne(ranges, taken, OWN),
      async folded() {
        await Promise.all(answers)
        const left = ranges.filter((_, place) => taken[place] !== OWN && !noted.has(taken[place]! - 1))
        return { noted, left }
      },
      end: async () => {
        isOver = true
        this.#going.delete(work)
        await Promise.all(threads.map(thread => thread.end()))
      },
    }
    this.#going.add(work)
    return work
  }

  /** Ends whatever goes on, also a thread that would never answer: what it should have folded is left. */
  async end(): Promise<void> {
    await Promise.all([...this.#going].map(work => work.end()))
  }

  #start(asked: FoldingAsked): Thread<FoldedRanges> {
    return startThread('./folding-thread', import.meta.url, asked)
  }
}
