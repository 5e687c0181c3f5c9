/** What goes into an export: whole histories, in the order of the log. */
import type { Envelope } from '../../../machines/grammar.ts'
import { type Hash, unseal } from '../../runtime/envelope.ts'
import { checkStream, type Store, type StoredEvent } from '../../store/store.ts'
import { ExportWriter, type Scope, type Sign } from './format.ts'

const CHUNK = 5_000
const STREAM_MAX = 100_000

/** Everything, an account, or a resource with those it had to do with. */
export type ExportAsked = { readonly account?: string; readonly resource?: string }

type Exported = Pick<Store, 'log' | 'stream' | 'beginning'>

/**
 * The lines of an export. Reads the log only. Idempotency tokens that callers may still repeat, refusals and stored
 * snapshots are no part of a history, and of no export. Of what was pruned and is not at hand nothing goes with it, and
 * the first line says so. Throws RangeError for a resource that has no history, and Pruned where that is not at hand.
 * @param sign signs the last line
 */
export async function* exportLines(
  store: Exported,
  { account, resource }: ExportAsked,
  hash: Hash,
  sign?: Sign,
): AsyncGenerator<string> {
  if (resource !== undefined) return yield* ofResource(store, resource, hash, sign)
  const scope: Scope = account === undefined ? { of: 'all' } : { of: 'account', account }
  const writer = new ExportWriter({ scope, without: await notAtHand(store) }, hash)
  yield writer.head
  // A resource is its first account's, and its history is whole: one whose beginning was pruned and is not at hand is none.
  const ours = new Map<string, boolean>()
  for (let after = 0; ; ) {
    const chunk = await store.log(after, CHUNK)
    if (chunk.length === 0) break
    for (const stored of chunk) {
      if (!ours.has(stored.resource)) {
        const isWhole = stored.version === 1
        ours.set(stored.resource, isWhole && (account === undefined || unseal(stored).account === account))
      }
      if (ours.get(stored.resource)) yield writer.event(stored)
    }
    after = chunk.at(-1)!.position
  }
  yield writer.end(sign)
}

async function* ofResource(
  store: Exported,
  resource: string,
  hash: Hash,
  sign: Sign | undefined,
): AsyncGenerator<string> {
  const own = await store.stream(resource, 1, STREAM_MAX)
  if (own[0]?.version !== 1) await checkStream(store, resource, 1)
  if (own[0]?.version !== 1) throw new RangeError(`'${resource}' has no history here, or not all of it`)
  const others = new Set<string>()
  for (const stored of own) for (const other of await relatedTo(store, unseal(stored))) others.add(other)
  others.delete(resource)
  const streams: StoredEvent[] = [...own]
  const found: string[] = []
  let without: readonly string[] | undefined
  for (const other of [...others].sort()) {
    const stream = await store.stream(other, 1, STREAM_MAX)
    if (stream[0]?.version !== 1) {
      without ??= await notAtHand(store)
      continue
    }
    found.push(other)
    streams.push(...stream)
  }
  const writer = new ExportWriter({ scope: { of: 'resource', resource, resources: found }, without }, hash)
  yield writer.head
  for (const stored of streams.sort((a, b) => a.position - b.position)) yield writer.event(stored)
  yield writer.end(sign)
}

/** By name: folders do not travel. */
async function notAtHand(store: Exported): Promise<string[] | undefined> {
  const beginning = await store.beginning?.()
  return beginning?.missing.map(path => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1))
}

/** Those it told something, and the one that caused it. */
async function relatedTo(store: Pick<Store, 'log'>, { wants = [], causation, position }: Envelope): Promise<string[]> {
  const told = wants.flatMap(want => (want.want === 'tell' ? [want.resource] : []))
  if (causation === undefined || causation === position) return told
  const [cause] = await store.log(causation - 1, 1)
  return cause?.position === causation ? [...told, cause.resource] : told
}
