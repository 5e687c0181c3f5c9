import type { OpenAnnex } from '../../store/store.ts'
import type { Clauses } from './clauses.ts'
import { event, inventory, limits, lineage, snapshot, views } from './samples.ts'
import type { Session } from './session.ts'

const row = (id: string, rest: object = {}) => ({ view: 'inventory', key: id, row: { id, ...rest } })
const marks = async (session: Session, projections = views) =>
  Object.fromEntries((await session.reopen(projections)).watermarks)

/** Ten events, a claim and a derived row, complete up to the last. */
const settled = async (session: Session): Promise<void> => {
  await session.open()
  const events = Array.from({ length: 10 }, (_, index) => event(index + 1))
  const claims = [{ view: 'limits', key: 'acme', row: { account: 'acme', used: 1 }, expected: 0 }]
  await session.commit({ events, claims })
  await session.store.writeDerived({ snapshots: [snapshot('i-1', 10)], rows: [row('i-1')], watermark: 10 })
}

export const derivedClauses: Clauses = [
  {
    title: 'reads rows back as they were written; columns without a value are absent',
    proof: async session => {
      await session.open()
      const tags = { z: [1, { b: null, a: 'x' }], a: 'ü', 'odd key': true }
      const rows = [row('a', { state: 'running', sizeBytes: 2 ** 40, load: 0.5, tags }), row('b', { tags: undefined })]
      await session.store.writeDerived({ snapshots: [], rows, watermark: 0 })
      const read = await session.store.rows('inventory', ['b', 'a', 'c'])
      session.expect(read.get('a')).toEqual(rows[0]!.row)
      session.expect(Object.keys(read.get('b')!)).toEqual(['id'])
      session.expect(read.size).toBe(2)
    },
  },
  {
    title: 'replaces and removes rows',
    proof: async session => {
      await session.open()
      const rows = [row('a', { state: 'running' }), row('b')]
      await session.store.writeDerived({ snapshots: [], rows, watermark: 1 })
      const changes = [row('a', { sizeBytes: 1 }), { view: 'inventory', key: 'b', row: undefined }]
      await session.store.writeDerived({ snapshots: [], rows: changes, watermark: 2 })
      const read = await session.store.rows('inventory', ['a', 'b'])
      session.expect([...read]).toEqual([['a', { id: 'a', sizeBytes: 1 }]])
    },
  },
  {
    title: 'reads thousands of rows and snapshots by key at once',
    proof: async session => {
      await session.open()
      const ids = Array.from({ length: 3_000 }, (_, index) => `i-${index}`)
      await session.store.writeDerived({
        snapshots: ids.map(id => snapshot(id)),
        rows: ids.map(id => row(id)),
        watermark: 1,
      })
      session.expect((await session.store.rows('inventory', [...ids, 'none'])).size).toBe(3_000)
      session.expect((await session.store.snapshots([...ids, 'none'])).rows.length).toBe(3_000)
    },
  },
  {
    title: 'keeps the newest snapshot of each resource',
    proof: async session => {
      await session.open()
      await session.store.writeDerived({ snapshots: [snapshot('a', 1), snapshot('b', 1)], rows: [], watermark: 1 })
      await session.store.writeDerived({ snapshots: [snapshot('a', 2)], rows: [], watermark: 2 })
      const { rows, damaged } = await session.store.snapshots(['a', 'b', 'c'])
      session.expect(damaged).toEqual([])
      session.expect(new Map(rows.map(each => [each.resource, each])).get('a')).toEqual(snapshot('a', 2))
      session.expect(rows.length).toBe(2)
    },
  },
  {
    title: 'moves the watermarks of all derived views, or of those that are named',
    proof: async session => {
      await settled(session)
      session.expect(await marks(session)).toEqual({ snapshots: 10, limits: 10, inventory: 10, lineage: 10 })
      await session.commit({ events: [event(11)] })
      await session.store.writeDerived({ snapshots: [], rows: [], watermark: 11, views: ['lineage'] })
      session.expect(await marks(session)).toEqual({ snapshots: 10, limits: 11, inventory: 10, lineage: 11 })
    },
  },
  {
    title: 'moves the watermarks of all claimed views with a commit, or of those that it names',
    proof: async session => {
      await settled(session)
      await session.commit({ events: [event(11)], claimedViews: [] })
      await session.commit({ events: [event(12)], claimedViews: [] })
      session.expect((await marks(session)).limits).toBe(0)
      await session.store.writeDerived({ snapshots: [], rows: [], watermark: 12, views: ['limits'] })
      await session.commit({ events: [event(13)], claimedViews: ['limits'] })
      session.expect((await marks(session)).limits).toBe(13)
    },
  },
  {
    title: 'writes the derived rows of a strict commit with its events',
    proof: async session => {
      await session.open()
      const derived = { snapshots: [snapshot('i-1')], rows: [row('i-1', { state: 'running' })], watermark: 1 }
      await session.commit({ events: [event(1)], derived })
      session.expect((await session.store.rows('inventory', ['i-1'])).get('i-1')).toEqual(derived.rows[0]!.row)
      session.expect((await session.store.snapshots(['i-1'])).rows).toEqual([snapshot('i-1')])
      session.expect(await marks(session)).toEqual({ snapshots: 1, limits: 1, inventory: 1, lineage: 1 })
    },
  },
  {
    title: 'empties a view that is reset, and no other',
    proof: async session => {
      await settled(session)
      await session.store.resetView('inventory')
      session.expect((await session.store.rows('inventory', ['i-1'])).size).toBe(0)
      session.expect((await session.store.claims('limits', ['acme'])).size).toBe(1)
      session.expect(await marks(session)).toEqual({ snapshots: 10, limits: 10, inventory: 0, lineage: 10 })
    },
  },
  {
    title: 'makes a view of another version anew, and leaves the others alone',
    proof: async session => {
      await settled(session)
      const next = [limits, { ...inventory, version: 2 }, lineage]
      session.expect(await marks(session, next)).toEqual({ snapshots: 10, limits: 10, inventory: 0, lineage: 10 })
      session.expect((await session.store.rows('inventory', ['i-1'])).size).toBe(0)
      session.expect((await session.store.claims('limits', ['acme'])).size).toBe(1)
    },
  },
  {
    title: 'makes a view of other columns anew, even under the same version',
    proof: async session => {
      await settled(session)
      const wider = { ...lineage, columns: { ...lineage.columns, depth: 'integer' as const } }
      session.expect((await marks(session, [limits, inventory, wider])).lineage).toBe(0)
      const deep = { view: 'lineage', key: 's', row: { id: 's', depth: 3 } }
      await session.store.writeDerived({ snapshots: [], rows: [deep], watermark: 10 })
      session.expect((await session.store.rows('lineage', ['s'])).get('s')).toEqual(deep.row)
    },
  },
  {
    title: 'starts a claimed view from 0 if it has missed a commit, or its rebuilding was cut short',
    proof: async session => {
      await settled(session)
      await session.reopen([inventory])
      await session.commit({ events: [event(11)] })
      session.expect((await marks(session)).limits).toBe(0)
      await session.store.resetView('limits')
      const rebuilt = { view: 'limits', key: 'acme', row: { account: 'acme', used: 1 } }
      await session.store.writeDerived({ snapshots: [], rows: [rebuilt], watermark: 5, views: ['limits'] })
      session.expect((await marks(session)).limits).toBe(0)
      await session.store.writeDerived({ snapshots: [], rows: [rebuilt], watermark: 11, views: ['limits'] })
      session.expect((await marks(session)).limits).toBe(11)
      const claim = { ...rebuilt, expected: (await session.store.claims('limits', ['acme'])).get('acme')!.revision }
      await session.commit({ events: [event(12)], claims: [claim] })
    },
  },
  {
    title: 'fills views beside those that are read, and swaps them whole with their watermarks',
    proof: async session => {
      await settled(session)
      const { store } = session
      const refill = await store.refill(['inventory', 'limits'])
      const used = { view: 'limits', key: 'acme', row: { account: 'acme', used: 2 } }
      await refill.write([row('i-1', { state: 'running' }), row('i-2'), row('i-3'), used], 8)
      session.expect([...(await refill.rows('inventory', ['i-1', 'none'])).keys()]).toEqual(['i-1'])
      session.expect((await store.rows('inventory', ['i-1', 'i-2'])).size).toBe(1)
      while (await refill.index());
      const gone = { view: 'inventory', key: 'i-2', row: undefined, before: { id: 'i-2' } }
      await refill.swap(['inventory', 'limits'], [gone, row('i-3', { state: 'stopped' })], 10)
      const read = await store.query('inventory', { limit: 10 })
      session.expect(read.map(({ id, state }) => [id, state])).toEqual([
        ['i-1', 'running'],
        ['i-3', 'stopped'],
      ])
      const claimed = (await store.claims('limits', ['acme'])).get('acme')!
      session.expect(claimed).toEqual({ row: used.row, revision: 8 })
      await session.commit({ events: [event(11)], claims: [{ ...used, expected: 8 }] })
      await store.writeDerived({ snapshots: [], rows: [row('i-4')], watermark: 11 })
      session.expect((await store.rows('inventory', ['i-4'])).size).toBe(1)
      session.expect(await marks(session)).toEqual({ snapshots: 11, limits: 11, inventory: 11, lineage: 11 })
    },
  },
  {
    title: 'absorbs what threads wrote beside a refill, where they can',
    proof: async session => {
      await settled(session)
      const { store } = session
      const refill = await store.refill(['inventory', 'limits'])
      const { annexes } = refill
      if (!annexes) return
      // What has been read once by resource is there for all threads.
      await (await store.byResource?.())?.close()
      const { openAnnex } = (await import(annexes.module)) as { openAnnex: OpenAnnex }
      const many = Array.from({ length: 12_000 }, (_, nth) => row(`a-${nth}`, nth % 3 === 0 ? {} : { sizeBytes: nth }))
      const used = { view: 'limits', key: 'acme', row: { account: 'acme', used: 3 } }
      for (const [nth, rows] of [[...many, used], [row('b-1', { tags: { a: 1 } })], []].entries()) {
        const annex = openAnnex(annexes.place as never, nth, 8, [inventory, limits])
        annex.log.seek({ from: '' })
        session
          .expect((await annex.log.next(100)).map(({ position }) => position).sort((a, b) => a - b))
          .toEqual(Array.from({ length: 8 }, (_, index) => index + 1))
        await annex.write(rows)
        await annex.close()
        await annex.close()
      }
      await refill.write([row('i-1', { state: 'running' })], 10)
      for (const nth of [1, 0, 2]) while (await refill.absorb!(nth));
      // A row without a column has none of it, whatever was there.
      await refill.write([row('i-1'), row('b-2')], 10)
      await refill.swap(['inventory', 'limits'], [], 10)
      const read = await store.rows('inventory', [...many.map(({ key }) => key), 'b-1', 'b-2', 'i-1'])
      session.expect(read.size).toBe(12_003)
      session.expect([...read.values()].filter(({ sizeBytes }) => sizeBytes !== undefined).length).toBe(8_000)
      session.expect(read.get('b-1')).toEqual({ id: 'b-1', tags: { a: 1 } })
      session.expect(read.get('i-1')).toEqual({ id: 'i-1' })
      session.expect((await store.claims('limits', ['acme'])).get('acme')).toEqual({ row: used.row, revision: 8 })
    },
  },
  {
    title: 'leaves as they were the views that are not swapped, or were not in time',
    proof: async session => {
      await settled(session)
      const thrown = await session.store.refill(['inventory', 'limits'])
      await thrown.write([row('i-2')], 10)
      await thrown.discard()
      await thrown.discard()
      const partly = await session.store.refill(['inventory', 'limits'])
      await partly.write([row('i-3')], 10)
      await partly.swap(['limits'], [], 10)
      session.expect((await session.store.claims('limits', ['acme'])).size).toBe(0)
      await session.store.refill(['inventory'])
      await session.reopen()
      session.expect((await session.store.query('inventory', { limit: 10 })).map(({ id }) => id)).toEqual(['i-1'])
      const again = await session.store.refill(['inventory'])
      session.expect((await again.rows('inventory', ['i-3'])).size).toBe(0)
    },
  },
]
