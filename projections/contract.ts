/**
 * A projection is a view as data: which rows an event touches, and how it changes each. It is a pure fold; the engine
 * owns the SQL, batches the writes, and can run the same fold in memory or on any store. (design: contract point 11.)
 */
import type { Envelope } from '../machines/grammar.ts'

/** SQL type of a column. `json` columns hold canonical JSON text and are parsed on reading through the engine. */
export type ColumnType = 'text' | 'integer' | 'real' | 'json'

// biome-ignore lint/suspicious/noExplicitAny: a row type is any record of column values
export type ViewRow = Record<string, any>

/** How much of each of several things. */
export type Amounts = Readonly<Record<string, number>>

/** Another row of the same view in which a row counts, and with how much: whole numbers. */
export interface Counted {
  readonly in: string
  readonly amounts: Amounts
}

/** Why a request is refused: a stable code, and a sentence for whoever asked. */
export interface Objection {
  readonly requirement: string
  readonly code: string
  readonly sentence: string
}

export interface Projection<Name extends string = string, Row extends ViewRow = ViewRow> {
  /** Name of the view and of its table. */
  readonly name: Name
  /** A projection that folds differently gets a new version, and is rebuilt from position 0 when the engine opens. */
  readonly version: number
  /** Column that identifies a row. */
  readonly key: keyof Row & string
  readonly columns: { readonly [C in keyof Row & string]: ColumnType }
  readonly indexes?: readonly (readonly (keyof Row & string)[])[]
  /**
   * `claimed`: written in the transaction of the events and readable as a claim by commands. `derived` (default):
   * coalesced and written behind; every read through the engine waits for it.
   */
  readonly consistency?: 'claimed' | 'derived'
  /**
   * Every row belongs to one resource: the key is its id, and `keys` gives the event's own resource or nothing. The row
   * goes when the resource is forgotten, its kind's `retentionMs` after its end, and what is heard of it afterwards
   * brings no row back. Only for derived views: what commands claim from must not go by itself.
   */
  readonly perResource?: boolean
  /** Keys of the rows this event touches; none if it is of no interest. */
  readonly keys: (event: Envelope) => readonly string[]
  /** The row after the event; undefined removes it. Pure: reads only its arguments, and never changes them. */
  readonly fold: (row: Row | undefined, event: Envelope, key: string) => Row | undefined
  /**
   * The row, or rows, that this one counts in, and with how much: what changes here is added there by `add`, and so on
   * upwards. Pure.
   */
  readonly counts?: (row: Row) => Counted | readonly Counted[] | undefined
  /** The row after amounts, which may be negative, were added to it; undefined removes it. Needed with `counts`. Pure. */
  readonly add?: (row: Row | undefined, key: string, amounts: Amounts) => Row | undefined
  /**
   * Does the row say nothing any more? Then it goes, once all that is added to it is in it; it must count nowhere then.
   * A fold cannot know that where amounts are added to its row: they may come after it. Pure.
   */
  readonly isEmpty?: (row: Row) => boolean
  /**
   * Of a claimed view: what it has against a row becoming so. Asked once a request is accepted, of each row that it
   * changed, before and after; any objection refuses it. What was not requested is never asked: it is true already. Pure.
   */
  readonly objects?: (before: Row | undefined, after: Row) => readonly Objection[]
  /**
   * Rows that an event leaves behind for good, beside the one it changed from `before` to `after`: such as a period that
   * is over. They have keys of their own, which no event touches again. Pure. Only for derived views that are not
   * `perResource`.
   */
  readonly leaves?: (before: Row | undefined, after: Row | undefined, event: Envelope) => readonly Row[]
}

/** Declares a projection with its row type inferred from the fold. */
export const projection = <const Name extends string, Row extends ViewRow>(
  spec: Projection<Name, Row>,
): Projection<Name, Row> => spec

/** Any projection, whatever its rows are. */
// biome-ignore lint/suspicious/noExplicitAny: row types are contravariant in their folds
export type AnyProjection = Projection<string, any>

/** The row type of a projection. */
export type RowOf<P> = P extends Projection<string, infer Row> ? Row : never
