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
  const found: InventoryRow[] = []
  const absent: string[] = []
  for (const id of new Set(ids)) {
    const each = await row(call, kind, id)
    if (each) found.push(each)
    else absent.push(id)
  }
  return { found, absent }
}
