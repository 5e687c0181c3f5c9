/** What of a snapshot should be at its provider, and what a sight of it there says. */
import type { Presence } from './grammar.ts'
import { diskObserved } from './sights.ts'
import type { SnapshotContext } from './snapshot.alphabet.ts'

const isThere = (state: string) => state === 'completed'

export const snapshotObserved = diskObserved((_, state) => isThere(state))

export const snapshotPresence: Presence = {
  kinds: ['volumeSnapshot'],
  of(id, { sizeBytes }: SnapshotContext, state) {
    const must = isThere(state)
    return [{ kind: 'volumeSnapshot', id, must, facts: must ? { sizeBytes } : {} }]
  },
  cleaned: 'orphanCleaned',
}
