/**
 * Surveys: soon after the engine has started, after news of a provider were missed, every so often, and whenever somebody
 * asks. Each provider is surveyed by itself and for a limited time: one that is slow or gone holds up no other.
 */
import { InvalidRequest } from '../../runtime/refusal.ts'
import { type ProviderSurvey, reportOf, type SurveyReport } from '../../runtime/survey.ts'
import type { SurveyParts } from './parts.ts'
import { Pass } from './pass.ts'

/** The longest a survey of one provider takes. */
const LIMIT_MS = 10 * 60_000

export interface SurveysOptions extends SurveyParts {
  /** Time between two surveys that nobody asked for; 0: none. */
  readonly everyMs: number
  readonly surveyed: (report: SurveyReport) => void
}

export class Surveys {
  readonly #options: SurveysOptions
  readonly #running = new Map<string, Promise<ProviderSurvey>>()
  readonly #last = new Map<string, ProviderSurvey>()
  #isOver = false
  #forget = () => {}
  readonly counts = { taken: 0, unreachable: 0, orphans: 0, ghosts: 0, drift: 0, foreign: 0 }

  constructor(options: SurveysOptions) {
    this.#options = options
  }

  /** Surveys all of them soon, and again every so often. Nothing waits for it. */
  start(): void {
    const { everyMs, clock, drivers, catalogue } = this.#options
    const hasPresence = [...catalogue.kinds.values()].some(({ kind }) => kind.presence.kinds.length > 0)
    if (everyMs > 0 && drivers.size > 0 && hasPresence) clock.soon(() => void this.#inPassing())
  }

  stop(): void {
    this.#isOver = true
    this.#forget()
  }

  /** What was found last at each provider that has been surveyed. */
  get last(): SurveyReport {
    return reportOf([...this.#last.values()])
  }

  /** Throws InvalidRequest for a provider that there is not. */
  async survey(provider?: string): Promise<SurveyReport> {
    const { drivers, surveyed } = this.#options
    if (provider !== undefined && !drivers.has(provider)) {
      const known = [...drivers.keys()].join(', ')
      throw new InvalidRequest('invalidInput', 'provider', `There is no provider '${provider}'; known: ${known}.`)
    }
    const names = provider === undefined ? [...drivers.keys()] : [provider]
    const report = reportOf(await Promise.all(names.map(name => this.#one(name))))
    if (!this.#isOver) surveyed(report)
    return report
  }

  /** The same for one provider, for whoever tries until it succeeds: throws an Error that says what was in the way. */
  async whole(provider: string): Promise<void> {
    const { reachable, problem } = await this.#one(provider)
    if (!reachable) throw new Error(problem)
  }

  async #inPassing(): Promise<void> {
    const { clock, everyMs } = this.#options
    if (this.#isOver) return
    await this.survey()
    if (this.#isOver) return
    this.#forget = clock.wakeAt(clock.now() + everyMs, () => void this.#inPassing(), true)
  }

  /** Asked for while it goes on, it is the same. */
  #one(name: string): Promise<ProviderSurvey> {
    const running = this.#running.get(name)
    if (running) return running
    const begun = this.#take(name).finally(() => this.#running.delete(name))
    this.#running.set(name, begun)
    return begun
  }

  async #take(name: string): Promise<ProviderSurvey> {
    const { clock } = this.#options
    const at = clock.now()
    const pass = new Pass(this.#options, name, () => {
      if (this.#isOver) throw new Error('the engine is closing')
      if (clock.now() - at > LIMIT_MS) throw new Error(`it was not through after ${LIMIT_MS} ms`)
    })
    const problem = await pass.run().then(
      () => undefined,
      error => (error instanceof Error ? error.message : String(error)),
    )
    const state = problem === undefined ? { reachable: true } : { reachable: false, problem }
    const report = { provider: name, at, endedAt: clock.now(), ...state, kinds: pass.kinds }
    this.#last.set(name, report)
    this.counts.taken += 1
    if (problem !== undefined) this.counts.unreachable += 1
    this.#measure()
    return report
  }

  /** As of the last survey of each. */
  #measure(): void {
    const kinds = [...this.#last.values()].flatMap(({ kinds }) => kinds)
    const sum = (name: 'orphan' | 'ghost' | 'drift' | 'foreign') =>
      kinds.reduce((total, each) => total + each[name].count, 0)
    const [orphans, ghosts, drift, foreign] = [sum('orphan'), sum('ghost'), sum('drift'), sum('foreign')]
    Object.assign(this.counts, { orphans, ghosts, drift, foreign })
  }
}
