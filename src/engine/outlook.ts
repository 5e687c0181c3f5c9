/** What the engine sees of its providers: their news, surveys of all they have, and what is cleaned away after one. */
import type { Observation } from '../drivers/driver.ts'
import type { NewsOutcome } from '../runtime/news.ts'
import type { Cleaned, SurveyReport, Thing } from '../runtime/survey.ts'
import { Sights, type SightsOptions } from './sights.ts'
import { type CleaningParts, clean } from './survey/cleaning.ts'
import { Surveys } from './survey/surveys.ts'

export interface OutlookOptions extends Omit<CleaningParts, 'heard' | 'measured'> {
  readonly everyMs: number
  readonly listen: SightsOptions['listen']
  readonly surveyed: (report: SurveyReport) => void
}

export class Outlook {
  readonly #sights: Sights
  readonly #surveys: Surveys
  readonly #parts: CleaningParts

  constructor(options: OutlookOptions) {
    const heard: CleaningParts['heard'] = (...told) => this.#sights.heard(...told)
    const measured: CleaningParts['measured'] = (...told) => this.#sights.measured(...told)
    this.#parts = { ...options, heard, measured }
    this.#sights = new Sights({ ...options, survey: provider => this.#surveys.whole(provider) })
    this.#surveys = new Surveys({ ...options, heard, measured })
  }

  /** Soon, so that whoever opens the engine can listen before. */
  start(): void {
    this.#sights.start()
    this.#surveys.start()
  }
  stop(): void {
    this.#sights.stop()
    this.#surveys.stop()
  }

  observed(provider: string, seen: Observation): Promise<NewsOutcome> {
    return this.#sights.observed(provider, seen)
  }
  survey(provider?: string): Promise<SurveyReport> {
    return this.#surveys.survey(provider)
  }
  get last(): SurveyReport {
    return this.#surveys.last
  }
  clean(thing: Thing, actor: string): Promise<Cleaned> {
    return clean(this.#parts, thing, actor)
  }
  get counts() {
    return { sights: this.#sights.counts, surveys: this.#surveys.counts }
  }
}
