/** Reading views: typed filters, sorting, and pages that neither skip nor repeat. Always behind the barrier. */
import type { AnyProjection, Projection, RowOf, ViewRow } from '../../projections/contract.ts'
import type { Range, Store, ViewQuery } from '../store/store.ts'
import { InvalidRequest } from './refusal.ts'

export type ViewMap = Readonly<Record<string, AnyProjection>>
type Sortable = string | number | null
type Filter<Row> = { readonly [C in keyof Row]?: Sortable | readonly (string | number)[] | Range }

export interface ListQuery<Row> {
  /** Columns and the value each must have, any of a list of values, or a range `{ above?, below? }` it must be in. */
  readonly where?: Filter<Row>
  /** Besides `where`, at least one of these must hold. */
  readonly anyOf?: readonly Filter<Row>[]
  /** Column names, `-` before one for descending. The key comes last by itself. */
  readonly sort?: readonly (`-${keyof Row & string}` | (keyof Row & string))[]
  /** 1 to 1000; default 100. */
  readonly limit?: number
  /** `next` of the page before. It belongs to one query: with other filters or sorting it is refused. */
  readonly cursor?: string
}
export interface Listing<Row> {
  readonly items: readonly Row[]
  /** Cursor of the next page; undefined when this is the last. */
  readonly next: string | undefined
}

/** One view, as its readers see it. */
export interface View<Row> {
  readonly columns: readonly (keyof Row & string)[]
  get(key: string): Promise<Row | undefined>
  /** Throws InvalidRequest for an unknown column, a limit out of range, or a cursor of another query. */
  list(query?: ListQuery<Row>): Promise<Listing<Row>>
  /** Every row of a query, in large pages. Throws InvalidRequest for an unknown column, when it begins. */
  all(query?: Omit<ListQuery<Row>, 'limit' | 'cursor'>): AsyncGenerator<Row>
}
export type ViewsOf<P extends ViewMap> = { readonly [N in keyof P]: View<RowOf<P[N]>> }

const LIMIT_MAX = 1_000
const PAGE = 10_000

export function viewOf<Row extends ViewRow>(
  projection: Projection<string, Row>,
  store: Pick<Store, 'rows' | 'query'>,
  reading: <T>(work: () => Promise<T>) => Promise<T>,
): View<Row> {
  const { name } = projection
  return {
    columns: Object.keys(projection.columns),
    async get(key) {
      const rows = await reading(() => store.rows(name, [key]))
      return rows.get(key) as Row | undefined
    },
    async list(query = {}) {
      const asked = toViewQuery(projection, query as AnyQuery)
      const rows = (await reading(() => store.query(name, { ...asked, limit: asked.limit + 1 }))) as Row[]
      const items = rows.slice(0, asked.limit)
      const last = rows.length > asked.limit ? items.at(-1) : undefined
      return { items, next: last && cursorOf(query as AnyQuery, asked.sort ?? [], last) }
    },
    async *all(query = {}) {
      const { sort = [], ...asked } = toViewQuery(projection, query as AnyQuery)
      for (let after: Sortable[] | undefined; ; ) {
        const from = after
        const page = () => store.query(name, { ...asked, sort, limit: PAGE, after: from })
        const rows = (await reading(page)) as Row[]
        yield* rows
        if (rows.length < PAGE) return
        after = sort.map(({ column }) => rows.at(-1)![column] ?? null)
      }
    },
  }
}

type AnyQuery = ListQuery<ViewRow>

function toViewQuery(projection: AnyProjection, query: AnyQuery): ViewQuery {
  const { limit = 100, where = {}, anyOf = [], cursor } = query
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw new InvalidRequest('invalidInput', 'limit', `limit is an integer from 1 to ${LIMIT_MAX}.`)
  for (const filter of [where, ...anyOf]) checkFilter(projection, filter)
  const sort = listOfNames(query.sort ?? []).map(each => {
    const column = each.startsWith('-') ? each.slice(1) : each
    checkColumn(projection, column, 'sort')
    return { column, direction: each.startsWith('-') ? ('desc' as const) : ('asc' as const) }
  })
  const isKeyed = sort.some(({ column }) => column === projection.key)
  const full = isKeyed ? sort : [...sort, { column: projection.key, direction: 'asc' as const }]
  return {
    where: where as ViewQuery['where'],
    anyOf: anyOf as ViewQuery['anyOf'],
    sort: full,
    limit,
    after: cursor === undefined ? undefined : afterOf(query, full.length, cursor),
  }
}

function checkColumn({ name, columns }: AnyProjection, column: string, field: string): void {
  if (Object.hasOwn(columns, column) && columns[column] !== 'json') return
  const known = Object.keys(columns).filter(each => columns[each] !== 'json')
  throw new InvalidRequest(
    'invalidInput',
    field,
    `${name} has no column '${column}' to filter or sort by; it has ${known.join(', ')}.`,
  )
}

function checkFilter(projection: AnyProjection, filter: unknown): void {
  if (typeof filter !== 'object' || filter === null)
    throw new InvalidRequest('invalidInput', 'where', 'A filter is an object of columns and values.')
  for (const [column, value] of Object.entries(filter)) {
    checkColumn(projection, column, 'where')
    if ((Array.isArray(value) ? value : [value]).every(isSortable) || isRange(value)) continue
    const sentence = `${projection.name}: a value of '${column}' is a text, a number or null, a list of them, or a range { above, below }.`
    throw new InvalidRequest('invalidInput', 'where', sentence)
  }
}

function listOfNames(sort: unknown): readonly string[] {
  if (Array.isArray(sort) && sort.every(each => typeof each === 'string')) return sort
  throw new InvalidRequest(
    'invalidInput',
    'sort',
    "sort is a list of column names, with '-' before one for descending.",
  )
}

// A cursor is the query it belongs to and the values of the last row: readable, and worthless for anything else.
const shapeOf = ({ where, anyOf, sort }: AnyQuery) => JSON.stringify([where ?? {}, anyOf ?? [], sort ?? []])

function cursorOf(query: AnyQuery, sort: readonly { column: string }[], row: ViewRow): string {
  const values = sort.map(({ column }) => row[column] ?? null)
  return btoa(encodeURIComponent(JSON.stringify([shapeOf(query), values])))
}

function isRange(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const bounds = Object.entries(value)
  return bounds.length > 0 && bounds.every(([name, at]) => isBound(name) && at !== null && isSortable(at))
}
const isBound = (name: string) => name === 'above' || name === 'below'
const isSortable = (value: unknown) => value === null || typeof value === 'string' || Number.isFinite(value)

function afterOf(query: AnyQuery, columnCount: number, cursor: string): Sortable[] {
  try {
    const [shape, values] = JSON.parse(decodeURIComponent(atob(cursor))) as [string, Sortable[]]
    const isWhole = Array.isArray(values) && values.length === columnCount && values.every(isSortable)
    if (shape === shapeOf(query) && isWhole) return values
  } catch {
    // Falls through: whatever it is, it is no cursor of ours.
  }
  throw new InvalidRequest('invalidInput', 'cursor', 'The cursor does not belong to this query; begin without one.')
}
