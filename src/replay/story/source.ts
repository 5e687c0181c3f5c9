/** What a story is read from: the log of an engine, and what one principal may see of it. */
import type { Envelope } from '../../../machines/grammar.ts'
import type { Catalogue, CompiledKind } from '../../runtime/catalogue.ts'
import { unseal } from '../../runtime/envelope.ts'
import { Refused } from '../../runtime/refusal.ts'
import type { Session } from '../../runtime/session.ts'
import { type AskRow, Pruned, type Store } from '../../store/store.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever kinds and views it has
type AnySession = Session<any, any>

export interface StoryEngine {
  readonly store: Store
  readonly catalogue: Catalogue
}
/** A session, or one of a past. */
export type StoryReader = Pick<AnySession, 'history' | 'refusals'>

/** Events of one cause follow it closely: they were written with it. */
const CASCADE_MAX = 256
/** Asks of one event. */
const ASKS_MAX = 64

export class StorySource {
  readonly #engine: StoryEngine
  readonly #reader: StoryReader
  readonly #seen = new Map<string, Promise<boolean>>()

  constructor(engine: StoryEngine, reader: StoryReader) {
    this.#engine = engine
    this.#reader = reader
  }

  /** Every event of a resource that the reader sees. Throws Refused notFound, and Pruned where it is not at hand. */
  async events(id: string): Promise<{ compiled: CompiledKind; events: Envelope[] }> {
    const events: Envelope[] = []
    for await (const event of this.#reader.history(id)) events.push(event)
    const kind = events[0]?.kind
    if (kind === undefined) throw notThere(id)
    return { compiled: this.#engine.catalogue.kind(kind), events }
  }

  /** The open asks among these, by token. */
  async openAsks(asks: readonly { token: string; position: number }[]): Promise<Map<string, AskRow>> {
    const rows = new Map<string, AskRow>()
    for (const { token, position } of asks) {
      const found = await this.#engine.store.asks(position - 1, ASKS_MAX)
      const row = found.find(each => each.token === token)
      if (row) rows.set(token, row)
    }
    return rows
  }

  /** The event at a position, of any resource that the reader sees. */
  async event(position: number): Promise<Envelope | undefined> {
    const [stored] = await this.#engine.store.log(position - 1, 1)
    const event = stored?.position === position ? unseal(stored) : undefined
    return event && (await this.sees(event.resource)) ? event : undefined
  }

  /** Events of other resources that this one caused. */
  async caused({ position, resource }: Envelope): Promise<Envelope[]> {
    const after = (await this.#engine.store.log(position, CASCADE_MAX)).map(unseal)
    const caused: Envelope[] = []
    for (const each of after)
      if (each.causation === position && each.resource !== resource && (await this.sees(each.resource)))
        caused.push(each)
    return caused
  }

  /** Whether the reader may know of a resource. */
  sees(id: string): Promise<boolean> {
    const known = this.#seen.get(id)
    if (known) return known
    const seen = this.#look(id)
    this.#seen.set(id, seen)
    return seen
  }

  async #look(id: string): Promise<boolean> {
    try {
      return !(await this.#reader.history(id).next()).done
    } catch (error) {
      if (error instanceof Refused) return false
      // It was there, and may be known of: only what happened to it is elsewhere.
      if (error instanceof Pruned) return true
      throw error
    }
  }
}

function notThere(id: string): Refused {
  const reasons = [{ requirement: 'idExists', code: 'notFound', sentence: `The resource '${id}' does not exist.` }]
  return new Refused([
    { command: 'read', kind: 'resource', resource: id, state: 'absent', reasons, allowed: [], index: 0 },
  ])
}
