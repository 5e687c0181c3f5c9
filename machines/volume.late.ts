/**
 * News a volume hears and does nothing about, state by state, with the reason. Every report, deadline and word from an
 * instance is decided in every state: by a transition of the life, or here. A test counts what is neither.
 */
import { ignore } from './grammar.ts'
import { ended, unseen } from './sights.ts'
import type { volumeEvents } from './volume.alphabet.ts'

type News = keyof typeof volumeEvents.specs & string
const ignoring = <const K extends News>(why: string, ...names: K[]) =>
  Object.fromEntries(names.map(name => [`volume.${name}`, ignore(why)])) as Record<
    `volume.${K}`,
    ReturnType<typeof ignore>
  >

const made = ['created', 'createFailed', 'createTimedOut'] as const
const connected = ['attached', 'attachFailed', 'detached', 'detachFailed'] as const
const resized = ['resized', 'resizeFailed', 'optimizeCheckDue'] as const
const reverted = ['reverted', 'revertFailed', 'revertTimedOut'] as const
const migrated = ['migrated', 'migrateFailed', 'migrateTimedOut'] as const
const removed = ['deleted', 'deleteFailed', 'deleteTimedOut', 'deleteRetryDue'] as const
const births = ['requestedByInstance', 'rootLeft'] as const
const taken = 'snapshotEnded'
const ownGone = 'ownSnapshotGone'
const covered = 'vmSnapshotEnded'
const freed = 'imageFreed'
const recovery = ['instanceTerminated', 'instanceRecovered'] as const

const notReverting = ignoring('it is not being taken back', ...reverted)
const unkept = ignoring('no instance is kept that has it', ...recovery)
const notMigrating = ignoring('it is not being moved', ...migrated)
const unowed = ignoring('nobody has given it up', 'orphanRecorded')

export const late = {
  absent: {
    ...ignoring(
      'it never existed',
      'orphanRecorded',
      ...made,
      ...connected,
      ...resized,
      ...reverted,
      ...migrated,
      ...removed,
      'instanceGone',
      taken,
      ownGone,
      covered,
      freed,
      ...recovery,
    ),
    ...unseen('volume'),
  },
  creating: {
    ...ignoring('no VM snapshot keeps it', covered),
    ...unkept,
    ...unseen('volume'),
    ...ignoring('it is being made already', ...births),
    ...unowed,
    ...ignoring('what is not made has no snapshots', taken, ownGone),
    ...ignoring(
      'nothing is connected or changed before it is made',
      ...connected,
      ...resized,
      ...reverted,
      ...migrated,
    ),
    ...ignoring('no deletion is under way', ...removed, freed),
  },
  available: {
    ...ignoring('no VM snapshot keeps it', covered),
    ...unkept,
    ...ignoring('it is made already', ...made, ...births),
    ...notReverting,
    ...notMigrating,
    ...unowed,
    ...ignoring('no instance has a claim on it', ...connected, 'instanceGone'),
    ...ignoring('no deletion is under way', ...removed, freed),
  },
  reverting: {
    ...notMigrating,
    ...ignoring('no VM snapshot keeps it', covered),
    ...unkept,
    ...ignoring('it is made already', ...made, ...births),
    ...unseen('volume'),
    ...unowed,
    ...ignoring('no instance has a claim on it', ...connected),
    ...ignoring('no change of its size or type is under way', ...resized),
    ...ignoring('no snapshot of it is being taken', taken),
    ...ignoring('no deletion is under way', ...removed, freed),
  },
  migrating: {
    ...ignoring('no VM snapshot keeps it', covered),
    ...unkept,
    ...ignoring('it is made already', ...made, ...births),
    ...unseen('volume'),
    ...unowed,
    ...notReverting,
    ...ignoring('no instance has a claim on it', ...connected),
    ...ignoring('no change of its size or type is under way', ...resized),
    ...ignoring('no snapshot of it is being taken', taken),
    ...ignoring('no deletion is under way', ...removed, freed),
  },
  attaching: { ...ignoring('nothing is being detached', 'detached', 'detachFailed'), ...notReverting, ...notMigrating },
  attached: {
    ...ignoring('it is attached, and no change is under way', ...connected),
    ...notReverting,
    ...notMigrating,
  },
  revertingInUse: { ...ignoring('it is attached, and nothing connects it anew', ...connected), ...notMigrating },
  migratingInUse: { ...ignoring('it is attached, and nothing connects it anew', ...connected), ...notReverting },
  detaching: { ...ignoring('nothing is being attached', 'attached', 'attachFailed'), ...notReverting, ...notMigrating },
  inUse: {
    ...ignoring('it is made already', ...made, ...births),
    ...unowed,
    ...ignoring('no deletion is under way', ...removed, freed),
  },
  error: {
    ...ignoring('no VM snapshot keeps it', covered),
    ...unkept,
    ...unseen('volume'),
    ...ignoring('making it has failed for good', ...made, ...births, taken, ownGone),
    ...unowed,
    ...ignoring(
      'nothing is connected or changed that was not made',
      ...connected,
      ...resized,
      ...reverted,
      ...migrated,
    ),
    ...ignoring('no deletion is under way', ...removed, freed),
  },
  asking: ignoring('the question is still open', 'deleteRetryDue'),
  retrying: ignoring('it will be asked again anyway', 'deleteFailed'),
  deleting: {
    ...ignoring('no VM snapshot keeps it', covered),
    ...unkept,
    ...unseen('volume'),
    ...ignoring(
      'deleting took the place of what was asked before',
      ...made,
      ...resized,
      ...reverted,
      ...migrated,
      ...births,
    ),
    ...unowed,
    ...ignoring('no instance has a claim on it', ...connected, 'instanceGone'),
    ...ignoring('its snapshots were answered before', taken),
    ...ignoring('it is to go, whatever is left of it', ownGone),
    ...ignoring('it is not gone yet', freed),
  },
  deleted: {
    ...ignoring(
      'it is gone',
      ...made,
      ...births,
      ...connected,
      ...resized,
      ...reverted,
      ...migrated,
      ...removed,
      'instanceGone',
      taken,
      ownGone,
      covered,
      ...recovery,
    ),
    ...ended('volume'),
  },
}
