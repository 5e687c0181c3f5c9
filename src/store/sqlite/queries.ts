/** What readers ask of a view, as SQL: equality, lists, sorting, and pages by the values of the last row. */
import type { Kysely } from 'kysely'
import type { ViewQuery } from '../store.ts'

/** Rows as stored. Column names were checked against the projection by the caller. */
// biome-ignore lint/suspicious/noExplicitAny: the table is a projection's, known only at run time
export async function runQuery(db: Kysely<any>, view: string, query: ViewQuery): Promise<Record<string, unknown>[]> {
  let select = db.selectFrom(view).selectAll()
  for (const [column, value] of Object.entries(query.where ?? {}))
    select =
      value === null
        ? select.where(column, 'is', null)
        : Array.isArray(value)
          ? select.where(column, 'in', value)
          : select.where(column, '=', value)
  const sort = query.sort ?? []
  for (const { column, direction } of sort) select = select.orderBy(column, direction)
  const after = query.after
  if (after)
    select = select.where(({ eb, or, and }) =>
      // Beyond the last row: equal in the first n columns, and further in the next one. NULL sorts before all values.
      or(
        sort.map(({ column, direction }, index) => {
          const equal = sort.slice(0, index).map((each, place) => eb(each.column, 'is', after[place] ?? null))
          const value = after[index] ?? null
          const further =
            direction === 'asc'
              ? value === null
                ? eb(column, 'is not', null)
                : eb(column, '>', value)
              : value === null
                ? eb.lit(false)
                : or([eb(column, '<', value), eb(column, 'is', null)])
          return and([...equal, further])
        }),
      ),
    )
  return select.limit(query.limit).execute()
}
