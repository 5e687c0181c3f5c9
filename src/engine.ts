/**
 * The one file that knows every part: it opens the store, catches up, and wires writer, views, worker and timers.
 * It names no kind, and no view but the inventory that `get` and `list` read.
 */
import { EventEmitter } from 'eventemitter3'
import type { Kysely } from 'kysely'
import type { Envelope } from '../machines/grammar.ts'
import type { Driver, Observation } from './drivers/driver.ts'
import { registerDrivers } from './drivers/register.ts'
import { mayBeOld, secondLook } from './effects/second-look.ts'
import { Timers } from './effects/timers.ts'
import { Worker } from './effects/worker.ts'
import { Catalogue } from './runtime/catalogue.ts'
import type { CommandsOf, KindMap, SubmitOptions } from './runtime/client.ts'
import type { Clock } from './runtime/clock.ts'
import { type CommandResult, visible } from './runtime/decide.ts'
import type { Draft } from './runtime/draft.ts'
import type { Hash } from './runtime/envelope.ts'
import type { Ids } from './runtime/ids.ts'
import { type ViewMap, type ViewsOf, viewOf } from './runtime/listing.ts'
import { Bell, readStream, type SubscribeOptions, subscribe } from './runtime/log.ts'
import { Deadline, type NewsOutcome, Progress, Report, type ReportInput } from './runtime/news.ts'
import type { Principal } from './runtime/principal.ts'
import { type Recovery, rebuildView, recover } from './runtime/recover.ts'
import { BrokenRule, Unavailable } from './runtime/refusal.ts'
import type { CommandInput } from './runtime/request.ts'
import { Residence } from './runtime/residence.ts'
import { Session } from './runtime/session.ts'
import { type Gate, Submissions } from './runtime/submissions.ts'
import { Views } from './runtime/views.ts'
import { Writer } from './runtime/writer.ts'
import type { TablesOf } from './store/sqlite/index.ts'
import { type Opened, type Store, StoreError } from './store/store.ts'
import { systemClock } from './system/clock.ts'
import { sha256 } from './system/hash.ts'
import { systemIds } from './system/ids.ts'

export interface EngineOptions<K extends KindMap, P extends ViewMap, S extends Store> {
  readonly kinds: K
  /** The views to keep; `get` and `list` read the one called `inventory`. */
  readonly projections: P
  readonly store: S
  /** Provider name to driver; the first is the default of commands that name none. */
  readonly drivers: Readonly<Record<string, Driver>>
  readonly clock?: Clock
  readonly ids?: Ids
  /** sha256 of a text. */
  readonly hash?: Hash
  /** `strict` writes derived rows in the transaction of their events; the default writes them behind. */
  readonly consistency?: 'behind' | 'strict'
  /** Resources kept in memory (default 50 000). */
  readonly residentMax?: number
  /** Members of one transaction (64), and members waiting before callers are turned away (10 000). */
  readonly batchMax?: number
  readonly queueMax?: number
  /** Open asks kept in memory (10 000); the rest waits in the store. */
  readonly asksMax?: number
  /** Events after which derived rows are written (128), and the longest they wait (200 ms). */
  readonly behindMax?: number
  readonly behindMs?: number
  /** How long tokens are remembered (25 hours: EC2 clients count on a day). */
  readonly tokenRetentionMs?: number
}

/** What listeners hear. Events come after commit, in order of position. */
export interface EngineEvents {
  event: [Envelope]
  refused: [error: unknown, principal: Principal]
  fault: [error: unknown, where: string]
}

/** What `health` says: everything that is not as it should be, by name. */
export interface Health {
  readonly position: number
  readonly contained: readonly { resource: string; position: number; cause: string }[]
  readonly stalledViews: readonly { view: string; cause: string }[]
}

const HOUSEKEEPING_MS = 3_600_000

export class Engine<K extends KindMap, P extends ViewMap, S extends Store> {
  readonly kinds: K
  readonly catalogue: Catalogue
  readonly store: S
  /** Every view by name, read behind the barrier. Not scoped to an account: sessions are. */
  readonly views: ViewsOf<P>
  readonly recovery: Recovery
  readonly #emitter = new EventEmitter<EngineEvents>()
  readonly #bell = new Bell()
  readonly #projections: P
  readonly #drivers: ReturnType<typeof registerDrivers>
  readonly #clock: Clock
  readonly #residence: Residence
  readonly #writer: Writer
  readonly #behind: Views
  readonly #worker: Worker
  readonly #timers: Timers
  readonly #submissions: Submissions
  readonly #around: { catalogue: Catalogue; hash: Hash }
  readonly #behindMax: number
  readonly #behindMs: number
  readonly #watching = new AbortController()
  #isStrict: boolean
  #forgetFlush: (() => void) | undefined
  #housekeepingDue: number
  #closing: Promise<void> | undefined

  /** Use `createEngine`. */
  constructor(
    options: EngineOptions<K, P, S>,
    opened: Opened,
    parts: { catalogue: Catalogue; residence: Residence; recovery: Recovery },
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
    this.#isStrict = options.consistency === 'strict'
    this.#behindMax = options.behindMax ?? 128
    this.#behindMs = options.behindMs ?? 200
    this.#around = { catalogue, hash }
    this.#housekeepingDue = clock.now() + HOUSEKEEPING_MS
    this.#drivers = registerDrivers(options.drivers)
    this.#behind = new Views(store, residence, projections, opened.position, residentMax)
    for (const [view, cause] of parts.recovery.stalled) this.#behind.stalled.set(view, cause)
    this.#writer = new Writer({
      store,
      clock,
      residence,
      claimed: projections.filter(view => view.consistency === 'claimed'),
      position: opened.position,
      at: opened.at,
      batchMax: options.batchMax ?? 64,
      queueMax: options.queueMax ?? 10_000,
      committed: draft => this.#committed(draft),
      derive: draft => this.#derive(draft),
    })
    const providers = new Map([...this.#drivers].map(([name, { capabilities }]) => [name, { name, capabilities }]))
    const gate: Gate = { writer: this.#writer, store, clock, hash }
    this.#submissions = new Submissions(
      gate,
      { catalogue, providers, ids, hash },
      options.tokenRetentionMs ?? 90_000_000,
    )
    this.#worker = new Worker({
      store,
      clock,
      providers: this.#drivers,
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
    })
    const barrier = () => this.flush()
    this.views = Object.fromEntries(
      Object.entries(this.#projections).map(([name, each]) => [name, viewOf(each, store, barrier)]),
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
    await this.#worker.start()
    await this.#timers.start()
    for (const [name, { driver }] of this.#drivers) if (driver.watch) void this.#watch(name, driver)
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
    try {
      return await this.#submissions.submit(commands, principal, options)
    } catch (error) {
      // A question is no refusal: `actions` asks about every command each time somebody looks.
      if (!options.dryRun) this.#emit('refused', error, principal)
      throw error
    }
  }

  /** Records unasked news about a resource. */
  report(report: ReportInput): Promise<NewsOutcome> {
    return this.#heard(report.resource, new Report(report, this.#around))
  }

  /**
   * Records what an observation says about the resource it names, if its kind finds that it says something new. One that
   * may be older than the resource's last event is made again first.
   */
  async observed(provider: string, seen: Observation): Promise<NewsOutcome> {
    const snapshot = await this.#residence.find(seen.id)
    const known = this.#drivers.get(provider)
    if (!snapshot || !known) return 'stale'
    const { lagMs } = known.capabilities.consistency
    if (mayBeOld(seen, snapshot, lagMs)) {
      const again = await secondLook(known, seen, this.#clock)
      const now = await this.#residence.find(seen.id)
      // Made after that event; but behind a lag it may still show the time before.
      const isOld = !again || now?.version !== snapshot.version || (lagMs > 0 && mayBeOld(again, snapshot, lagMs))
      if (isOld) return 'stale'
      seen = again
    }
    const { kind } = this.catalogue.kind(snapshot.kind)
    const news = kind.observed(seen, snapshot.context, visible(snapshot.state))
    if (!news) return 'ignored'
    const type = `${kind.name}.${news.event}`
    return this.report({ resource: seen.id, type, data: news.data, actor: `driver:${provider}` })
  }

  /** After commit; a listener that throws hurts nobody: the error is emitted as `fault`. Returns how to stop listening. */
  on<E extends keyof EngineEvents>(name: E, listener: (...heard: EngineEvents[E]) => void): () => void {
    const guarded = (...heard: EngineEvents[E]) => {
      try {
        listener(...heard)
      } catch (error) {
        if (name !== 'fault') this.#emit('fault', error, `listener of ${name}`)
      }
    }
    this.#emitter.on(name, guarded as never)
    return () => void this.#emitter.off(name, guarded as never)
  }

  /** The events of one resource, from a version on. */
  history(resource: string, fromVersion = 1): AsyncGenerator<Envelope> {
    return readStream(this.store, resource, fromVersion)
  }

  /** Every event after a position, then each as it is committed. */
  subscribe(options: SubscribeOptions = {}): AsyncGenerator<Envelope> {
    return subscribe(this.store, this.#bell, options, error => this.#emit('fault', error, 'subscription'))
  }

  /** Writes everything derived: after it, tables and snapshots say what the log says. */
  async flush(): Promise<void> {
    this.#forgetFlush?.()
    this.#forgetFlush = undefined
    await this.#behind.flush()
  }

  /**
   * Empties a view and folds the whole log into it. Returns the number of events folded. Writers, and readers of any
   * view, wait until it is done: a row that is folded halfway must not be folded further by what comes meanwhile.
   */
  rebuild(view: keyof P & string): Promise<number> {
    return this.#writer.between(async () => {
      await this.flush()
      return this.#behind.alone(async () => {
        const count = await rebuildView(this.store, this.#projections[view]!, this.#residence, this.catalogue)
        this.#behind.forget()
        this.#behind.stalled.delete(view)
        this.#residence.forgetClaims()
        return count
      })
    })
  }

  /** Resolves when nothing is queued, no call is ready or under way, and no timer is being fired. */
  async idle(): Promise<void> {
    do {
      await this.#writer.idle()
      await this.#worker.idle()
      await this.#timers.idle()
    } while (this.#writer.isBusy)
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
      ...prefixed('store', await this.store.measures()),
    }
  }

  /** Deletes tokens past their retention, in small steps. Returns how many. */
  prune(): Promise<number> {
    return this.#submissions.prune()
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
    this.#watching.abort()
    this.#forgetFlush?.()
    await this.#timers.stop()
    let forget = () => {}
    const patience = new Promise<void>(resolve => {
      forget = this.#clock.wakeAt(this.#clock.now() + graceMs, resolve)
    })
    await Promise.race([this.#worker.stop(), patience])
    await this.#writer.close()
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
    await Promise.race([Promise.all(drivers), patience])
    forget()
    if (failures.length > 0) throw failures[0]
  }

  #committed(draft: Draft): void {
    const { asksOpened, asksClosed, timerChanges, envelopes } = draft
    if (this.#isStrict) {
      this.#residence.takeDirty()
      this.#residence.written()
      this.#behind.watermark = draft.position
    } else {
      this.#behind.absorb(envelopes)
      this.#flushSoon()
    }
    this.#worker.committed(asksOpened, asksClosed)
    if (timerChanges.length) this.#timers.armed(timerChanges.flatMap(({ armed }) => armed ?? []))
    if (this.#emitter.listenerCount('event')) for (const envelope of envelopes) this.#emit('event', envelope)
    this.#bell.ring()
    this.#housekeep()
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

  /** In passing, once an hour: nothing that waits for it could keep a process alive. */
  #housekeep(): void {
    const now = this.#clock.now()
    if (now < this.#housekeepingDue) return
    this.#housekeepingDue = now + HOUSEKEEPING_MS
    this.prune().catch(error => this.#emit('fault', error, 'housekeeping'))
  }

  /** Rows that have waited long enough ride in the next commit: they cost no fsync of their own. */
  async #derive(draft: Draft) {
    if (this.#isStrict) return this.#behind.rowsOf(draft)
    return this.#behind.pendingCount >= this.#behindMax ? this.#behind.take() : undefined
  }

  #flushSoon(): void {
    this.#forgetFlush ??= this.#clock.wakeAt(this.#clock.now() + this.#behindMs, () => void this.#flushNow())
  }

  async #flushNow(): Promise<void> {
    try {
      await this.flush()
    } catch (error) {
      if (this.#closing) return
      this.#emit('fault', error, 'writing derived rows')
      this.#flushSoon()
    }
  }

  async #watch(name: string, driver: Driver): Promise<void> {
    try {
      for await (const seen of driver.watch!(this.#watching.signal))
        await this.observed(name, seen).catch(error => this.#emit('fault', error, `news of ${name}`))
    } catch (error) {
      if (!this.#watching.signal.aborted) this.#emit('fault', error, `watching ${name}`)
    }
  }

  #emit<E extends keyof EngineEvents>(name: E, ...heard: EngineEvents[E]): void {
    if (this.#emitter.listenerCount(name))
      (this.#emitter.emit as (...all: unknown[]) => boolean).call(this.#emitter, name, ...heard)
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
    const residence = new Residence(store, catalogue, hash, residentMax)
    const recovery = await recover(store, projections, opened, residence, catalogue)
    const engine = new Engine(options, opened, { catalogue, residence, recovery })
    await engine.start()
    return engine
  } catch (error) {
    await store.close()
    throw error
  }
}
