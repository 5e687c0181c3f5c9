/**
 * A snapshot that is taken with others at one moment: its group asks for all of them with one call, and tells each what
 * came of it, so that there are all or none. Once it is complete it is a snapshot like any other.
 */
import { ignore, type StateMeta, type Tell } from './grammar.ts'
import type { SnapshotEventNamed as Named, Now, SnapshotContext } from './snapshot.alphabet.ts'

type Change = Partial<SnapshotContext>

export const groupChanges = {
  requestedByGroup: ({ event }: Now): Change => ({ ...(event as Named<'requestedByGroup'>).data }),
}

/** What counts the members of a group hears that there is one less. */
export const leaveGroup = ({ context: { group }, event: { resource: snapshot } }: Now): Tell[] =>
  group ? [{ resource: group, event: 'snapshot-group.memberGone', data: { snapshot } }] : []

const withOthers = ignore('its group asks for it, and hears what came of it')
/** Within `pending`. */
export const grouped = {
  tags: 'working',
  meta: { awaits: (context: SnapshotContext) => [context.group!] } satisfies StateMeta,
  on: {
    'snapshot.progressed': withOthers,
    'snapshot.completed': withOthers,
    'snapshot.createFailed': withOthers,
  },
} as const
