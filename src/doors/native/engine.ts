import type { Engine, Past } from '../../index.ts'

// biome-ignore lint/suspicious/noExplicitAny: the door reads the catalogue as data, whatever kinds and views it has
export type AnyEngine = Engine<any, any, any>
export type AnySession = ReturnType<AnyEngine['as']>

// biome-ignore lint/suspicious/noExplicitAny: as above
export type AnyPast = Past<any, any>
/** The cloud as it is, or as it was. */
export type Reader = Pick<AnyEngine, 'views'> & { readonly timeMs?: number }

/** What the routes share. */
export interface Inside {
  readonly engine: AnyEngine
  /** The session of a request that was let in: its principal's reach. */
  readonly sessionOf: (request: Caller) => AnySession
  /** What a request reads: a past, if it names one. Its session is then of that past as well. */
  readonly readerOf: (request: Caller) => Reader
  /** Aborts when the door closes. */
  readonly closing: AbortSignal
  /** Columns of the inventory that readers filter and sort by. */
  readonly columns: Readonly<Record<string, 'text' | 'integer' | 'real' | 'json'>>
}
interface Caller {
  getDecorator<T>(name: string): T
}
