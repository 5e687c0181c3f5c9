/**
 * Suspending a guest, and what can be done with one. (spec: stateful-and-deltacloud 3a.6, 3a.7.)
 *
 * What is suspended is the same launch: it goes on where it was, under the same number. Its memory refers to its disks,
 * so none comes, goes or is taken for an image meanwhile; and a guest that still has to let go of one, which it may never
 * do, is not suspended: that would wait behind it, and a stop would not be to be had any more. A guest that is not suspended runs on, with the reason; one
 * that cannot be resumed stays suspended, with the reason, unless its memory is lost: then it is stopped, and can be
 * started from its disks. (docs/decisions/0023.)
 */
import { type Arm, type Ask, type Disarm, ignore, needs } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'
import { forgettingImages } from './instance.capture.ts'
import {
  connectingWhileStopping,
  guestMayPowerOff,
  hasRunAndEnded,
  modifiable,
  ofAnotherLaunch,
  stoppable,
  tagging,
} from './instance.clauses.ts'
import { awaitsGuest } from './instance.devices.ts'
import { late } from './instance.late.ts'
import { forceStoppable, graceOver, missableWhileSuspended } from './instance.looks.ts'
import { terminableOnceRun } from './instance.recovery.ts'
import { forgettingReverts } from './instance.reverts.ts'
import { measurable } from './instance.root.ts'
import { expiringLater, removals, vmSnapshotsAnswered } from './instance.vm-snapshots.ts'

type Change = Partial<InstanceContext>

/** As long as a stop may take until a reader is told that it takes too long. */
const PATIENCE_MS = 10 * 60_000

export const suspendRequirements = {
  suspendOffered: ({ context }: Now) => context.offers.suspends === true,
  guestAwake: ({ context }: Now) => context.asleep !== true,
  disksLetGo: ({ context }: Now) => !awaitsGuest(context),
}
export const suspendChoices = {
  memoryGone: ({ event }: Now) => ['notFound', 'corrupt'].includes((event as Named<'startFailed'>).data.code),
}
export const suspendChanges = {
  suspending: ({ event }: Now): Change => ({ asleep: true, reason: { code: 'userInitiated', at: event.at } }),
  asleep: (): Change => ({
    ...{ asleep: true, impaired: undefined, rebooting: undefined },
    ...{ unconfirmed: undefined, stopWanted: undefined },
  }),
  stayedAwake: ({ event }: Now): Change => {
    const { code, message } = (event as Named<'suspendFailed'>).data
    return { asleep: undefined, reason: { code, message, at: event.at } }
  },
  memoryLost: ({ event }: Now): Change => ({ reason: { code: 'memoryLost', at: event.at } }),
}

const suspend = ({ context: { provider, generation } }: Now): Ask => ({
  verb: 'instancePower',
  provider,
  args: { want: 'suspended', mode: 'graceful', generation },
  answers: { done: 'instance.suspended', rejected: 'instance.suspendFailed' },
})
/** It has its disks: nothing is connected anew. */
const resume = ({ context: { provider, generation } }: Now): Ask => ({
  verb: 'instancePower',
  provider,
  args: { want: 'running', mode: 'graceful', generation },
  answers: { done: 'instance.started', rejected: 'instance.startFailed' },
})
const patience: Arm = { event: 'instance.suspendTimedOut', afterMs: PATIENCE_MS }
const done: Disarm = { event: 'instance.suspendTimedOut' }

/** A volume of it is to grow. A suspended guest would find another disk than it knows. */
export const growable = { 'instance.growProposed': { guard: needs('guestAwake') } } as const

/** All say no, by the name of what they would need. */
const asItIs = {
  ...growable,
  'instance.migrateProposed': { guard: needs('guestAwake') },
  'instance.attachProposed': { guard: needs('guestAwake') },
  'instance.detachProposed': { guard: needs('guestAwake') },
  'instance.captureProposed': { guard: needs('guestAwake') },
  'instance.quietCaptureProposed': { guard: needs('guestAwake') },
} as const

export const suspendable = {
  'instance.suspendRequested': {
    guard: needs('stateful', 'suspendOffered', 'stopUnprotected', 'notCapturing', 'vmSnapshotIdle', 'disksLetGo'),
    target: '#suspending',
    actions: 'suspending',
  },
} as const

export const suspending = {
  id: 'suspending',
  tags: 'working',
  entry: [
    { type: 'ask', params: suspend },
    { type: 'arm', params: patience },
  ],
  exit: ['answered', { type: 'disarm', params: done }],
  on: {
    'instance.suspendRequested': {},
    ...terminableOnceRun,
    ...modifiable,
    ...tagging,
    ...asItIs,
    // Asked for before, and answered before.
    ...connectingWhileStopping,
    'instance.rebooted': [{ guard: 'rebooting', actions: 'rebooted' }, ignore('no restart of the guest is open')],
    'instance.rebootFailed': [{ guard: 'rebooting', actions: 'rebooted' }, ignore('no restart of the guest is open')],
    'instance.suspended': [ofAnotherLaunch, { target: '#suspended', actions: 'recovered' }],
    'instance.suspendFailed': { target: '#steady', actions: 'stayedAwake' },
    'instance.suspendTimedOut': { actions: 'overdue' },
    ...forgettingImages,
    ...forgettingReverts,
    ...forceStoppable,
    ...vmSnapshotsAnswered,
    ...expiringLater,
    ...late.suspending,
  },
} as const

const resumable = { guard: needs('accountOpen', 'stateful', 'vmSnapshotIdle'), target: '#resuming' } as const
export const suspended = {
  id: 'suspended',
  tags: 'settled',
  exit: [{ type: 'disarm', params: graceOver }, 'seen'],
  on: {
    'instance.suspendRequested': {},
    'instance.startRequested': resumable,
    'instance.resumeRequested': resumable,
    ...terminableOnceRun,
    ...modifiable,
    ...tagging,
    ...asItIs,
    ...missableWhileSuspended,
    ...measurable,
    'instance.memoryLost': [ofAnotherLaunch, { target: '#stopping', actions: 'memoryLost' }],
    ...forgettingImages,
    ...forgettingReverts,
    ...forceStoppable,
    ...vmSnapshotsAnswered,
    ...removals,
    ...late.suspended,
  },
} as const

/** Within `pending`: it goes on where it was. */
export const resuming = {
  id: 'resuming',
  tags: 'working',
  entry: { type: 'ask', params: resume },
  on: {
    'instance.resumeRequested': {},
    'instance.started': [ofAnotherLaunch, { target: '#running', actions: 'cameUp' }],
    'instance.startFailed': [
      ...hasRunAndEnded,
      // What of it is still there lets go of its disks.
      { guard: 'memoryGone', target: '#stopping', actions: 'failed' },
      { target: '#suspended', actions: 'failed' },
    ],
    ...stoppable,
    ...terminableOnceRun,
    ...guestMayPowerOff,
    ...forceStoppable,
  },
} as const
