/** Which resources should be at a provider, as the inventory has it. */
import type { ViewRow } from '../../projections/contract.ts'
import type { View } from '../runtime/listing.ts'

const PAGE = 500

/** Pages of ids, in order. None of an inventory that does not say where its resources are, as an embedder's own may not. */
export async function* knownAt(
  inventory: View<ViewRow> | undefined,
  provider: string,
  kind: string,
): AsyncGenerator<readonly string[]> {
  if (!inventory || !['id', 'kind', 'provider'].every(column => inventory.columns.includes(column))) return
  let cursor: string | undefined
  do {
    const page = await inventory.list({ where: { provider, kind }, limit: PAGE, cursor })
    yield page.items.map(({ id }) => id as string)
    cursor = page.next
  } while (cursor !== undefined)
}
