import type { ViewQuery } from '../../store/store.ts'
import type { Clauses } from './clauses.ts'
import type { Session } from './session.ts'

type Sort = NonNullable<ViewQuery['sort']>
type Row = Record<string, string | number | null>

const states = ['running', 'stopped', undefined]
/** Every state with every size, twice: many equal values, and some that are absent. */
const rows = Array.from({ length: 24 }, (_, index) => ({
  id: `i-${String((index * 7) % 24).padStart(2, '0')}`,
  state: states[index % 3],
  sizeBytes: [1, 2, 3, undefined][Math.floor(index / 3) % 4],
  tags: ['x'],
}))

const fill = async ({ store }: Session): Promise<void> => {
  const changes = rows.map(row => ({ view: 'inventory', key: row.id, row }))
  await store.writeDerived({ snapshots: [], rows: changes, watermark: 1 })
}

/** Absent before everything, then by value: what the contract means by order. */
const inOrder = (sort: Sort) => (a: Row, b: Row) => {
  for (const { column, direction } of [...sort, { column: 'id', direction: 'asc' as const }]) {
    const [left, right] = [a[column] ?? null, b[column] ?? null]
    if (left === right) continue
    const isBefore = left === null || (right !== null && left < right)
    return isBefore === (direction === 'asc') ? -1 : 1
  }
  return 0
}
const sorted = (sort: Sort, some: readonly unknown[] = rows) =>
  [...(some as Row[])].sort(inOrder(sort)).map(({ id }) => id)
const idsOf = (found: readonly Record<string, unknown>[]) => found.map(({ id }) => id)

/** Reads a query to its end by pages, each beginning after the last row of the one before. The view's key is `id`. */
export async function allPages({ store }: Pick<Session, 'store'>, view: string, query: ViewQuery) {
  const found: Record<string, unknown>[] = []
  const columns = [...new Set([...(query.sort ?? []).map(({ column }) => column), 'id'])]
  let after: ViewQuery['after']
  for (;;) {
    const page = await store.query(view, { ...query, after })
    found.push(...page)
    if (page.length < query.limit) return found
    after = columns.map(column => (page.at(-1)![column] ?? null) as string | number | null)
  }
}

const sorts: readonly Sort[] = [
  [],
  ...(['asc', 'desc'] as const).flatMap(direction => [
    [{ column: 'state', direction }],
    [{ column: 'sizeBytes', direction }],
    ...(['asc', 'desc'] as const).map(other => [
      { column: 'state', direction },
      { column: 'sizeBytes', direction: other },
    ]),
  ]),
]

export const queryClauses: Clauses = [
  {
    title: 'finds rows by values, lists of values, and the absence of one',
    proof: async session => {
      await session.open()
      await fill(session)
      const find = async (where: ViewQuery['where']) =>
        idsOf(await session.store.query('inventory', { where, limit: 100 }))
      const those = (is: (row: (typeof rows)[number]) => boolean) => sorted([], rows.filter(is))
      session.expect(await find({ state: 'running' })).toEqual(those(row => row.state === 'running'))
      session.expect(await find({ state: null })).toEqual(those(row => row.state === undefined))
      const both = those(row => row.state !== undefined && row.sizeBytes === 2)
      session.expect(await find({ state: ['stopped', 'running'], sizeBytes: 2 })).toEqual(both)
      session.expect(await find({ sizeBytes: [1, 3] })).toEqual(those(row => [1, 3].includes(row.sizeBytes ?? 0)))
      session.expect(await find({ state: [] })).toEqual([])
      session.expect(await find({ state: "' or 1=1 --" })).toEqual([])
    },
  },
  {
    title: 'finds rows within a range, its bounds and what is absent left out',
    proof: async session => {
      await session.open()
      await fill(session)
      const find = async (where: ViewQuery['where'], anyOf?: ViewQuery['anyOf']) =>
        idsOf(await session.store.query('inventory', { where, anyOf, limit: 100 }))
      const those = (is: (sizeBytes: number | undefined) => boolean) =>
        sorted(
          [],
          rows.filter(({ sizeBytes }) => is(sizeBytes)),
        )
      session.expect(await find({ sizeBytes: { above: 1 } })).toEqual(those(size => size !== undefined && size > 1))
      session.expect(await find({ sizeBytes: { above: 1, below: 3 } })).toEqual(those(size => size === 2))
      session.expect(await find({ sizeBytes: { below: 1 } })).toEqual([])
      const openOr = await find({}, [{ sizeBytes: null }, { sizeBytes: { above: 2 } }])
      session.expect(openOr).toEqual(those(size => size === undefined || size > 2))
    },
  },
  {
    title: 'sorts by each column both ways, absent values first, equal ones by key',
    proof: async session => {
      await session.open()
      await fill(session)
      for (const sort of sorts) {
        const found = await session.store.query('inventory', { sort, limit: 100 })
        session.expect(idsOf(found)).toEqual(sorted(sort))
      }
    },
  },
  {
    title: 'reads every row once by pages, whatever the sorting and the size of a page',
    proof: async session => {
      await session.open()
      await fill(session)
      for (const sort of sorts)
        for (const limit of [1, 2, 5, 24, 25])
          session.expect(idsOf(await allPages(session, 'inventory', { sort, limit }))).toEqual(sorted(sort))
    },
  },
  {
    title: 'goes on behind a row that has gone meanwhile',
    proof: async session => {
      await session.open()
      await fill(session)
      const [first, second] = await session.store.query('inventory', { limit: 2 })
      const gone = { view: 'inventory', key: first!.id as string, row: undefined }
      await session.store.writeDerived({ snapshots: [], rows: [gone], watermark: 2 })
      const [next] = await session.store.query('inventory', { limit: 1, after: [first!.id as string] })
      session.expect(next).toEqual(second)
    },
  },
]
