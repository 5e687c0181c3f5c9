/**
 * A volume: a disk with a life of its own. It is in use as soon as an instance has a claim on it, whether the disk is
 * being connected, connected, or waiting beside a stopped instance; and free only when no claim is left. The instance
 * keeps the list of its devices and does the connecting; the volume hears what came of it.
 *
 * Nothing here asks for a deletion because an instance is going away: the order comes as `instanceGone`, which the
 * instance tells only after its compute is confirmed gone. A volume still being made when that order arrives keeps it
 * until the provider has answered. Deleting is retried until the provider says it is done, so it may take the place of
 * whatever was asked before. A new size counts from the request on, because that is when the space is promised.
 *
 * A volume that was to end with an instance tells it how that goes: the instance is not over before. What a provider kept
 * of an instance begins here, when it is to go. (spec: ec2 3, 8, 16; stateful-and-deltacloud 3a.5.)
 */
import { setup } from 'xstate'
import { diskRequirementNames } from './disks.ts'
import { ignore, needs, requires, type StateMeta, type StateTag, wants } from './grammar.ts'
import { sighted } from './sights.ts'
import { taggable } from './tags.ts'
import { unborn, type VolumeContext, type VolumeEvent } from './volume.alphabet.ts'
import { volumeChanges } from './volume.changes.ts'
import { takingInGroups } from './volume.group.ts'
import { late } from './volume.late.ts'
import { migratable, migratableInUse, migrating, migratingInUse } from './volume.migrate.ts'
import { keptWithInstance } from './volume.recovery.ts'
import { dropRevert, revertible, revertibleInUse, reverting, revertingInUse } from './volume.revert.ts'
import { choices, volumeRequirements } from './volume.rules.ts'
import { countingSnapshots, takingSnapshots, untilTaken } from './volume.snapshots.ts'
import { coverable } from './volume.vm-snapshots.ts'
import * as want from './volume.wants.ts'

const unasked = ignore('no change of its size or type is under way')
/**
 * A change of size, type or rates, and what came of it: taken wherever the volume is alive, attached or not. A provider
 * that still moves its contents is asked again until it does not; the change is in force by then.
 */
const changing = {
  'volume.modifyRequested': [
    { guard: 'sameShape' },
    {
      guard: needs(
        'accountOpen',
        'present',
        'ownerAlive',
        'notReverting',
        'notMigrating',
        'sizeUncovered',
        'noVmSnapshotTask',
        'notResizing',
        'growing',
        ...diskRequirementNames,
        'growOffered',
        'retypeOffered',
      ),
      actions: [{ type: 'tell', params: want.proposeGrowth }, 'resizing', { type: 'ask', params: want.reshape }],
    },
  ],
  'volume.resized': [
    { guard: 'stillOptimizing', actions: ['optimizing', { type: 'arm', params: want.checkLater }] },
    { guard: 'resizing', actions: 'resized' },
    unasked,
  ],
  'volume.resizeFailed': [
    { guard: 'modifying', actions: 'resizeFailed' },
    { guard: 'optimizing', actions: 'optimized' },
    unasked,
  ],
  'volume.optimizeCheckDue': [{ guard: 'optimizing', actions: { type: 'ask', params: want.reshape } }, unasked],
} as const
const tagging = taggable('volume')
/** Wherever its provider must have it. */
const seen = {
  ...sighted('volume'),
  'volume.measured': [
    { guard: 'modifying', ...ignore('the open call will say what it comes to') },
    { guard: 'reverting', ...ignore('the open call will say what it comes to') },
    { guard: 'migrating', ...ignore('the open call will say what it comes to') },
    ...sighted('volume')['volume.measured'],
  ],
} as const
const abandoned = { target: '#deleted', actions: { type: 'tell', params: want.orphaned } } as const
/**
 * What will not go may be given up, by an operator. A call that is open stays open, since nobody can take it back: what
 * comes of it is recorded with what has ended.
 */
const abandonable = { 'volume.abandonCleanupRequested': abandoned, 'volume.abandonProposed': abandoned } as const
const abandonedUnmade = { ...abandoned, guard: needs('condemned') } as const

export const volume = setup({
  types: {
    context: {} as VolumeContext,
    events: {} as VolumeEvent,
    tags: {} as StateTag,
    meta: {} as StateMeta & { readonly ignored?: string },
  },
  actions: { ...wants, ...volumeChanges },
  guards: { requires: requires(volumeRequirements), ...choices },
}).createMachine({
  id: 'volume',
  context: unborn,
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: {
        'volume.createRequested': {
          guard: needs(
            'accountOpen',
            'zoneOffered',
            'volumesOffered',
            'snapshotCompleted',
            'snapshotPresent',
            'snapshotHere',
            'oneSource',
            'imageAvailable',
            'imageUnused',
            'imageHere',
            'cloneOffered',
            'sizeGiven',
            'snapshotFits',
            'imageFits',
            'encryptionKept',
            ...diskRequirementNames,
            'poolRoom',
            'tagsFew',
          ),
          target: 'creating',
          actions: 'requested',
        },
        'volume.requestedByInstance': { target: 'creating', actions: 'requestedByInstance' },
        'volume.rootLeft': { target: 'deleting', actions: 'rootLeft' },
        ...late.absent,
      },
    },
    creating: {
      tags: 'working',
      entry: [
        { type: 'ask', params: want.make },
        { type: 'arm', params: want.createPatience },
      ],
      exit: ['answered', { type: 'disarm', params: want.created }],
      on: {
        'volume.created': [
          { guard: 'condemned', target: 'deleting', actions: 'made' },
          { guard: 'awaited', target: 'in-use.attached', actions: ['made', { type: 'tell', params: want.ready }] },
          { target: 'available', actions: 'made' },
        ],
        'volume.createFailed': [
          { guard: 'condemned', target: 'deleting', actions: 'failed' },
          { target: 'error', actions: ['failed', { type: 'tell', params: want.failed }] },
        ],
        'volume.createTimedOut': { actions: 'overdue' },
        'volume.instanceGone': [
          { guard: 'foreign', ...ignore('another instance had nothing to do with it') },
          { guard: 'condemns', actions: 'condemned' },
          { actions: 'released' },
        ],
        'volume.abandonCleanupRequested': abandonedUnmade,
        'volume.abandonProposed': abandonedUnmade,
        ...tagging,
        ...late.creating,
      },
    },
    available: {
      id: 'available',
      tags: 'settled',
      on: {
        'volume.attachRequested': {
          guard: needs('unattached', 'present', 'sameProvider', 'sameZone', 'notGrowingOffline'),
          target: 'in-use.attaching',
          actions: ['attaching', { type: 'tell', params: want.proposeAttach }],
        },
        'volume.launchProposed': {
          guard: needs('unattached', 'present', 'notGrowingOffline'),
          target: 'in-use.attached',
          actions: ['attaching', { type: 'tell', params: want.readyToBoot }],
        },
        'volume.deleteRequested': [
          { guard: 'beingTaken', target: 'deleting.waiting' },
          { guard: needs('unattached'), target: 'deleting' },
        ],
        ...revertible,
        ...migratable,
        ...changing,
        ...takingSnapshots,
        ...countingSnapshots,
        ...takingInGroups,
        ...seen,
        ...tagging,
        ...late.available,
      },
    },
    reverting: { ...reverting, on: { ...reverting.on, ...countingSnapshots, ...tagging, ...late.reverting } },
    migrating: { ...migrating, on: { ...migrating.on, ...countingSnapshots, ...tagging, ...late.migrating } },
    'in-use': {
      initial: 'attached',
      states: {
        attaching: {
          tags: 'working',
          meta: { awaits: (context: VolumeContext) => [context.attachment!.instance] },
          on: {
            'volume.attached': 'attached',
            'volume.attachFailed': { target: '#available', actions: ['failed', 'released'] },
            ...late.attaching,
          },
        },
        attached: {
          tags: 'settled',
          on: {
            'volume.detachRequested': {
              guard: needs('instanceKnown', 'attachedHere'),
              target: 'detaching',
              actions: { type: 'tell', params: want.proposeDetach },
            },
            ...revertibleInUse,
            ...migratableInUse,
            ...late.attached,
          },
        },
        reverting: { ...revertingInUse, on: { ...revertingInUse.on, ...late.revertingInUse } },
        migrating: { ...migratingInUse, on: { ...migratingInUse.on, ...late.migratingInUse } },
        detaching: {
          tags: 'working',
          meta: { awaits: (context: VolumeContext) => [context.attachment!.instance] },
          on: {
            'volume.detached': { target: '#available', actions: 'released' },
            'volume.detachFailed': { target: 'attached', actions: 'failed' },
            ...late.detaching,
          },
        },
      },
      on: {
        'volume.instanceGone': [
          { guard: 'foreign', ...ignore('another instance has no claim on it') },
          {
            guard: 'condemnsLater',
            target: 'deleting.waiting',
            actions: ['released', { type: 'tell', params: want.handedOver }],
          },
          { guard: 'condemns', target: 'deleting', actions: ['owed', dropRevert] },
          { guard: 'reverting', target: 'reverting', actions: 'released' },
          { guard: 'migrating', target: 'migrating', actions: 'released' },
          { target: 'available', actions: 'released' },
        ],
        ...changing,
        ...takingSnapshots,
        ...countingSnapshots,
        ...takingInGroups,
        ...keptWithInstance,
        ...coverable,
        ...seen,
        ...tagging,
        ...late.inUse,
      },
    },
    error: {
      tags: 'settled',
      on: {
        'volume.deleteRequested': { guard: needs('unattached'), target: 'deleting' },
        'volume.instanceGone': [
          { guard: 'foreign', ...ignore('another instance has no claim on it') },
          { guard: 'condemns', target: 'deleting', actions: 'owed' },
          { actions: 'released' },
        ],
        ...tagging,
        ...late.error,
      },
    },
    deleting: {
      id: 'deleting',
      initial: 'asking',
      entry: [
        { type: 'arm', params: want.deletePatience },
        { type: 'disarm', params: want.checkNoMore },
      ],
      exit: ['answered', { type: 'disarm', params: want.deleted }],
      states: {
        waiting: untilTaken,
        asking: {
          tags: 'working',
          entry: { type: 'ask', params: want.remove },
          on: {
            'volume.deleteFailed': {
              target: 'retrying',
              actions: ['deleteFailed', { type: 'tell', params: want.deleteFailed }],
            },
            ...abandonable,
            ...late.asking,
          },
        },
        retrying: {
          tags: 'working',
          entry: { type: 'arm', params: want.retryLater },
          exit: { type: 'disarm', params: want.retryNow },
          on: { 'volume.deleteRetryDue': 'asking', ...abandonable, ...late.retrying },
        },
      },
      on: {
        'volume.deleteRequested': {},
        'volume.deleted': { target: 'deleted', actions: { type: 'tell', params: want.gone } },
        'volume.deleteTimedOut': { actions: 'overdue' },
        ...tagging,
        ...late.deleting,
      },
    },
    deleted: {
      id: 'deleted',
      tags: ['settled', 'terminal'],
      entry: { type: 'tell', params: want.freeImage },
      on: {
        'volume.deleteRequested': {},
        'volume.imageFreed': [
          { guard: 'pinning', actions: 'imageFreed' },
          ignore('it needed no image, or not any more'),
        ],
        ...late.deleted,
        'volume.orphanRecorded': { actions: 'orphaned' },
        'volume.deleted': [{ guard: 'isOrphan', actions: 'unorphaned' }, late.deleted['volume.deleted']],
      },
    },
  },
})
