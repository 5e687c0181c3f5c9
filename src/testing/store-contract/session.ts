/** One test's store, and short words for what tests do with it. */
import { type Commit, Conflict, type Opened, type Projection, type Store } from '../../store/store.ts'
import type { Matchers } from '../driver-contract/runner.ts'
import { nothing, views } from './samples.ts'
import type { StorePart, StoreSubject } from './subject.ts'

export class Session {
  readonly expect: (value: unknown) => Matchers
  readonly parts: ReadonlySet<StorePart>
  readonly #subject: StoreSubject
  store: Store

  constructor(subject: StoreSubject, parts: Iterable<StorePart>, expect: (value: unknown) => Matchers) {
    this.#subject = subject
    this.parts = new Set(parts)
    this.expect = expect
    this.store = subject.store
  }

  open(projections: readonly Projection[] = views): Promise<Opened> {
    return this.store.open(projections)
  }

  /** Closes the store and opens another one on the same place. */
  async reopen(projections: readonly Projection[] = views): Promise<Opened> {
    await this.store.close()
    this.store = await this.#subject.reopen()
    return this.store.open(projections)
  }

  async end(): Promise<void> {
    await this.store.close()
    await this.#subject.cleanup()
  }

  commit(changes: Partial<Commit>): Promise<void> {
    return this.store.commit({ ...nothing, ...changes })
  }

  /** What a commit was refused for. Throws if it was not, or by anything but a Conflict. */
  async refusal(attempt: Promise<unknown>): Promise<{ on: Conflict['on']; key: string }> {
    try {
      await attempt
    } catch (error) {
      if (error instanceof Conflict) return { on: error.on, key: error.key }
      throw error
    }
    throw new Error('the store has accepted what it had to refuse')
  }

  /** How many of the attempts were accepted; the others must have been refused by a Conflict. */
  async accepted(attempts: readonly Promise<unknown>[]): Promise<number> {
    const outcomes = await Promise.allSettled(attempts)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected' && !(outcome.reason instanceof Conflict)) throw outcome.reason
    return outcomes.filter(({ status }) => status === 'fulfilled').length
  }

  /** Everything that can be read: two pictures are equal if nothing has changed. */
  async picture(): Promise<unknown> {
    const { store } = this
    const has = (part: StorePart) => this.parts.has(part)
    return {
      log: await store.log(0, 10_000),
      claims: has('claims') && [...(await store.claims('limits', ['acme', 'zenith']))],
      asks: has('asks') && [await store.asks(0, 10_000), await store.countAsks()],
      timers: has('timers') && (await store.timers(10_000)),
      tokens: has('tokens') && [await store.token('acme', 't-1'), await store.token('acme', 't-2')],
      snapshots: has('derived') && (await store.snapshots(['i-1', 'i-2'])),
      rows: has('queries') && (await store.query('inventory', { limit: 10_000 })),
    }
  }
}
