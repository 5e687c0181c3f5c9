/**
 * Which streams may be taken out of a log: those of resources that are over, forgotten, have nothing open, and that no
 * living resource refers to. It reads, and changes nothing. (docs/decisions/0059.)
 */
import { Catalogue } from '../../runtime/catalogue.ts'
import type { KindMap } from '../../runtime/client.ts'
import { type Hash, unseal } from '../../runtime/envelope.ts'
import { Residence } from '../../runtime/residence.ts'
import { Retention } from '../../runtime/retention.ts'
import { toRow } from '../../runtime/snapshot.ts'
import type { Opened, SnapshotRow, Store } from '../../store/store.ts'
import { OpenWork } from '../open-work.ts'

export interface PrunePlan {
  /** The streams that may go, as they are at their end. */
  readonly streams: readonly SnapshotRow[]
  readonly events: number
  /** Resources that have ended and stay, by the reason. */
  readonly kept: Readonly<Record<'young' | 'unforgotten' | 'open' | 'referred' | 'newest' | 'unreadable', number>>
}

export interface PlanOptions {
  readonly kinds: KindMap
  readonly hash: Hash
  /** Only what had ended by then (ms since 1970). */
  readonly before: number
}

interface Followed {
  readonly kind: string
  events: number
  ended?: { readonly position: number; readonly at: number }
}

const CHUNK = 5_000
const SNAPSHOTS_CHUNK = 500

/** @param store open for writing without its archives, complete, and nobody uses it */
export async function planPrune(store: Store, opened: Opened, options: PlanOptions): Promise<PrunePlan> {
  const { kinds, hash, before } = options
  const catalogue = new Catalogue(Object.values(kinds))
  const retention = new Retention(catalogue, opened.horizons)
  const residence = new Residence(store, catalogue, hash, 1, retention)
  const { followed, open, newest } = await follow(store, catalogue)
  const kept = { young: 0, unforgotten: 0, open: 0, referred: 0, newest: 0, unreadable: 0 }
  const over: string[] = []
  const living: string[] = []
  for (const [resource, { kind, ended }] of followed) {
    if (!ended) living.push(resource)
    else if (ended.at > before) kept.young += 1
    else if (!retention.wasForgotten({ kind, ...ended }, Number.POSITIVE_INFINITY)) kept.unforgotten += 1
    else if (open.has(resource)) kept.open += 1
    else if (resource === newest) kept.newest += 1
    else over.push(resource)
  }
  const referred = await textsOf(store, living)
  const streams: SnapshotRow[] = []
  let events = 0
  for (const resource of over) {
    if (referred.has(resource) || referred.has(resource.slice(resource.indexOf('/') + 1))) {
      kept.referred += 1
      continue
    }
    const snapshot = await residence.fold(resource)
    if (!snapshot) {
      kept.unreadable += 1
      continue
    }
    streams.push(toRow(snapshot, catalogue.kind(snapshot.kind).kind.rules))
    events += followed.get(resource)!.events
  }
  return { streams, events, kept }
}

/** Where only what was heard after an end is here, the stream was taken out already: the rest stays, and refers to nothing. */
async function follow(store: Store, catalogue: Catalogue) {
  const followed = new Map<string, Followed>()
  const work = new OpenWork()
  let newest = ''
  for (let after = 0; ; ) {
    const chunk = await store.log(after, CHUNK)
    for (const stored of chunk) {
      const event = unseal(stored)
      const known: Followed = followed.get(event.resource) ?? { kind: event.kind, events: 0 }
      known.events += 1
      if (catalogue.kinds.get(event.kind)?.isEnd(event)) known.ended = { position: event.position, at: event.at }
      followed.set(event.resource, known)
      work.apply(event)
      newest = event.resource
    }
    if (chunk.length === 0) break
    after = chunk.at(-1)!.position
  }
  const open = new Set([...work.asks(), ...work.timers()].map(({ resource }) => resource))
  return { followed, open, newest }
}

/** Every text in what these remember: ids of others among them. */
async function textsOf(store: Store, resources: readonly string[]): Promise<Set<string>> {
  const texts = new Set<string>()
  for (let from = 0; from < resources.length; from += SNAPSHOTS_CHUNK) {
    const { rows } = await store.snapshots(resources.slice(from, from + SNAPSHOTS_CHUNK))
    for (const { text } of rows)
      JSON.parse(text, (key, value) => {
        texts.add(key)
        if (typeof value === 'string') texts.add(value)
        return value
      })
  }
  return texts
}
