/** What of a volume should be at its provider, and what a sight of it there says. */
import type { Presence } from './grammar.ts'
import { diskObserved } from './sights.ts'
import type { VolumeContext } from './volume.alphabet.ts'

const isThere = (state: string) => state === 'available' || state === 'reverting' || state.startsWith('in-use')
/** Until a change is answered, its provider shows what it was or what it is to be. */
const isSteady = ({ modification, revert }: VolumeContext) => modification?.state !== 'modifying' && !revert

export const volumeObserved = diskObserved((context, state) => isThere(state) && isSteady(context))

export const volumePresence: Presence = {
  kinds: ['volume'],
  of(id, context: VolumeContext, state) {
    const { sizeBytes, zone } = context
    const must = isThere(state)
    return [{ kind: 'volume', id, must, facts: must && isSteady(context) ? { sizeBytes, zone } : {} }]
  },
  cleaned: 'orphanCleaned',
}
