/** Why this test? Folded resource by resource, rows must be what they are in the order of the log, whoever touches them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Envelope } from '../../machines/grammar.ts'
import { type AnyProjection, projection, type ViewRow } from '../../projections/contract.ts'
import type { Catalogue } from '../../src/runtime/catalogue.ts'
import { FoldedRows, Slots } from '../../src/runtime/fold-rows.ts'
import { OwnRows } from '../../src/runtime/own-rows.ts'
import { type FoldedRanges, RangeFolding } from '../../src/runtime/range-folding.ts'
import { Refilling } from '../../src/runtime/refilling.ts'
import { Retention } from '../../src/runtime/retention.ts'
import type { Elsewhere } from '../../src/runtime/stream-folding.ts'
import type { ByResource, Refill, ResourceRange, RowChange, StoredEvent } from '../../src/store/store.ts'

/** What an event says: how much its resource holds from now on, of which group, and whom it is about besides. */
interface Said {
  readonly amount: number
  readonly group: string
  readonly partner?: string
}
const said = ({ data }: Envelope) => data as unknown as Said

interface SumRow extends ViewRow {
  key: string
  group?: string
  amount: number
  /** What it keeps in r0: less and less, and nothing once that is gone. */
  kept?: number
  sums?: number
}
/** Each resource counts in its group, each group in all, and what r1 and r2 keep in r0: as a tree does in a volume. */
const sums = projection<'sums', SumRow>({
  name: 'sums',
  version: 1,
  key: 'key',
  columns: { key: 'text', group: 'text', amount: 'integer', kept: 'integer', sums: 'integer' },
  keys: event => [event.resource],
  fold: (row, event) => {
    const { resource: key } = event
    const { amount, group } = said(event)
    const kept = keepers.has(key) ? { kept: Math.min(row?.kept ?? 2, amount) } : {}
    return { ...row, key, group, amount, ...kept }
  },
  counts: ({ group, amount, kept = 0, sums = 0, key }) =>
    key === 'all'
      ? undefined
      : group === undefined
        ? { in: 'all', amounts: { sums } }
        : [
            { in: group, amounts: { sums: amount } },
            { in: 'r0', amounts: { sums: kept } },
          ],
  add: (row, key, { sums: more = 0 }) => {
    const before = row ?? (key === 'r0' ? undefined : { key, amount: 0 })
    const now = before && { ...before, sums: (before.sums ?? 0) + more }
    return now?.sums === 0 ? withoutSums(now) : now
  },
  isEmpty: ({ amount, kept, sums }) => amount === 0 && kept === undefined && sums === undefined,
})
const keepers = new Set(['r1', 'r2'])
const withoutSums = ({ sums: _, ...row }: SumRow): SumRow => row

interface StoryRow extends ViewRow {
  key: string
  story: string
}
/** What touched a row, in order; each second touch leaves a row behind. */
const stories = projection<'stories', StoryRow>({
  name: 'stories',
  version: 1,
  key: 'key',
  columns: { key: 'text', story: 'text' },
  keys: event => [event.resource, ...[said(event).partner ?? []].flat()],
  fold: (row, { position }, key) => ({ key, story: `${row?.story ?? ''}/${position}` }),
  leaves: (before, after) =>
    before && before.story.split('/').length % 2 === 0 ? [{ ...after!, key: `${after!.key}|${after!.story}` }] : [],
})
/** Only of those that hold something. */
const roster = projection<'roster', ViewRow>({
  name: 'roster',
  version: 1,
  key: 'id',
  columns: { id: 'text', version: 'integer' },
  perResource: true,
  keys: event => [event.resource],
  fold: (_, event) => (said(event).amount > 0 ? { id: event.resource, version: event.version } : undefined),
})
const views: readonly AnyProjection[] = [sums, stories, roster]

const event = fc.record({
  resource: fc.integer({ min: 0, max: 5 }).map(nth => `r${nth}`),
  data: fc.record({
    amount: fc.integer({ min: 0, max: 2 }),
    group: fc.constantFrom('red', 'blue'),
    partner: fc.option(fc.constantFrom('r0', 'r3', 'r9', 'somebody'), { nil: undefined, freq: 3 }),
  }),
})
/** What is kept in r0 was put there while it was not gone. */
const beginnings = ['r0', 'r1', 'r2'].map(resource => ({ resource, data: { amount: 2, group: 'red' } }))
const log = fc.array(event, { maxLength: 60 }).map(rest => {
  const events = [...beginnings, ...rest]
  const versions = new Map<string, number>()
  return events.map(({ resource, data }, index): StoredEvent => {
    const [position, version] = [index + 1, (versions.get(resource) ?? 0) + 1]
    versions.set(resource, version)
    const text = JSON.stringify({ position, resource, version, kind: 'thing', type: 'thing.changed', data })
    return { position, resource, version, text, digest: '' }
  })
})

const catalogue = { kinds: new Map(), ofId: (id: string) => (/^r\d/.test(id) ? {} : undefined) } as unknown as Catalogue
const residence = { contained: new Map(), contain: () => {}, retention: new Retention(catalogue, new Map()) }

/** Who folds a range: the thread that asks, one of two others, or one whose work is lost. */
type Folder = 'own' | 0 | 1 | 'lost'
interface Sharing {
  /** Where ranges end, and who takes each of them. */
  readonly ends: readonly string[]
  readonly folders: readonly Folder[]
}
const sharing: fc.Arbitrary<Sharing> = fc.record({
  ends: fc.subarray(['r1', 'r2', 'r3', 'r4', 'r5']),
  folders: fc.array(fc.constantFrom<Folder>('own', 0, 1, 'lost'), { minLength: 6, maxLength: 6 }),
})

interface Way {
  /** How many events are folded resource by resource, and how many rows are held at most. */
  readonly byResource: number
  readonly heldMax?: number
  readonly sharing?: Sharing
}

/** Fills all views, the first events of the log resource by resource. */
async function filled(events: readonly StoredEvent[], { byResource, heldMax, sharing }: Way) {
  const tables = new Map<string, Map<string, ViewRow>>(views.map(({ name }) => [name, new Map()]))
  const put = (rows: readonly RowChange[]) => {
    for (const { view, key, row } of rows)
      if (row) tables.get(view)!.set(key, row)
      else tables.get(view)!.delete(key)
  }
  const annexes = new Map<number, RowChange[]>()
  const refill: Refill = {
    rows: async (view, keys) =>
      new Map(keys.flatMap(key => (tables.get(view)!.has(key) ? [[key, tables.get(view)!.get(key)!]] : []))),
    write: async rows => put(rows),
    swap: async (_, rows) => put(rows),
    annexes: { module: '', place: undefined },
    async absorb(annex) {
      const rows = annexes.get(annex)!.splice(0, 2)
      put(rows)
      return rows.length > 0
    },
    index: async () => false,
    discard: async () => {},
  }
  const known = events.slice(0, byResource)
  const streams = [...known].sort((a, b) =>
    a.resource === b.resource ? a.version - b.version : a.resource < b.resource ? -1 : 1,
  )
  const logOf = (): ByResource => {
    let left = [...streams]
    return {
      position: byResource,
      ranges: async () => ['', ...sharing!.ends].map((from, nth, all) => ({ from, before: all[nth + 1] })),
      seek: ({ from, before }) => {
        left = streams.filter(({ resource }) => resource >= from && (before === undefined || resource < before))
      },
      next: async () => left.splice(0, 7),
      close: async () => {},
      at: async positions => events.filter(({ position }) => positions.includes(position)),
    }
  }
  const store = {
    log: async (after: number, limit: number) => events.slice(after, after + limit),
    stream: async (resource: string, from: number, limit: number) =>
      events.filter(each => each.resource === resource && each.version >= from).slice(0, limit),
    byResource: async () => (byResource === 0 ? undefined : logOf()),
  }
  const others: Elsewhere = {
    isFor: () => sharing !== undefined,
    rangeCount: 6,
    begin({ ranges, heldMax }) {
      const own = ranges.filter((_, nth) => sharing!.folders[nth] === 'own')
      return {
        take: () => own.shift(),
        async folded() {
          const noted = new Map<number, FoldedRanges>()
          for (const nth of [0, 1]) {
            const rows: RowChange[] = []
            annexes.set(nth, rows)
            const mine = ranges.filter((_, place) => sharing!.folders[place] === nth)
            noted.set(nth, structuredClone(await noteOf(mine, logOf(), rows, heldMax)))
          }
          return { noted, left: ranges.filter((_, nth) => sharing!.folders[nth] === 'lost') }
        },
        end: async () => {},
      }
    },
  }
  const refilling = new Refilling({ store, residence, catalogue, elsewhere: others }, refill, views, heldMax)
  await refilling.begin()
  await refilling.byResource(async () => {})
  await refilling.upTo(events.length, async () => {})
  await refilling.swap()
  expect([...refilling.failed.values()]).toEqual([])
  expect(refilling.count).toBe(events.length)
  return tables
}

/** What another thread does with its ranges. */
async function noteOf(
  ranges: readonly ResourceRange[],
  log: ByResource,
  annex: RowChange[],
  heldMax: number,
): Promise<FoldedRanges> {
  const slots = new Slots()
  const own = views.map(
    (view, place) =>
      new OwnRows(
        view,
        new FoldedRows(view, { rows: () => Promise.reject(new Error('read')) }, undefined, { slots, place }),
      ),
  )
  const folding = new RangeFolding(
    {
      ...{ log, residence, catalogue, heldMax, writtenMax: 3, pause: async () => {} },
      write: async rows => void annex.push(...structuredClone(rows)),
      failed: (_, error) => {
        throw error
      },
    },
    own,
  )
  for (const range of ranges) {
    log.seek(range)
    await folding.run()
  }
  return folding.handOver()
}

describe('a log folded resource by resource', () => {
  it('gives the rows that it gives in its own order, however few of them can be held', async () => {
    await fc.assert(
      fc.asyncProperty(
        log,
        fc.integer({ min: 3, max: 63 }),
        fc.constantFrom(0, 2, undefined),
        async (events, part, heldMax) => {
          const asLogged = await filled(events, { byResource: 0 })
          expect(await filled(events, { byResource: Math.min(part, events.length), heldMax })).toEqual(asLogged)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('gives them whoever folds which range of it, also where the work of one is lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        log,
        fc.integer({ min: 3, max: 63 }),
        fc.constantFrom(0, 2, undefined),
        sharing,
        async (events, part, heldMax, sharing) => {
          const asLogged = await filled(events, { byResource: 0 })
          const byResource = Math.min(part, events.length)
          expect(await filled(events, { byResource, heldMax, sharing })).toEqual(asLogged)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
