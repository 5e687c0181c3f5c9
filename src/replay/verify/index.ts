/** Running recorded histories again. */
import { Catalogue } from '../../runtime/catalogue.ts'
import type { KindMap } from '../../runtime/client.ts'
import type { Hash } from '../../runtime/envelope.ts'
import type { RefusalEntry } from '../../store/refusals.ts'
import type { Share, Store, StoredEvent } from '../../store/store.ts'
import type { Verdict } from './divergence.ts'
import { Verification } from './verification.ts'

export { type Differing, type Divergence, joined, type Verdict } from './divergence.ts'

export interface VerifyOptions {
  /** The rules to run the histories under. */
  readonly kinds: KindMap
  /** The rules in use, where others are tried: contexts are compared with what these remember. */
  readonly reference?: KindMap
  readonly hash: Hash
  /** Judge these only: one kind, one account, positions from and to (both included). */
  readonly kind?: string
  readonly account?: string
  readonly from?: number
  readonly to?: number
  readonly refusals?: readonly RefusalEntry[]
  readonly listMax?: number
  /** Of these resources only: the others are somebody else's part of the work. */
  readonly share?: Share
  /** Hears how far it has come, by position, and is waited for: so that others get a turn. */
  readonly onProgress?: (position: number) => void | Promise<void>
}

const CHUNK = 5_000
const SNAPSHOTS_CHUNK = 500

const verificationOf = ({ kinds, reference, ...options }: VerifyOptions) =>
  new Verification({
    ...options,
    catalogue: new Catalogue(Object.values(kinds)),
    reference: reference && new Catalogue(Object.values(reference)),
  })

/** Runs the whole log of a store again. Writes nothing. Throws StoreError where it cannot be read. */
export async function verify(store: Store, options: VerifyOptions): Promise<Verdict> {
  const { share, to = Number.POSITIVE_INFINITY, onProgress, kinds } = options
  const verification = verificationOf(options)
  const beginning = await store.beginning?.()
  for (let after = 0; after < to; ) {
    const chunk = await store.log(after, CHUNK, share)
    if (chunk.length === 0) break
    for (const event of chunk) {
      if (beginning && event.version > 1 && !verification.knows(event.resource))
        verification.continues(event.resource, await beginning.snapshot(event.resource))
      verification.apply(event)
    }
    after = chunk.at(-1)!.position
    await onProgress?.(after)
  }
  // What is remembered follows from the rules that are in use, and from no others.
  const isInUse = options.reference === undefined || options.reference === kinds
  if (to === Number.POSITIVE_INFINITY && isInUse) {
    const resources = [...verification.followed()]
    for (let from = 0; from < resources.length; from += SNAPSHOTS_CHUNK)
      verification.compare((await store.snapshots(resources.slice(from, from + SNAPSHOTS_CHUNK))).rows)
  }
  return { ...verification.verdict(), ...(beginning && { without: beginning.missing }) }
}

/** Runs events again that stand in the order of their positions: those of an export, or of a recorded history. */
export function verifyEvents(events: Iterable<StoredEvent>, options: VerifyOptions): Verdict {
  const verification = verificationOf(options)
  for (const event of events) verification.apply(event)
  return verification.verdict()
}
