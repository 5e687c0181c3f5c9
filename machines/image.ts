/**
 * An image: what an instance starts from. Registering copies no data, so it is available at once; its root disk and
 * further devices are the defaults that a launch merges its own mapping over. A deregistered image launches nothing
 * more; instances that came from it live on and may be stopped and started.
 *
 * One made from an instance, or copied, is pending until every snapshot of it is complete, and fails with the first that
 * does not come to be. It is the one that knows all of them: each hears that the image uses it, so that none of them is
 * deleted, and hears when it no longer does. Its instance is asked to let the disks be taken, and says so if it cannot;
 * an instance that is terminated first takes its pending images with it. Disks that were cloned from it and need it keep
 * it from being deregistered; who they are is known to a view, since they may be of other accounts. A name is taken once among the images of an
 * account in a region, and free again when its image fails or is deregistered. (spec: ec2 5.)
 */
import { setup } from 'xstate'
import { ignore, needs, requires, type StateMeta, type StateTag, wants } from './grammar.ts'
import { type ImageContext, type ImageEvent, unborn } from './image.alphabet.ts'
import { imageChanges } from './image.changes.ts'
import { late } from './image.late.ts'
import { choices, imageRequirements } from './image.rules.ts'
import * as want from './image.wants.ts'
import { taggable } from './tags.ts'

const notAwaited = ignore('it does not wait for that snapshot')
const alive = {
  'image.modifyRequested': [{ guard: 'sameDescription' }, { actions: 'modified' }],
  'image.shareRequested': [{ guard: 'sameShares' }, { actions: 'shared' }],
  ...taggable('image'),
} as const
const mapped = ['rootKnown', 'mappingValid', 'sizeGiven', 'snapshotFits', 'snapshotsCompleted'] as const

export const image = setup({
  types: {
    context: {} as ImageContext,
    events: {} as ImageEvent,
    tags: {} as StateTag,
    meta: {} as StateMeta & { readonly ignored?: string },
  },
  actions: { ...wants, ...imageChanges },
  guards: { requires: requires(imageRequirements), ...choices },
}).createMachine({
  id: 'image',
  context: unborn,
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: {
        'image.registerRequested': {
          guard: needs('accountOpen', ...mapped, 'rootKept', 'nameFree', 'tagsFew'),
          target: 'available',
          actions: ['registered', { type: 'tell', params: want.useSnapshots }],
        },
        'image.createRequested': {
          guard: needs('accountOpen', ...mapped, 'nameFree', 'tagsFew'),
          target: 'pending',
          actions: ['created', { type: 'tell', params: want.capture }],
        },
        'image.copyRequested': {
          guard: needs('accountOpen', 'originalAvailable', 'copyable', 'copyOffered', 'nameFree', 'tagsFew'),
          target: 'pending',
          actions: ['copied', { type: 'tell', params: want.copySnapshots }],
        },
        ...late.absent,
      },
    },
    pending: {
      tags: 'working',
      meta: { awaits: (context: ImageContext) => context.awaited },
      on: {
        'image.snapshotBegun': [{ guard: 'awaited', actions: 'begun' }, notAwaited],
        'image.snapshotCompleted': [
          {
            guard: 'lastAwaited',
            target: 'available',
            actions: ['stored', { type: 'tell', params: want.captureEnded }],
          },
          { guard: 'awaited', actions: 'stored' },
          notAwaited,
        ],
        'image.snapshotFailed': [
          { guard: 'awaited', target: 'failed', actions: ['failed', { type: 'tell', params: want.fail }] },
          notAwaited,
        ],
        'image.captureFailed': { target: 'failed', actions: ['failed', { type: 'tell', params: want.fail }] },
        'image.instanceTerminated': [
          { guard: 'ofInstance', target: 'failed', actions: ['orphaned', { type: 'tell', params: want.orphan }] },
          ignore('it is made from another instance'),
        ],
        ...alive,
        ...late.pending,
      },
    },
    available: {
      tags: 'settled',
      on: {
        'image.deregisterRequested': {
          guard: needs('unused'),
          target: 'deregistered',
          actions: { type: 'tell', params: want.release },
        },
        'image.directUseProposed': { guard: needs('unused'), actions: 'used' },
        'image.directUseEnded': [{ guard: 'usedBy', actions: 'unused' }, ignore('that instance does not run on it')],
        ...alive,
        ...late.available,
      },
    },
    failed: {
      tags: 'settled',
      on: {
        'image.nameFreed': [{ guard: 'nameless', ...ignore('its name is free already') }, { actions: 'nameFreed' }],
        'image.deregisterRequested': 'deregistered',
        ...taggable('image'),
        ...late.failed,
      },
    },
    deregistered: { tags: ['settled', 'terminal'], on: late.deregistered },
  },
})
