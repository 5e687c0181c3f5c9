/** What the images of instances say of them: it is decided when an image is registered, so it is read once. */
import type { AnyEngine } from '../../native/engine.ts'
import type { Call } from '../action.ts'
import { row } from '../rows.ts'

/** An image that is forgotten, or that the caller may no longer see, says nothing. */
export interface ImageFacts {
  readonly architecture?: string
  readonly virtualization?: string
  readonly annotations?: Readonly<Record<string, string>>
}

/** Few images are launched from, over and over. Of more than these the oldest are read again. */
const KNOWN_MAX = 1_000
const known = new WeakMap<AnyEngine, Map<string, ImageFacts>>()

/** By id, as far as there are any. */
export async function imageFacts(
  call: Pick<Call, 'session' | 'engine'>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ImageFacts>> {
  const facts = known.get(call.engine) ?? new Map<string, ImageFacts>()
  known.set(call.engine, facts)
  const asked = new Map<string, ImageFacts>()
  for (const id of new Set(ids)) {
    const found = facts.get(id) ?? (await row(call, 'image', id))?.attributes
    if (!found) continue
    asked.set(id, found)
    if (!facts.has(id)) facts.set(id, found)
  }
  for (const id of facts.keys()) if (facts.size > KNOWN_MAX) facts.delete(id)
  return asked
}
