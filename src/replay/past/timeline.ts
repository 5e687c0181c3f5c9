/**
 * One view at any position of the log: folded in memory from the nearest checkpoint before it. Checkpoints are kept while
 * folding goes by; there is a bounded number of them, so they are the further apart the longer the log is.
 */
import type { Envelope } from '../../../machines/grammar.ts'
import type { Projection, ViewRow } from '../../../projections/contract.ts'
import { begunWith } from '../../runtime/beginning.ts'
import type { Catalogue } from '../../runtime/catalogue.ts'
import { readable } from '../../runtime/recover.ts'
import type { Residence } from '../../runtime/residence.ts'
import { Retention } from '../../runtime/retention.ts'
import type { CheckpointFile } from '../../store/checkpoints.ts'
import { type Beginning, Pruned, type Store } from '../../store/store.ts'
import type { Checkpoint, Ending } from './checkpoint.ts'
import { foldOnto } from './fold.ts'
import { KeptCheckpoints } from './kept.ts'
import { Overlay } from './overlay.ts'

/** Events folded in one turn of the event loop: a few dozen milliseconds. */
const CHUNK = 2_000
const CHECKPOINTS_MAX = 16
const EVERY = 20_000
/** Times as far apart are those that are kept for later processes: a second of folding, and five on the way. */
const KEPT = 3
const KEPT_ON_THE_WAY = 15

export interface Around {
  readonly store: Pick<Store, 'log' | 'stream' | 'beginning'>
  readonly catalogue: Catalogue
  readonly residence: Pick<Residence, 'contained' | 'contain'>
  /** Where checkpoints are kept for later processes. */
  readonly checkpoints?: CheckpointFile
  /** Lets everybody else have a turn. */
  readonly pause: () => Promise<void>
}

/** The rows of a view as of one position, and, where they belong to resources, which of those had ended. */
export interface RowsThen {
  readonly rows: Overlay<ViewRow>
  readonly ended: Overlay<Ending>
}

export class Timeline {
  readonly view: Projection
  readonly #around: Around
  readonly #kept: KeptCheckpoints | undefined
  /** What is looked for beside the store at first: so far, and no nearer. */
  readonly #far: number
  /** Nothing is forgotten while folding: what was, is a matter of the moment that is asked about. */
  readonly #retention: Retention
  /** The first is what folding begins with: nothing, where the log is whole. */
  #checkpoints: Checkpoint[] = []
  #every: number
  #turn: Promise<unknown> = Promise.resolve()
  /** Events folded so far. */
  folded = 0

  constructor(view: Projection, around: Around, every = EVERY) {
    this.view = view
    this.#around = around
    const { checkpoints, store, catalogue } = around
    this.#kept = checkpoints && new KeptCheckpoints(checkpoints, store, view, catalogue)
    this.#every = every
    this.#far = every * KEPT
    this.#retention = new Retention(around.catalogue, new Map())
  }

  get checkpointCount(): number {
    return this.#checkpoints.length
  }

  /** The rows as of a position. One at a time: who comes next finds the checkpoints of who came before. */
  at(position: number): Promise<RowsThen> {
    const next = this.#turn.catch(() => {}).then(() => this.#fold(position))
    this.#turn = next
    return next
  }

  /** The one row of a resource as of a position, from its own stream. Only of views whose rows belong to resources. */
  async rowOf(resource: string, position: number): Promise<RowsThen> {
    const then: RowsThen = { rows: new Overlay(new Map()), ended: new Overlay(new Map()) }
    const { store } = this.#around
    for (let from = 1; ; ) {
      const chunk = (await store.stream(resource, from, CHUNK)).filter(event => event.position <= position)
      if (chunk.length > 0) this.#foldOnto(then, this.#readable(chunk))
      if (chunk.length < CHUNK) return then
      from += CHUNK
    }
  }

  async #fold(until: number): Promise<RowsThen> {
    const { store, pause } = this.#around
    let base = await this.#nearest(until)
    let kept = base.position
    let then: RowsThen = { rows: new Overlay(base.rows), ended: new Overlay(base.ended) }
    for (let after = base.position; after < until; ) {
      const chunk = await store.log(after, Math.min(CHUNK, until - after))
      if (chunk.length === 0) break
      const within = chunk.at(-1)!.position <= until ? chunk : chunk.filter(({ position }) => position <= until)
      if (within.length === 0) break
      this.#foldOnto(then, this.#readable(within))
      after = within.at(-1)!.position
      this.folded += within.length
      if (after - base.position >= this.#every) {
        base = { position: after, rows: then.rows.merged(), ended: then.ended.merged() }
        then = { rows: new Overlay(base.rows), ended: new Overlay(base.ended) }
        this.#keep(base)
        if (after - kept >= this.#every * KEPT_ON_THE_WAY && (await this.#keepFor(base))) kept = after
      }
      await pause()
    }
    // Not the moment itself: whoever looks next looks a little before it as often as after it.
    if (base.position - kept >= this.#far) await this.#keepFor(base)
    return then
  }

  async #nearest(until: number): Promise<Checkpoint> {
    const { store } = this.#around
    if (this.#checkpoints.length === 0) this.#checkpoints = [await begunWith(store, this.view)]
    const here = this.#checkpoints.findLast(({ position }) => position <= until)
    if (!here) throw notAtHand((await store.beginning!())!, until)
    if (until - here.position < this.#far) return here
    const kept = await this.#kept?.nearest(here.position, until)
    if (!kept) return here
    this.#keep(kept)
    return kept
  }

  /** For later processes. Not where events were left out as damaged: they would not know of them. */
  async #keepFor(checkpoint: Checkpoint): Promise<boolean> {
    const { residence, pause } = this.#around
    const isWhole = [...residence.contained.values()].every(({ position }) => position > checkpoint.position)
    if (!this.#kept || !isWhole) return false
    await this.#kept.keep(checkpoint, pause)
    return true
  }

  #readable(chunk: Parameters<typeof readable>[0]): Envelope[] {
    return readable(chunk, this.#around.residence, this.#around.catalogue)
  }

  #foldOnto({ rows, ended }: RowsThen, events: readonly Envelope[]): void {
    const { catalogue } = this.#around
    const { view } = this
    for (const event of events) {
      foldOnto(view, rows, event, this.#retention)
      if (view.perResource && event.before !== event.state && catalogue.kinds.get(event.kind)?.isEnd(event))
        ended.set(event.resource, { kind: event.kind, position: event.position, at: event.at })
    }
  }

  /** Twice as far apart from now on, if there are too many. */
  #keep(checkpoint: Checkpoint): void {
    if (this.#checkpoints.some(({ position }) => position === checkpoint.position)) return
    this.#checkpoints = [...this.#checkpoints, checkpoint].sort((a, b) => a.position - b.position)
    if (this.#checkpoints.length <= CHECKPOINTS_MAX) return
    this.#every *= 2
    this.#checkpoints = this.#checkpoints.filter((_, place) => place % 2 === 0)
  }
}

/** What to do about a moment before a prune. */
export const notAtHand = (beginning: Beginning, position: number): Pruned =>
  new Pruned(`what was at #${position}, before the prune at #${beginning.position},`, beginning)
