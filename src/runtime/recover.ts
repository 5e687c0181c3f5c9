/**
 * Catching up: whatever derived rows a crash left behind, or a view that is new or folds differently now, is folded again
 * from the log. Reads no clock. (design: contract points 7, 11.)
 */
import type { Projection, ViewRow } from '../../projections/contract.ts'
import { type Opened, SNAPSHOTS, type SnapshotRow, type Store, type StoredEvent, StoreError } from '../store/store.ts'
import type { Catalogue } from './catalogue.ts'
import { foldRows } from './fold-rows.ts'
import { readable } from './readable.ts'
import { Recent } from './recent.ts'
import { Refilling, type RefillingParts } from './refilling.ts'
import type { Residence } from './residence.ts'
import { type Snapshot, unfoldable } from './snapshot.ts'
import type { Elsewhere } from './stream-folding.ts'

export { readable }

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
  elsewhere?: Elsewhere,
): Promise<Recovery> {
  const resources = await catchUpSnapshots(store, watermarks.get(SNAPSHOTS) ?? 0, residence)
  const isBehind = ({ name }: Projection) => (watermarks.get(name) ?? 0) < position
  const isEmpty = ({ name, consistency }: Projection) => (watermarks.get(name) ?? 0) === 0 || consistency === 'claimed'
  const behind = views.filter(isBehind)
  const { events: refilled, stalled } = await refill(behind.filter(isEmpty), position, {
    ...{ store, residence, catalogue, elsewhere },
  })
  let events = refilled
  for (const view of behind.filter(each => !isEmpty(each))) {
    try {
      events += await foldOn(store, view, watermarks.get(view.name)!, residence, catalogue)
    } catch (error) {
      if (error instanceof StoreError) throw error
      stalled.set(view.name, error)
    }
  }
  return { events, views: behind.map(({ name }) => name), resources, stalled }
}

/** Fills views from the first event, all in one pass. Those whose fold throws stay empty. */
async function refill(views: readonly Projection[], position: number, parts: RefillingParts & { store: Store }) {
  if (views.length === 0) return { events: 0, stalled: new Map<string, unknown>() }
  for (const { name } of views) await parts.store.resetView(name)
  const tables = await parts.store.refill(views.map(({ name }) => name))
  const refilling = new Refilling(parts, tables, views)
  await refilling.begin()
  await refilling.byResource(async () => {})
  await refilling.upTo(position, async () => {})
  await refilling.write(async () => {})
  while (await tables.index());
  await refilling.swap()
  return { events: refilling.count, stalled: refilling.failed }
}

/** Folds what a view lacks onto what it has. */
async function foldOn(
  store: Store,
  view: Projection,
  after: number,
  residence: Residence,
  catalogue: Catalogue,
): Promise<number> {
  const recent = new Recent<ViewRow>(CHUNK * 4)
  let count = 0
  for await (const chunk of chunks(store, after)) {
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
