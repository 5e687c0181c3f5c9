import type { Engine } from '../../index.ts'

// biome-ignore lint/suspicious/noExplicitAny: the door reads the catalogue as data, whatever kinds and views it has
export type AnyEngine = Engine<any, any, any>
export type AnySession = ReturnType<AnyEngine['as']>

/** What the routes share. */
export interface Inside {
  readonly engine: AnyEngine
  /** The session of a request that was let in: its principal's reach. */
  readonly sessionOf: (request: Caller) => AnySession
  /** Aborts when the door closes. */
  readonly closing: AbortSignal
  /** Columns of the inventory that readers filter and sort by. */
  readonly columns: Readonly<Record<string, 'text' | 'integer' | 'real' | 'json'>>
}
interface Caller {
  getDecorator<T>(name: string): T
}
