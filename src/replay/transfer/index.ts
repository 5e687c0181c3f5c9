/** Histories that travel: exports, imports, and what is made of them. */

import { Catalogue } from '../../runtime/catalogue.ts'
import type { KindMap } from '../../runtime/client.ts'
import type { Hash } from '../../runtime/envelope.ts'
import type { Store, StoredEvent } from '../../store/store.ts'
import { anonymize } from './anonymize.ts'
import { ExportWriter, type Scope } from './format.ts'
import { importEvents } from './importing.ts'
import type { ReadExport } from './reading.ts'

export { type ExportAsked, exportLines } from './exporting.ts'
export type { Footer, Header, Scope } from './format.ts'
export { ExportInvalid, type ReadExport, readExport } from './reading.ts'
export { type ReproduceOptions, reproduction } from './reproduce.ts'

const catalogueOf = (kinds: KindMap) => new Catalogue(Object.values(kinds))

/**
 * Writes the events of an export into an empty store that is open: the same positions, the same digests. What was open at
 * its end is open again. Throws RangeError for a store that has events, BrokenRule for kinds that are not known.
 */
export const importExport = (store: Store, { events }: Pick<ReadExport, 'events'>, kinds: KindMap): Promise<void> =>
  importEvents(store, events, catalogueOf(kinds))

/** The lines of the same export without names: the same by the same everywhere. Whoever knows the salt can try names. */
export function* anonymized(
  { header, events }: Pick<ReadExport, 'header' | 'events'>,
  { kinds, hash, salt }: { kinds: KindMap; hash: Hash; salt: string },
): Generator<string> {
  const told: StoredEvent[] = anonymize(events, { catalogue: catalogueOf(kinds), hash, salt })
  // A resource or an account that the scope names is one of those that were replaced.
  const { of } = header.scope
  const scope: Scope = of === 'all' ? header.scope : { of: 'all' }
  const without = header.without?.map((_, index) => `archive-${index + 1}`)
  const writer = new ExportWriter({ scope, anonymized: true, without }, hash)
  yield writer.head
  for (const event of told) yield writer.event(event)
  yield writer.end()
}
