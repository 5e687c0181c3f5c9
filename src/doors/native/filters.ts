/** Lists: filters as text in a query, and whose resources they may find. */
import { InvalidRequest, type Listing, type ResourceRow } from '../../index.ts'
import type { AnySession } from './engine.ts'

type Value = string | number
type Columns = Readonly<Record<string, 'text' | 'integer' | 'real' | 'json'>>

export interface ListAsked {
  /** Column to value, or to the values any of which it may have; as text. */
  readonly where: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Columns separated by commas, `-` before one for descending. */
  readonly sort?: string
  readonly limit?: number
  readonly cursor?: string
}

/** Columns that lists filter by: the kind is given already, and JSON has no order. */
export const filterable = (columns: Columns): string[] =>
  Object.keys(columns).filter(each => each !== 'kind' && columns[each] !== 'json')

/** A page of the resources of one kind that this session may list. Throws InvalidRequest naming the field. */
export async function listResources(
  session: AnySession,
  kind: string,
  { where, sort, limit, cursor }: ListAsked,
  columns: Columns,
): Promise<Listing<ResourceRow>> {
  const given = Object.entries(where).filter(([, value]) => value !== undefined)
  const filter = Object.fromEntries(given.map(([column, value]) => [column, valuesOf(column, value, columns)]))
  if (!reaches(session.principal, filter.account)) return { items: [], next: undefined }
  return session.list(kind, { where: filter, sort: sort?.split(',') as never, limit, cursor })
}

function valuesOf(column: string, value: unknown, columns: Columns): Value | Value[] {
  const known = filterable(columns)
  if (!known.includes(column))
    throw new InvalidRequest(
      'invalidInput',
      column,
      `${column}: there is no such column; filter by ${known.join(', ')}.`,
    )
  const type = columns[column]!
  return Array.isArray(value) ? value.map(each => typed(column, type, each)) : typed(column, type, value)
}

function typed(column: string, type: string, value: unknown): Value {
  const text = String(value)
  if (type === 'text') return text
  const number = /^-?\d{1,16}(\.\d{1,16})?$/.test(text) ? Number(text) : Number.NaN
  if (type === 'integer' ? Number.isSafeInteger(number) : Number.isFinite(number)) return number
  const what = type === 'integer' ? 'a whole number' : 'a number'
  throw new InvalidRequest('invalidInput', column, `${column}: is ${what}.`)
}

/** Whether a filter by account leaves this principal anything; the session narrows the rest to what is its own. */
function reaches({ authority, account }: AnySession['principal'], asked: Value | Value[] | undefined): boolean {
  if (asked === undefined || authority === 'operator' || authority === 'engine') return true
  return Array.isArray(asked) ? asked.includes(account) : asked === account
}
