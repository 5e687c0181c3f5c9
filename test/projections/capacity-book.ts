/** Capacity folded from events written by hand, in memory: one at a time, or in chunks as a rebuild does. */
import type { Envelope, Json } from '../../machines/grammar.ts'
import type { AnyProjection, ViewRow } from '../../projections/contract.ts'
import {
  type CapacityFigures,
  type CapacityRow,
  capacityFigures,
  projections,
  takenBy,
} from '../../projections/index.ts'
import { foldRows } from '../../src/runtime/fold-rows.ts'
import type { Retention } from '../../src/runtime/retention.ts'
import type { Store } from '../../src/store/store.ts'

export const GiB = 2 ** 30
const keepsAll = {
  fold: (view: AnyProjection, row: ViewRow | undefined, event: Envelope, key: string) => view.fold(row, event, key),
} as unknown as Retention

/** Rows of one view after some events. */
export class Rows {
  readonly rows = new Map<string, CapacityRow>()
  readonly #view: AnyProjection
  constructor(view: AnyProjection = projections.capacity) {
    this.#view = view
  }

  async fold(events: readonly Envelope[]): Promise<void> {
    const rows = async (_: string, keys: readonly string[]) =>
      new Map(keys.flatMap(key => (this.rows.has(key) ? [[key, this.rows.get(key)!]] : [])))
    for (const { key, row } of await foldRows(this.#view, events, { rows } as unknown as Store, keepsAll))
      if (row) this.rows.set(key, row as CapacityRow)
      else this.rows.delete(key)
  }

  /** Sums of an account, a pool or a zone; what a volume or an instance takes by itself. */
  figures(key: string): CapacityFigures {
    const row = this.rows.get(key)
    const isSum = row && !['volume', 'instance', 'snapshot'].includes(row.holder)
    return capacityFigures(row ? (isSum ? row.figures! : takenBy(row)) : {})
  }
  get places(): CapacityRow[] {
    return [...this.rows.values()].filter(({ holder }) => holder === 'pool' || holder === 'zone')
  }
  of(holder: CapacityRow['holder']): CapacityRow[] {
    return [...this.rows.values()].filter(row => row.holder === holder)
  }
}

interface Disk {
  readonly volume: string
  readonly sizeBytes: number
}

/** Writes events as the kinds do. */
export class Book {
  readonly events: Envelope[] = []
  readonly #versions = new Map<string, number>()
  readonly #states = new Map<string, string>()

  event(
    resource: string,
    type: string,
    data: Json,
    { state, account = 'acme' }: { state?: string; account?: string } = {},
  ) {
    const position = this.events.length + 1
    const version = (this.#versions.get(resource) ?? 0) + 1
    const before = this.#states.get(resource) ?? 'absent'
    const now = state ?? before
    this.#versions.set(resource, version)
    this.#states.set(resource, now)
    const kind = type.slice(0, type.indexOf('.'))
    const rest = {
      origin: 'told',
      rules: 1,
      schema: 1,
      region: 'here',
      actor: 'ops',
      correlation: position,
      digest: '',
    } as const
    this.events.push({
      position,
      resource,
      kind,
      version,
      type,
      at: position * 1000,
      before,
      state: now,
      data,
      account,
      ...rest,
    })
  }

  pool(name: string, totalBytes = 1000 * GiB, zone = 'a') {
    const data = { name, provider: 'lab', zone, totalBytes, overprovisionFactor: 1 }
    this.event(`pool/${name}`, 'pool.defineRequested', data, { state: 'enabled' })
  }
  launch(instance: string, account = 'acme') {
    this.event(instance, 'instance.launchRequested', { provider: 'lab', zone: 'a' }, { state: 'pending', account })
  }
  /** One whose root its provider makes: with an id of its own if that may be left. */
  launchWithRoot(
    instance: string,
    sizeBytes: number,
    { pool, kept, account = 'acme' }: { pool?: string; kept?: string; account?: string } = {},
  ) {
    const providerRoot = { sizeBytes, pool: pool && `pool/${pool}` }
    const keptRoot = kept && { volume: kept, sizeBytes }
    const data = { provider: 'lab', zone: 'a', rootOwner: 'provider', providerRoot, keptRoot }
    this.event(instance, 'instance.launchRequested', data as Json, { state: 'pending.preparing', account })
    this.event(instance, 'instance.created', { status: 'running' }, { state: 'running.steady', account })
  }
  volume(
    volume: string,
    sizeBytes: number,
    { pool, account = 'acme', instance }: { pool?: string; account?: string; instance?: string } = {},
  ) {
    const of = { provider: 'lab', zone: 'a', sizeBytes, pool: pool && `pool/${pool}` }
    const isOwn = instance === undefined
    const type = isOwn ? 'volume.createRequested' : 'volume.requestedByInstance'
    this.event(volume, type, { ...of, instance }, { state: 'creating', account })
    this.event(volume, 'volume.created', { sizeBytes }, { state: isOwn ? 'available' : 'in-use.attached', account })
  }
  remove(volume: string, account = 'acme') {
    this.event(volume, 'volume.deleteRequested', {}, { state: 'deleting.asking', account })
    this.event(volume, 'volume.deleted', {}, { state: 'deleted', account })
  }
  keep(
    snapshot: string,
    instance: string,
    disks: readonly Disk[],
    { parent, memoryBytes = 0, account = 'acme' }: { parent?: string; memoryBytes?: number; account?: string } = {},
  ) {
    const data = { instance, parent, memoryBytes, disks: [...disks], root: disks[0]?.volume }
    this.event(snapshot, 'vm-snapshot.kept', data as unknown as Json, { state: 'ready', account })
  }
  revert(snapshot: string, instance: string, disks: readonly Disk[], account = 'acme') {
    this.event(snapshot, 'vm-snapshot.reverted', { instance, disks: [...disks] } as unknown as Json, { account })
    for (const { volume, sizeBytes } of disks)
      if (this.#states.has(volume))
        this.event(volume, 'volume.vmSnapshotEnded', { snapshot, covers: true, sizeBytes }, { account })
  }
  hide(snapshot: string, instance: string, account = 'acme') {
    this.event(snapshot, 'vm-snapshot.hidden', { instance }, { state: 'hidden', account })
  }
  drop(snapshot: string, instance: string, account = 'acme') {
    this.event(snapshot, 'vm-snapshot.removed', { instance }, { state: 'removed', account })
  }

  async folded(view?: AnyProjection): Promise<Rows> {
    const rows = new Rows(view)
    for (const event of this.events) await rows.fold([event])
    return rows
  }
}
