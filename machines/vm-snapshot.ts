/**
 * A VM snapshot: all disks of an instance at one moment, and what was in its memory if that was asked for.
 *
 * It has a life of its own, and its place among others is its instance's to know: the instance keeps the lineage, does
 * one thing at a time to it, and asks the provider. So every step of this life is proposed to the instance, and what
 * became of it is told from there; whatever was asked for is in the outbox of the instance, and a crash in any phase
 * changes nothing but the time it takes.
 *
 * Deleting one never deletes those that come after it, unless its subtree is asked for. Where a provider cannot take out
 * a layer that others are built on, it is hidden: its owner is rid of it, and it goes when nothing is built on it any
 * more. One that could not be taken, or not be deleted, is in error until it is deleted. (spec: cloudstack 1.1, 2.)
 */
import { setup } from 'xstate'
import { ignore, needs, requires, type StateMeta, type StateTag, wants } from './grammar.ts'
import { adopted, tellCompleted, tellFailed, tellGone } from './scheduled.ts'
import { sighted } from './sights.ts'
import { taggable } from './tags.ts'
import { unborn, type VmSnapshotContext, type VmSnapshotEvent } from './vm-snapshot.alphabet.ts'
import { vmSnapshotChanges } from './vm-snapshot.changes.ts'
import { late } from './vm-snapshot.late.ts'
import { choices, vmSnapshotRequirements } from './vm-snapshot.rules.ts'
import * as want from './vm-snapshot.wants.ts'

const deletable = {
  'vm-snapshot.deleteRequested': {
    target: '#deleting',
    actions: { type: 'tell', params: want.proposeRemoval },
  },
} as const
/** Its instance is rid of it for another reason than its own deletion. */
const removable = {
  'vm-snapshot.removalBegun': '#deleting',
  'vm-snapshot.instanceGone': { target: '#deleted', actions: { type: 'tell', params: tellGone } },
} as const
const goneWithInstance = {
  'vm-snapshot.instanceGone': { target: '#deleted', actions: { type: 'tell', params: tellGone } },
} as const
/** Its schedule keeps it no longer. */
const expiring = {
  'vm-snapshot.expired': { target: '#deleting', actions: { type: 'tell', params: want.expire } },
} as const
const tagging = taggable('vm-snapshot')
const takesLong = {
  'vm-snapshot.taskTimedOut': { actions: ['overdue', { type: 'arm', params: want.patience }] },
} as const
/** The call is its instance's, whatever that does otherwise. */
const working = {
  tags: 'working',
  meta: { awaits: ({ instance }: VmSnapshotContext) => [instance] },
  entry: { type: 'arm', params: want.patience },
  exit: ['answered', { type: 'disarm', params: want.patienceOver }],
} as const

export const vmSnapshot = setup({
  types: {
    context: {} as VmSnapshotContext,
    events: {} as VmSnapshotEvent,
    tags: {} as StateTag,
    meta: {} as StateMeta & { readonly ignored?: string },
  },
  actions: { ...wants, ...vmSnapshotChanges },
  guards: { requires: requires(vmSnapshotRequirements), ...choices },
}).createMachine({
  id: 'vm-snapshot',
  context: unborn,
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: {
        'vm-snapshot.createRequested': {
          guard: needs('accountOpen', 'tagsFew'),
          target: 'creating',
          actions: ['requested', { type: 'tell', params: want.proposeKeeping }],
        },
        ...late.absent,
      },
    },
    creating: {
      ...working,
      on: {
        'vm-snapshot.kept': {
          target: 'ready',
          actions: ['kept', { type: 'tell', params: want.covered }, { type: 'tell', params: tellCompleted }],
        },
        'vm-snapshot.keepFailed': {
          target: 'error',
          actions: ['failed', { type: 'tell', params: want.uncovered }, { type: 'tell', params: tellFailed }],
        },
        ...goneWithInstance,
        ...adopted('vm-snapshot'),
        ...takesLong,
        ...tagging,
        ...late.creating,
      },
    },
    ready: {
      id: 'ready',
      tags: 'settled',
      entry: { type: 'arm', params: want.expiry },
      exit: { type: 'disarm', params: want.expiryNoMore },
      on: {
        'vm-snapshot.revertRequested': {
          guard: needs('accountOpen', 'present'),
          target: 'reverting',
          actions: { type: 'tell', params: want.proposeRevert },
        },
        ...deletable,
        'vm-snapshot.expiryDue': { target: 'deleting', actions: { type: 'tell', params: want.expire } },
        'vm-snapshot.reparented': { actions: 'reparented' },
        ...removable,
        ...expiring,
        ...adopted('vm-snapshot', tellCompleted),
        ...sighted('vm-snapshot'),
        ...tagging,
        ...late.ready,
      },
    },
    reverting: {
      ...working,
      on: {
        'vm-snapshot.reverted': { target: 'ready', actions: ['reverted', { type: 'tell', params: want.restored }] },
        'vm-snapshot.revertFailed': { target: 'ready', actions: ['failed', { type: 'tell', params: want.unrestored }] },
        ...goneWithInstance,
        ...adopted('vm-snapshot'),
        ...takesLong,
        ...tagging,
        ...late.reverting,
      },
    },
    error: {
      id: 'error',
      tags: 'settled',
      on: {
        ...deletable,
        'vm-snapshot.reparented': { actions: 'reparented' },
        ...expiring,
        ...adopted('vm-snapshot', tellFailed),
        ...removable,
        ...tagging,
        ...late.error,
      },
    },
    deleting: {
      id: 'deleting',
      ...working,
      initial: 'asked',
      states: {
        asked: { on: late.asked },
        /** It is as old as it was to become, and its instance is busy. */
        deferred: {
          entry: ['deferred', { type: 'arm', params: want.expireLater }],
          exit: { type: 'disarm', params: want.expireNow },
          on: { 'vm-snapshot.removalRetryDue': { target: 'asked', actions: { type: 'tell', params: want.expire } } },
        },
      },
      on: {
        'vm-snapshot.deleteRequested': {},
        'vm-snapshot.removed': {
          target: 'deleted',
          actions: [
            { type: 'tell', params: want.uncovered },
            { type: 'tell', params: tellGone },
          ],
        },
        'vm-snapshot.removeFailed': { target: 'error', actions: 'failed' },
        'vm-snapshot.hidden': { target: 'hidden', actions: { type: 'tell', params: tellGone } },
        'vm-snapshot.removalDeferred': '.deferred',
        'vm-snapshot.reparented': { actions: 'reparented' },
        'vm-snapshot.removalBegun': ignore('it is going already'),
        ...goneWithInstance,
        ...adopted('vm-snapshot'),
        ...takesLong,
        ...tagging,
        ...late.deleting,
      },
    },
    hidden: {
      tags: 'settled',
      on: {
        'vm-snapshot.deleteRequested': {},
        'vm-snapshot.reparented': { actions: 'reparented' },
        ...adopted('vm-snapshot', tellGone),
        ...removable,
        ...late.hidden,
      },
    },
    deleted: {
      id: 'deleted',
      tags: ['settled', 'terminal'],
      on: { 'vm-snapshot.deleteRequested': {}, ...adopted('vm-snapshot', tellGone), ...late.deleted },
    },
  },
})
