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

const births = ['requestedByVolume', 'requestedByImage', 'requestedByGroup'] as const
const unread = ['copyEnded', 'revertEnded'] as const
const answers = ['completed', 'createFailed', 'groupTaken', 'groupFailed'] as const
const made = ['progressed', ...answers, 'createTimedOut'] as const
const removed = ['deleted', 'deleteFailed', 'deleteTimedOut', 'deleteRetryDue'] as const

const unowed = ignoring('nobody has given it up', 'orphanRecorded')

export const late = {
  absent: {
    ...ignoring(
      'it never existed',
      'orphanRecorded',
      ...made,
      ...removed,
      'guestQuieted',
      'imageGone',
      ...unread,
      'scheduled',
      'expired',
    ),
    ...unseen('snapshot'),
  },
  held: ignoring('nothing was asked for yet', 'progressed', ...answers),
  taking: ignoring('it is being taken already, by itself', 'guestQuieted', 'groupTaken', 'groupFailed'),
  grouped: ignoring('its group asks for it', 'guestQuieted', 'imageGone'),
  pending: {
    ...unseen('snapshot'),
    ...ignoring('it is being made already', ...births),
    ...unowed,
    ...ignoring('nothing reads what is not complete', ...unread),
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
    ...ignoring('nothing reads what failed', ...unread),
    ...ignoring('no deletion is under way', ...removed),
  },
  waiting: ignoring('nothing was asked for yet', 'deleted', 'deleteFailed', 'deleteRetryDue'),
  asking: ignoring('the question is still open', 'deleteRetryDue'),
  retrying: ignoring('it will be asked again anyway', 'deleteFailed'),
  deleting: {
    ...unseen('snapshot'),
    ...ignoring('no image uses what is being deleted', 'imageGone'),
    ...ignoring('it is being deleted already', 'expired'),
    ...unowed,
    ...ignoring('what reads it has ended before', ...unread),
    ...ignoring('deleting took the place of what was asked before', ...births, ...made, 'guestQuieted'),
  },
  deleted: {
    ...ignoring('it is gone', ...births, ...made, ...removed, 'guestQuieted', 'imageGone', ...unread, 'expired'),
    ...ended('snapshot'),
  },
}
