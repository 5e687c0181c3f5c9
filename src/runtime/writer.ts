/**
 * The one writer: whatever waits is decided as one batch, in order, and committed in one transaction. There is no timer:
 * while one batch is being written the next one gathers, so one caller waits for nobody and many share an fsync.
 *
 * Answers, refusals among them, are given only after the batch is durable. If the commit fails, its members are tried
 * one by one, so that one poison member fails alone; nothing of a failed commit stays in memory. (design: point 4.)
 */
import type { Projection } from '../../projections/contract.ts'
import { Conflict, type Store } from '../store/store.ts'
import type { Clock } from './clock.ts'
import { type ClaimRow, Draft, Missing } from './draft.ts'
import { Unasked } from './providers.ts'
import { Unavailable } from './refusal.ts'
import type { Residence } from './residence.ts'
import type { Snapshot } from './snapshot.ts'
import type { Taken } from './views.ts'

/** One thing to be decided: a submit, a report, a deadline. */
export interface Member<R = unknown> {
  /** Resources it will surely read: loaded together for the whole batch. */
  readonly reads: readonly string[]
  /** Writes to the draft and returns the answer, or throws the refusal. May run more than once. */
  decide(draft: Draft): R
  /** The caller named a version: a lost race is its answer, not a reason to decide again. */
  readonly decidesOnce?: boolean
  /** It only asks what would be: it writes nothing, and is not counted. */
  readonly isQuestion?: boolean
}

interface Waiting {
  readonly member: Member
  readonly resolve: (answer: never) => void
  readonly reject: (error: unknown) => void
}

export interface WriterOptions {
  readonly store: Store
  readonly clock: Clock
  readonly residence: Residence
  readonly claimed: readonly Projection[]
  /** Views that are incomplete, with the cause: they are left as they are, and nothing is claimed from them. */
  readonly stalled: ReadonlyMap<string, unknown>
  readonly position: number
  readonly at: number
  /** Members of one transaction. More shares the fsync further, and holds the event loop longer. */
  readonly batchMax: number
  /** Members waiting; beyond it callers are told to come back. */
  readonly queueMax: number
  /** Called after each commit, before its callers hear. */
  readonly committed: (draft: Draft) => void
  /** Derived rows to write in the same transaction: this commit's (strict), or those that have waited long enough. */
  readonly derive: (draft: Draft) => Promise<Taken | undefined>
}

/** How often a lost race is decided again before it is given up as a fault of the store. */
const CONFLICT_TRIES = 8

export class Writer {
  readonly #options: WriterOptions
  readonly #queue: Waiting[] = []
  #running = false
  #closed = false
  #idle: (() => void)[] = []
  readonly #between: (() => Promise<void>)[] = []
  position: number
  at: number
  /**
   * Every member but a question is counted once, when it is answered, however often it was decided: as one of `members`,
   * `refusals` (deciding it said no) and `failures` (it could not be written). `conflicts` are lost races decided again.
   */
  readonly counts = { commits: 0, members: 0, refusals: 0, conflicts: 0, failures: 0 }

  constructor(options: WriterOptions) {
    this.#options = options
    this.position = options.position
    this.at = options.at
  }

  get waiting(): number {
    return this.#queue.length
  }

  get isBusy(): boolean {
    return this.#running || this.#queue.length > 0
  }

  /** Does the work between two batches: nothing is decided or committed meanwhile, and whoever submits waits. */
  between<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Unavailable('closed', 'The engine is closed; open it again.'))
      this.#between.push(() => work().then(resolve, reject))
      this.#start()
    })
  }

  /** Queues a member. Rejects with Unavailable when closed or full, else with what deciding or committing it threw. */
  submit<R>(member: Member<R>): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (this.#closed) return reject(new Unavailable('closed', 'The engine is closed; open it again.'))
      if (this.#queue.length >= this.#options.queueMax)
        return reject(new Unavailable('overloaded', `${this.#queue.length} requests wait already; try again later.`))
      this.#queue.push({ member, resolve: resolve as Waiting['resolve'], reject })
      this.#start()
    })
  }

  #start(): void {
    if (this.#running) return
    this.#running = true
    this.#options.clock.soon(() => void this.#pump())
  }

  /** Resolves when nothing waits. */
  idle(): Promise<void> {
    return this.isBusy ? new Promise(resolve => this.#idle.push(resolve)) : Promise.resolve()
  }

  /** Takes nothing more; resolves when what was taken is written. */
  async close(): Promise<void> {
    this.#closed = true
    await this.idle()
  }

  async #pump(): Promise<void> {
    for (const work of this.#between.splice(0)) await work()
    const batch = this.#queue.splice(0, this.#options.batchMax)
    if (batch.length > 0) await this.#run(batch)
    if (this.#queue.length > 0 || this.#between.length > 0) return this.#options.clock.soon(() => void this.#pump())
    this.#running = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  async #run(batch: readonly Waiting[], tries = 0): Promise<void> {
    const loaded = new Loaded(this.#options.residence)
    try {
      await loaded.resources(batch.flatMap(({ member }) => member.reads))
      const draft = this.#draft(loaded)
      const answers: (() => void)[] = []
      for (const waiting of batch) answers.push(await this.#decide(waiting, draft, loaded))
      // What was loaded is older than what the batch wrote: it must be kept first.
      this.#options.residence.keep(loaded.snapshots, loaded.claims)
      if (!draft.isEmpty) await this.#commit(draft)
      for (const answer of answers) answer()
    } catch (error) {
      await this.#failed(batch, error, tries)
    }
  }

  #draft(loaded: Loaded): Draft {
    const { claimed, stalled, clock } = this.#options
    const complete = stalled.size > 0 ? claimed.filter(({ name }) => !stalled.has(name)) : claimed
    return new Draft(loaded, { complete, stalled }, this.position, this.at, clock.now())
  }

  async #decide(waiting: Waiting, draft: Draft, loaded: Loaded): Promise<() => void> {
    const { member, resolve, reject } = waiting
    for (;;) {
      const mark = draft.mark()
      try {
        const answer = member.decide(draft)
        return () => {
          this.#count('members', waiting)
          resolve(answer as never)
        }
      } catch (error) {
        draft.rollback(mark)
        if (error instanceof Missing) {
          await loaded.resources(error.resources)
          await loaded.rows(error.claims)
          continue
        }
        return () => {
          if (!(error instanceof Unasked)) this.#count('refusals', waiting)
          reject(error)
        }
      }
    }
  }

  async #commit(draft: Draft): Promise<void> {
    const { store, derive, residence, committed } = this.#options
    const derived = await derive(draft)
    try {
      await store.commit({ ...draft.toCommit(), derived: derived?.changes })
      derived?.written()
    } catch (error) {
      derived?.failed()
      throw error
    }
    this.position = draft.position
    this.at = draft.at
    this.counts.commits += 1
    residence.absorb(draft)
    committed(draft)
  }

  async #failed(batch: readonly Waiting[], error: unknown, tries: number): Promise<void> {
    if (batch.length > 1) {
      for (const waiting of batch) await this.#run([waiting])
      return
    }
    const [waiting] = batch as [Waiting]
    const { member, reject } = waiting
    if (error instanceof Conflict && !member.decidesOnce && tries < CONFLICT_TRIES) {
      this.counts.conflicts += 1
      const { residence } = this.#options
      residence.forget([...member.reads, error.key.split('@')[0]!], [error.key])
      return this.#run(batch, tries + 1)
    }
    this.#count('failures', waiting)
    reject(error)
  }

  #count(outcome: 'members' | 'refusals' | 'failures', { member }: Waiting): void {
    if (!member.isQuestion) this.counts[outcome] += 1
  }
}

/** What was loaded for this batch: pinned until it is over, whatever the cache evicts meanwhile. */
class Loaded {
  readonly snapshots = new Map<string, Snapshot | null>()
  readonly claims = new Map<string, ClaimRow>()
  readonly #residence: Residence

  constructor(residence: Residence) {
    this.#residence = residence
  }

  snapshot(resource: string): Snapshot | null | undefined {
    return this.#residence.snapshot(resource) ?? this.snapshots.get(resource)
  }

  claim(view: string, key: string): ClaimRow | undefined {
    return this.#residence.claim(view, key) ?? this.claims.get(`${view}/${key}`)
  }

  async resources(ids: readonly string[]): Promise<void> {
    const missing = new Set<string>()
    for (const id of ids)
      if (!this.snapshots.has(id) && !this.#residence.contained.has(id) && !this.#residence.snapshot(id))
        missing.add(id)
    if (missing.size === 0) return
    for (const [id, snapshot] of await this.#residence.load([...missing])) this.snapshots.set(id, snapshot)
  }

  async rows(claims: readonly { view: string; key: string }[]): Promise<void> {
    if (claims.length === 0) return
    for (const [name, claim] of await this.#residence.loadClaims(claims)) this.claims.set(name, claim)
  }
}
