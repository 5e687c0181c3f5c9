/**
 * One simulated world: the real engine on the real store, a provider, a clock, and everybody who watches. Nothing moves
 * unless the world is told to; between two moves every promise that can settle has settled. (spec: reliability 6.)
 */
import Database from 'better-sqlite3'
import type { Envelope } from '../../machines/grammar.ts'
import { kinds as everyKind } from '../../machines/index.ts'
import { type Capabilities, narrowed, type Observation, type Outcome } from '../../src/drivers/driver.ts'
import { type SimulatedDriver, simulated } from '../../src/drivers/simulated/index.ts'
import { createEngine, type Engine } from '../../src/engine.ts'
import { Catalogue } from '../../src/runtime/catalogue.ts'
import type { KindMap } from '../../src/runtime/client.ts'
import { memoryRefusals } from '../../src/store/refusals.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { Store } from '../../src/store/store.ts'
import type { Checker } from './checkers/checker.ts'
import { VirtualTime, type Waiting } from './clock.ts'
import { Life, type Seam } from './crash.ts'
import { mortalDatabase } from './database.ts'
import { Fold } from './fold.ts'
import { Journal } from './journal.ts'
import { type Call, mortalDriver, mortalStore, whileAlive } from './mortal.ts'
import { capabilitiesOf } from './provider.ts'
import { Replay } from './replay.ts'
import { PUBLIC_IMAGE } from './setup.ts'
import { retained, retentionOf, type Shape } from './shape.ts'
import { answer, type Request, refuse, type Submission } from './submission.ts'
import { simulationViews } from './views.ts'
import { Violation } from './violation.ts'

export interface WorldOptions {
  readonly seed: number
  readonly shape: Shape
  readonly checkers: readonly Checker[]
  /** The rules to run under; a planted bug changes them. */
  readonly kinds?: KindMap
  /** What stands between engine and store; a planted bug loses something there. */
  readonly throughStore?: (store: Store) => Store
}

export type AnyEngine = Engine<KindMap, typeof simulationViews, Store>
type LogRow = { position: number; resource: string; version: number; digest: string; text: string }

export const PROVIDER = 'lab'

/** The `nth` seam (from 1) of these sorts; of any, if none is named. */
export interface End {
  readonly nth: number
  readonly on?: readonly Seam[]
}

/** An answer of the provider to a call that an event asked for. */
export interface Reply {
  readonly call: Call
  readonly outcome: Outcome
}

export class World {
  readonly options: WorldOptions
  readonly time = new VirtualTime()
  readonly database = new Database(':memory:')
  readonly provider: SimulatedDriver
  readonly catalogue: Catalogue
  readonly fold = new Fold()
  readonly replay: Replay
  readonly journal = new Journal()
  /** What engines keep of refusals; it outlives them as a file would. */
  readonly refusals = memoryRefusals()
  readonly log: Envelope[] = []
  readonly submissions: Submission[] = []
  readonly replies: Reply[] = []
  /** What somebody saw at the provider, some time ago. */
  readonly sights: Observation[] = []
  readonly figures = { lives: 0, steps: 0, crashes: 0, statementCrashes: 0, afterwards: 0, reports: 0, forgotten: 0 }
  readonly faults: Record<string, number> = {}
  /** Instances whose guest ended without anybody having asked, and those the provider has lost. */
  readonly disturbed = new Set<string>()
  readonly vanished = new Set<string>()
  life = new Life()
  engine: AnyEngine | undefined
  step = 0
  /** Where the next life that begins is to end. */
  nextEnd: End | undefined
  #violation: unknown
  #ended = () => {}
  #isRead = true
  readonly #end = new AbortController()
  #answered: Submission[] = []
  #nextId = 0
  #read: Database.Statement<[number], LogRow> | undefined

  constructor(options: WorldOptions) {
    const { seed, shape, kinds = everyKind } = options
    this.options = options
    this.catalogue = new Catalogue(Object.values(kinds))
    this.replay = new Replay(this.catalogue)
    this.provider = simulated({
      clock: this.time.clock(),
      seed,
      latencyMs: shape.latencyMs,
      delayMs: shape.delayMs,
      faults: shape.faults,
      onDuplicate: () => this.#count('told twice'),
      optimizeMs: shape.optimizeMs,
      capacity: shape.volumeBytes === undefined ? {} : { volumeBytes: shape.volumeBytes },
      capabilities: capabilitiesOf(shape),
      ...(Object.keys(shape.narrower).length && { images: { [PUBLIC_IMAGE]: shape.narrower } }),
    })
    void this.#watch()
  }

  /** What instances of an image are offered. */
  offers(image: string | undefined): Capabilities {
    const all = this.provider.describe()
    return image === PUBLIC_IMAGE ? narrowed(all, this.options.shape.narrower) : all
  }

  /** Who submitted what an event of this actor came from; undefined for providers and the engine itself. */
  submissionOf(actor: string): Submission | undefined {
    return actor.startsWith('caller-') ? this.submissions[Number(actor.slice(7)) - 1] : undefined
  }

  /** Guests that end by themselves, or are held, are news; what nobody heard stays different until somebody looks. */
  async #watch(): Promise<void> {
    for await (const { id, facts, exists } of this.provider.watch!(this.#end.signal)) {
      if (facts.pauseReason !== undefined) this.disturbed.add(id)
      if (exists === 'no') this.vanished.add(id)
      if (exists === 'yes' && facts.endReason === undefined) continue
      this.disturbed.add(id)
      this.#count('guest ended')
    }
  }

  /** Somebody else has done something with an instance: what is known of it differs until somebody looks. */
  meddle(id: string, isDone: boolean): void {
    if (!isDone) return
    this.disturbed.add(id)
    this.#count('meddled with')
  }

  /** Nothing happens here any more. */
  close(): void {
    this.life.end()
    this.#ended()
    this.#end.abort()
    this.database.close()
  }

  get at() {
    return { now: this.time.now, life: this.figures.lives, step: this.step }
  }

  /** Begins a life: a new engine on what the last one left. It may end before it has opened. */
  async start(endAt: End | undefined = this.nextEnd): Promise<void> {
    const life = new Life()
    if (endAt) life.endAt(endAt.nth, endAt.on)
    this.nextEnd = undefined
    this.life = life
    this.figures.lives += 1
    const handle = mortalDatabase(this.database, life, () => {
      this.#isRead = false
    })
    const through = this.options.throughStore ?? (store => store)
    const store = mortalStore(through(sqlite({ database: handle })), life)
    const { driver, ended } = mortalDriver(this.provider, life, this)
    this.#ended = ended
    const { shape, kinds = everyKind as KindMap } = this.options
    const { batchMax, asksMax, behindMax, residentMax, consistency } = shape
    const retentionMs = Object.fromEntries(retained.map(kind => [kind, retentionOf(shape, kind)]))
    const clock = this.time.clock(life)
    const options = {
      kinds,
      projections: simulationViews,
      store,
      drivers: { [PROVIDER]: driver },
      clock,
      ids: this.#ids(),
      retentionMs,
      refusals: this.refusals,
      surveyEveryMs: 0,
    }
    this.journal.note(this.at, 'start', '', '', '')
    whileAlive(life, () => createEngine({ ...options, batchMax, asksMax, behindMax, residentMax, consistency })).then(
      engine => {
        this.engine = engine as unknown as AnyEngine
        engine.on('fault', (error, where) => {
          // A provider that takes longer than anybody waits has not said how much there is: that is its fault.
          const isSilence = where.startsWith('storage of ') && String(error).includes('gave no answer')
          if (!isSilence) this.broke('no fault', `${where}: ${String(error)}`, error)
        })
      },
      error => this.broke('no fault', `the engine could not be opened: ${String(error)}`, error),
    )
    await this.drain()
  }

  #ids() {
    return {
      next: () => {
        this.#nextId += 1
        return this.#nextId.toString(16).padStart(17, '0')
      },
    }
  }

  /** The process dies now. */
  async crash(): Promise<void> {
    this.life.end()
    await this.drain()
  }

  /** Gives commands as a caller would, and returns at once. */
  submit(request: Request): Submission {
    const actor = `caller-${this.submissions.length + 1}`
    const submission: Submission = { ...request, actor, from: this.log.length, at: this.time.now, outcome: 'open' }
    this.submissions.push(submission)
    const { account, authority, commands, token, dryRun } = request
    const words = commands.map(({ kind, command, id = '' }) => `${kind}.${command} ${id}`).join('; ')
    this.journal.note(this.at, dryRun ? 'dryRun' : 'submit', account, actor, `${words} ${token ?? ''}`)
    const { engine, life } = this
    if (!engine) throw new Error('nobody is there to submit to')
    whileAlive(life, () => engine.submit(commands, { account, actor, authority }, { token, dryRun })).then(
      results => {
        answer(submission, results)
        this.#answered.push(submission)
      },
      error => {
        refuse(submission, error)
        this.#answered.push(submission)
      },
    )
    return submission
  }

  /** Lets one of those that wait run, unless the process dies just before. */
  run(waiting: Waiting): void {
    const run = this.time.take(waiting)
    if (waiting.owner === this.life && this.life.pass('run', '')) return
    run()
  }

  /** Time passes until the next timer; false if there is none. */
  wait(): boolean {
    const next = this.time.nextTime()
    if (next !== undefined) this.time.now = next
    return next !== undefined
  }

  /** Everything that can settle settles; then what happened is read and checked. Throws Violation. */
  async drain(): Promise<void> {
    await new Promise<void>(resolve => setImmediate(resolve))
    try {
      if (this.life.isOver) this.#bury()
      this.#readLog()
      const answered = this.#answered
      this.#answered = []
      for (const submission of answered) this.#hear(submission)
    } catch (error) {
      this.#violation ??= error
    }
    if (this.#violation) throw this.#violation
  }

  /** Notes a broken promise from inside a callback; `drain` throws it. */
  broke(checker: string, message: string, cause?: unknown): void {
    this.#violation ??= new Violation(checker, message, { cause })
  }

  called(call: Call): void {
    // The commit that asked is there already; what it says must be known to whoever judges the call.
    this.#keeping(() => this.#readLog())
    this.journal.note(this.at, 'call', '', call.id, `${call.verb} ${call.token} #${call.attempt}`)
    this.#each(checker => checker.called?.(call, this))
  }

  answered(call: Call, outcome: Outcome): void {
    this.journal.note(this.at, 'reply', '', call.id, `${call.verb} ${call.token} ${outcome.kind ?? 'seen'}`)
    if (['pending', 'rejected', 'unknown'].includes(outcome.kind)) this.#count(outcome.kind)
    if (outcome.kind === 'done' || outcome.kind === 'rejected') this.replies.push({ call, outcome })
    this.#each(checker => checker.replied?.(call, outcome, this))
  }

  threw(call: Call): void {
    this.journal.note(this.at, 'reply', '', call.id, `${call.verb} ${call.token} threw`)
    this.#count('thrown')
  }

  #count(fault: string): void {
    this.faults[fault] = (this.faults[fault] ?? 0) + 1
  }

  /** Calls every checker; what one throws is kept, not thrown through the engine. */
  #each(ask: (checker: Checker) => void): void {
    this.#keeping(() => {
      for (const checker of this.options.checkers) ask(checker)
    })
  }

  #keeping(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#violation ??= error
    }
  }

  #hear(submission: Submission): void {
    const { actor, account, outcome, error } = submission
    this.journal.note(this.at, 'answer', account, actor, `${outcome} ${error instanceof Error ? error.message : ''}`)
    if (outcome === 'broken') throw new Violation('no fault', `${actor} was told ${String(error)}`, { cause: error })
    for (const checker of this.options.checkers) checker.answered?.(submission, this)
  }

  #bury(): void {
    const { life } = this
    this.journal.note(this.at, 'crash', '', '', life.where)
    this.figures.crashes += 1
    if (life.where.startsWith('sql')) this.figures.statementCrashes += 1
    this.figures.afterwards += life.afterwards
    if (this.database.inTransaction) this.database.exec('ROLLBACK')
    this.time.drop(life)
    this.#ended()
    this.engine = undefined
    this.life = new Life()
    this.#isRead = false
    this.#readLog()
    for (const submission of this.submissions) {
      if (submission.outcome !== 'open') continue
      submission.outcome = 'lost'
      this.#hear(submission)
    }
    for (const checker of this.options.checkers) checker.crashed?.(this)
  }

  #readLog(): void {
    if (this.#isRead) return
    this.#isRead = true
    this.#read ??= this.database.prepare('SELECT * FROM events WHERE position > ? ORDER BY position')
    const { checkers } = this.options
    for (const { digest, text } of this.#read.all(this.log.at(-1)?.position ?? 0)) {
      const event = { ...JSON.parse(text), digest } as Envelope
      this.log.push(event)
      this.journal.event(this.at, event)
      this.fold.apply(event)
      this.replay.apply(event, text)
      for (const checker of checkers) checker.event?.(event, this)
    }
    for (const checker of checkers) checker.committed?.(this)
  }
}
