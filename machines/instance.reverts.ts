/**
 * Volumes of a stopped instance that are being taken back to a snapshot: until that is over it is not started. Where it
 * runs all the same, because somebody started it at its provider, the call says what came of it.
 */
import { ignore, needs } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'
import { forgettingMigrations } from './instance.migrations.ts'

type Change = Partial<InstanceContext>

const named = ({ event }: Now) => (event as Named<'revertProposed' | 'revertEnded'>).data.volume

export const revertRequirements = { notReverting: ({ context }: Now) => context.volumesReverting === undefined }
export const revertChoices = { revertingIt: (now: Now) => now.context.volumesReverting?.includes(named(now)) === true }
export const revertChanges = {
  volumeRevertBegun: (now: Now): Change => ({
    volumesReverting: [...(now.context.volumesReverting ?? []), named(now)],
  }),
  volumeRevertEnded: (now: Now): Change => {
    const rest = now.context.volumesReverting?.filter(each => each !== named(now)) ?? []
    return { volumesReverting: rest.length ? rest : undefined }
  },
}

/** Of one that is stopped. */
export const revertible = {
  'instance.revertProposed': { guard: needs('stopConfirmed', 'noVmSnapshots'), actions: 'volumeRevertBegun' },
} as const
export const forgettingReverts = {
  'instance.revertEnded': [
    { guard: 'revertingIt', actions: 'volumeRevertEnded' },
    ignore('no such volume of it is being taken back'),
  ],
  ...forgettingMigrations,
} as const
