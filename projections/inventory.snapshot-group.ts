/** What a group of snapshots shows: which snapshots of which volumes, and what came of the one call for them. */
import type { Envelope } from '../machines/grammar.ts'
import { type Attributes, defined, type KindView, overdue } from './inventory.row.ts'

interface Member {
  readonly volume: string
  readonly snapshot: string
}

export const snapshotGroupView: KindView = {
  attributes: (before, event) => overdue(changes(before, event), event),
  relations: ({ members, left, instance, schedule }) => [
    ...members
      .filter(({ snapshot }: Member) => left.includes(snapshot))
      .map(({ snapshot }: Member) => ({ role: 'snapshot', id: snapshot })),
    ...(instance ? [{ role: 'instance', id: instance }] : []),
    ...(schedule ? [{ role: 'schedule', id: schedule }] : []),
  ],
}

function changes(before: Attributes, { version, type, data, at, before: from, state }: Envelope): Attributes {
  const said = data as Attributes
  if (version === 1) {
    const { provider: _, copyTags: __, ...rest } = said
    return defined({ ...rest, left: rest.members.map(({ snapshot }: Member) => snapshot) })
  }
  switch (type) {
    case 'snapshot-group.taken':
      return from === state ? before : { ...before, completedAt: at }
    case 'snapshot-group.takeFailed':
      return from === state ? before : { ...before, reason: { code: said.code, message: said.message, at } }
    case 'snapshot-group.memberGone':
      return { ...before, left: before.left.filter((each: string) => each !== said.snapshot) }
    case 'snapshot-group.scheduled':
      return { ...before, schedule: said.schedule }
    default:
      return before
  }
}
