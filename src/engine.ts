/** The one file that knows every part: it wires them. It names no kind, and no view but the inventory. */
import type { Kysely } from 'kysely'
import type { Envelope } from '../machines/grammar.ts'
import type { ViewRow } from '../projections/contract.ts'
import type { ConsoleOutput, Observation } from './drivers/driver.ts'
import { registerDrivers } from './drivers/register.ts'
import { consoleOutput } from './effects/console-output.ts'
import { Questions } from './effects/questions.ts'
import { Timers } from './effects/timers.ts'
import { Worker } from './effects/worker.ts'
import { FoldingThreads } from './engine/folding-threads.ts'
import { Introspection } from './engine/introspection.ts'
import { knownAt } from './engine/known.ts'
import { Listeners } from './engine/listeners.ts'
import { Narrowings } from './engine/narrowings.ts'
import type { EngineEvents, EngineOptions, Health } from './engine/options.ts'
import { Outlook } from './engine/outlook.ts'
import { withOwnCommands } from './engine/own-commands.ts'
import { Rebuilds } from './engine/rebuilds.ts'
import { journalOf, Refusals } from './engine/refusals.ts'
import { WriteBehind } from './engine/write-behind.ts'
import type { Moment } from './replay/past/moment.ts'
import { type Past, Pasts } from './replay/past/past.ts'
import { Catalogue } from './runtime/catalogue.ts'
import type { CommandsOf, KindMap, SubmitOptions } from './runtime/client.ts'
import type { Clock } from './runtime/clock.ts'
import type { CommandResult } from './runtime/decide.ts'
import type { Draft } from './runtime/draft.ts'
import type { Hash } from './runtime/envelope.ts'
import { forgetEnded } from './runtime/forgetting.ts'
import { type View, type ViewMap, type ViewsOf, viewOf } from './runtime/listing.ts'
import { Bell, readStream, type SubscribeOptions, subscribe } from './runtime/log.ts'
import { Deadline, type NewsOutcome, Progress, Report, type ReportInput } from './runtime/news.ts'
import type { Principal } from './runtime/principal.ts'
import { Providers } from './runtime/providers.ts'
import { type Recovery, recover } from './runtime/recover.ts'
import { BrokenRule, Refused, Unavailable } from './runtime/refusal.ts'
import type { CommandInput } from './runtime/request.ts'
import { Residence } from './runtime/residence.ts'
import { Retention } from './runtime/retention.ts'
import { Session } from './runtime/session.ts'
import { type Gate, Submissions } from './runtime/submissions.ts'
import type { Cleaned, SurveyReport, Thing } from './runtime/survey.ts'
import { Views } from './runtime/views.ts'
import { Writer } from './runtime/writer.ts'
import type { RefusalEntry, RefusalQuery } from './store/refusals.ts'
import type { TablesOf } from './store/sqlite/index.ts'
import { type Opened, type Store, StoreError } from './store/store.ts'
import { systemClock } from './system/clock.ts'
import { sha256 } from './system/hash.ts'
import { systemIds } from './system/ids.ts'

const HOUSEKEEPING_MS = 300_000

export class Engine<K extends KindMap, P extends ViewMap, S extends Store> {
  readonly kinds: K
  readonly catalogue: Catalogue
  readonly store: S
  /** Every view by name, read behind the barrier. Not scoped to an account: sessions are. */
  readonly views: ViewsOf<P>
  readonly recovery: Recovery
  /** What each provider can do, and what follows from that. */
  readonly providers: Introspection
  /** What marks its things at providers. */
  readonly owner: string
  readonly #listeners = new Listeners()
  readonly #bell = new Bell()
  readonly #projections: P
  readonly #drivers: ReturnType<typeof registerDrivers>
  readonly #clock: Clock
  readonly #residence: Residence
  readonly #writer: Writer
  readonly #behind: Views
  readonly #writeBehind: WriteBehind
  readonly #worker: Worker
  readonly #timers: Timers
  readonly #questions: Questions
  readonly #outlook: Outlook
  readonly #submissions: Submissions
  readonly #refusals: Refusals
  readonly #pasts: Pasts<K, P>
  readonly #rebuilds: Rebuilds
  readonly #region: string
  readonly #isStill: boolean
  readonly #around: { catalogue: Catalogue; hash: Hash }
  #housekeepingDue: number
  #pruning: Promise<number> | undefined
  #closing: Promise<void> | undefined

  /** Use `createEngine`. */
  constructor(
    options: EngineOptions<K, P, S>,
    opened: Opened,
    parts: { catalogue: Catalogue; residence: Residence; recovery: Recovery; threads: FoldingThreads | undefined },
  ) {
    const { clock = systemClock(), ids = systemIds(), hash = sha256, store, residentMax = 50_000 } = options
    const { catalogue, residence } = parts
    const projections = Object.values(options.projections)
    this.kinds = options.kinds
    this.store = store
    this.catalogue = catalogue
    this.recovery = parts.recovery
    this.#projections = options.projections
    this.#clock = clock
    this.#residence = residence
    this.#around = { catalogue, hash }
    this.#housekeepingDue = clock.now() + HOUSEKEEPING_MS
    this.#drivers = registerDrivers(options.drivers)
    this.#behind = new Views(store, residence, projections, opened.position, residentMax)
    for (const [view, cause] of parts.recovery.stalled) this.#behind.stalled.set(view, cause)
    this.#writeBehind = new WriteBehind({
      ...{ views: this.#behind, residence, clock },
      isStrict: options.consistency === 'strict',
      behindMax: options.behindMax ?? 128,
      behindMs: options.behindMs ?? 200,
      failed: error => this.#closing || this.#listeners.tell('fault', error, 'writing derived rows'),
    })
    this.#writer = new Writer({
      ...{ store, clock, residence, position: opened.position, at: opened.at },
      claimed: projections.filter(view => view.consistency === 'claimed'),
      stalled: this.#behind.stalled,
      batchMax: options.batchMax ?? 64,
      queueMax: options.queueMax ?? 10_000,
      committed: draft => this.#committed(draft),
      derive: draft => this.#writeBehind.derive(draft),
    })
    const providers = new Providers([...this.#drivers].map(([name, { capabilities }]) => ({ name, capabilities })))
    this.#refusals = new Refusals({ journal: journalOf(store, options.refusals), catalogue, clock })
    const { owner = opened.owner ?? 'stemma', region = 'local', still = false } = options
    this.owner = owner
    this.#region = region
    this.#isStill = still
    this.#questions = new Questions(clock, owner)
    const narrowings = new Narrowings(this.#drivers, this.#questions, clock)
    this.providers = new Introspection(this.#drivers, providers, narrowings)
    const leftFor = narrowings.leftFor.bind(narrowings)
    const gate: Gate = { writer: this.#writer, store, clock, hash, leftFor }
    this.#submissions = new Submissions(
      gate,
      { catalogue, providers, ids, hash, region },
      options.tokenRetentionMs ?? 90_000_000,
    )
    this.#worker = new Worker({
      owner,
      store,
      clock,
      providers: withOwnCommands(this.#drivers, residence, this, catalogue),
      report: report => this.#heard(report.resource, new Report(report, this.#around)),
      progress: (resource, update) => this.#writer.submit(new Progress(resource, update)),
      parse: (type, data) => {
        const parsed = catalogue.ofEvent(type).spec(type).data.safeParse(data)
        return parsed.success ? (parsed.data as never) : undefined
      },
      residentMax: options.asksMax ?? 10_000,
    })
    this.#timers = new Timers({
      store,
      clock,
      fire: timer => this.#heard(timer.resource, new Deadline(timer, this.#around)),
      ends: event => catalogue.ends(event),
    })
    this.#outlook = new Outlook({
      ...{ catalogue, residence, drivers: this.#drivers, clock, questions: this.#questions, owner },
      ...{ everyMs: options.surveyEveryMs ?? 900_000, nextId: () => ids.next(clock.now()) },
      listen: heard => this.#listeners.on('event', heard),
      known: (provider, kind) => knownAt(this.views.inventory as View<ViewRow> | undefined, provider, kind),
      report: report => this.report(report),
      surveyed: report => this.#listeners.tell('surveyed', report),
      failed: (error, where) => this.#listeners.tell('fault', error, where),
    })
    this.#pasts = new Pasts({
      ...{ kinds: this.kinds, projections: this.#projections, catalogue, store, residence, clock },
      refusals: asked => this.refusals(asked),
    })
    this.#rebuilds = new Rebuilds({
      ...{ store, catalogue, residence, clock, views: this.#behind, writer: this.#writer, threads: parts.threads },
      ...{ projections: this.#projections, flush: () => this.flush() },
      failed: error => this.#listeners.tell('fault', error, 'threads of a rebuild'),
    })
    const reading = <T>(work: () => Promise<T>) => this.#behind.reading(() => this.flush(), work)
    this.views = Object.fromEntries(
      Object.entries(this.#projections).map(([name, each]) => [name, viewOf(each, store, reading)]),
    ) as unknown as ViewsOf<P>
  }

  /**
   * A typed read-only Kysely handle over the views' tables, to join them with an embedder's own. It sees what is
   * written: `flush` first where that matters. Throws StoreError closed, or failed if this store has no such handle.
   */
  get db(): Kysely<TablesOf<P>> {
    const { db } = this.store as { db?: Kysely<TablesOf<P>> }
    if (db) return db
    throw new StoreError('failed', 'this store has no SQL to read with; read through `views`')
  }

  /** Resumes open asks, due timers, and the news of drivers. Called by `createEngine`. */
  async start(): Promise<void> {
    try {
      await this.#worker.start()
      await this.#timers.start()
      this.#outlook.start()
    } catch (error) {
      const stopped = Promise.all([this.#worker.stop(), this.#timers.stop()])
      this.#worker.abandon()
      await stopped
      throw error
    }
  }

  /** Acts as this principal: its commands, reads and waits. */
  as(principal: Principal): Session<K, P> & CommandsOf<K> {
    return Session.open(this, principal, { residence: this.#residence, bell: this.#bell })
  }

  /**
   * Decides the commands atomically: all are accepted (or unchanged), or nothing happens. Resolves after the commit.
   * Throws Refused, InvalidRequest, Unavailable, Contained, BrokenRule, StoreError; nothing is written then.
   */
  async submit(
    commands: readonly CommandInput[],
    principal: Principal,
    options: SubmitOptions = {},
  ): Promise<readonly CommandResult[]> {
    if (this.#closing) throw new Unavailable('closed', 'The engine is closing; open it again.')
    if (this.#isStill && !options.dryRun) throw new Unavailable('still', 'This engine was opened to be read.')
    try {
      return await this.#submissions.submit(commands, principal, options)
    } catch (error) {
      // A question is no refusal: `actions` asks about every command each time somebody looks.
      if (!options.dryRun) {
        if (error instanceof Refused)
          this.#refusals.add(error, { principal, region: this.#region, token: options.token })
        this.#listeners.tell('refused', error, principal)
      }
      throw error
    }
  }

  /**
   * What was refused lately: the newest that match, newest last; at most `limit` (1 to 1000, default 100). It is for people
   * who ask why: bounded, without secrets, and not everything that was ever refused. Not scoped to an account: sessions
   * are. Throws InvalidRequest, and StoreError where its file cannot be read.
   */
  refusals(asked: Partial<RefusalQuery> = {}): Promise<RefusalEntry[]> {
    return this.#refusals.read(asked)
  }

  /** Records unasked news about a resource. */
  report(report: ReportInput): Promise<NewsOutcome> {
    return this.#heard(report.resource, new Report(report, this.#around))
  }

  /**
   * Records what an observation says about the resource it names, if its kind finds that it says something new. One that
   * may be older than the resource's last event is made again first.
   */
  observed(provider: string, seen: Observation): Promise<NewsOutcome> {
    return this.#outlook.observed(provider, seen)
  }

  /**
   * Compares what a provider (default: each) shows with what is known, records what it learns, and tells what differs.
   * Touches nothing there. One that is slow or gone is told as unreachable. Throws InvalidRequest.
   */
  survey({ provider }: { readonly provider?: string } = {}): Promise<SurveyReport> {
    return this.#outlook.survey(provider)
  }

  /** What the last survey of each provider found. */
  get lastSurvey(): SurveyReport {
    return this.#outlook.last
  }

  /**
   * Removes an orphan that a survey found, if a second look finds it one still; for `actor`. Throws InvalidRequest,
   * Refused (foreign, stillKnown, tooYoung, …) and Unavailable providerSilent.
   */
  async clean({ provider, kind, id }: Thing, actor = 'operator'): Promise<Cleaned> {
    const cleaned = await this.#outlook.clean({ provider, kind, id }, actor)
    this.#listeners.tell('cleaned', cleaned, actor)
    return cleaned
  }

  /** After commit; a listener that throws hurts nobody: the error is heard as `fault`. Returns how to stop listening. */
  on<E extends keyof EngineEvents>(name: E, listener: (...heard: EngineEvents[E]) => void): () => void {
    return this.#listeners.on(name, listener)
  }

  /** The events of one resource, from a version on. Throws Pruned where some are in an archive that is not at hand. */
  history(resource: string, fromVersion = 1): AsyncGenerator<Envelope> {
    return readStream(this.store, resource, fromVersion)
  }

  /** Every event after a position, then each as it is committed. Throws Pruned where some are not at hand. */
  subscribe(options: SubscribeOptions = {}): AsyncGenerator<Envelope> {
    return subscribe(this.store, this.#bell, options, error => this.#listeners.tell('fault', error, 'subscription'))
  }

  /** How consoles are read at a provider; undefined where it keeps none. Sessions use it for what they may see. */
  consoleOf(provider: string): ((instance: string) => Promise<ConsoleOutput | undefined>) | undefined {
    const known = this.#drivers.get(provider)
    return known?.driver.consoleOutput && (instance => consoleOutput(known, instance, this.#questions))
  }

  /** Writes everything derived: after it, tables and snapshots say what the log says. */
  async flush(): Promise<void> {
    await this.#writeBehind.flush()
  }

  /**
   * Fills these views anew (all if none is named), in one pass over the log. Returns the number of events folded. Readers
   * see the old tables and writers go on, until the new ones take their place with everything that came meanwhile; a crash
   * leaves the old ones. Throws what a fold throws: its view stays as it was, the others are put in place. Throws
   * InvalidRequest for a view that there is not, and Unavailable closed.
   */
  rebuild(...views: readonly (keyof P & string)[]): Promise<number> {
    return this.#rebuilds.begin(views.length > 0 ? views : Object.keys(this.#projections))
  }

  /**
   * The whole cloud as it was at a time (text with its zone, or ms since 1970) or just after the event at a position: the
   * same reads. Views are folded in memory when they are first read. Throws InvalidRequest for what is no moment.
   */
  async at(moment: Moment): Promise<Past<K, P>> {
    return this.#pasts.at(moment, this.#writer.position)
  }

  /** Resolves when nothing is queued, no call is ready or under way, and no timer is being fired. */
  async idle(): Promise<void> {
    if (this.#isStill) return
    do {
      await this.#writer.idle()
      await this.#worker.idle()
      await this.#timers.idle()
    } while (this.#writer.isBusy || !this.#worker.isIdle())
  }

  health(): Health {
    const contained = [...this.#residence.contained.values()]
    return {
      position: this.#writer.position,
      contained: contained.map(each => ({
        resource: each.resource,
        position: each.position,
        cause: String(each.cause),
      })),
      stalledViews: [...this.#behind.stalled].map(([view, cause]) => ({ view, cause: String(cause) })),
    }
  }

  /** Counters and sizes, flat, for metrics. */
  async measures(): Promise<Record<string, number>> {
    const prefixed = (prefix: string, counts: Record<string, number>) =>
      Object.fromEntries(Object.entries(counts).map(([name, count]) => [`${prefix}_${name}`, count]))
    return {
      position: this.#writer.position,
      waiting: this.#writer.waiting,
      behind: this.#behind.pendingCount,
      resident: this.#residence.size,
      contained: this.#residence.contained.size,
      asksOpen: await this.store.countAsks(),
      asksInFlight: this.#worker.inFlight,
      ...prefixed('writer', this.#writer.counts),
      ...prefixed('worker', this.#worker.counts),
      ...prefixed('timers', this.#timers.counts),
      ...prefixed('sights', this.#outlook.counts.sights),
      ...prefixed('surveys', this.#outlook.counts.surveys),
      ...prefixed('store', await this.store.measures()),
      ...prefixed('refusals', await this.#refusals.measures()),
    }
  }

  /**
   * Deletes tokens and forgets resources past their retention, in small steps between which everybody else has a turn;
   * closing ends it. Returns how many of both. Asked for while it goes on, it is the same. Throws Unavailable closed.
   */
  prune(): Promise<number> {
    const isOver = () => this.#closing !== undefined
    if (isOver()) return Promise.reject(new Unavailable('closed', 'The engine is closing; open it again.'))
    this.#pruning ??= this.#prune(isOver).finally(() => {
      this.#pruning = undefined
    })
    return this.#pruning
  }

  async #prune(isOver: () => boolean): Promise<number> {
    const parts = { store: this.store, clock: this.#clock, writer: this.#writer, views: this.#behind }
    const tokens = await this.#submissions.prune(isOver)
    return tokens + (await forgetEnded({ ...parts, residence: this.#residence }, isOver))
  }

  /**
   * Takes no more requests, waits for calls under way (at most `graceMs`; unanswered asks stay open and are resumed by the
   * next engine), writes everything, and closes the store. Loses nothing. Safe to call twice.
   */
  close({ graceMs = 5_000 }: { graceMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(graceMs)
    return this.#closing
  }

  async #close(graceMs: number): Promise<void> {
    this.#outlook.stop()
    this.#questions.end()
    this.#writeBehind.close()
    await this.#timers.stop()
    let forget = () => {}
    const patience = new Promise<void>(resolve => {
      forget = this.#clock.wakeAt(this.#clock.now() + graceMs, resolve)
    })
    await Promise.race([this.#worker.stop(), patience])
    this.#worker.abandon()
    await Promise.all([this.#rebuilds.close(), this.#writer.close()])
    // Its error, if any, is told to whoever asked for it.
    await this.#pruning?.catch(() => {})
    this.#bell.end()
    const failures: unknown[] = []
    const ended = (work: () => unknown) =>
      Promise.resolve()
        .then(work)
        .catch(error => failures.push(error))
    // What is behind follows from the log: if it cannot be written now, the next engine folds it.
    await ended(() => this.#behind.flush())
    await ended(() => this.store.close())
    const drivers = [...this.#drivers.values()].map(({ driver }) => ended(() => driver.close?.()))
    const refusals = this.#refusals.close().catch(() => {})
    await Promise.race([Promise.all([...drivers, refusals]), patience])
    forget()
    if (failures.length > 0) throw failures[0]
  }

  #committed(draft: Draft): void {
    const { asksOpened, asksClosed, timerChanges, envelopes } = draft
    this.#next(() => this.#writeBehind.committed(draft))
    this.#next(() => this.#worker.committed(asksOpened, asksClosed))
    if (timerChanges.length) this.#next(() => this.#timers.armed(timerChanges.flatMap(({ armed }) => armed ?? [])))
    if (this.#listeners.hears('event')) for (const envelope of envelopes) this.#listeners.tell('event', envelope)
    this.#bell.ring()
    this.#next(() => this.#housekeep())
  }

  /** After a commit: what goes wrong in one part must not keep the others from hearing, nor look as if nothing was written. */
  #next(part: () => void): void {
    try {
      part()
    } catch (error) {
      this.#listeners.tell('fault', error, 'after a commit')
    }
  }

  /**
   * News cannot be refused: where its rules do not hold together (a told event that its target does not decide), the
   * resource is set aside, so that health names it and the others go on.
   */
  async #heard(resource: string, news: Report | Deadline): Promise<NewsOutcome> {
    try {
      return await this.#writer.submit(news)
    } catch (error) {
      if (error instanceof BrokenRule) this.#residence.contain(resource, this.#writer.position, error)
      throw error
    }
  }

  /** In passing, every five minutes: nothing that waits for it could keep a process alive. */
  #housekeep(): void {
    const now = this.#clock.now()
    if (now < this.#housekeepingDue || this.#closing) return
    this.#housekeepingDue = now + HOUSEKEEPING_MS
    this.prune().catch(error => this.#listeners.tell('fault', error, 'housekeeping'))
  }
}

/**
 * Opens a store and starts the engine on it: derived rows catch up, open asks resume, due timers fire.
 * Throws StoreError (the store), DriverRefused (a driver), BrokenRule (the kinds).
 */
export async function createEngine<const K extends KindMap, const P extends ViewMap, S extends Store>(
  options: EngineOptions<K, P, S>,
): Promise<Engine<K, P, S>> {
  const catalogue = new Catalogue(Object.values(options.kinds))
  registerDrivers(options.drivers)
  const projections = Object.values(options.projections)
  const { store, hash = sha256, residentMax = 50_000 } = options
  const opened = await store.open(projections)
  try {
    const retention = new Retention(catalogue, opened.horizons, options.retentionMs)
    const residence = new Residence(store, catalogue, hash, residentMax, retention)
    const threads = options.threads && new FoldingThreads(options.threads, options.kinds, options.projections)
    const recovery = await recover(store, projections, opened, residence, catalogue, threads)
    const engine = new Engine(options, opened, { catalogue, residence, recovery, threads })
    if (!options.still) await engine.start()
    return engine
  } catch (error) {
    await store.close()
    throw error
  }
}
