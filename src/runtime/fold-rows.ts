/** Folding events into the rows of one view, some of which are in a store: what live writing and rebuilding both do. */
import type { Envelope } from '../../machines/grammar.ts'
import type { Amounts, Projection, ViewRow } from '../../projections/contract.ts'
import type { RowChange, Store } from '../store/store.ts'
import { type Addition, Additions } from './counting.ts'
import type { Recent } from './recent.ts'
import type { Retention } from './retention.ts'

/** Where rows are that are not at hand. */
export type RowSource = Pick<Store, 'rows'>

/** Folds events into the rows of one view, reading those that are not at hand in one query. */
export async function foldRows(
  view: Projection,
  envelopes: readonly Envelope[],
  source: RowSource,
  retention: Retention,
  recent?: Recent<ViewRow>,
): Promise<RowChange[]> {
  const rows = new FoldedRows(view, source, recent)
  await rows.load(envelopes)
  for (const envelope of envelopes) rows.fold(envelope, retention)
  return rows.settle()
}

interface Entry {
  readonly key: string
  /** As it is stored. */
  readonly before: ViewRow | undefined
  now: ViewRow | undefined
  /** What it said when it was last asked what it adds elsewhere. */
  counted: ViewRow | undefined
  hasChanged: boolean
}

/** Rows of several views by key: most events touch the row of one key in each of them, which is then looked for once. */
export class Slots {
  #byKey = new Map<string, (Entry | undefined)[]>()
  #lastKey: string | undefined
  #last: (Entry | undefined)[] | undefined

  /** What views have of this key, by their places. */
  of(key: string): (Entry | undefined)[] {
    if (key === this.#lastKey) return this.#last!
    let slot = this.#byKey.get(key)
    if (!slot) {
      slot = []
      this.#byKey.set(key, slot)
    }
    this.#lastKey = key
    this.#last = slot
    return slot
  }

  clear(): void {
    this.#byKey = new Map()
    this.#lastKey = undefined
  }
}

type Added = readonly [key: string, amounts: Amounts]

/** What one thread tells another of the rows of a view besides those it wrote. It can be cloned. */
export interface HandedOver {
  /** Rows that say nothing by themselves, and are not written. */
  readonly kept: readonly ViewRow[]
  /** Keys of such that are written. */
  readonly idle: readonly string[]
  /** What its rows add elsewhere. */
  readonly added: readonly Added[]
}

/** The rows of a view that events change, from one settling to the next. */
export class FoldedRows {
  readonly #view: Projection
  readonly #source: RowSource
  readonly #recent: Recent<ViewRow> | undefined
  readonly #slots: Slots
  readonly #place: number
  #entries: Entry[] = []
  /** Rows that changed since they were last asked for what they add elsewhere. */
  #changed: Entry[] = []
  #left: ViewRow[] = []
  #goneCount = 0
  /** Entries taken already, of those that are being taken. */
  #takenCount = 0
  /** What rows add elsewhere that are not held here. */
  #sums: Additions | undefined
  /** While others may still add to its rows: none is taken for one that says nothing. */
  isPartial = false
  /** Keys of rows that were taken meanwhile and say nothing by themselves. */
  #idle: string[] = []

  /** @param shared slots that it shares with other views, and its place in them */
  constructor(
    view: Projection,
    source: RowSource,
    recent: Recent<ViewRow> | undefined,
    shared: { readonly slots: Slots; readonly place: number } = { slots: new Slots(), place: 0 },
  ) {
    this.#view = view
    this.#source = source
    this.#recent = recent
    this.#slots = shared.slots
    this.#place = shared.place
  }

  /** Rows held until they are settled, without those that events left behind. */
  get size(): number {
    return this.#entries.length - this.#goneCount - this.#takenCount
  }

  /** Rows that events left behind, until they are settled or taken. */
  get leftCount(): number {
    return this.#left.length
  }

  /** Gives at most so many of the rows that events left behind: no event touches them again. */
  takeLeft(count: number): RowChange[] {
    return this.#left.splice(0, count).map(row => madeRow(this.#view, row))
  }

  /** Has every row at hand that these events touch, or those `only`. Gives their keys. */
  async load(envelopes: readonly Envelope[], only?: ReadonlySet<string>): Promise<Set<string>> {
    const keys = new Set<string>()
    for (const envelope of envelopes)
      for (const key of this.#view.keys(envelope)) if (!only || only.has(key)) keys.add(key)
    await this.#load(keys)
    return keys
  }

  /** Folds an event into rows that are at hand, or those `only`; one that is not is taken for none. */
  fold(event: Envelope, retention: Retention, only?: ReadonlySet<string>): void {
    const view = this.#view
    const keys = view.keys(event)
    for (let index = 0; index < keys.length; index += 1) {
      if (only && !only.has(keys[index]!)) continue
      const entry = this.#at(keys[index]!)
      const last = entry.now
      const row = view.perResource
        ? retention.fold(view, last, event, keys[index]!)
        : view.fold(last, event, keys[index]!)
      if (view.leaves) for (const left of view.leaves(last, row, event)) this.#left.push(left)
      if (row !== last) this.#set(entry, row)
    }
  }

  /** A row that was folded and written elsewhere: what it adds to others is added with the next sums. */
  count(row: ViewRow): void {
    if (!this.#view.counts) return
    this.#sums ??= new Additions(this.#view)
    this.#sums.changed(undefined, row)
  }

  /** A row that was folded elsewhere, is not written and counts nowhere: it is held for what may be added to it. */
  keep(row: ViewRow): void {
    const entry = this.#know(row[this.#view.key], undefined)
    entry.now = row
    entry.counted = row
  }

  /** Gives away what others need to go on with these rows as if they had folded them; then it holds nothing. */
  handOver(): HandedOver {
    const kept = this.#entries.slice(this.#takenCount).flatMap(({ now }) => now ?? [])
    const added = this.#additions().map(({ key, amounts }): Added => [key, amounts])
    this.#entries = []
    this.#takenCount = 0
    this.#slots.clear()
    return { kept, added, idle: this.takeIdle() }
  }

  /** Goes on with rows that were folded elsewhere. */
  takeOver({ kept, added, idle }: HandedOver): void {
    for (const row of kept) this.keep(row)
    for (const key of idle) this.#idle.push(key)
    if (added.length === 0) return
    this.#sums ??= new Additions(this.#view)
    for (const [key, amounts] of added) this.#sums.add(key, amounts, 1)
  }

  /** Gives the keys of rows that were taken while it was partial, and say nothing unless something was added since. */
  takeIdle(): string[] {
    const idle = this.#idle
    this.#idle = []
    return idle
  }

  /** Has these rows at hand, so that those that say nothing any more go with what is taken next. */
  revisit(keys: readonly string[]): Promise<void> {
    return this.#load(keys)
  }

  /** These rows go, whatever was folded into them. */
  async remove(keys: readonly string[]): Promise<void> {
    await this.#load(keys)
    for (const key of keys) this.#set(this.#at(key), undefined)
  }

  /** Gives all that is to be written since the last settling. */
  async settle(): Promise<RowChange[]> {
    await this.addUp()
    return this.take(Number.POSITIVE_INFINITY)
  }

  /**
   * Adds up what counts elsewhere, before rows are taken. Sums come last, whatever changed them: it does not matter in
   * which order amounts are added.
   */
  async addUp(): Promise<void> {
    const view = this.#view
    for (let due = this.#additions(); due.length; due = this.#additions()) {
      await this.#load(due.map(({ key }) => key))
      for (const { key, amounts } of due) {
        const entry = this.#at(key)
        const row = view.add!(entry.now, key, amounts)
        if (row !== entry.now) this.#set(entry, row)
      }
    }
  }

  /** Gives at most so many changes that are to be written, and then holds those rows no more; none if there are none. */
  take(count: number): RowChange[] {
    const changes: RowChange[] = []
    const entries = this.#entries
    this.#gather()
    for (; this.#takenCount < entries.length && changes.length < count; this.#takenCount += 1) {
      const change = this.#changeOf(entries[this.#takenCount]!)
      if (change) changes.push(change)
    }
    if (this.#takenCount < entries.length) return changes
    this.#entries = []
    this.#takenCount = 0
    this.#goneCount = 0
    for (const change of this.takeLeft(count - changes.length)) changes.push(change)
    return changes
  }

  async #load(keys: Iterable<string>): Promise<void> {
    const unknown: string[] = []
    for (const key of keys) {
      if (this.#slots.of(key)[this.#place]) continue
      const row = this.#recent?.get(key)
      if (row) this.#know(key, row)
      else unknown.push(key)
    }
    if (unknown.length === 0) return
    const stored = await this.#source.rows(this.#view.name, unknown)
    for (const key of unknown) this.#know(key, stored.get(key))
  }

  #at(key: string): Entry {
    return this.#slots.of(key)[this.#place] ?? this.#know(key, undefined)
  }

  #know(key: string, row: ViewRow | undefined): Entry {
    const slot = this.#slots.of(key)
    const known = slot[this.#place]
    if (known) return known
    const entry: Entry = { key, before: row, now: row, counted: row, hasChanged: false }
    slot[this.#place] = entry
    this.#entries.push(entry)
    return entry
  }

  #set(entry: Entry, row: ViewRow | undefined): void {
    entry.now = row
    // It came and went, and nobody has to hear of it.
    if (row === undefined && entry.before === undefined && entry.counted === undefined) {
      this.#slots.of(entry.key)[this.#place] = undefined
      this.#goneCount += 1
    }
    if (entry.hasChanged || !this.#view.counts) return
    entry.hasChanged = true
    this.#changed.push(entry)
  }

  /** What has changed since it was last asked, as amounts to be added elsewhere. */
  #additions(): Addition[] {
    this.#gather()
    const sums = this.#sums
    this.#sums = undefined
    return sums?.all() ?? []
  }

  #gather(): void {
    if (this.#changed.length === 0) return
    this.#sums ??= new Additions(this.#view)
    for (const entry of this.#changed) {
      this.#sums.changed(entry.counted, entry.now)
      entry.counted = entry.now
      entry.hasChanged = false
    }
    this.#changed = []
  }

  /** What is to be written of a row, if anything; then it is not held any more, but may be at hand. */
  #changeOf(entry: Entry): RowChange | undefined {
    const view = this.#view
    const { key, before } = entry
    this.#slots.of(key)[this.#place] = undefined
    // Rows that say nothing any more go: nothing is added to them from here on.
    if (entry.now && view.isEmpty?.(entry.now)) {
      if (this.isPartial && view.add) this.#idle.push(key)
      else entry.now = undefined
    }
    const row = entry.now
    if (row) {
      checkRow(view, row)
      this.#recent?.set(key, row)
    }
    if (row === before) return undefined
    if (!row) this.#recent?.delete(key)
    return { view: view.name, key, row, before }
  }
}

/** A row that is new. Throws TypeError for one that no table can hold. */
export function madeRow(view: Projection, row: ViewRow): RowChange {
  checkRow(view, row)
  return { view: view.name, key: row[view.key], row }
}

/** Throws TypeError for a row that no table can hold: in a transaction it would take everybody's commands down with it. */
function checkRow({ name, key, columns }: Projection, row: ViewRow): void {
  const refuse = (column: string, got: string) =>
    new TypeError(`view '${name}': column '${column}' is ${columns[column]} and got ${got}`)
  if (row[key] === undefined || row[key] === null) throw refuse(key, 'nothing')
  // All values at once: read one by one under names that change, V8 would compile this again every few thousand rows.
  const values = Object.values(row)
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]
    if (typeof value === 'string' || typeof value === 'number' || value === undefined || value === null) continue
    const column = Object.keys(row)[index]!
    const type = columns[column]
    if (type !== undefined && type !== 'json') throw refuse(column, `a ${typeof value}`)
  }
}
