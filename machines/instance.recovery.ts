/**
 * Recovering an instance that was terminated: for a while it is kept as it is, and nothing of it is destroyed.
 *
 * Only what comes to rest as stopped can be kept, so it is stopped first, as by a stop that insists; then its VM snapshots
 * are deleted, unless it is asked for by the rules of the platform that keeps them. To readers it is shutting down until
 * it is `recoverable`, which is a state of rest: its provider holds it turned off, with its disks. Recovered, it is
 * stopped, with the disks it had; when its time is over, or somebody has it expunged, it ends as any other. A VM snapshot
 * that cannot be deleted leaves it stopped, with the reason. What has never run has nothing to come back to, and ends.
 *
 * What begins to run while it is kept, because somebody started it at its provider, is stopped again: its time goes on.
 * (spec: cloudstack 1.2, 2.5, 4.1, 5 L7; docs/decisions/0056.)
 */
import { type Arm, type Disarm, ignore, needs, type Tell } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'
import { orphanImages } from './instance.capture.ts'
import { connectingWhileStopping, ofAnotherLaunch, tagging, terminable } from './instance.clauses.ts'
import { late } from './instance.late.ts'
import { forgettingReverts } from './instance.reverts.ts'
import { measurable } from './instance.root.ts'
import { ASKS_OF_THE_GUEST, escalating } from './instance.stop.ts'
import { clearing as goes, removals, taskLost, vmSnapshotsAnswered } from './instance.vm-snapshots.ts'
import * as want from './instance.wants.ts'

type Change = Partial<InstanceContext>
type Terminate = Named<'terminateRequested'>
type Launch = Named<'launchRequested' | 'modifyRequested'>

const isKept = ({ recoverableForMs = 0, mode, offers }: InstanceContext) =>
  recoverableForMs > 0 && mode === 'stateful' && offers.preserves === true
const expunges = ({ event }: Now) => event.type === 'instance.terminateRequested' && event.data.expunge === true
const isGoingBack = ({ vmSnapshotTask }: InstanceContext) => vmSnapshotTask?.kind === 'revert'
const isProtected = ({ terminationProtection, stopProtection }: InstanceContext) =>
  terminationProtection === true || stopProtection === true
const keepsLineage = ({ context, event }: Now) =>
  event.type === 'instance.terminateRequested'
    ? event.data.profile === 'cloudstack-vmware'
    : context.keepsLineage === true
const clears = (now: Now) => now.context.lineage !== undefined && !keepsLineage(now)
/** Nothing says no, and it is to be kept. A guest that ends itself asks nobody. */
const awaitsRecovery = (now: Now) => {
  const { context, event } = now
  const isRefused = event.type === 'instance.terminateRequested' && isProtected(context)
  return isKept(context) && !isRefused && !expunges(now) && !isGoingBack(context)
}
const rests = (now: Now) => awaitsRecovery(now) && !now.context.unconfirmed && !now.context.vmSnapshotTask

export const recoveryRequirements = {
  /** It comes to rest with its disks when it stops. */
  recoveryPossible: ({ context, event }: { readonly context: InstanceContext; readonly event: Launch }) => {
    if (!event.data.recoverableForMs) return true
    if (!('mode' in event.data)) return context.mode === 'stateful' && context.offers.preserves === true
    const stop = 'provider' in event.facts ? event.facts.provider?.capabilities.stop : undefined
    return event.data.mode === 'stateful' && (stop === undefined || stop === 'preserves')
  },
  /** Which disks would be kept is known when the call has been answered. */
  lineageKnown: ({ context, event }: { readonly context: InstanceContext; readonly event: Terminate }) =>
    event.data.expunge === true || !isKept(context) || !isGoingBack(context),
}
export const recoveryChoices = {
  awaitsRecovery,
  /** Its guest cannot be asked, was not to be, or was in vain. */
  awaitsRecoveryForced: (now: Now) => {
    const { asleep, stopCall } = now.context
    const isForced = stopCall?.mode === 'hard' || (stopCall?.asks ?? 0) > ASKS_OF_THE_GUEST
    return awaitsRecovery(now) && (asleep === true || isForced)
  },
  /** It is being turned off already: the next call takes the place of that one. */
  awaitsRecoveryAsked: (now: Now) =>
    awaitsRecovery(now) && (now.context.stopCall !== undefined || now.context.quieted !== undefined),
  expunges,
  restsAlready: (now: Now) => rests(now) && !clears(now),
  restsUncleared: (now: Now) => rests(now) && clears(now),
  clears,
  noneThereUncleared: (now: Now) => (now.event as Named<'stopFailed'>).data.code === 'notFound' && clears(now),
  lastCleared: ({ context }: Now) => context.vmSnapshotTask?.snapshots.length === 1,
}
export const recoveryChanges = {
  ending: (now: Now): Change => ({ keepsLineage: keepsLineage(now) || undefined, restarts: undefined }),
  setAside: ({ context, event }: Now): Change => ({
    recoverableUntil: context.recoverableUntil ?? event.at + context.recoverableForMs!,
  }),
  asideOver: (): Change => ({ recoverableUntil: undefined, keepsLineage: undefined }),
  uncleared: ({ event }: Now): Change => {
    const { code, message } = (event as Named<'vmSnapshotRemoveFailed'>).data
    return { reason: { code, message, at: event.at }, keepsLineage: undefined }
  },
}

// Of the clock and of its volumes

const EXPUNGE_DUE = 'instance.expungeDue'
const expungeLater = ({ context: { recoverableUntil } }: Now): Arm => ({ event: EXPUNGE_DUE, dueAt: recoverableUntil })
const expungeNoMore: Disarm = { event: EXPUNGE_DUE }
const tellVolumes =
  (event: 'volume.instanceTerminated' | 'volume.instanceRecovered') =>
  ({ context: { devices }, event: { resource } }: Now): Tell[] =>
    Object.values(devices).map(({ volume, deleteOnTermination }) => ({
      resource: volume,
      event,
      data:
        event === 'volume.instanceTerminated' ? { instance: resource, deleteOnTermination } : { instance: resource },
    }))

// How it is asked for

const ending = ['byUser', 'ending'] as const
const otherwise = terminable['instance.terminateRequested']
/** Of what has run, or may have. */
export const terminableOnceRun = {
  'instance.terminateRequested': [
    { guard: 'awaitsRecoveryForced', target: '#settingAside.forcing', actions: ending },
    { guard: 'awaitsRecoveryAsked', target: '#settingAside.insisting', actions: ending },
    { guard: 'awaitsRecovery', target: '#settingAside', actions: ending },
    otherwise,
  ],
} as const
export const terminableWhileOff = {
  'instance.terminateRequested': [
    {
      guard: 'restsAlready',
      target: '#recoverable',
      actions: [...ending, { type: 'tell', params: orphanImages }, 'captureless'],
    },
    { guard: 'restsUncleared', target: '#clearing', actions: ending },
    { guard: 'awaitsRecovery', target: '#settingAside', actions: ending },
    otherwise,
  ],
} as const

// How it goes

const off = [{ type: 'tell', params: want.settleVolumes }, 'halted'] as const
const onceOff = [
  { guard: 'clears', target: '#clearing', actions: off },
  { target: '#recoverable', actions: off },
] as const
const noneThere = [
  { guard: 'noneThereUncleared', target: '#clearing', actions: off },
  { guard: 'noneThere', target: '#recoverable', actions: off },
] as const
const expungeable = {
  'instance.terminateRequested': [{ guard: 'expunges', target: 'destroying', actions: ['byUser', 'asideOver'] }, {}],
} as const

/** Within `shutting-down`: it is turned off, as long as that takes. */
export const settingAside = {
  id: 'settingAside',
  initial: 'asking',
  entry: 'stopBegun',
  exit: 'stopOver',
  states: escalating({}, {}, noneThere),
  on: {
    ...late.stopping,
    ...expungeable,
    ...connectingWhileStopping,
    ...vmSnapshotsAnswered,
    ...forgettingReverts,
    'instance.stopped': [ofAnotherLaunch, ...onceOff],
    'instance.stopStuck': { actions: 'stuck' },
    'instance.terminateTimedOut': { actions: 'overdue' },
  },
} as const

/** Within `shutting-down`: it is off, and its VM snapshots go before it is kept. */
export const clearing = {
  id: 'clearing',
  tags: 'working',
  entry: [
    { type: 'tell', params: taskLost },
    'vmSnapshotTaskLost',
    { type: 'tell', params: goes.tellBegun },
    { type: 'ask', params: goes.ask },
    'clearingBegun',
  ],
  on: {
    ...expungeable,
    ...forgettingReverts,
    'instance.vmSnapshotRemoved': [
      { guard: 'lastCleared', target: '#recoverable', actions: goes.removed },
      { actions: goes.removed },
    ],
    'instance.vmSnapshotRemoveFailed': { target: '#stopped', actions: [...goes.failed, 'uncleared'] },
    ...late.clearing,
  },
} as const

const stays = ignore('it speaks of another launch, or of what does not run')
const runsAgain = [{ guard: 'runsAfterAll', target: '#settingAside' }, stays] as const
const sleepsAgain = [{ guard: 'runsAfterAll', target: '#settingAside.forcing', actions: 'asleep' }, stays] as const
export const recoverable = {
  id: 'recoverable',
  tags: 'settled',
  entry: [
    'setAside',
    { type: 'arm', params: expungeLater },
    { type: 'tell', params: tellVolumes('volume.instanceTerminated') },
  ],
  exit: { type: 'disarm', params: expungeNoMore },
  on: {
    'instance.recoverRequested': {
      guard: needs('accountOpen'),
      target: '#stopped',
      actions: [{ type: 'tell', params: tellVolumes('volume.instanceRecovered') }, 'asideOver'],
    },
    'instance.terminateRequested': [
      { guard: 'expunges', target: '#shutting-down', actions: ['byUser', 'asideOver'] },
      {},
    ],
    'instance.expungeDue': { target: '#shutting-down', actions: 'asideOver' },
    'instance.externallyStarted': runsAgain,
    'instance.started': runsAgain,
    'instance.created': [{ guard: 'madeAfterAll', target: '#settingAside' }, stays],
    'instance.externallySuspended': sleepsAgain,
    'instance.suspended': sleepsAgain,
    ...measurable,
    ...tagging,
    ...forgettingReverts,
    ...removals,
    ...vmSnapshotsAnswered,
    ...late.recoverable,
  },
} as const
