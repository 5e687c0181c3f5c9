/**
 * News an instance hears and does nothing about, state by state, with the reason. Every report, deadline and word from
 * a volume is decided in every state: by a transition of the life, or here. A test counts what is neither.
 */
import { ignore } from './grammar.ts'
import type { instanceEvents } from './instance.alphabet.ts'

type News = keyof typeof instanceEvents.specs & string
const ignoring = <const K extends News>(why: string, ...names: K[]) =>
  Object.fromEntries(names.map(name => [`instance.${name}`, ignore(why)])) as Record<
    `instance.${K}`,
    ReturnType<typeof ignore>
  >
const cleaning = ['cleanupDone', 'cleanupFailed', 'cleanupHandedOver'] as const
const unowed = ignoring('nothing of it is being cleaned up', ...cleaning, 'orphanRecorded')
const launching = ['prepared', 'modeMismatchWarned'] as const
const freed = 'imageFreed'
const expunging = 'expungeDue'
const notGone = {
  ...ignoring('it is not gone yet', freed, 'orphanCleaned'),
  ...ignoring('it is not kept for a while', expunging),
}
const measured = 'rootMeasured'
const unmeasured = ignoring('its disks are counted on when it is at rest', measured)
const volumes = ['volumeReady', 'volumeFailed'] as const
const creation = ['created', 'createFailed', 'launchTimedOut'] as const
const starting = ['started', 'startFailed', 'startRetryDue'] as const
const stopping = ['stopped', 'stopFailed', 'stopTimedOut', 'stopRetryDue'] as const
const stuck = 'stopStuck'
const suspending = ['suspended', 'suspendFailed', 'suspendTimedOut'] as const
const missing = ['vanished', 'missingGraceDue'] as const
const stalling = ['stalled', 'recovered', 'recoverFailed', 'stallRetryDue'] as const
const byOthers = ['externallyStarted', 'externallySuspended'] as const
const rebooting = ['rebooted', 'rebootFailed'] as const
const connecting = ['attached', 'attachFailed', 'detached', 'detachFailed'] as const
const imaging = ['snapshotCut', 'captureTimedOut'] as const
const destroying = ['destroyed', 'destroyFailed', 'destroyRetryDue', 'terminateTimedOut'] as const
const lineage = [
  'vmSnapshotKept',
  'vmSnapshotKeepFailed',
  'vmSnapshotReverted',
  'vmSnapshotRevertFailed',
  'vmSnapshotRemoved',
  'vmSnapshotRemoveFailed',
  'settingsRestored',
] as const
const news = ['poweredOff', 'memoryLost', ...missing, ...byOthers, ...stalling] as const
const all = [
  ...launching,
  'offGraceDue',
  expunging,
  ...volumes,
  ...creation,
  ...starting,
  ...stopping,
  ...rebooting,
  ...connecting,
  ...suspending,
  ...destroying,
  ...news,
  ...imaging,
  measured,
  'captureEnded',
  'revertEnded',
  'migrateEnded',
  stuck,
  ...lineage,
] as const

export const late = {
  absent: ignoring(
    'it never existed',
    ...all,
    'vmSnapshotExpired',
    freed,
    ...cleaning,
    'orphanRecorded',
    'orphanCleaned',
  ),
  preparing: ignoring('no compute was asked for yet', 'poweredOff'),
  abandoning: ignoring('what came to be is being destroyed', 'poweredOff', 'terminateTimedOut'),
  pending: {
    ...unowed,
    ...unmeasured,
    ...notGone,
    ...ignoring('all its volumes were ready before', ...volumes),
    ...ignoring('its launch has recorded that', ...launching),
    ...ignoring('it is to run', 'offGraceDue'),
    ...ignoring(
      'no such call is open',
      'created',
      'createFailed',
      ...starting,
      ...stopping,
      ...rebooting,
      ...destroying,
    ),
    ...ignoring('nothing is connected while it starts', ...connecting),
    ...ignoring('it is to run', ...suspending, stuck),
    ...ignoring('no guest is off for an image', ...imaging),
    ...ignoring('the open call will say what became of it', ...missing, ...byOthers, ...stalling, 'memoryLost'),
  },
  steady: ignoring('no change is under way', ...connecting),
  running: {
    ...unowed,
    ...notGone,
    ...ignoring('its launch is over', ...volumes, ...creation, ...launching, 'startFailed', 'startRetryDue'),
    ...ignoring('it runs', 'offGraceDue', 'memoryLost', ...suspending, stuck),
    ...ignoring('no guest is off for an image', ...imaging),
    ...ignoring('no such call is open', ...stopping, ...destroying),
  },
  stopping: {
    ...unowed,
    ...unmeasured,
    ...notGone,
    ...ignoring('its launch is over', ...launching),
    ...ignoring('it is not off yet', 'offGraceDue'),
    ...ignoring('it will be asked to stop again anyway', 'stopFailed'),
    ...ignoring('it is being stopped, whether it is suspended or not', ...suspending),
    ...ignoring('it stays off, whatever was taken of it', ...imaging),
    ...ignoring('it is being stopped, whatever its start came to', ...creation, ...starting, ...rebooting, ...volumes),
    ...ignoring('the open call to stop will say what became of it', ...news),
    ...ignoring('no such call is open', ...destroying),
  },
  stopped: {
    ...unowed,
    ...notGone,
    ...ignoring('its launch is over', ...volumes, ...launching, 'createFailed', 'launchTimedOut'),
    ...ignoring('it was not suspended', 'suspendFailed', 'suspendTimedOut'),
    ...ignoring('it stays off, whatever was taken of it', ...imaging),
    ...ignoring(
      'it is stopped already',
      'startFailed',
      'startRetryDue',
      'stopFailed',
      'stopTimedOut',
      'stopRetryDue',
      stuck,
    ),
    ...ignoring('it is stopped already', ...rebooting, ...missing, ...stalling, 'poweredOff', 'memoryLost'),
    ...ignoring('its connections ended with the stop', ...connecting),
    ...ignoring('no such call is open', ...destroying),
  },
  clearing: ignoring('nothing of it is to be destroyed yet', 'destroyed', 'destroyFailed', 'destroyRetryDue'),
  recoverable: {
    ...unowed,
    ...ignoring('it is not gone yet', freed, 'orphanCleaned'),
    ...ignoring('its launch is over', ...volumes, ...launching, 'createFailed', 'launchTimedOut'),
    ...ignoring('it was not suspended', 'suspendFailed', 'suspendTimedOut'),
    ...ignoring('its images have failed with it', ...imaging, 'captureEnded'),
    ...ignoring('it is stopped already', 'startFailed', 'startRetryDue', ...stopping, stuck, 'offGraceDue'),
    ...ignoring('it is stopped already', ...rebooting, ...missing, ...stalling, 'poweredOff', 'memoryLost'),
    ...ignoring('its connections ended with the stop', ...connecting),
    ...ignoring('no such call is open', ...destroying),
  },
  suspending: {
    ...unmeasured,
    ...notGone,
    ...unowed,
    ...ignoring('its launch is over', ...volumes, ...creation, ...launching, ...starting),
    ...ignoring('it is not being stopped', 'offGraceDue', ...stopping, stuck),
    ...ignoring('no guest is off for an image', ...imaging),
    ...ignoring('the open call will say what became of it', ...news),
    ...ignoring('no such call is open', ...destroying),
  },
  suspended: {
    ...notGone,
    ...unowed,
    ...ignoring('its launch is over', ...volumes, ...creation, ...launching, ...starting),
    ...ignoring('it is not being stopped', 'offGraceDue', ...stopping, stuck),
    ...ignoring('no guest is off for an image', ...imaging),
    ...ignoring('it is suspended already', 'suspendFailed', 'suspendTimedOut'),
    ...ignoring('a suspended guest does nothing', 'poweredOff', ...stalling),
    ...ignoring('what was asked before was answered before', ...rebooting, ...connecting),
    ...ignoring('no such call is open', ...destroying),
  },
  destroying: ignoring('the question is still open', 'destroyRetryDue'),
  retrying: ignoring('it will be asked again anyway', 'destroyFailed'),
  shuttingDown: {
    ...unmeasured,
    ...ignoring('its VM snapshots go with it', ...lineage),
    ...unowed,
    ...notGone,
    ...ignoring('its volumes hear of its end when it is gone', ...volumes, 'revertEnded', 'migrateEnded'),
    ...ignoring('its launch is over', ...launching),
    ...ignoring('it is being ended already', 'offGraceDue'),
    ...ignoring('its images have failed with it', ...imaging, 'captureEnded'),
    ...ignoring('destroying took the place of what was asked before', ...creation, ...starting, ...stopping),
    ...ignoring(
      'destroying took the place of what was asked before',
      ...rebooting,
      ...connecting,
      ...suspending,
      stuck,
    ),
    ...ignoring('the open call to destroy will say when it is gone', ...news),
  },
  terminated: ignoring('it is gone', ...all, 'vmSnapshotExpired', ...cleaning),
}
