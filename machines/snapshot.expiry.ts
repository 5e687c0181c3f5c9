/** The end of a snapshot that its schedule or its group orders: one that an image uses stays. */
import { ignore, needs } from './grammar.ts'
import type { Now } from './snapshot.alphabet.ts'

export const expiryChoices = { unusedYet: ({ context }: Now) => context.images.length === 0 }

const inUse = ignore('an image uses it')
/** Of one that is there. Its group may also propose its end, which an image refuses. */
export const expiring = {
  'snapshot.expired': [
    { guard: 'onlyRead', target: '#deleting.waiting' },
    { guard: 'unusedYet', target: '#deleting' },
    inUse,
  ],
} as const
/** Of one that is still being made. */
export const expiringUnmade = {
  'snapshot.expired': [{ guard: 'unusedYet', actions: 'condemned' }, inUse],
} as const
/** Its owner's wish, or that of its group. */
export const deletable = {
  'snapshot.deleteRequested': [
    { guard: 'onlyRead', target: '#deleting.waiting' },
    { guard: needs('unused'), target: '#deleting' },
  ],
  'snapshot.deleteProposed': [
    { guard: 'onlyRead', target: '#deleting.waiting' },
    { guard: needs('unused'), target: '#deleting' },
  ],
} as const
