/** Counts what a survey finds of one kind; a bounded number of findings is kept. */
import { type Finding, type FindingClass, type Found, findingClasses, type KindSurvey } from '../../runtime/survey.ts'

const LISTED_MAX = 1_000

type Lists = Record<FindingClass, { count: number; listed: Finding[] }>

export class Tally {
  readonly #kind: string
  readonly #found = Object.fromEntries(findingClasses.map(each => [each, { count: 0, listed: [] }])) as unknown as Lists
  known = 0
  unsettled = 0

  constructor(kind: string) {
    this.#kind = kind
  }

  add(finding: Finding): void {
    const found = this.#found[finding.class]
    found.count += 1
    if (found.listed.length < LISTED_MAX) found.listed.push(finding)
  }

  report(): KindSurvey {
    const { known, unsettled } = this
    return { kind: this.#kind, known, unsettled, ...(this.#found as Record<FindingClass, Found>) }
  }
}
