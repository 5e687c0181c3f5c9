/**
 * Volumes of a stopped instance that are being taken back to a snapshot: until that is over it is not started. Where it
 * runs all the same, because somebody started it at its provider, the call says what came of it.
 */
import { ignore, needs } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'

type Change = Partial<InstanceContext>

const named = ({ event }: Now) => (event as Named<'revertProposed' | 'revertEnded'>).data.volume

export const revertRequirements = { notReverting: ({ context }: Now) => context.reverting === undefined }
export const revertChoices = { revertingIt: (now: Now) => now.context.reverting?.includes(named(now)) === true }
export const revertChanges = {
  revertBegun: (now: Now): Change => ({ reverting: [...(now.context.reverting ?? []), named(now)] }),
  revertEnded: (now: Now): Change => {
    const rest = now.context.reverting?.filter(each => each !== named(now)) ?? []
    return { reverting: rest.length ? rest : undefined }
  },
}

/** Of one that is stopped. */
export const revertible = {
  'instance.revertProposed': { guard: needs('stopConfirmed'), actions: 'revertBegun' },
} as const
export const forgettingReverts = {
  'instance.revertEnded': [
    { guard: 'revertingIt', actions: 'revertEnded' },
    ignore('no such volume of it is being taken back'),
  ],
} as const
