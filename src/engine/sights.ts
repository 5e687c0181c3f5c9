/** What providers show without having been asked: each sight is compared with what is known, and recorded if it is new. */
import type { Observation } from '../drivers/driver.ts'
import type { RegisteredDriver } from '../drivers/register.ts'
import { mayBeOld, secondLook } from '../effects/second-look.ts'
import type { Catalogue } from '../runtime/catalogue.ts'
import type { Clock } from '../runtime/clock.ts'
import { visible } from '../runtime/decide.ts'
import type { NewsOutcome, ReportInput } from '../runtime/news.ts'
import type { Residence } from '../runtime/residence.ts'

export interface SightsOptions {
  readonly catalogue: Catalogue
  readonly residence: Residence
  readonly drivers: ReadonlyMap<string, RegisteredDriver>
  readonly clock: Clock
  readonly report: (report: ReportInput) => Promise<NewsOutcome>
  readonly failed: (error: unknown, where: string) => void
}

export class Sights {
  readonly #options: SightsOptions
  readonly #watching = new AbortController()

  constructor(options: SightsOptions) {
    this.#options = options
  }

  /** Follows every driver that has news, until `stop`. */
  start(): void {
    for (const name of this.#options.drivers.keys()) void this.#watch(name)
  }

  stop(): void {
    this.#watching.abort()
  }

  /**
   * Records what a sight says about the resource it names, if its kind finds that it says something new. One that may be
   * older than the resource's last event is made again first.
   */
  async observed(provider: string, seen: Observation): Promise<NewsOutcome> {
    const { residence, drivers, catalogue, report } = this.#options
    const snapshot = await residence.find(seen.id)
    const known = drivers.get(provider)
    if (!snapshot || !known) return 'stale'
    const sight = await this.#current(seen, snapshot, known)
    if (!sight) return 'stale'
    const { kind } = catalogue.kind(snapshot.kind)
    const news = kind.observed(sight, snapshot.context, visible(snapshot.state))
    if (!news) return 'ignored'
    const type = `${kind.name}.${news.event}`
    return report({ resource: seen.id, type, data: news.data, actor: `driver:${provider}` })
  }

  /** The sight, made again if it may show a time before the resource's last event; undefined if that helps nothing. */
  async #current(
    seen: Observation,
    snapshot: { resource: string; version: number; at: number },
    known: RegisteredDriver,
  ): Promise<Observation | undefined> {
    const { lagMs } = known.capabilities.consistency
    if (!mayBeOld(seen, snapshot, lagMs)) return seen
    const again = await secondLook(known, seen, this.#options.clock)
    const now = await this.#options.residence.find(seen.id)
    // Made after that event; but behind a lag it may still show the time before.
    const isOld = !again || now?.version !== snapshot.version || (lagMs > 0 && mayBeOld(again, snapshot, lagMs))
    return isOld ? undefined : again
  }

  async #watch(name: string): Promise<void> {
    const { drivers, failed } = this.#options
    const { driver } = drivers.get(name)!
    if (!driver.watch) return
    try {
      for await (const seen of driver.watch(this.#watching.signal))
        await this.observed(name, seen).catch(error => failed(error, `news of ${name}`))
    } catch (error) {
      if (!this.#watching.signal.aborted) failed(error, `watching ${name}`)
    }
  }
}
