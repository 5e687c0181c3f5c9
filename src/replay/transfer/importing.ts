/** Bringing an export into an empty store: the same events at the same positions, with the same digests. */

import type { Catalogue } from '../../runtime/catalogue.ts'
import { unseal } from '../../runtime/envelope.ts'
import { askToken, dueTime } from '../../runtime/snapshot.ts'
import type { AskRow, Commit, Store, StoredEvent, TimerRow } from '../../store/store.ts'

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
  const asks = new Map<string, AskRow>()
  const timers = new Map<string, TimerRow>()
  for (const stored of events) {
    const { resource, version, type, wants = [], answers, dueAt, at, position, correlation } = unseal(stored)
    catalogue.ofEvent(type)
    if (answers !== undefined) asks.delete(answers)
    if (dueAt !== undefined) timers.delete(`${resource} ${type}`)
    let index = 0
    for (const want of wants) {
      if (want.want === 'disarm') timers.delete(`${resource} ${want.event}`)
      else if (want.want === 'arm')
        timers.set(`${resource} ${want.event}`, {
          ...{ resource, event: want.event, dueAt: dueTime(want, at), position, correlation },
        })
      else if (want.want === 'ask') {
        const { verb, provider, args, answers: named, supersedes = false } = want
        const token = askToken(resource, version, index)
        if (supersedes) for (const ask of asks.values()) if (ask.resource === resource) asks.delete(ask.token)
        const row = { token, resource, verb, provider, args: JSON.stringify(args), ...named, supersedes }
        asks.set(token, { ...row, position, correlation, attempts: 0, dueAt: at })
        index += 1
      }
    }
  }
  return { asksOpened: [...asks.values()], timersArmed: [...timers.values()] }
}
