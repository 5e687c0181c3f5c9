/** What readers ask of a view, as SQL: equality, lists, sorting, and pages by the values of the last row. */
import { type CompiledQuery, expressionBuilder, type Kysely } from 'kysely'
import type { Projection } from '../../../projections/contract.ts'
import { type Condition, type Range, StoreError, type ViewQuery } from '../store.ts'

/** Compiles a query of a view. Throws StoreError failed for a column that the view does not have. */
// biome-ignore lint/suspicious/noExplicitAny: the table is a projection's, known only at run time
export function compileQuery(db: Kysely<any>, { name, key, columns }: Projection, query: ViewQuery): CompiledQuery {
  const { where = {}, anyOf = [], after, limit } = query
  const given = query.sort ?? []
  // The key comes last, so that no two rows are equal and a page has one place to go on from.
  const sort = given.some(({ column }) => column === key)
    ? given
    : [...given, { column: key, direction: 'asc' as const }]
  for (const column of [...[where, ...anyOf].flatMap(Object.keys), ...sort.map(({ column }) => column)])
    if (!Object.hasOwn(columns, column)) throw new StoreError('failed', `view '${name}' has no column '${column}'`)

  let select = db.selectFrom(name).select(Object.keys(columns))
  select = select.where(({ and }) => and(conditions(where)))
  if (anyOf.length) select = select.where(({ or, and }) => or(anyOf.map(each => and(conditions(each)))))
  for (const { column, direction } of sort) select = select.orderBy(column, direction)
  if (after)
    select = select.where(({ eb, or, and, lit }) =>
      // Beyond the last row: equal in the first columns, and further in the next one. NULL sorts before all values.
      or(
        sort.map(({ column, direction }, place) => {
          const equal = sort.slice(0, place).map((each, index) => eb(each.column, 'is', after[index] ?? null))
          const value = after[place] ?? null
          if (value === null) return and([...equal, direction === 'asc' ? eb(column, 'is not', null) : lit(false)])
          const further =
            direction === 'asc' ? eb(column, '>', value) : or([eb(column, '<', value), eb(column, 'is', null)])
          return and([...equal, further])
        }),
      ),
    )
  return select.limit(limit).compile()
}

const conditions = (condition: Condition) => {
  // biome-ignore lint/suspicious/noExplicitAny: the table is a projection's, known only at run time
  const build = expressionBuilder<any, any>()
  return Object.entries(condition).flatMap(([column, value]) => {
    if (Array.isArray(value)) return build(column, 'in', value)
    if (typeof value !== 'object' || value === null) return build(column, 'is', value as string | number | null)
    const { above, below } = value as Range
    return [
      ...(above === undefined ? [] : [build(column, '>', above)]),
      ...(below === undefined ? [] : [build(column, '<', below)]),
    ]
  })
}
