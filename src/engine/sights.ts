/** What providers show without having been asked: each sight is compared with what is known, and recorded if it is new. */
import type { Envelope, Seen } from '../../machines/grammar.ts'
import type { Observation } from '../drivers/driver.ts'
import type { RegisteredDriver } from '../drivers/register.ts'
import type { Questions } from '../effects/questions.ts'
import { mayBeOld, secondLook } from '../effects/second-look.ts'
import type { Catalogue } from '../runtime/catalogue.ts'
import type { Clock } from '../runtime/clock.ts'
import { visible } from '../runtime/decide.ts'
import type { NewsOutcome, ReportInput } from '../runtime/news.ts'
import type { Residence } from '../runtime/residence.ts'
import type { Snapshot } from '../runtime/snapshot.ts'
import { HeldSights } from './held-sights.ts'
import { isMoving, sightOf } from './survey/parts.ts'
import { Watch } from './watch.ts'

export interface SightsOptions {
  readonly catalogue: Catalogue
  readonly residence: Residence
  readonly drivers: ReadonlyMap<string, RegisteredDriver>
  readonly clock: Clock
  readonly questions: Questions
  readonly report: (report: ReportInput) => Promise<NewsOutcome>
  /** Looks through all that the provider has. Throws if it could not look at all of it. */
  readonly survey: (provider: string) => Promise<void>
  readonly failed: (error: unknown, where: string) => void
  /** Hears every event after its commit, until what it returns is called. */
  readonly listen: (heard: (event: Envelope) => void) => () => void
}

/** A resource that has gone on each time it was looked at is left to who looks next. */
const looksMax = 5

export class Sights {
  readonly #options: SightsOptions
  readonly #watches: readonly Watch[]
  readonly #held: HeldSights
  readonly counts = { taken: 0, ignored: 0, stale: 0, failed: 0, surveys: 0 }

  constructor(options: SightsOptions) {
    this.#options = options
    this.#held = new HeldSights({
      listen: options.listen,
      isMoving: async resource => {
        const snapshot = await options.residence.find(resource)
        return snapshot !== null && isMoving(options, snapshot)
      },
      lookAgain: (provider, seen) => this.#lookAgain(provider, seen),
      failed: options.failed,
    })
    this.#watches = [...options.drivers].flatMap(([name, { driver }]) =>
      driver.watch ? [this.#watch(name, driver)] : [],
    )
  }

  /** Follows every driver that has news, until `stop`: soon, so that whoever opens the engine can listen for trouble. */
  start(): void {
    for (const watch of this.#watches) this.#options.clock.soon(() => void watch.start())
  }

  stop(): void {
    for (const watch of this.#watches) watch.stop()
    this.#held.stop()
  }

  /**
   * Records what a sight says about the resource it names, if its kind finds that it says something new. One that may be
   * older than the resource's last event is made again first; one that says nothing because a call is open is made again
   * when none is.
   */
  async observed(provider: string, seen: Observation): Promise<NewsOutcome> {
    const outcome = await this.#seen(provider, seen)
    if (outcome === 'taken') return outcome
    const snapshot = await this.#options.residence.find(seen.id)
    if (snapshot && isMoving(this.#options, snapshot)) this.#held.hold(provider, seen)
    return outcome
  }

  async #seen(provider: string, seen: Observation, resource = seen.id): Promise<NewsOutcome> {
    const { residence, drivers } = this.#options
    const snapshot = await residence.find(resource)
    const known = drivers.get(provider)
    if (!snapshot || !known) return 'stale'
    const now = await this.#current(seen, snapshot, known)
    return now ? this.#recorded(provider, now.snapshot, sightOf(now.sight, now.snapshot)) : 'stale'
  }

  async #lookAgain(provider: string, seen: Observation): Promise<void> {
    const known = this.#options.drivers.get(provider)
    const again = known && (await secondLook(known, seen, this.#options.questions))
    if (again) await this.#counted(provider, () => this.observed(provider, again))
  }

  #recorded(provider: string, snapshot: Snapshot, sight: Seen): Promise<NewsOutcome> {
    const { catalogue, report } = this.#options
    const { kind } = catalogue.kind(snapshot.kind)
    const news = kind.observed(sight, snapshot.context, visible(snapshot.state))
    if (!news) return Promise.resolve('ignored')
    const type = `${kind.name}.${news.event}`
    return report({ resource: snapshot.resource, type, data: news.data, actor: `driver:${provider}` })
  }

  /**
   * The sight, made again if it may show a time before the resource's last event, with the resource as it was then;
   * undefined if that helps nothing.
   */
  async #current(
    seen: Observation,
    snapshot: Snapshot,
    known: RegisteredDriver,
  ): Promise<{ sight: Observation; snapshot: Snapshot } | undefined> {
    const { lagMs } = known.capabilities.consistency
    if (!mayBeOld(seen, snapshot, lagMs)) return { sight: seen, snapshot }
    let before = snapshot
    for (let looks = 0; looks < looksMax; looks += 1) {
      const again = await secondLook(known, seen, this.#options.questions)
      const now = await this.#options.residence.find(snapshot.resource)
      // Made after that event; but behind a lag it may still show the time before.
      if (!again || !now || (lagMs > 0 && mayBeOld(again, before, lagMs))) return undefined
      if (now.version === before.version) return { sight: again, snapshot: before }
      before = now
    }
    return undefined
  }

  #watch(name: string, driver: RegisteredDriver['driver']): Watch {
    const { clock, failed, survey } = this.#options
    const heard = async (seen: Observation) => void (await this.#counted(name, () => this.observed(name, seen)))
    const catchUp = () => {
      this.counts.surveys += 1
      return survey(name)
    }
    return new Watch({ name, driver, clock, failed, heard, catchUp })
  }

  /** What a survey sees, which comes again. One that cannot be recorded must not end it. */
  heard(name: string, seen: Observation, resource: string): Promise<NewsOutcome | 'failed'> {
    return this.#counted(name, () => this.#seen(name, seen, resource))
  }

  /** How much there is of some storage, as its provider has just said. */
  measured(name: string, storage: Snapshot, facts: Seen['facts']): Promise<NewsOutcome | 'failed'> {
    return this.#counted(name, () => this.#recorded(name, storage, { exists: 'yes', facts }))
  }

  async #counted(name: string, record: () => Promise<NewsOutcome>): Promise<NewsOutcome | 'failed'> {
    try {
      const outcome = await record()
      this.counts[outcome] += 1
      return outcome
    } catch (error) {
      this.counts.failed += 1
      this.#options.failed(error, `news of ${name}`)
      return 'failed'
    }
  }
}
