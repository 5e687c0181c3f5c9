/**
 * Catching up: whatever derived rows a crash left behind, or a view that is new or folds differently now, is folded again
 * from the log. Reads no clock. (design: contract points 7, 11.)
 */
import type { Envelope } from '../../machines/grammar.ts'
import type { Projection, ViewRow } from '../../projections/contract.ts'
import { type Opened, SNAPSHOTS, type SnapshotRow, type Store, type StoredEvent, StoreError } from '../store/store.ts'
import { begunWith, unforgotten } from './beginning.ts'
import type { Catalogue } from './catalogue.ts'
import { unseal } from './envelope.ts'
import { Recent } from './recent.ts'
import type { Residence } from './residence.ts'
import { type Snapshot, unfoldable } from './snapshot.ts'
import { foldRows } from './views.ts'

/** Events read and folded at once: large enough to coalesce, small enough to keep memory flat. */
const CHUNK = 5_000

export interface Recovery {
  /** Events folded into derived rows. */
  readonly events: number
  readonly views: readonly string[]
  readonly resources: number
  /** Views whose fold threw, with what it threw: they stay where they were, and the others go on. */
  readonly stalled: ReadonlyMap<string, unknown>
}

/**
 * Brings every view and the snapshot rows up to the end of the log. Snapshots come first: folding them checks the chain,
 * and no view shall show what a damaged event says. A view whose fold throws is stalled; nothing can be claimed from it.
 */
export async function recover(
  store: Store,
  views: readonly Projection[],
  { position, watermarks }: Opened,
  residence: Residence,
  catalogue: Catalogue,
): Promise<Recovery> {
  const resources = await catchUpSnapshots(store, watermarks.get(SNAPSHOTS) ?? 0, residence)
  let events = 0
  const behind: string[] = []
  const stalled = new Map<string, unknown>()
  for (const view of views) {
    let from = watermarks.get(view.name) ?? 0
    const isClaimed = view.consistency === 'claimed'
    if (from >= position || (isClaimed && from > 0)) continue
    behind.push(view.name)
    try {
      if (from === 0) from = await begin(store, view, residence)
      events += await foldView(store, view, from, residence, catalogue)
    } catch (error) {
      if (error instanceof StoreError) throw error
      stalled.set(view.name, error)
    }
  }
  return { events, views: behind, resources, stalled }
}

/**
 * Empties a view and folds the whole log into it; the rows are the same byte for byte as those kept live. `pause` is
 * called between two chunks; what it throws ends the work there.
 */
export async function rebuildView(
  store: Store,
  view: Projection,
  residence: Residence,
  catalogue: Catalogue,
  pause: () => Promise<void>,
): Promise<number> {
  return foldView(store, view, await begin(store, view, residence), residence, catalogue, pause)
}

/** Empties a view, but for what its fold begins with where the log is not whole. Returns the position it goes on from. */
async function begin(store: Store, view: Projection, residence: Residence): Promise<number> {
  await store.resetView(view.name)
  const begun = await begunWith(store, view)
  const rows = unforgotten(begun, residence.retention).map(([key, row]) => ({ view: view.name, key, row }))
  const { position: watermark } = begun
  for (let from = 0; from < rows.length; from += CHUNK)
    await store.writeDerived({ snapshots: [], rows: rows.slice(from, from + CHUNK), watermark, views: [] })
  // Only now: whoever dies before begins anew.
  if (watermark > 0) await store.writeDerived({ snapshots: [], rows: [], watermark, views: [view.name] })
  return watermark
}

async function foldView(
  store: Store,
  view: Projection,
  after: number,
  residence: Residence,
  catalogue: Catalogue,
  pause?: () => Promise<void>,
): Promise<number> {
  const recent = new Recent<ViewRow>(CHUNK * 4)
  let count = 0
  for await (const chunk of chunks(store, after)) {
    if (count > 0) await pause?.()
    const envelopes = readable(chunk, residence, catalogue)
    const rows = await foldRows(view, envelopes, store, residence.retention, recent)
    await store.writeDerived({ snapshots: [], rows, watermark: chunk.at(-1)!.position, views: [view.name] })
    count += chunk.length
  }
  return count
}

async function catchUpSnapshots(store: Store, after: number, residence: Residence): Promise<number> {
  let count = 0
  for await (const chunk of chunks(store, after)) {
    const touched = [...new Set(chunk.map(({ resource }) => resource))]
    const folded: Snapshot[] = []
    const broken: SnapshotRow[] = []
    const loaded = await residence.load(touched)
    for (const resource of touched) {
      const snapshot = await residence.fold(resource, loaded.get(resource) ?? undefined)
      if (snapshot) folded.push(snapshot)
      // The watermark passes over it: without this the next start would find an old row, or none, and believe it.
      else if (residence.contained.has(resource)) broken.push(unfoldable(resource))
    }
    const { snapshots, endings } = residence.rowsOf(folded)
    const written = [...snapshots, ...broken]
    const watermark = chunk.at(-1)!.position
    await store.writeDerived({ snapshots: written, endings, rows: [], watermark, views: [SNAPSHOTS] })
    // What loading had to fold is among them.
    residence.takeDirty()
    residence.written()
    count += written.length
  }
  return count
}

async function* chunks(store: Store, after: number): AsyncGenerator<StoredEvent[]> {
  for (let from = after; ; ) {
    const chunk = await store.log(from, CHUNK)
    if (chunk.length === 0) return
    yield chunk
    from = chunk.at(-1)!.position
  }
}

/**
 * The events of a chunk, in today's shape: views are written for no other. A damaged one contains its resource, whose
 * later events are left out too. Those of a kind that is gone are as they were recorded.
 */
export function readable(
  chunk: readonly StoredEvent[],
  residence: Pick<Residence, 'contained' | 'contain'>,
  catalogue: Catalogue,
): Envelope[] {
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
