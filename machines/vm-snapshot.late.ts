/**
 * News a VM snapshot hears and does nothing about, state by state, with the reason. Every deadline, sight and word from
 * its instance is decided in every state: by a transition of the life, or here. A test counts what is neither.
 */
import { ignore } from './grammar.ts'
import { ended, unseen } from './sights.ts'
import type { vmSnapshotEvents } from './vm-snapshot.alphabet.ts'

type News = keyof typeof vmSnapshotEvents.specs & string
const ignoring = <const K extends News>(why: string, ...names: K[]) =>
  Object.fromEntries(names.map(name => [`vm-snapshot.${name}`, ignore(why)])) as Record<
    `vm-snapshot.${K}`,
    ReturnType<typeof ignore>
  >

const keeping = ['kept', 'keepFailed'] as const
const reverting = ['reverted', 'revertFailed'] as const
const removing = ['removed', 'removeFailed', 'hidden', 'removalDeferred'] as const
const again = 'removalRetryDue'
const others = ['removalBegun', 'reparented', 'instanceGone'] as const

const untimed = ignoring('nothing is being done to it', 'taskTimedOut')

export const late = {
  absent: {
    ...ignoring(
      'it never existed',
      ...keeping,
      ...reverting,
      ...removing,
      ...others,
      'expiryDue',
      again,
      'taskTimedOut',
      'scheduled',
      'expired',
    ),
    ...unseen('vm-snapshot'),
  },
  creating: {
    ...ignoring('its schedule says so again', 'expired'),
    ...ignoring('it is not complete yet', ...reverting, ...removing, 'removalBegun', 'reparented', 'expiryDue', again),
    ...unseen('vm-snapshot'),
  },
  ready: { ...ignoring('that is over', ...keeping, ...reverting, ...removing, again), ...untimed },
  reverting: {
    ...ignoring('its schedule says so again', 'expired'),
    ...ignoring(
      'its instance is going back to it',
      ...keeping,
      ...removing,
      'removalBegun',
      'reparented',
      'expiryDue',
      again,
    ),
    ...unseen('vm-snapshot'),
  },
  error: {
    ...ignoring('that is over', ...keeping, ...reverting, ...removing, 'expiryDue', again),
    ...untimed,
    ...unseen('vm-snapshot'),
  },
  deleting: {
    ...ignoring('it is going or gone', 'expired'),
    ...ignoring('it is to go', ...keeping, ...reverting),
    ...ignoring('it is going already', 'expiryDue'),
    ...unseen('vm-snapshot'),
  },
  asked: ignoring('it was asked for already', again),
  hidden: {
    ...ignoring('it is going or gone', 'expired'),
    ...ignoring('its owner is rid of it', ...keeping, ...reverting, ...removing, 'expiryDue', again),
    ...untimed,
    ...unseen('vm-snapshot'),
  },
  deleted: {
    ...ignoring('it is going or gone', 'expired'),
    ...ignoring('it is gone', ...keeping, ...reverting, ...removing, ...others, 'expiryDue', again, 'taskTimedOut'),
    ...ended('vm-snapshot'),
  },
}
