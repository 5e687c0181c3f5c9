/**
 * Carries out asks: one call in flight for each resource, many resources at once, at least once, with the same token for
 * every attempt. Knows verbs and answers, never kinds. (design: contract point 5.)
 *
 * An ask ends here in one of two ways: its answer is committed, or a superseding ask closed it. Everything else (an
 * unknown outcome, a timeout, a driver that throws, a commit that fails) leads to another attempt. Each provider has a
 * lane of its own, with its own bounds: one that hangs fills its own and nobody else's.
 */
import type { Clock } from '../runtime/clock.ts'
import type { AskRow, Store } from '../store/store.ts'
import { Backlog } from './backlog.ts'
import { Carrier, type CarrierOptions, doubtOf, type Provider } from './carrier.ts'
import { Lane, type Task } from './lane.ts'

export interface WorkerOptions extends Pick<CarrierOptions, 'owner' | 'report' | 'progress' | 'parse'> {
  readonly store: Pick<Store, 'asks'>
  readonly clock: Clock
  readonly providers: ReadonlyMap<string, Provider>
  /** Open asks kept in memory for each provider; beyond it the rest waits in the store. */
  readonly residentMax: number
}

/** Attempts at once at asks whose provider nobody registered: each is a note in the store, and they share a commit. */
const NOTES_IN_FLIGHT_MAX = 64

export class Worker {
  readonly #options: WorkerOptions
  readonly #lanes: ReadonlyMap<string, Lane>
  /** Of all providers that nobody registered: there may be any number of such names. */
  readonly #unregistered: Lane
  readonly #all: readonly Lane[]
  readonly #backlog: Backlog
  readonly #carrier: Carrier
  #idle: (() => void)[] = []
  readonly #own = { superseded: 0, unread: 0 }

  constructor(options: WorkerOptions) {
    const { owner, clock, store, providers, report, progress, parse } = options
    this.#options = options
    this.#carrier = new Carrier({
      owner,
      clock,
      report,
      progress,
      parse,
      offer: task => this.#laneOf(task.ask).offer(task),
      close: token => void this.#close(token),
    })
    this.#lanes = new Map(
      Array.from(providers, ([name, each]) => [name, this.#lane(each, each.capabilities.limits.callsInFlightMax)]),
    )
    this.#unregistered = this.#lane(undefined, NOTES_IN_FLIGHT_MAX)
    this.#all = [...this.#lanes.values(), this.#unregistered]
    this.#backlog = new Backlog({
      store,
      clock,
      lanes: this.#all,
      laneOf: ask => this.#laneOf(ask),
      doubtOf: ask => doubtOf(ask, providers.get(ask.provider), clock.now()),
      taken: () => this.#dispatch(),
      unread: () => {
        this.#own.unread += 1
      },
    })
  }

  #lane(provider: Provider | undefined, inFlightMax: number): Lane {
    const { clock, residentMax } = this.#options
    const attempt = (task: Task) => this.#carrier.carry(task, provider)
    return new Lane({ clock, residentMax, inFlightMax, attempt, over: () => this.#after() })
  }

  #laneOf({ provider }: AskRow): Lane {
    return this.#lanes.get(provider) ?? this.#unregistered
  }

  /** What became of calls; `unread` counts reads of the store that failed. */
  get counts() {
    return { ...this.#carrier.counts, ...this.#own }
  }

  /** Open asks in memory, and attempts under way. */
  get resident(): number {
    return this.#all.reduce((sum, lane) => sum + lane.resident, 0)
  }
  get inFlight(): number {
    return this.#all.reduce((sum, lane) => sum + lane.inFlight, 0)
  }

  /** Loads what was open when the last process ended. */
  start(): Promise<void> {
    return this.#backlog.start()
  }

  /** A commit opened and closed these. Closed ones first: a superseding ask must not wait behind what it ended. */
  committed(opened: readonly AskRow[], closed: readonly string[]): void {
    for (const token of closed) {
      this.#backlog.closed(token)
      const task = this.#close(token)
      if (task?.state !== 'running') continue
      task.abort.abort('was superseded')
      this.#own.superseded += 1
    }
    // Asked and superseded in one commit: it was never open, and must not be called.
    const ended = new Set(closed)
    for (const ask of opened) if (!ended.has(ask.token)) this.#laneOf(ask).opened(ask)
    this.#after()
  }

  /** Resolves when no ask is ready or under way; those that wait for a later time do not count. */
  idle(): Promise<void> {
    return this.isIdle() ? Promise.resolve() : new Promise(resolve => this.#idle.push(resolve))
  }

  /** Whether no ask is ready or under way. */
  isIdle(): boolean {
    return !this.#backlog.isReading && this.#all.every(lane => lane.isIdle)
  }

  /** Begins no more attempts; resolves when those under way have been answered and committed. */
  async stop(): Promise<void> {
    this.#backlog.stop()
    await Promise.all(this.#all.map(lane => lane.stop()))
    this.#dispatch()
  }

  /** Waits no longer for what is under way: its asks stay open, for the next process. */
  abandon(): void {
    for (const lane of this.#all) lane.abandon()
  }

  #close(token: string): Task | undefined {
    const resource = token.replace(/\.\d+\.\d+$/, '')
    for (const lane of this.#all) {
      const task = lane.close(resource, token)
      if (task) return task
    }
    return undefined
  }

  #after(): void {
    this.#backlog.next()
    this.#dispatch()
  }

  #dispatch(): void {
    for (const lane of this.#all) lane.dispatch()
    if (this.#idle.length > 0 && this.isIdle()) for (const resolve of this.#idle.splice(0)) resolve()
  }
}
