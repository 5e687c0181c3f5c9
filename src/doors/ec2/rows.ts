/** Rows of the inventory, as the caller of an action may see them. */
import type { InventoryRow } from '../../../projections/index.ts'
import { Refused } from '../../index.ts'
import type { Call } from './action.ts'

export type { InventoryRow }

const PAGE = 1_000

type Where = Readonly<Record<string, string | readonly string[]>>

/** Every row of a kind in the account and region of the call, with what everybody may see; in order of id. */
export async function rows(call: Pick<Call, 'session'>, kind: string, where: Where = {}): Promise<InventoryRow[]> {
  const all: InventoryRow[] = []
  let cursor: string | undefined
  do {
    const page: { items: readonly unknown[]; next: string | undefined } = await call.session.list(kind, {
      where,
      limit: PAGE,
      cursor,
    } as never)
    all.push(...(page.items as InventoryRow[]))
    cursor = page.next
  } while (cursor !== undefined)
  return all
}

/** The same, without what belongs to others. */
export const ownRows = (
  call: Pick<Call, 'session' | 'account'>,
  kind: string,
  where: Where = {},
): Promise<InventoryRow[]> => rows(call, kind, { ...where, account: call.account })

/** One row; undefined if there is none that the caller may see. */
export async function row(call: Pick<Call, 'session'>, kind: string, id: string): Promise<InventoryRow | undefined> {
  try {
    const found = (await call.session.get(id)) as unknown as InventoryRow
    return found.kind === kind ? found : undefined
  } catch (error) {
    if (error instanceof Refused && error.code === 'notFound') return undefined
    throw error
  }
}

/** Rows by id, each once, in the order of the request; and the ids of which there is none. */
export async function rowsById(
  call: Pick<Call, 'session'>,
  kind: string,
  ids: readonly string[],
): Promise<{ found: InventoryRow[]; absent: string[] }> {
  const wanted = [...new Set(ids)]
  const known = wanted.length > 1 ? await rowsAmong(call, kind, wanted) : new Map<string, InventoryRow>()
  const found: InventoryRow[] = []
  const absent: string[] = []
  for (const id of wanted) {
    const each = known.get(id) ?? (wanted.length === 1 || shared.has(kind) ? await row(call, kind, id) : undefined)
    if (each) found.push(each)
    else absent.push(id)
  }
  return { found, absent }
}
/** Kinds that some accounts see and others do not: lists show nobody's but the caller's and what is public. */
const shared: ReadonlySet<string> = new Set(['image'])

/**
 * Rows by id, a thousand with each query, without what others share with the caller; those of which there is none are
 * missing from the answer.
 */
export async function rowsAmong(
  call: Pick<Call, 'session'>,
  kind: string,
  ids: readonly string[],
): Promise<Map<string, InventoryRow>> {
  const wanted = [...new Set(ids)]
  const found = new Map<string, InventoryRow>()
  for (let from = 0; from < wanted.length; from += PAGE)
    for (const each of await rows(call, kind, { id: wanted.slice(from, from + PAGE) })) found.set(each.id, each)
  return found
}
