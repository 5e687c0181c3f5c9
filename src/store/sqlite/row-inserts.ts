/**
 * Rows that are written whole, many at once, in no particular order. Columns that a row does not have are not bound: a third of all values are
 * nothing, and handing one over costs SQLite and Node more than keeping it.
 */
import type Database from 'better-sqlite3'
import type { Kysely } from 'kysely'
import type { Projection, ViewRow } from '../../../projections/contract.ts'
import type { Tables } from './schema/tables.ts'
import { type Column, columnsOf, overwriting, storedValue, type Value } from './view-rows.ts'
import { REVISION } from './view-schema.ts'

/** Rows of one statement. */
const MANY = 8
/** Sets of columns that have a statement of their own; rows of further ones are written with all columns. */
const SHAPES_MAX = 64

type Statement = Database.Statement<Value[][], unknown>

/** Rows that have the same columns. */
interface Shape {
  readonly columns: readonly Column[]
  readonly one: Statement
  readonly many: Statement
  readonly values: Value[]
  readonly width: number
}

/** In the place of the bits: all columns. */
const ALL = -1
/** A bit for each column that a row may lack: as many as a number has. */
const BITS = Array.from({ length: 52 }, (_, place) => 2 ** place)

export class RowInserts {
  // biome-ignore lint/suspicious/noExplicitAny: the table is a projection's, known only at run time
  readonly #kysely: Kysely<any>
  readonly #database: Database.Database
  readonly #view: Projection
  readonly #table: { readonly name: string; readonly hasKey: boolean }
  readonly #columns: readonly Column[]
  /** By the bits of the columns that they have. */
  readonly #shapes = new Map<number, Shape>()

  /** @param table has the view's columns; if it has no key, each row may come once only */
  constructor(
    kysely: Kysely<Tables>,
    database: Database.Database,
    view: Projection,
    table: { readonly name: string; readonly hasKey: boolean },
  ) {
    this.#kysely = kysely
    this.#database = database
    this.#view = view
    this.#table = table
    this.#columns = columnsOf(view)
  }

  /**
   * Writes it with the next ones, or when they are flushed. Throws StoreError failed for what SQLite has no value for.
   * @param watermark the revision of a claimed view's row
   */
  add(row: ViewRow, watermark: number): void {
    const shape = this.#shapeOf(row)
    const { columns, values } = shape
    for (let place = 0; place < columns.length; place += 1) values.push(storedValue(this.#view, columns[place]!, row))
    if (this.#view.consistency === 'claimed') values.push(watermark)
    if (values.length < MANY * shape.width) return
    shape.many.run(values)
    values.length = 0
  }

  /** Writes what is left. */
  flush(): void {
    for (const { one, values, width } of this.#shapes.values()) {
      for (let from = 0; from < values.length; from += width) one.run(values.slice(from, from + width))
      values.length = 0
    }
  }

  #shapeOf(row: ViewRow): Shape {
    const columns = this.#columns
    let bits = 0
    for (let place = 0; place < columns.length && place < BITS.length; place += 1) {
      const value = row[columns[place]!.name]
      if (value !== undefined && value !== null) bits += BITS[place]!
    }
    const known = this.#shapes.get(bits)
    if (known) return known
    const isOneTooMany = this.#shapes.size >= SHAPES_MAX
    return (isOneTooMany ? this.#shapes.get(ALL) : undefined) ?? this.#make(isOneTooMany ? ALL : bits)
  }

  #make(bits: number): Shape {
    const has = (place: number) => bits === ALL || !(place < BITS.length) || Math.floor(bits / BITS[place]!) % 2 === 1
    const columns = this.#columns.filter((_, place) => has(place))
    const names = columns.map(({ name }) => name)
    if (this.#view.consistency === 'claimed') names.push(REVISION)
    const blank = Object.fromEntries(names.map(name => [name, '']))
    const insert = (count: number): Statement => {
      const plain = this.#kysely.insertInto(this.#table.name).values(Array(count).fill(blank))
      const query = this.#table.hasKey ? overwriting(plain, this.#view) : plain
      return this.#database.prepare<Value[][]>(query.compile().sql)
    }
    const shape: Shape = { columns, one: insert(1), many: insert(MANY), values: [], width: names.length }
    this.#shapes.set(bits, shape)
    return shape
  }
}
