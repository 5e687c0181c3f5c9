/** An event on its way into the log and back: canonical text, and a digest that chains it to its stream. */
import type { Envelope } from '../../machines/grammar.ts'
import { canonical } from '../store/canonical.ts'
import type { StoredEvent } from '../store/store.ts'

/** sha256 of a text; the engine is given one so that this folder needs no crypto module. */
export type Hash = (text: string) => string

export type Unsealed = Omit<Envelope, 'digest'>

/** Digest before the first event of a stream. */
export const GENESIS = ''

/** The digest of an event: over the canonical JSON of the previous digest and the envelope. */
export const digestOf = (previous: string, text: string, hash: Hash): string =>
  hash(`[${JSON.stringify(previous)},${text}]`)

/** The names of an envelope's fields in the order of canonical JSON; `satisfies` keeps the list complete. */
const fields = Object.keys({
  account: 0,
  actor: 0,
  answers: 0,
  at: 0,
  before: 0,
  causation: 0,
  correlation: 0,
  data: 0,
  dueAt: 0,
  facts: 0,
  kind: 0,
  origin: 0,
  position: 0,
  region: 0,
  resource: 0,
  rules: 0,
  schema: 0,
  state: 0,
  token: 0,
  type: 0,
  version: 0,
  wants: 0,
} satisfies Record<keyof Unsealed, 0>) as (keyof Unsealed)[]
const prefixes = fields.map(field => `${JSON.stringify(field)}:`)

/** The same text as `canonical(event)`, without looking for the fields of every event anew. */
export function envelopeText(event: Unsealed): string {
  let text = ''
  for (let index = 0; index < fields.length; index += 1) {
    const value = event[fields[index]!]
    if (value === undefined) continue
    text += (text === '' ? '{' : ',') + prefixes[index]! + canonical(value)
  }
  return `${text}}`
}

/** Makes the canonical text once and chains it. */
export function seal(event: Unsealed, previous: string, hash: Hash): { stored: StoredEvent; envelope: Envelope } {
  const text = envelopeText(event)
  const digest = digestOf(previous, text, hash)
  const { position, resource, version } = event
  return { stored: { position, resource, version, text, digest }, envelope: { ...event, digest } }
}

/** Something in the log is not what was written. Names the place; the stream it belongs to is contained. */
export class Damaged extends Error {
  override readonly name = 'Damaged'
  readonly code = 'damaged'
  readonly position: number
  readonly resource: string
  constructor(position: number, resource: string, what: string, options?: ErrorOptions) {
    super(`event at position ${position} (${resource}) ${what}; restore it from a backup or an export`, options)
    this.position = position
    this.resource = resource
  }
}

/** Parses a stored event. Throws Damaged if its text is not JSON or names another place than its row. */
export function unseal(stored: StoredEvent): Envelope {
  let event: Unsealed & { digest?: string }
  try {
    event = JSON.parse(stored.text)
  } catch (cause) {
    throw new Damaged(stored.position, stored.resource, 'is not JSON', { cause })
  }
  if (event?.position !== stored.position || event.resource !== stored.resource || event.version !== stored.version)
    throw new Damaged(stored.position, stored.resource, 'does not name its own place')
  // Nobody else has it yet: a copy of every event that is read would cost as much as parsing it.
  event.digest = stored.digest
  return event as Envelope
}

/** Parses a stored event and checks its digest against the one before it. Throws Damaged. */
export function verified(stored: StoredEvent, previous: string, hash: Hash): Envelope {
  if (digestOf(previous, stored.text, hash) !== stored.digest)
    throw new Damaged(stored.position, stored.resource, 'does not match its digest')
  return unseal(stored)
}
