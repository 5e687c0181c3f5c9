/** Bringing an export into an empty store: the same events at the same positions, with the same digests. */

import type { Catalogue } from '../../runtime/catalogue.ts'
import { unseal } from '../../runtime/envelope.ts'
import type { Commit, Store, StoredEvent } from '../../store/store.ts'
import { OpenWork } from '../open-work.ts'

const BATCH = 1_000
const empty = {
  ...{ asksOpened: [], asksClosed: [], asksUpdated: [], timersArmed: [], timersDisarmed: [], tokens: [], claims: [] },
  // Views are folded from the first event when an engine opens the store.
  claimedViews: [],
} satisfies Omit<Commit, 'events'>

/**
 * Writes the events of an export. What was open at its end is open again: asks will be called, and timers fire, once an
 * engine opens the store. Throws RangeError for a store that has events, and BrokenRule for kinds that are not known.
 */
export async function importEvents(store: Store, events: readonly StoredEvent[], catalogue: Catalogue): Promise<void> {
  if ((await store.log(0, 1)).length > 0)
    throw new RangeError('this store has events already; import into an empty one')
  const open = openAfter(events, catalogue)
  for (let from = 0; from < events.length; from += BATCH) {
    const batch = events.slice(from, from + BATCH)
    const isLast = from + BATCH >= events.length
    await store.commit({ ...empty, events: batch, ...(isLast && open) })
  }
}

/** Asks that have no answer, and timers that are armed. */
function openAfter(events: readonly StoredEvent[], catalogue: Catalogue): Pick<Commit, 'asksOpened' | 'timersArmed'> {
  const open = new OpenWork()
  for (const stored of events) {
    const event = unseal(stored)
    catalogue.ofEvent(event.type)
    open.apply(event)
  }
  return { asksOpened: open.asks(), timersArmed: open.timers() }
}
