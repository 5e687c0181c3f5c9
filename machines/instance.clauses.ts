/** Clauses of an instance's life that several of its states share. */
import { diskRequirementNames } from './disks.ts'
import { ignore, needs } from './grammar.ts'
import { computeAbandonable } from './instance.cleanup.ts'
import { late } from './instance.late.ts'
import { taskLost } from './instance.vm-snapshots.ts'
import * as want from './instance.wants.ts'
import { taggable } from './tags.ts'

export const ofAnotherLaunch = { guard: 'otherLaunch', ...ignore('it speaks of another launch') } as const

/** What a launch needs, in the order in which it is refused. */
export const launchable = needs(
  'accountOpen',
  'imageGiven',
  'imageAvailable',
  'offeringActive',
  'keyPairKnown',
  'zoneOffered',
  'modeOffered',
  'imageOwned',
  'imageUnused',
  'rootBootable',
  'rootVolumeFree',
  'rootVolumeThere',
  'rootOffered',
  'behaviourPossible',
  'recoveryPossible',
  'mappingValid',
  'sizeGiven',
  'snapshotKnown',
  'snapshotCompleted',
  'snapshotHere',
  ...diskRequirementNames,
  'slotsEnough',
  'poolRoom',
  'volumesOutlive',
  'userDataFits',
  'annotationsFit',
  'tagsFew',
)
/** Any live instance may be terminated, unless it is protected from callers. */
export const terminable = {
  'instance.terminateRequested': {
    guard: needs('unprotected', 'stopUnprotected', 'lineageKnown'),
    target: '#shutting-down',
    actions: 'byUser',
  },
} as const
/** Once it has run, an instance whose disk survives may be stopped, unless it is protected from callers. */
export const stoppable = {
  'instance.stopRequested': {
    guard: needs('stateful', 'preserved', 'stopUnprotected', 'notCapturing', 'vmSnapshotIdle'),
    target: '#stopping',
    actions: 'byUser',
  },
} as const
export const modifiable = {
  'instance.modifyRequested': {
    guard: needs(
      'bootKept',
      'behaviourPossible',
      'recoveryPossible',
      'devicesMapped',
      'volumesOutlive',
      'annotationsFit',
    ),
    actions: 'modified',
  },
} as const
export const tagging = taggable('instance')
/**
 * A guest that shuts itself down is obeyed. What has nothing to come back to ends then; but where its provider keeps it,
 * it is held for as long as it is protected from its end, and for the time that its provider asks for.
 */
export const guestMayPowerOff = {
  'instance.poweredOff': [
    ofAnotherLaunch,
    { guard: 'stopsWithGuest', target: '#stopping', actions: 'byGuest' },
    { guard: 'restsBeforeItsEnd', target: '#stopping', actions: 'byGuest' },
    { guard: 'awaitsRecovery', target: '#settingAside', actions: ['byGuest', 'ending'] },
    { target: '#shutting-down', actions: 'byGuest' },
  ],
} as const

/** Of a start whose first answer was lost: its guest has run, and has shut itself down since. */
export const hasRunAndEnded = [
  { guard: 'endedStops', target: '#stopping', actions: 'byGuest' },
  { guard: 'endedRests', target: '#stopping', actions: 'byGuest' },
  { guard: 'endedAwaitsRecovery', target: '#settingAside', actions: ['byGuest', 'ending'] },
  { guard: 'ended', target: '#shutting-down', actions: 'byGuest' },
] as const

/** What becomes of the first start: it runs, or the launch has failed. */
export const firstStart = {
  'instance.started': [ofAnotherLaunch, { target: '#running', actions: 'cameUp' }],
  'instance.startFailed': [...hasRunAndEnded, { target: '#abandoning', actions: 'failed' }],
  ...guestMayPowerOff,
} as const

const outOfTurn = { guard: 'outOfTurn', ...ignore('no such change is at the head of the line') } as const
const attached = [{ type: 'tell', params: want.connectionDone }, 'connected'] as const
const attachFailed = [{ type: 'tell', params: want.connectionFailed }, 'disconnected'] as const
const detached = [{ type: 'tell', params: want.connectionDone }, 'disconnected'] as const
const detachFailed = [{ type: 'tell', params: want.connectionFailed }, 'connected'] as const

/** What came of the connections that were asked for, while it runs: after the last one it is steady again. */
export const connectingWhileRunning = {
  'instance.attached': [outOfTurn, { guard: 'lastChange', target: 'steady', actions: attached }, { actions: attached }],
  'instance.attachFailed': [
    outOfTurn,
    { guard: 'lastChange', target: 'steady', actions: attachFailed },
    { actions: attachFailed },
  ],
  'instance.detached': [outOfTurn, { guard: 'lastChange', target: 'steady', actions: detached }, { actions: detached }],
  'instance.detachFailed': [
    outOfTurn,
    { guard: 'lastChange', target: 'steady', actions: detachFailed },
    { actions: detachFailed },
  ],
} as const
/** The same while it stops: those calls were asked for before the stop, and are answered before it. */
export const connectingWhileStopping = {
  'instance.attached': [outOfTurn, { actions: attached }],
  'instance.attachFailed': [outOfTurn, { actions: attachFailed }],
  'instance.detached': [outOfTurn, { actions: detached }],
  'instance.detachFailed': [outOfTurn, { actions: detachFailed }],
} as const

/** Its volumes are safe: now it is destroyed. */
const spared = { target: 'destroying', reenter: true, actions: 'spared' } as const

/** Destroying is asked for until it is done: by the end of an instance, and by a launch that failed half way. */
export const untilDestroyed = {
  destroying: {
    tags: 'working',
    entry: [{ type: 'tell', params: taskLost }, 'vmSnapshotTaskLost', 'sparing', { type: 'ask', params: want.destroy }],
    on: {
      'instance.destroyFailed': { target: 'retrying', actions: 'endFailed' },
      'instance.stopped': [ofAnotherLaunch, { guard: 'sparedByStop', ...spared }],
      'instance.stopFailed': [
        { guard: 'nothingToSpare', ...spared },
        { guard: 'sparing', target: 'retrying', actions: 'endFailed' },
      ],
      'instance.detached': [
        { guard: 'lastSpared', ...spared },
        { guard: 'oneSpared', actions: 'oneSpared' },
      ],
      'instance.detachFailed': [{ guard: 'sparing', target: 'retrying', actions: 'endFailed' }],
      ...computeAbandonable,
      ...late.destroying,
    },
  },
  retrying: {
    tags: 'working',
    entry: { type: 'arm', params: want.destroyAgainLater },
    exit: { type: 'disarm', params: want.destroyAgainNow },
    on: { 'instance.destroyRetryDue': 'destroying', ...computeAbandonable, ...late.retrying },
  },
} as const
