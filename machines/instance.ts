/**
 * An instance: a virtual machine, from the request to launch it until it is confirmed gone.
 *
 * What a reader sees are the six states of EC2 (pending, running, stopping, stopped, shutting-down, terminated), and
 * suspending and suspended. What the engine is waiting for within them are sub-states, so that none of it ever leaks into
 * a name a client matches on.
 *
 * Four ideas carry the rules.
 *
 * *The instance is the hub of its disks.* It keeps the list of devices and does the connecting; volumes are told. A
 * launch tells each of its volumes to come into being and waits; it asks for compute only when all are ready. Answers
 * about connections name no disk, but a provider gets one call of a resource at a time, so they come in the order in
 * which they were asked: `changing` is that order. No connection begins while a power call is open.
 *
 * *Nothing is deleted before the compute is gone.* Terminating asks the provider to destroy, for as long as it takes;
 * time passing is not proof. Only with `destroyed` are the volumes let go, all in that same transaction: deleted or
 * freed, as each device's flag says. This is also the way out of a launch that failed once compute may exist. A
 * destroy takes the place of every other open call, so a start that hangs cannot hold up the end. What is to go with it
 * is owed until it is gone: only then is the instance terminated (`instance.cleanup.ts`).
 *
 * *Every start has a number.* Reports carry the number of the launch they speak of, and news of an earlier one is
 * ignored: a machine started twice cannot be stopped by the echo of its first life.
 *
 * *Stop keeps, terminate ends, and neither turns into the other.* Stop exists only where the disk survives it (mode
 * stateful). Who protects an instance protects it from callers; a guest that shuts itself down is obeyed.
 *
 * One that may be recovered is stopped when it is terminated, and is kept for a while before it ends.
 * How it stops, is restarted, is suspended and what is seen of it without having been asked are files of their own.
 *
 * A deadline that passes marks the instance overdue and changes nothing else; but a launch whose compute nobody has
 * confirmed by then has failed. (spec: ec2 2, 7, 8, 16; stateful-and-deltacloud 3a.6 to 3a.8.)
 */
import { setup } from 'xstate'
import { ignore, needs, requires, type StateMeta, type StateTag, wants } from './grammar.ts'
import { type InstanceContext, type InstanceEvent, unborn } from './instance.alphabet.ts'
import {
  capturableWhileOff,
  capturableWhileRunning,
  capturing,
  forgettingImages,
  orphanImages,
} from './instance.capture.ts'
import { instanceChanges } from './instance.changes.ts'
import {
  connectingWhileRunning,
  connectingWhileStopping,
  firstStart,
  guestMayPowerOff,
  hasRunAndEnded,
  launchable,
  modifiable,
  ofAnotherLaunch,
  stoppable,
  tagging,
  terminable,
  untilDestroyed,
} from './instance.clauses.ts'
import { cleaning, whenDestroyed } from './instance.cleanup.ts'
import { volumesWith } from './instance.devices.ts'
import { late } from './instance.late.ts'
import {
  answeredWhileStopped,
  forceStoppable,
  forceStoppableWhileStopping,
  graceOver,
  letsGoWhileStopped,
  missableWhileRunning,
} from './instance.looks.ts'
import { migratableOff, migratableRunning } from './instance.migrations.ts'
import { clearing, recoverable, settingAside, terminableOnceRun, terminableWhileOff } from './instance.recovery.ts'
import { restartable } from './instance.restart.ts'
import { forgettingReverts, revertible } from './instance.reverts.ts'
import { measurable } from './instance.root.ts'
import { choices, instanceRequirements } from './instance.rules.ts'
import { noStallRetry, stallable } from './instance.stall.ts'
import { onceStopped, untilStopped } from './instance.stop.ts'
import { growable, resuming, suspendable, suspended, suspending } from './instance.suspend.ts'
import {
  expiringLater,
  keepableWhileOff,
  keepableWhileRunning,
  lineageGone,
  reverting,
  revertingToMemory,
  vmSnapshotsAnswered,
} from './instance.vm-snapshots.ts'
import * as want from './instance.wants.ts'

export const instance = setup({
  types: {
    context: {} as InstanceContext,
    events: {} as InstanceEvent,
    tags: {} as StateTag,
    meta: {} as StateMeta & { readonly ignored?: string },
  },
  actions: { ...wants, ...instanceChanges },
  guards: { requires: requires(instanceRequirements), ...choices },
}).createMachine({
  id: 'instance',
  context: unborn,
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: {
        'instance.launchRequested': {
          guard: launchable,
          target: 'pending',
          actions: ['launched', { type: 'tell', params: want.beginLaunch }],
        },
        ...late.absent,
      },
    },

    pending: {
      initial: 'preparing',
      entry: { type: 'arm', params: want.launchPatience },
      exit: ['answered', { type: 'disarm', params: want.launchDone }],
      states: {
        preparing: {
          tags: 'working',
          meta: { awaits: (context: InstanceContext) => volumesWith(context.devices, 'attaching') },
          on: {
            'instance.prepared': 'creating',
            'instance.modeMismatchWarned': { actions: 'warned' },
            'instance.volumeReady': [
              { guard: 'lastVolume', target: 'creating', actions: 'volumeReady' },
              { guard: 'awaitedVolume', actions: 'volumeReady' },
              ignore('it does not wait for that volume'),
            ],
            'instance.volumeFailed': [
              { guard: 'failsCleanly', target: '#terminated', actions: 'failed' },
              { guard: 'awaitedVolume', target: '#cleaning', actions: 'failed' },
              ignore('it does not wait for that volume'),
            ],
            ...late.preparing,
          },
        },
        creating: {
          tags: 'working',
          entry: { type: 'ask', params: want.compute },
          on: {
            'instance.created': [
              { guard: 'stillOff', target: 'starting', actions: 'narrowed' },
              { target: '#running', actions: ['narrowed', 'cameUp'] },
            ],
            'instance.createFailed': { target: 'abandoning', actions: 'failed' },
            // A provider may lose the word that it could not be made, each time.
            'instance.launchTimedOut': { target: 'abandoning', actions: ['overdue', 'unmade'] },
            ...guestMayPowerOff,
          },
        },
        starting: {
          tags: 'working',
          entry: [
            { type: 'ask', params: want.powerOn },
            { type: 'arm', params: want.startSlow },
          ],
          exit: { type: 'disarm', params: want.startNotSlow },
          on: { ...firstStart, 'instance.startRetryDue': 'startingAgain' },
        },
        startingAgain: {
          tags: 'working',
          entry: { type: 'ask', params: want.powerOnAgain },
          on: firstStart,
        },
        resuming,
        revertingToMemory,
        restarting: {
          id: 'restarting',
          tags: 'working',
          entry: { type: 'ask', params: want.powerOn },
          on: {
            'instance.started': [ofAnotherLaunch, { target: '#running', actions: 'cameUp' }],
            'instance.startFailed': [
              ...hasRunAndEnded,
              { guard: 'remakable', target: 'remaking' },
              { target: '#stopped', actions: 'failed' },
            ],
            ...stoppable,
            ...terminableOnceRun,
            ...forceStoppable,
            ...guestMayPowerOff,
          },
        },
        remaking: {
          tags: 'working',
          entry: { type: 'ask', params: want.compute },
          on: {
            'instance.created': [
              { guard: 'stillOff', target: 'restarting', actions: 'narrowed' },
              { target: '#running', actions: ['narrowed', 'cameUp'] },
            ],
            'instance.createFailed': { target: '#stopped', actions: 'failed' },
            ...stoppable,
            ...terminableOnceRun,
            ...forceStoppable,
            ...guestMayPowerOff,
          },
        },
        abandoning: {
          id: 'abandoning',
          initial: 'destroying',
          states: untilDestroyed,
          on: {
            // Why it failed is worth more than that it was told to go as well.
            'instance.terminateRequested': { ...terminable['instance.terminateRequested'], actions: [] },
            'instance.destroyed': whenDestroyed,
            ...late.abandoning,
          },
        },
      },
      on: {
        'instance.startRequested': {},
        ...terminable,
        ...modifiable,
        ...tagging,
        ...growable,
        ...forgettingImages,
        ...forgettingReverts,
        ...vmSnapshotsAnswered,
        ...expiringLater,
        'instance.launchTimedOut': { actions: 'overdue' },
        ...late.pending,
      },
    },

    running: {
      id: 'running',
      initial: 'steady',
      exit: [{ type: 'disarm', params: graceOver }, { type: 'disarm', params: noStallRetry }, 'seen', 'stallOver'],
      states: {
        steady: { id: 'steady', tags: 'settled', on: late.steady },
        changing: {
          tags: 'working',
          on: connectingWhileRunning,
        },
        capturing,
        reverting,
      },
      on: {
        'instance.resumeRequested': {},
        ...stallable,
        ...stoppable,
        ...suspendable,
        ...restartable,
        ...forceStoppable,
        'instance.rebooted': [{ guard: 'rebooting', actions: 'rebooted' }, ignore('no restart of the guest is open')],
        'instance.rebootFailed': [
          { guard: 'rebooting', actions: 'rebooted' },
          ignore('no restart of the guest is open'),
        ],
        ...terminableOnceRun,
        ...modifiable,
        ...tagging,
        ...growable,
        'instance.attachProposed': {
          guard: needs(
            'deviceNamed',
            'deviceFree',
            'rootOnly',
            'slotFree',
            'volumesOutlive',
            'hotPlugOffered',
            'notCapturing',
            'noVmSnapshots',
          ),
          target: '.changing',
          actions: ['attaching', { type: 'ask', params: want.connect }],
        },
        'instance.detachProposed': {
          guard: needs('attachedThere', 'notRoot', 'hotUnplugOffered', 'notCapturing', 'noVmSnapshots'),
          target: '.changing',
          actions: ['detaching', { type: 'ask', params: want.disconnect }],
        },
        ...keepableWhileRunning,
        ...migratableRunning,
        ...capturableWhileRunning,
        ...forgettingImages,
        ...forgettingReverts,
        ...guestMayPowerOff,
        ...missableWhileRunning,
        ...measurable,
        ...late.running,
      },
    },

    stopping: {
      id: 'stopping',
      initial: 'asking',
      entry: ['awake', 'stopBegun', { type: 'arm', params: want.stopPatience }],
      exit: ['answered', 'stopOver', { type: 'disarm', params: want.stopDone }],
      states: untilStopped,
      on: {
        ...terminableOnceRun,
        ...modifiable,
        ...tagging,
        'instance.detachProposed': {
          guard: needs('attachedThere', 'notRoot', 'noVmSnapshots'),
          actions: 'detachingWithStop',
        },
        ...growable,
        ...connectingWhileStopping,
        ...vmSnapshotsAnswered,
        ...expiringLater,
        'instance.stopped': [ofAnotherLaunch, ...onceStopped],
        'instance.stopStuck': { actions: 'stuck' },
        ...forceStoppableWhileStopping,
        ...forgettingImages,
        ...forgettingReverts,
        'instance.stopTimedOut': { actions: 'overdue' },
        ...late.stopping,
      },
    },

    suspending,
    suspended,

    stopped: {
      id: 'stopped',
      tags: 'settled',
      entry: { type: 'arm', params: want.endOffLater },
      exit: { type: 'disarm', params: want.endOffNoMore },
      on: {
        'instance.startRequested': {
          guard: needs(
            'accountOpen',
            'stateful',
            'rootAttached',
            'notReverting',
            'notMigrating',
            'stopConfirmed',
            'vmSnapshotIdle',
          ),
          target: 'pending.restarting',
          actions: 'restarted',
        },
        'instance.offGraceDue': [
          { guard: 'endsOff', target: 'shutting-down' },
          ignore('it is protected from its end, or may be started'),
        ],
        'instance.stopRequested': {},
        'instance.forceStopRequested': {},
        ...terminableWhileOff,
        'instance.modifyRequested': {
          guard: needs(
            'behaviourPossible',
            'recoveryPossible',
            'devicesMapped',
            'volumesOutlive',
            'offeringActive',
            'userDataFits',
            'annotationsFit',
            'vmSnapshotIdle',
          ),
          actions: [{ type: 'arm', params: want.endOffUnprotected }, 'modified'],
        },
        ...tagging,
        ...growable,
        'instance.attachProposed': {
          guard: needs(
            'deviceNamed',
            'deviceFree',
            'rootOnly',
            'slotFree',
            'volumesOutlive',
            'stopConfirmed',
            'noVmSnapshots',
          ),
          actions: ['attachedAtOnce', { type: 'tell', params: want.attachedAtOnce }],
        },
        ...keepableWhileOff,
        ...capturableWhileOff,
        ...revertible,
        ...migratableOff,
        ...forgettingImages,
        ...forgettingReverts,
        'instance.detachProposed': {
          guard: needs('attachedThere', 'stopConfirmed', 'noVmSnapshots'),
          actions: [{ type: 'tell', params: want.detachedAtOnce }, 'detachedAtOnce'],
        },
        ...answeredWhileStopped,
        ...measurable,
        'instance.stopped': [
          { guard: 'confirms', actions: [{ type: 'tell', params: want.settleVolumes }, 'halted'] },
          ignore('it is stopped already'),
        ],
        ...late.stopped,
        ...letsGoWhileStopped,
      },
    },

    recoverable,

    'shutting-down': {
      id: 'shutting-down',
      initial: 'destroying',
      entry: [
        { type: 'arm', params: want.terminatePatience },
        { type: 'tell', params: orphanImages },
        'captureless',
        'awake',
        'askedAnew',
      ],
      exit: ['answered', { type: 'disarm', params: want.terminateDone }],
      states: { ...untilDestroyed, settingAside, clearing, cleaning },
      on: {
        'instance.terminateRequested': {},
        'instance.destroyed': whenDestroyed,
        'instance.terminateTimedOut': { actions: 'overdue' },
        ...tagging,
        ...expiringLater,
        ...growable,
        ...late.shuttingDown,
      },
    },

    terminated: {
      id: 'terminated',
      tags: ['settled', 'terminal'],
      entry: [
        { type: 'tell', params: want.releaseVolumes },
        { type: 'tell', params: want.releaseImage },
        { type: 'tell', params: want.freeImage },
        { type: 'tell', params: lineageGone },
        'ended',
      ],
      on: {
        'instance.terminateRequested': {},
        'instance.rebootRequested': {},
        'instance.imageFreed': [
          { guard: 'pinning', actions: 'imageFreed' },
          ignore('it needed no image, or not any more'),
        ],
        ...tagging,
        ...growable,
        'instance.orphanCleaned': { actions: 'orphanCleaned' },
        ...late.terminated,
        'instance.orphanRecorded': { actions: 'orphaned' },
        'instance.destroyed': [{ guard: 'isOrphan', actions: 'unorphaned' }, late.terminated['instance.destroyed']],
      },
    },
  },
})
