/** A row of the inventory, and what each kind's view makes of its part. */
import type { Envelope } from '../machines/grammar.ts'

// biome-ignore lint/suspicious/noExplicitAny: attributes are what each kind's view makes them
export type Attributes = Readonly<Record<string, any>>
export interface Relation {
  readonly role: string
  readonly id: string
}
export interface InventoryRow {
  readonly id: string
  readonly kind: string
  readonly account: string
  readonly region: string
  /** Who may see it besides its account. */
  readonly visibility: 'private' | 'public'
  /** What a reader sees: the first name of `status`. */
  readonly state: string
  /** Dotted path of the state the machine is in. */
  readonly status: string
  readonly name?: string
  readonly zone?: string
  readonly provider?: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly updatedAt: number
  /** Of the last event: its order in the resource's own stream, and in the log. */
  readonly version: number
  readonly position: number
  readonly attributes: Attributes
  readonly relations: readonly Relation[]
}

/** What one kind shows beyond the columns. Both are pure; the same attributes object means nothing changed. */
export interface KindView {
  /** Private if not given. */
  visibility?(attributes: Attributes): 'private' | 'public'
  attributes(before: Attributes, event: Envelope): Attributes
  relations(attributes: Attributes): readonly Relation[]
}

/** Marked by a deadline, until it leaves the state a reader sees. */
export function overdue(attributes: Attributes, { type, before, state }: Envelope): Attributes {
  if (type.endsWith('TimedOut')) return { ...attributes, overdue: true }
  if (!attributes.overdue || before.split('.')[0] === state.split('.')[0]) return attributes
  return defined({ ...attributes, overdue: undefined })
}

/** What its provider shows of a disk without having been asked. News that an open answer takes back change nothing. */
export function sighted(attributes: Attributes, { type, data, state, before: left }: Envelope): Attributes {
  const isThere = /^(available|in-use|completed)/.test(state)
  switch (type.slice(type.indexOf('.') + 1)) {
    case 'vanished':
      return isThere ? { ...attributes, impaired: true } : attributes
    case 'reappeared':
      return isThere ? defined({ ...attributes, impaired: undefined }) : attributes
    case 'measured':
      return isThere && left === state ? { ...attributes, ...defined(data as Attributes) } : attributes
    default:
      return attributes
  }
}

/** Without what is undefined. */
export const defined = (attributes: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
