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
const launching = ['prepared', 'modeMismatchWarned'] as const
const volumes = ['volumeReady', 'volumeFailed'] as const
const creation = ['created', 'createFailed', 'launchTimedOut'] as const
const starting = ['started', 'startFailed'] as const
const stopping = ['stopped', 'stopFailed', 'stopTimedOut', 'stopRetryDue'] as const
const rebooting = ['rebooted', 'rebootFailed'] as const
const connecting = ['attached', 'attachFailed', 'detached', 'detachFailed'] as const
const imaging = ['snapshotCut', 'captureTimedOut'] as const
const destroying = ['destroyed', 'destroyFailed', 'destroyRetryDue', 'terminateTimedOut'] as const
const news = ['poweredOff', 'vanished'] as const
const all = [
  ...launching,
  'offGraceDue',
  ...volumes,
  ...creation,
  ...starting,
  ...stopping,
  ...rebooting,
  ...connecting,
  ...destroying,
  ...news,
  ...imaging,
  'captureEnded',
] as const

export const late = {
  absent: ignoring('it never existed', ...all, 'orphanCleaned'),
  preparing: ignoring('no compute was asked for yet', 'poweredOff'),
  abandoning: ignoring('what came to be is being destroyed', 'poweredOff', 'terminateTimedOut'),
  pending: {
    ...ignoring('it has not ended', 'orphanCleaned'),
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
    ...ignoring('no guest is off for an image', ...imaging),
    ...ignoring('the open call will say what became of it', 'vanished'),
  },
  steady: ignoring('no change is under way', ...connecting),
  running: {
    ...ignoring('it has not ended', 'orphanCleaned'),
    ...ignoring('its launch is over', ...volumes, ...creation, ...launching, 'startFailed'),
    ...ignoring('it runs', 'offGraceDue'),
    ...ignoring('no guest is off for an image', ...imaging),
    ...ignoring('no such call is open', ...stopping, ...destroying),
  },
  stopping: {
    ...ignoring('it has not ended', 'orphanCleaned'),
    ...ignoring('its launch is over', ...launching),
    ...ignoring('it is not off yet', 'offGraceDue'),
    ...ignoring('it will be asked to stop again anyway', 'stopFailed'),
    ...ignoring('no retry is due while the question is open', 'stopRetryDue'),
    ...ignoring('it stays off, whatever was taken of it', ...imaging),
    ...ignoring('it is being stopped, whatever its start came to', ...creation, ...starting, ...rebooting, ...volumes),
    ...ignoring('the open call to stop will say what became of it', ...news),
    ...ignoring('no such call is open', ...destroying),
  },
  stopped: {
    ...ignoring('it has not ended', 'orphanCleaned'),
    ...ignoring('its launch is over', ...volumes, ...creation, ...launching),
    ...ignoring('it stays off, whatever was taken of it', ...imaging),
    ...ignoring('a start that nobody asked for is found by a survey', ...starting),
    ...ignoring('it is stopped already', ...stopping, ...rebooting, ...news),
    ...ignoring('its connections ended with the stop', ...connecting),
    ...ignoring('no such call is open', ...destroying),
  },
  destroying: ignoring('the question is still open', 'destroyRetryDue'),
  retrying: ignoring('it will be asked again anyway', 'destroyFailed'),
  shuttingDown: {
    ...ignoring('it has not ended', 'orphanCleaned'),
    ...ignoring('its volumes hear of its end when it is gone', ...volumes),
    ...ignoring('its launch is over', ...launching),
    ...ignoring('it is being ended already', 'offGraceDue'),
    ...ignoring('its images have failed with it', ...imaging, 'captureEnded'),
    ...ignoring('destroying took the place of what was asked before', ...creation, ...starting, ...stopping),
    ...ignoring('destroying took the place of what was asked before', ...rebooting, ...connecting),
    ...ignoring('the open call to destroy will say when it is gone', ...news),
  },
  terminated: ignoring('it is gone', ...all),
}
