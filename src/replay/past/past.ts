/**
 * The whole cloud as it was: the reads of an engine at one moment of its log. Nothing is folded before it is read, what
 * is folded stays in memory, and nothing of it is ever written. (docs/decisions/0047.)
 */
import type { Envelope } from '../../../machines/grammar.ts'
import type { AnyProjection } from '../../../projections/contract.ts'
import type { Catalogue } from '../../runtime/catalogue.ts'
import type { KindMap } from '../../runtime/client.ts'
import type { Clock } from '../../runtime/clock.ts'
import { type ViewMap, type ViewsOf, viewOf } from '../../runtime/listing.ts'
import { Bell, readStream } from '../../runtime/log.ts'
import type { Principal } from '../../runtime/principal.ts'
import { InvalidRequest } from '../../runtime/refusal.ts'
import type { Residence } from '../../runtime/residence.ts'
import { type Host, Session } from '../../runtime/session.ts'
import type { RefusalEntry, RefusalQuery } from '../../store/refusals.ts'
import type { Store, ViewQuery } from '../../store/store.ts'
import { type Located, locate, type Moment } from './moment.ts'
import { asStored, select } from './query.ts'
import { notAtHand, type RowsThen, Timeline } from './timeline.ts'

/** What one principal reads of a past: what a session reads of the present. */
export type PastSession<K extends KindMap, P extends ViewMap> = Pick<
  Session<K, P>,
  'principal' | 'get' | 'list' | 'history' | 'refusals'
>

export interface PastsOptions<K extends KindMap, P extends ViewMap> {
  readonly kinds: K
  readonly projections: P
  readonly catalogue: Catalogue
  readonly store: Store
  readonly residence: Residence
  readonly clock: Pick<Clock, 'now' | 'soon'>
  readonly refusals: (asked: Partial<RefusalQuery>) => Promise<RefusalEntry[]>
  /** Events between two checkpoints at first. */
  readonly checkpointEvery?: number
}

const REFUSALS_MAX = 1_000
/** Pasts kept with what was folded of them: whoever reads page by page asks for the same one again and again. */
const KEPT_MAX = 4

/** Every past of one engine: they share the checkpoints that folding leaves. */
export class Pasts<K extends KindMap, P extends ViewMap> {
  readonly #options: PastsOptions<K, P>
  readonly timelines: ReadonlyMap<string, Timeline>
  #kept: Past<K, P>[] = []

  constructor(options: PastsOptions<K, P>) {
    const { store, catalogue, residence, clock, checkpointEvery } = options
    const pause = () => new Promise<void>(resolve => clock.soon(resolve))
    const around = { store, catalogue, residence, pause, checkpoints: store.checkpoints?.() }
    const views: AnyProjection[] = Object.values(options.projections)
    this.#options = options
    this.timelines = new Map(views.map(view => [view.name, new Timeline(view, around, checkpointEvery)]))
  }

  /**
   * @param newest position of the last event there is. Throws InvalidRequest for what is no moment, and Pruned for what
   * lies before a prune whose archive is not at hand.
   */
  async at(moment: Moment, newest: number): Promise<Past<K, P>> {
    const { store, clock } = this.#options
    const located = await locate(store, moment, newest, clock.now())
    const beginning = await store.beginning?.()
    if (beginning && located.position < beginning.position) throw notAtHand(beginning, located.position)
    const isSame = ({ position, timeMs }: Located) => position === located.position && timeMs === located.timeMs
    const past = this.#kept.find(isSame) ?? new Past(this.#options, this.timelines, located)
    this.#kept = [past, ...this.#kept.filter(each => each !== past)].slice(0, KEPT_MAX)
    return past
  }
}

export class Past<K extends KindMap, P extends ViewMap> {
  /** Of the last event that had been committed then; 0: none. */
  readonly position: number
  /** The time that is shown, in ms since 1970; of a position that of its event, infinite for what is still so. */
  readonly timeMs: number
  /** Every view by name, with the rows it had. Not scoped to an account: sessions are. */
  readonly views: ViewsOf<P>
  readonly #options: PastsOptions<K, P>
  readonly #timelines: ReadonlyMap<string, Timeline>
  readonly #folded = new Map<string, Promise<RowsThen>>()

  /** Use `engine.at`. */
  constructor(options: PastsOptions<K, P>, timelines: ReadonlyMap<string, Timeline>, { position, timeMs }: Located) {
    this.position = position
    this.timeMs = timeMs
    this.#options = options
    this.#timelines = timelines
    const rows = {
      rows: (view: string, keys: readonly string[]) => this.#rows(this.#timelines.get(view)!, keys),
      query: (view: string, query: ViewQuery) => this.#query(this.#timelines.get(view)!, query),
    }
    this.views = Object.fromEntries(
      Object.entries(options.projections).map(([name, each]) => [name, viewOf(each, rows, work => work())]),
    ) as unknown as ViewsOf<P>
  }

  /** The events of one resource up to then, from a version on. */
  async *history(resource: string, fromVersion = 1): AsyncGenerator<Envelope> {
    for await (const event of readStream(this.#options.store, resource, fromVersion)) {
      if (event.position > this.position) return
      yield event
    }
  }

  /** What had been refused by then, as far as the journal still has it: the newest that match, newest last. */
  async refusals({ limit = 100, ...asked }: Partial<RefusalQuery> = {}): Promise<RefusalEntry[]> {
    const kept = await this.#options.refusals({ ...asked, limit: REFUSALS_MAX })
    const isThen = ({ position, at }: RefusalEntry) => position <= this.position && at <= this.timeMs
    return kept.filter(isThen).slice(-limit)
  }

  /** Reads as this principal would have. */
  as(principal: Principal): PastSession<K, P> {
    const { kinds, catalogue } = this.#options
    const bell = new Bell()
    bell.end()
    const none = () => {
      throw new InvalidRequest('invalidInput', 'at', 'What is past can be read, and no more.')
    }
    const host: Host<K> = {
      ...{ kinds, catalogue, views: this.views as unknown as Host<K>['views'] },
      history: (resource, fromVersion) => this.history(resource, fromVersion),
      refusals: asked => this.refusals(asked),
      submit: async () => none(),
      survey: async () => none(),
      clean: async () => none(),
      consoleOf: none,
      lastSurvey: { providers: [] } as unknown as Host<K>['lastSurvey'],
    }
    return Session.open<K, P>(host, principal, { residence: { find: resource => this.#find(resource) }, bell })
  }

  /** The resource as it was; null if it did not exist yet. Throws Contained. */
  async #find(resource: string) {
    const { residence } = this.#options
    const snapshot = await residence.fold(resource, undefined, this.position)
    const contained = residence.contained.get(resource)
    if (contained && contained.position <= this.position) throw contained
    return snapshot
  }

  #then(timeline: Timeline): Promise<RowsThen> {
    const { name } = timeline.view
    const known = this.#folded.get(name)
    if (known) return known
    const rows = timeline.at(this.position)
    this.#folded.set(name, rows)
    // What could not be read may be read the next time.
    rows.catch(() => this.#folded.delete(name))
    return rows
  }

  async #rows(timeline: Timeline, keys: readonly string[]) {
    const { view } = timeline
    const found = new Map()
    for (const key of keys) {
      const isAlone = view.perResource && !this.#folded.has(view.name) && !(await this.#isCut(key))
      const then = isAlone ? await timeline.rowOf(key, this.position) : await this.#then(timeline)
      const row = then.rows.get(key)
      if (row && !this.#isForgotten(then, key)) found.set(key, asStored(view, row))
    }
    return found
  }

  /** Whether the beginning of its stream is not at hand: its row goes on from the one that was kept. */
  async #isCut(resource: string): Promise<boolean> {
    const beginning = await this.#options.store.beginning?.()
    return (await beginning?.snapshot(resource)) !== undefined
  }

  async #query(timeline: Timeline, query: ViewQuery) {
    const then = await this.#then(timeline)
    const { view } = timeline
    return select(view, this.#shown(then, view.key), query)
  }

  *#shown(then: RowsThen, key: string) {
    for (const row of then.rows.values()) if (!this.#isForgotten(then, row[key])) yield row
  }

  #isForgotten({ ended }: RowsThen, resource: string): boolean {
    const ending = ended.get(resource)
    return ending !== undefined && this.#options.residence.retention.wasForgotten(ending, this.timeMs)
  }
}
