/** What providers show without having been asked: each sight is compared with what is known, and recorded if it is new. */
import type { Seen } from '../../machines/grammar.ts'
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
}

export class Sights {
  readonly #options: SightsOptions
  readonly #watches: readonly Watch[]
  readonly counts = { taken: 0, ignored: 0, stale: 0, failed: 0, surveys: 0 }

  constructor(options: SightsOptions) {
    this.#options = options
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
  }

  /**
   * Records what a sight says about the resource it names, if its kind finds that it says something new. One that may be
   * older than the resource's last event is made again first.
   */
  async observed(provider: string, seen: Observation): Promise<NewsOutcome> {
    const { residence, drivers } = this.#options
    const snapshot = await residence.find(seen.id)
    const known = drivers.get(provider)
    if (!snapshot || !known) return 'stale'
    const sight = await this.#current(seen, snapshot, known)
    return sight ? this.#recorded(provider, snapshot, sight) : 'stale'
  }

  #recorded(provider: string, snapshot: Snapshot, sight: Seen): Promise<NewsOutcome> {
    const { catalogue, report } = this.#options
    const { kind } = catalogue.kind(snapshot.kind)
    const news = kind.observed(sight, snapshot.context, visible(snapshot.state))
    if (!news) return Promise.resolve('ignored')
    const type = `${kind.name}.${news.event}`
    return report({ resource: snapshot.resource, type, data: news.data, actor: `driver:${provider}` })
  }

  /** The sight, made again if it may show a time before the resource's last event; undefined if that helps nothing. */
  async #current(
    seen: Observation,
    snapshot: { resource: string; version: number; at: number },
    known: RegisteredDriver,
  ): Promise<Observation | undefined> {
    const { lagMs } = known.capabilities.consistency
    if (!mayBeOld(seen, snapshot, lagMs)) return seen
    const again = await secondLook(known, seen, this.#options.questions)
    const now = await this.#options.residence.find(seen.id)
    // Made after that event; but behind a lag it may still show the time before.
    const isOld = !again || now?.version !== snapshot.version || (lagMs > 0 && mayBeOld(again, snapshot, lagMs))
    return isOld ? undefined : again
  }

  #watch(name: string, driver: RegisteredDriver['driver']): Watch {
    const { clock, failed, survey } = this.#options
    const heard = async (seen: Observation) => void (await this.heard(name, seen))
    const catchUp = () => {
      this.counts.surveys += 1
      return survey(name)
    }
    return new Watch({ name, driver, clock, failed, heard, catchUp })
  }

  /** One that cannot be recorded must end neither the watch nor the survey that it came by. */
  heard(name: string, seen: Observation): Promise<NewsOutcome | 'failed'> {
    return this.#counted(name, () => this.observed(name, seen))
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
