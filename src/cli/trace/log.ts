/** The log as the trace reads it: in order, only what happened to machines and images. */
import { type Envelope, kinds } from '../../../machines/index.ts'
import type { Store } from '../../index.ts'

/** Events read at once: enough to make the query cheap, few enough to stay small. */
const CHUNK = 4_096
const prefixes = [kinds.instance, kinds.image].map(({ idPrefix }) => `${idPrefix}-`)

/**
 * Hands every event of an instance or image to `each`, in order.
 * Resolves to the last position and time of the whole log; position 0 for an empty one.
 */
export async function readLog(
  store: Store,
  each: (event: Envelope) => void,
): Promise<{ readonly position: number; readonly at: number }> {
  let last = { position: 0, at: 0 }
  for (;;) {
    const chunk = await store.log(last.position, CHUNK)
    for (const { resource, text } of chunk)
      if (prefixes.some(prefix => resource.startsWith(prefix))) each(JSON.parse(text) as Envelope)
    const final = chunk.at(-1)
    if (final === undefined) return last
    last = { position: final.position, at: (JSON.parse(final.text) as Envelope).at }
  }
}
