/**
 * Queries of a view over rows in memory, with the answers a store's SQL gives: NULL before numbers before texts, texts in
 * the order of their bytes, and a value compared as the column's type has it.
 */
import type { AnyProjection, ColumnType, ViewRow } from '../../../projections/contract.ts'
import { canonical } from '../../store/canonical.ts'
import type { Condition, Range, ViewQuery } from '../../store/store.ts'

type Value = string | number | null

/** The row as a store gives it back: columns in their order, without those that are null, and JSON by its canonical text. */
export function asStored({ columns }: AnyProjection, row: ViewRow): ViewRow {
  const stored: ViewRow = {}
  for (const column in columns) {
    const value = row[column]
    if (value === undefined || value === null) continue
    stored[column] = columns[column] === 'json' ? JSON.parse(canonical(value)) : typed(columns[column]!, value)
  }
  return stored
}

/** The rows that match, sorted, at most `limit`. */
export function select(projection: AnyProjection, rows: Iterable<ViewRow>, query: ViewQuery): ViewRow[] {
  const { columns, key } = projection
  const { where = {}, anyOf = [], sort: given = [], after, limit } = query
  const isKeyed = given.some(({ column }) => column === key)
  const sort = isKeyed ? given : [...given, { column: key, direction: 'asc' as const }]
  const tests = testOf(columns, where)
  const others = anyOf.map(each => testOf(columns, each))
  const signs = sort.map(({ direction }) => (direction === 'asc' ? 1 : -1))
  const cells = (row: ViewRow) => sort.map(({ column }) => cellOf(columns, row, column))
  const compare = (a: readonly Value[], b: readonly Value[]): number => {
    for (const [place, sign] of signs.entries()) {
      const order = ordered(a[place]!, b[place]!) * sign
      if (order !== 0) return order
    }
    return 0
  }
  const found = new Smallest(limit, compare)
  for (const row of rows) {
    if (!tests(row) || (others.length > 0 && !others.some(test => test(row)))) continue
    const place = cells(row)
    if (!after || compare(place, after) > 0) found.add(place, row)
  }
  return found.rows().map(row => asStored(projection, row))
}

type Place = readonly Value[]

/** The first rows of an order, of however many there are: those beyond the limit are dropped as they come. */
class Smallest {
  readonly #limit: number
  readonly #compare: (a: Place, b: Place) => number
  #kept: { readonly place: Place; readonly row: ViewRow }[] = []

  constructor(limit: number, compare: (a: Place, b: Place) => number) {
    this.#limit = limit
    this.#compare = compare
  }

  add(place: Place, row: ViewRow): void {
    this.#kept.push({ place, row })
    if (this.#kept.length >= 2 * this.#limit + 1_000) this.#cut()
  }

  rows(): ViewRow[] {
    this.#cut()
    return this.#kept.map(({ row }) => row)
  }

  #cut(): void {
    this.#kept = this.#kept.sort((a, b) => this.#compare(a.place, b.place)).slice(0, this.#limit)
  }
}

type Columns = AnyProjection['columns']

const cellOf = (columns: Columns, row: ViewRow, column: string): Value =>
  row[column] === undefined || row[column] === null ? null : typed(columns[column]!, row[column])

function testOf(columns: Columns, condition: Condition): (row: ViewRow) => boolean {
  const tests = Object.entries(condition).map(([column, wanted]) => {
    const type = columns[column]!
    const read = (row: ViewRow) => cellOf(columns, row, column)
    if (Array.isArray(wanted)) {
      const any = new Set<Value>(wanted.map(each => typed(type, each)))
      return (row: ViewRow) => any.has(read(row))
    }
    if (typeof wanted !== 'object' || wanted === null) {
      const value = wanted === null ? null : typed(type, wanted)
      return (row: ViewRow) => read(row) === value
    }
    const { above, below } = wanted as Range
    return (row: ViewRow) => {
      const value = read(row)
      if (value === null) return false
      if (above !== undefined && ordered(value, typed(type, above)) <= 0) return false
      return below === undefined || ordered(value, typed(type, below)) < 0
    }
  })
  return row => tests.every(test => test(row))
}

/** A text column holds texts, those of numbers as SQLite writes them, and a column of numbers a number wherever a text is one. */
function typed(type: ColumnType, value: string | number): string | number {
  if (type === 'text') return typeof value === 'number' ? asReal(value) : value
  if (typeof value === 'number' || !/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value)) return value
  return Number(value)
}

const asReal = (value: number) => (Number.isInteger(value) ? `${value}.0` : String(value))

function ordered(a: Value, b: Value): number {
  if (a === b) return 0
  const [left, right] = [rankOf(a), rankOf(b)]
  if (left !== right) return left - right
  if (typeof a === 'string') return byBytes(a, b as string)
  return (a as number) < (b as number) ? -1 : 1
}
const rankOf = (value: Value) => (value === null ? 0 : typeof value === 'number' ? 1 : 2)

/** The order of UTF-8: the one of JavaScript, but that pairs of surrogates come last. */
function byBytes(a: string, b: string): number {
  const end = Math.min(a.length, b.length)
  for (let place = 0; place < end; place += 1) {
    const [left, right] = [a.charCodeAt(place), b.charCodeAt(place)]
    if (left !== right) return moved(left) - moved(right)
  }
  return a.length - b.length
}
const moved = (unit: number) => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)
