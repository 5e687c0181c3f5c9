/**
 * One survey of one provider, kind by kind: first everything it shows is judged, then everything that it should show and
 * did not. What is here is read after what is there, and each verdict is confirmed by a second look, so that work that
 * goes on meanwhile is never taken for a fault. What is held is one page, and the ids that were shown of one kind.
 */
import type { ResourceKind } from '../../drivers/driver.ts'
import type { RegisteredDriver } from '../../drivers/register.ts'
import { survey } from '../../effects/survey.ts'
import { visible } from '../../runtime/decide.ts'
import type { Snapshot } from '../../runtime/snapshot.ts'
import type { KindSurvey } from '../../runtime/survey.ts'
import { judgeMissing, judgeShown, type Verdict } from './judging.ts'
import { expectedOf, resourceOf, type SurveyParts, surveyedKinds } from './parts.ts'
import { measureStorage } from './storage.ts'
import { Tally } from './tally.ts'

export class Pass {
  readonly kinds: KindSurvey[] = []
  readonly #parts: SurveyParts
  readonly #name: string
  readonly #provider: RegisteredDriver
  readonly #checkTime: () => void

  /** @param checkTime throws when the survey has taken too long, or nobody wants it any more */
  constructor(parts: SurveyParts, name: string, checkTime: () => void) {
    this.#parts = parts
    this.#name = name
    this.#provider = parts.drivers.get(name)!
    this.#checkTime = checkTime
  }

  /** Throws what the driver throws, and what `checkTime` does. What was found until then is in `kinds`. */
  async run(): Promise<void> {
    for (const kind of surveyedKinds) {
      if (!this.#isOfInterest(kind)) continue
      const tally = new Tally(kind)
      try {
        const shown = await this.#judgeShown(kind, tally)
        await this.#judgeMissing(kind, shown, tally)
      } finally {
        this.kinds.push(tally.report())
      }
    }
    await this.#measureStorage()
  }

  /** Whoever cannot say how much there is has shown everything all the same. */
  async #measureStorage(): Promise<void> {
    this.#checkTime()
    try {
      await measureStorage(this.#parts, this.#name, this.#provider)
    } catch (error) {
      this.#checkTime()
      this.#parts.failed(error, `storage of ${this.#name}`)
    }
  }

  /** Kinds of resources that miss things of this kind, or bear the same name. */
  #namesOf(kind: ResourceKind): string[] {
    const { catalogue } = this.#parts
    return [...catalogue.kinds.values()]
      .filter(({ kind: { name, presence } }) => presence.kinds.includes(kind) || name === kind)
      .map(({ kind: { name } }) => name)
  }
  #isOfInterest(kind: ResourceKind): boolean {
    return this.#namesOf(kind).length > 0
  }

  async #judgeShown(kind: ResourceKind, tally: Tally): Promise<ReadonlySet<string>> {
    const { questions, residence, owner } = this.#parts
    const shown = new Set<string>()
    for await (const page of survey(this.#provider, kind, questions)) {
      this.#checkTime()
      const snapshots = await residence.peek(new Set(page.map(({ id }) => resourceOf(String(id)))))
      for (const seen of page) {
        // What bears the mark of another is not the one that is missed here.
        if (seen.owner === undefined || seen.owner === owner) shown.add(seen.id)
        this.#count(await judgeShown(this.#parts, this.#name, { ...seen, kind }, snapshots), tally)
      }
      await this.#pause()
    }
    return shown
  }

  async #judgeMissing(kind: ResourceKind, shown: ReadonlySet<string>, tally: Tally): Promise<void> {
    const { known, residence } = this.#parts
    for (const name of this.#namesOf(kind))
      for await (const page of known(this.#name, name)) {
        this.#checkTime()
        for (const snapshot of (await residence.peek(page)).values()) {
          if (!snapshot) continue
          for (const id of this.#missedOf(snapshot, kind, shown))
            this.#count(await judgeMissing(this.#parts, this.#name, { kind, id }, snapshot), tally)
        }
        await this.#pause()
      }
  }

  /** Things of it that should have been shown; also it itself, if its kind would take its absence for news. */
  #missedOf(snapshot: Snapshot, kind: ResourceKind, shown: ReadonlySet<string>): string[] {
    const missed = expectedOf(this.#parts, snapshot).filter(each => each.kind === kind && each.must)
    const ids = missed.map(({ id }) => id)
    const { resource, context, state } = snapshot
    const { name, observed, presence } = this.#parts.catalogue.kind(snapshot.kind).kind
    const isSelf = name === kind || presence.kinds[0] === kind
    const absent = { exists: 'no', facts: {} } as const
    if (isSelf && !ids.includes(resource) && observed(absent, context, visible(state))) ids.push(resource)
    return ids.filter(id => !shown.has(id))
  }

  #count(verdict: Verdict, tally: Tally): void {
    if (verdict === 'known' || verdict === 'unsettled') tally[verdict] += 1
    else if (verdict !== 'nothing') tally.add(verdict)
  }

  #pause(): Promise<void> {
    return new Promise<void>(resolve => this.#parts.clock.soon(resolve))
  }
}
