/** What a fold of the log reads: the events that hold, in today's shape. */
import type { Envelope } from '../../machines/grammar.ts'
import type { StoredEvent } from '../store/store.ts'
import type { Catalogue } from './catalogue.ts'
import { unseal } from './envelope.ts'

/** Which resources are contained, each from a position on, and who hears of another one. */
export interface Containment {
  readonly contained: ReadonlyMap<string, { readonly position: number }>
  contain(resource: string, position: number, cause: unknown): void
}

/**
 * The events of a chunk, in today's shape: views are written for no other. A damaged one contains its resource, whose
 * later events are left out too. Those of a kind that is gone are as they were recorded.
 */
export function readable(chunk: readonly StoredEvent[], residence: Containment, catalogue: Catalogue): Envelope[] {
  const envelopes: Envelope[] = []
  for (const stored of chunk) {
    const contained = residence.contained.get(stored.resource)
    if (contained && stored.position >= contained.position) continue
    try {
      const envelope = unseal(stored)
      envelopes.push(catalogue.kinds.get(envelope.kind)?.upcast(envelope) ?? envelope)
    } catch (cause) {
      residence.contain(stored.resource, stored.position, cause)
    }
  }
  return envelopes
}
