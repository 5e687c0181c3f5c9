/** What of a VM snapshot should be at its provider, and what a sight of it there says. */
import type { Observed, Presence } from './grammar.ts'
import type { VmSnapshotContext } from './vm-snapshot.alphabet.ts'

const isThere = (state: string) => state === 'ready' || state === 'hidden'

export const vmSnapshotObserved: Observed = ({ exists }, { impaired }: VmSnapshotContext, state) => {
  if (state !== 'ready' || exists === 'unknown') return undefined
  if (exists === 'no') return impaired ? undefined : { event: 'vanished', data: {} }
  return impaired ? { event: 'reappeared', data: {} } : undefined
}
export const vmSnapshotPresence: Presence = {
  kinds: ['vmSnapshot'],
  of: (id, _: VmSnapshotContext, state) => [{ kind: 'vmSnapshot', id, must: isThere(state), facts: {} }],
  cleaned: 'orphanCleaned',
}
