/**
 * A snapshot: what a volume held at one moment, with a life of its own. The volume may be changed, detached and deleted
 * afterwards; only its deletion waits until the provider has answered, so that no provider has to read from a disk that
 * is going away.
 *
 * The moment is the one when the provider first accepts the call. Where it stores the rest later it says how far it has
 * come (`progressed`), and whoever waited for the moment alone goes on: a guest that was turned off for an image runs
 * again while its snapshots are still being stored. A snapshot for such an image is born `held`: it exists from the
 * request on, and is asked for when the guest is off.
 *
 * Images that use a snapshot are listed with it, and a listed one refuses its deletion. Deleting one that is still being
 * made is accepted, and done when it has been answered. (spec: ec2 4, 5.4.)
 */
import { setup } from 'xstate'
import { ignore, needs, requires, type StateMeta, type StateTag, wants } from './grammar.ts'
import { adopted, tellCompleted, tellFailed, tellGone } from './scheduled.ts'
import { sighted } from './sights.ts'
import { type SnapshotContext, type SnapshotEvent, unborn } from './snapshot.alphabet.ts'
import { snapshotChanges } from './snapshot.changes.ts'
import { deletable, expiring, expiringUnmade } from './snapshot.expiry.ts'
import { grouped } from './snapshot.group.ts'
import { late } from './snapshot.late.ts'
import { choices, snapshotRequirements } from './snapshot.rules.ts'
import * as want from './snapshot.wants.ts'
import { taggable } from './tags.ts'

const notRead = ignore('nothing of that name reads it')
const untilUnread = [
  { guard: 'lastReader', target: 'asking', actions: 'unread' },
  { guard: 'readNow', actions: 'unread' },
  notRead,
] as const
const notUsed = ignore('that image does not use it')
/** What will not go may be given up; a call that is open stays open, and what comes of it is recorded all the same. */
const abandonable = {
  'snapshot.abandonCleanupRequested': { target: '#deleted', actions: { type: 'tell', params: want.orphaned } },
} as const
const letGoByImage = { 'snapshot.imageGone': [{ guard: 'usedBy', actions: 'unused' }, notUsed] } as const

const whenCompleted = [
  { guard: 'condemned', target: 'deleting', actions: ['completed', { type: 'tell', params: want.completed }] },
  { target: 'completed', actions: ['completed', { type: 'tell', params: want.completed }] },
] as const
const whenFailed = [
  { guard: 'condemned', target: 'deleting', actions: ['failed', { type: 'tell', params: want.failed }] },
  { target: 'error', actions: ['failed', { type: 'tell', params: want.failed }] },
] as const

export const snapshot = setup({
  types: {
    context: {} as SnapshotContext,
    events: {} as SnapshotEvent,
    tags: {} as StateTag,
    meta: {} as StateMeta & { readonly ignored?: string },
  },
  actions: { ...wants, ...snapshotChanges },
  guards: { requires: requires(snapshotRequirements), ...choices },
}).createMachine({
  id: 'snapshot',
  context: unborn,
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: {
        'snapshot.createRequested': {
          guard: needs('accountOpen', 'tagsFew'),
          target: 'pending.taking',
          actions: ['requested', { type: 'tell', params: want.proposeToVolume }],
        },
        'snapshot.copyRequested': {
          guard: needs('accountOpen', 'sourceCompleted', 'copyOffered', 'tagsFew'),
          target: 'pending.taking',
          actions: ['copyRequested', { type: 'tell', params: want.proposeCopy }],
        },
        'snapshot.requestedByVolume': [
          { guard: 'held', target: 'pending.held', actions: 'requestedByVolume' },
          { target: 'pending.taking', actions: 'requestedByVolume' },
        ],
        'snapshot.requestedByImage': {
          target: 'pending.taking',
          actions: ['requestedByImage', { type: 'tell', params: want.proposeCopy }],
        },
        'snapshot.requestedByGroup': { target: 'pending.grouped', actions: 'requestedByGroup' },
        ...late.absent,
      },
    },

    pending: {
      initial: 'taking',
      entry: { type: 'arm', params: want.createPatience },
      exit: ['answered', { type: 'disarm', params: want.created }],
      states: {
        held: {
          tags: 'working',
          meta: { awaits: (context: SnapshotContext) => [context.capturedFor!.instance] },
          on: {
            'snapshot.guestQuieted': 'taking',
            'snapshot.imageGone': [
              {
                guard: 'usedBy',
                target: '#error',
                actions: ['unused', 'abandoned', { type: 'tell', params: want.abandoned }],
              },
              notUsed,
            ],
            ...late.held,
          },
        },
        grouped: { ...grouped, on: { ...grouped.on, ...late.grouped } },
        taking: {
          tags: 'working',
          entry: { type: 'ask', params: want.take },
          on: {
            'snapshot.progressed': {
              target: 'storing',
              actions: [
                'progressed',
                'answered',
                { type: 'arm', params: want.createPatience },
                { type: 'tell', params: want.begun },
              ],
            },
            ...letGoByImage,
            ...late.taking,
          },
        },
        storing: {
          tags: 'working',
          on: {
            'snapshot.progressed': [
              { guard: 'further', actions: ['progressed', 'answered', { type: 'arm', params: want.createPatience }] },
              ignore('it has come further than that'),
            ],
            ...letGoByImage,
            ...late.taking,
          },
        },
      },
      on: {
        'snapshot.completed': whenCompleted,
        'snapshot.createFailed': whenFailed,
        'snapshot.groupTaken': whenCompleted,
        'snapshot.groupFailed': whenFailed,
        ...adopted('snapshot'),
        ...expiringUnmade,
        'snapshot.deleteRequested': [
          { guard: { type: 'condemned' } },
          { guard: needs('unused'), actions: 'condemned' },
        ],
        'snapshot.deleteProposed': { guard: needs('unused'), actions: 'condemned' },
        'snapshot.createTimedOut': { actions: 'overdue' },
        ...taggable('snapshot'),
        ...late.pending,
      },
    },

    completed: {
      id: 'completed',
      tags: 'settled',
      on: {
        'snapshot.useProposed': { guard: needs('present'), actions: 'used' },
        'snapshot.copyProposed': { guard: needs('present'), actions: 'readBy' },
        'snapshot.revertProposed': { guard: needs('present'), actions: 'readBy' },
        'snapshot.copyEnded': [{ guard: 'readNow', actions: 'unread' }, notRead],
        'snapshot.revertEnded': [{ guard: 'readNow', actions: 'unread' }, notRead],
        ...adopted('snapshot', tellCompleted),
        ...expiring,
        ...deletable,
        ...letGoByImage,
        ...sighted('snapshot'),
        ...taggable('snapshot'),
        ...late.completed,
      },
    },
    error: {
      id: 'error',
      tags: 'settled',
      on: {
        ...deletable,
        ...adopted('snapshot', tellFailed),
        ...expiring,
        ...letGoByImage,
        ...taggable('snapshot'),
        ...late.error,
      },
    },
    deleting: {
      id: 'deleting',
      initial: 'asking',
      entry: { type: 'arm', params: want.deletePatience },
      exit: ['answered', { type: 'disarm', params: want.deleted }],
      states: {
        waiting: {
          tags: 'working',
          meta: { awaits: (context: SnapshotContext) => context.readers },
          on: {
            'snapshot.copyEnded': untilUnread,
            'snapshot.revertEnded': untilUnread,
            ...late.waiting,
          },
        },
        asking: {
          tags: 'working',
          entry: { type: 'ask', params: want.remove },
          on: {
            'snapshot.deleteFailed': { target: 'retrying', actions: 'deleteFailed' },
            ...abandonable,
            ...late.asking,
          },
        },
        retrying: {
          tags: 'working',
          entry: { type: 'arm', params: want.retryLater },
          exit: { type: 'disarm', params: want.retryNow },
          on: { 'snapshot.deleteRetryDue': 'asking', ...abandonable, ...late.retrying },
        },
      },
      on: {
        'snapshot.deleteRequested': {},
        'snapshot.deleteProposed': {},
        'snapshot.deleted': 'deleted',
        'snapshot.deleteTimedOut': { actions: 'overdue' },
        ...adopted('snapshot'),
        ...taggable('snapshot'),
        ...late.deleting,
      },
    },
    deleted: {
      id: 'deleted',
      tags: ['settled', 'terminal'],
      entry: { type: 'tell', params: want.gone },
      on: {
        ...adopted('snapshot', tellGone),
        'snapshot.deleteRequested': {},
        'snapshot.deleteProposed': {},
        ...late.deleted,
        'snapshot.orphanRecorded': { actions: 'orphaned' },
        'snapshot.deleted': [{ guard: 'isOrphan', actions: 'unorphaned' }, late.deleted['snapshot.deleted']],
      },
    },
  },
})
