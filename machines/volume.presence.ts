/** What of a volume should be at its provider, and what a sight of it there says. */
import type { Presence } from './grammar.ts'
import { poolName } from './placement.ts'
import { diskObserved } from './sights.ts'
import type { VolumeContext } from './volume.alphabet.ts'

const isThere = (state: string) => /^(available|reverting|migrating|in-use)/.test(state)
/** Until a change is answered, its provider shows what it was or what it is to be. */
const isSteady = ({ modification, revert }: VolumeContext) => modification?.state !== 'modifying' && !revert

export const volumeObserved = diskObserved((context, state) => isThere(state) && isSteady(context))

export const volumePresence: Presence = {
  kinds: ['volume'],
  of(id, context: VolumeContext, state) {
    const { sizeBytes, zone, migration } = context
    // Until it is moved, its provider shows where it was or where it is to be.
    const pool = migration ? undefined : poolName(context.pool)
    const must = isThere(state)
    return [{ kind: 'volume', id, must, facts: must && isSteady(context) ? { sizeBytes, zone, pool } : {} }]
  },
  cleaned: 'orphanCleaned',
}
