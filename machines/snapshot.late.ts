/**
 * News a snapshot hears and does nothing about, state by state, with the reason. Every report, deadline and word from
 * others is decided in every state: by a transition of the life, or here. A test counts what is neither.
 */
import { ignore } from './grammar.ts'
import { ended, unseen } from './sights.ts'
import type { snapshotEvents } from './snapshot.alphabet.ts'

type News = keyof typeof snapshotEvents.specs & string
const ignoring = <const K extends News>(why: string, ...names: K[]) =>
  Object.fromEntries(names.map(name => [`snapshot.${name}`, ignore(why)])) as Record<
    `snapshot.${K}`,
    ReturnType<typeof ignore>
  >

const births = ['requestedByVolume', 'requestedByImage'] as const
const made = ['progressed', 'completed', 'createFailed', 'createTimedOut'] as const
const removed = ['deleted', 'deleteFailed', 'deleteTimedOut', 'deleteRetryDue'] as const

const unowed = ignoring('nobody has given it up', 'orphanRecorded')

export const late = {
  absent: {
    ...ignoring('it never existed', 'orphanRecorded', ...made, ...removed, 'guestQuieted', 'imageGone', 'copyEnded'),
    ...unseen('snapshot'),
  },
  held: ignoring('nothing was asked for yet', 'progressed', 'completed', 'createFailed'),
  taking: ignoring('it is being taken already', 'guestQuieted'),
  pending: {
    ...unseen('snapshot'),
    ...ignoring('it is being made already', ...births),
    ...unowed,
    ...ignoring('what is not complete has no copies', 'copyEnded'),
    ...ignoring('no deletion is under way', ...removed),
  },
  completed: {
    ...ignoring('it is made already', ...births, ...made, 'guestQuieted'),
    ...unowed,
    ...ignoring('no deletion is under way', ...removed),
  },
  error: {
    ...unseen('snapshot'),
    ...ignoring('making it has failed for good', ...births, ...made, 'guestQuieted'),
    ...unowed,
    ...ignoring('what failed has no copies', 'copyEnded'),
    ...ignoring('no deletion is under way', ...removed),
  },
  waiting: ignoring('nothing was asked for yet', 'deleted', 'deleteFailed', 'deleteRetryDue'),
  asking: ignoring('the question is still open', 'deleteRetryDue'),
  retrying: ignoring('it will be asked again anyway', 'deleteFailed'),
  deleting: {
    ...unseen('snapshot'),
    ...ignoring('no image uses what is being deleted', 'imageGone'),
    ...unowed,
    ...ignoring('its copies have ended before', 'copyEnded'),
    ...ignoring('deleting took the place of what was asked before', ...births, ...made, 'guestQuieted'),
  },
  deleted: {
    ...ignoring('it is gone', ...births, ...made, ...removed, 'guestQuieted', 'imageGone', 'copyEnded'),
    ...ended('snapshot'),
  },
}
