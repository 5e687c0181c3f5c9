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
  /** Of a volume at a provider that has pools, and of an instance whose root that provider makes. */
  readonly pool?: string
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
  /** Where it is; what its requests say if not given. */
  pool?(before: string | undefined, event: Envelope, after: Attributes): string | undefined
  relations(attributes: Attributes): readonly Relation[]
}

/** Marked by a deadline, or by what says that it is stuck, until it leaves the state a reader sees. */
export function overdue(attributes: Attributes, { type, before, state }: Envelope): Attributes {
  if (type.endsWith('TimedOut') || type.endsWith('Stuck')) return { ...attributes, overdue: true }
  if (!attributes.overdue) return attributes
  // What a volume in use is doing is over with its sub-state.
  const isBusy = before.startsWith('in-use.') ? before === state : before.split('.')[0] === state.split('.')[0]
  return isBusy ? attributes : defined({ ...attributes, overdue: undefined })
}

/** What its provider shows of a disk without having been asked. News that an open answer takes back change nothing. */
export function sighted(attributes: Attributes, { type, data, state, before: left }: Envelope): Attributes {
  const isThere = /^(available|reverting|migrating|in-use|completed|ready)/.test(state)
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

/**
 * A call that is asked until it is done, and has failed: how often, and what was said last. Until it leaves the state a
 * reader sees, or is done. `orphans`: what was given up, or is left, at a provider.
 */
export function cleanup(attributes: Attributes, { type, resource, before, state, data, at }: Envelope): Attributes {
  const { code, message } = data as Attributes
  if (type.endsWith('Failed') && state.endsWith('.retrying') && before !== state) {
    const attempts = (attributes.failure?.attempts ?? 0) + 1
    return { ...attributes, failure: { attempts, code, message, at } }
  }
  if (type.endsWith('.orphanRecorded')) {
    const orphan = defined({ ...(data as Attributes), at })
    return { ...attributes, orphans: [...(attributes.orphans ?? []), orphan] }
  }
  const own = attributes.orphans?.some(({ id }: Attributes) => id === resource)
  if (own && (type.endsWith('.deleted') || type.endsWith('.destroyed'))) {
    const orphans = attributes.orphans.filter(({ id }: Attributes) => id !== resource)
    return defined({ ...attributes, orphans: orphans.length ? orphans : undefined })
  }
  if (type.endsWith('.orphanCleaned') && attributes.orphans) {
    const { kind, id } = data as Attributes
    const orphans = attributes.orphans.filter((each: Attributes) => each.kind !== kind || each.id !== id)
    return defined({ ...attributes, orphans: orphans.length ? orphans : undefined })
  }
  if (!attributes.failure) return attributes
  const isOver = before.split('.')[0] !== state.split('.')[0] || state.endsWith('.cleaning')
  return isOver ? defined({ ...attributes, failure: undefined }) : attributes
}

/** Without what is undefined. */
export function defined(attributes: Attributes): Attributes {
  const all: Record<string, unknown> = {}
  for (const name in attributes) if (attributes[name] !== undefined) all[name] = attributes[name]
  return all
}
