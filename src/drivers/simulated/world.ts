/**
 * The truth of the simulated provider: plain maps, changed at once by each call, and written to the ledger (if there is
 * one) in one transaction for all calls of a tick. Nobody is told anything before it is written.
 */
import type { Capabilities, DeclaredCapabilities, Observation, ResourceKind } from '../driver.ts'
import { Capacity, type SimulatedCapacity } from './capacity.ts'
import type { Ledger } from './file.ts'
import type { Lag } from './lag.ts'
import type { Quirk } from './quirks.ts'
import type {
  AnyRecord,
  GoneRecord,
  ImageRecord,
  InstanceRecord,
  ObjectRecord,
  OperationRecord,
  SnapshotRecord,
  VmSnapshotRecord,
  VolumeRecord,
} from './records.ts'
import { absence, observationOf } from './records.ts'

/** Beyond these many, the oldest are forgotten: late calls about them are no longer recognised. */
const goneMax = 1_000_000
const finishedMax = 100_000
const noObjects: ReadonlyMap<string, ObjectRecord> = new Map()

export interface ImageScope {
  readonly scope: DeclaredCapabilities
  /** What the provider can do with its instances. */
  readonly abilities: Capabilities
}

export interface WorldParts {
  /** What the provider can really do, and what it can with instances of some images. */
  readonly abilities: Capabilities
  readonly images?: ReadonlyMap<string, ImageScope>
  readonly quirks?: ReadonlySet<Quirk>
  readonly owner: string
  readonly capacity?: SimulatedCapacity
  readonly optimizeMs?: number
  readonly pools?: readonly string[]
  readonly ledger?: Ledger
  /** Only where stale reads can be shown. */
  readonly lag?: Lag
  readonly now: () => number
  /** How a write is put off until the calls of this tick have been made. */
  readonly soon: (run: () => void) => void
}

/** `undefined` when all is written, else what went wrong. */
export type Written = Promise<Error | undefined>

export class World {
  readonly abilities: Capabilities
  readonly quirks: ReadonlySet<Quirk>
  /** Of whoever calls now. */
  owner: string
  readonly now: () => number
  readonly capacity: Capacity
  /** How long contents are moved after a change. */
  readonly optimizeMs: number
  /** Names of the pools it has, if it was told. */
  readonly pools: readonly string[] | undefined
  readonly volumes = new Map<string, VolumeRecord>()
  readonly snapshots = new Map<string, SnapshotRecord>()
  readonly instances = new Map<string, InstanceRecord>()
  readonly vmSnapshots = new Map<string, VmSnapshotRecord>()
  /** Only those to which something has happened. */
  readonly images = new Map<string, ImageRecord>()
  readonly operations = new Map<string, OperationRecord>()
  readonly #byImage: ReadonlyMap<string, ImageScope>
  readonly #gone = new Map<string, GoneRecord>()
  readonly #made = new Map<string, number>()
  readonly #lag: Lag | undefined
  readonly #ledger: Ledger | undefined
  readonly #soon: (run: () => void) => void
  readonly #changed = new Set<AnyRecord>()
  readonly #removed = new Set<AnyRecord>()
  #sequence = 0
  #writing: Written | undefined
  #closed = false

  constructor(parts: WorldParts) {
    this.abilities = parts.abilities
    this.#byImage = parts.images ?? new Map()
    this.quirks = parts.quirks ?? new Set()
    this.owner = parts.owner
    this.now = parts.now
    this.capacity = new Capacity(parts.capacity)
    this.optimizeMs = parts.optimizeMs ?? 0
    this.pools = parts.pools
    this.#lag = parts.lag
    this.#ledger = parts.ledger
    this.#soon = parts.soon
    for (const record of this.#ledger?.load() ?? []) this.#restore(record)
  }

  get closed(): boolean {
    return this.#closed
  }

  /** What the provider can do with instances of an image. */
  abilitiesOf(image: string): Capabilities {
    return this.#byImage.get(image)?.abilities ?? this.abilities
  }

  /** What an image declares to offer less of; undefined for most. */
  scopeOf(image: string): DeclaredCapabilities | undefined {
    return this.#byImage.get(image)?.scope
  }

  /** Order of creation; also what addresses and hosts are made from. */
  nextSequence(): number {
    return ++this.#sequence
  }

  find(kind: ResourceKind, id: string): ObjectRecord | undefined {
    return this.all(kind).get(id)
  }

  /** Every object of a kind, in order of creation; none of kinds that are no objects of their own. */
  all(kind: ResourceKind): ReadonlyMap<string, ObjectRecord> {
    if (kind === 'volume') return this.volumes
    if (kind === 'volumeSnapshot') return this.snapshots
    if (kind === 'image') return this.images
    if (kind === 'vmSnapshot') return this.vmSnapshots
    return kind === 'instance' ? this.instances : noObjects
  }

  /** What is known of an object that is no more. */
  gone(kind: ObjectRecord['kind'], id: string): GoneRecord | undefined {
    return this.#gone.get(`${kind} ${id}`)
  }

  /** How many objects were ever made under this id. */
  made(id: string): number {
    return this.#made.get(id) ?? 0
  }

  add(record: ObjectRecord): void {
    this.#lag?.note(absence(record.kind, record.id, this.now()))
    this.#made.set(record.askedFor, record.nth)
    const gone = this.gone(record.kind, record.id)
    if (gone) this.#forget(gone)
    this.#place(record)
    this.#mark(record)
  }

  /** Changes a record by `change`, keeping the use of capacity and the ledger in step. */
  alter<R extends ObjectRecord>(record: R, change: (record: R) => void): void {
    this.#lag?.note(observationOf(record, this.now()))
    this.capacity.count(record, -1)
    change(record)
    this.capacity.count(record, 1)
    this.#mark(record)
  }

  /** `left`: kinds of what was made beside it, and is still there. */
  remove(record: ObjectRecord, left?: readonly string[]): void {
    this.#lag?.note(observationOf(record, this.now()))
    this.capacity.count(record, -1)
    this.#mapOf(record).delete(record.id)
    this.#unmark(record)
    const gone: GoneRecord = {
      kind: 'gone',
      id: `${record.kind} ${record.id}`,
      sequence: this.nextSequence(),
      generation: record.kind === 'instance' ? record.generation : 0,
      made: record.nth,
      image: record.kind === 'instance' ? record.spec.image : undefined,
      left,
    }
    this.#gone.set(gone.id, gone)
    this.#mark(gone)
    if (this.#gone.size > goneMax) {
      const oldest = this.#gone.values().next().value!
      this.#forget(oldest)
      this.#made.delete(oldest.id.slice(oldest.id.indexOf(' ') + 1))
    }
  }

  keepOperation(operation: OperationRecord): void {
    this.operations.set(operation.id, operation)
    this.#mark(operation)
    if (this.operations.size <= finishedMax) return
    for (const oldest of this.operations.values()) {
      if (oldest.outcome === undefined) continue
      this.dropOperation(oldest)
      return
    }
  }

  dropOperation(operation: OperationRecord): void {
    this.operations.delete(operation.id)
    this.#unmark(operation)
  }

  /** What is changed from here on is changed by another call than what was changed before. */
  beginCall(): void {
    this.#lag?.begin()
  }

  /** The state before the last change, where it may still be shown. */
  stale(kind: ResourceKind, id: string): Observation | undefined {
    return this.#lag?.before(kind, id, this.now())
  }
  stales(): Iterable<Observation> {
    return this.#lag?.all(this.now()) ?? []
  }

  /** Undefined when there is nothing to wait for: all that anyone could be told is written. */
  written(): Written | undefined {
    if (this.#ledger === undefined || this.#closed) return undefined
    if (this.#writing !== undefined) return this.#writing
    if (this.#changed.size === 0 && this.#removed.size === 0) return undefined
    this.#writing = new Promise(resolve =>
      this.#soon(() => {
        this.#writing = undefined
        resolve(this.write())
      }),
    )
    return this.#writing
  }

  /** Writes what changed, now. What can not be written stays to be written with the next. */
  write(): Error | undefined {
    if (this.#ledger === undefined || this.#closed || (this.#changed.size === 0 && this.#removed.size === 0))
      return undefined
    try {
      this.#ledger.write(this.#changed, this.#removed)
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
    this.#changed.clear()
    this.#removed.clear()
    return undefined
  }

  close(): void {
    if (this.#closed) return
    const failure = this.write()
    this.#closed = true
    this.#ledger?.close()
    if (failure) throw failure
  }

  #mark(record: AnyRecord): void {
    if (this.#ledger !== undefined) this.#changed.add(record)
  }

  #unmark(record: AnyRecord): void {
    if (this.#ledger === undefined) return
    this.#changed.delete(record)
    this.#removed.add(record)
  }

  #forget(gone: GoneRecord): void {
    this.#gone.delete(gone.id)
    this.#unmark(gone)
  }

  #mapOf({ kind }: ObjectRecord): Map<string, ObjectRecord> {
    return this.all(kind) as Map<string, ObjectRecord>
  }

  #place(record: ObjectRecord): void {
    this.#mapOf(record).set(record.id, record)
    this.capacity.count(record, 1)
  }

  #restore(record: AnyRecord): void {
    this.#sequence = Math.max(this.#sequence, record.sequence)
    if (record.kind === 'gone') {
      this.#gone.set(record.id, record)
      this.#made.set(record.id.slice(record.id.indexOf(' ') + 1), record.made)
    } else if (record.kind === 'operation') this.operations.set(record.id, record)
    else {
      this.#place(record)
      this.#made.set(record.askedFor, Math.max(this.made(record.askedFor), record.nth))
    }
  }
}
