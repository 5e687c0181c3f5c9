/**
 * The classes of providers that the rules of a life have to be right for, each as capabilities of a simulated one:
 * `simulated({ capabilities: simulatedClasses.C })`. What never came up can be destroyed in all of them.
 * (spec: stateful-and-deltacloud 3a.3.)
 */
import type { DeclaredCapabilities } from '../driver.ts'

const neverUp = ['pending', 'error'] as const
const withoutRootVolumes = {
  canCloneImage: false,
  canDeleteClone: false,
  canCreateVolumeFromImage: false,
  bootFromVolume: false,
  bootFromSnapshot: false,
} as const
const withoutVmSnapshots = { vmSnapshot: {} } as const
const withoutRest = { suspend: 'none', pause: false } as const

export const simulatedClasses = {
  /**
   * Ephemeral: a root of its own, which goes when the instance does, and to stop is to destroy. Like the first public
   * clouds, and instances of EC2 whose root is on their host.
   */
  A: {
    ...withoutVmSnapshots,
    ...withoutRootVolumes,
    ...withoutRest,
    clonesOnLaunch: 'always',
    stop: 'destroys',
    start: 'none',
    stateAfterCreate: 'running',
    destroyFrom: ['running', ...neverUp],
    rootOnDestroy: 'deletes',
    attachmentsOnDestroy: 'detaches',
  },
  /** Persistent public: a root of its own that outlives a stop, and goes with the instance if a flag says so. Like EC2. */
  B: {
    ...withoutVmSnapshots,
    volumeSnapshot: { of: ['available', 'in-use'], live: true, group: true, independentOfVolume: true },
    clonesOnLaunch: 'always',
    stop: 'preserves',
    stateAfterCreate: 'running',
    destroyFrom: ['running', 'stopped', 'suspended', ...neverUp],
    rootOnDestroy: 'byFlag',
    attachmentsOnDestroy: 'byFlag',
  },
  /** Template clone: made of a template, first only made, then started, and destroyed only when off. Like vSphere, RHEV-M. */
  C: {
    ...withoutRootVolumes,
    clonesOnLaunch: 'always',
    stop: 'preserves',
    stateAfterCreate: 'stopped',
    suspend: 'disk',
    pause: false,
    destroyFrom: ['stopped', ...neverUp],
    rootOnDestroy: 'deletes',
    attachmentsOnDestroy: 'detaches',
    volumeAttach: { max: 8 },
    vmSnapshot: {
      memory: true,
      diskOnly: true,
      live: true,
      quiesce: true,
      tree: true,
      revertWhileRunning: true,
      maxCount: 32,
      maxDepth: 16,
      stunsVm: true,
      blocks: ['resize'],
    },
  },
  /**
   * Direct image: an instance runs on the image, which nobody else can use then, or on a clone of it that somebody made
   * before. It has no other volumes. Like many private clouds and bare machines. Without `canCloneImage` and
   * `canDeleteClone`, it has nothing for a stateless launch.
   */
  D: {
    ...withoutRootVolumes,
    clonesOnLaunch: 'never',
    imageExclusive: true,
    canCloneImage: true,
    canDeleteClone: true,
    cloneKind: 'linked',
    stop: 'preserves',
    stateAfterCreate: 'stopped',
    suspend: 'memory',
    pause: true,
    destroyFrom: ['stopped', ...neverUp],
    rootOnDestroy: 'keeps',
    attachmentsOnDestroy: 'detaches',
    volume: { grow: 'none' },
    volumeAttach: { max: 0 },
    volumeSnapshot: { of: [] },
    vmSnapshot: { diskOnly: true, maxCount: 4, maxDepth: 4, blocks: ['attach', 'detach', 'resize'] },
  },
  /** Storage first: a volume is made of the image, and an instance booted from it. Like ProfitBricks. */
  E: {
    ...withoutVmSnapshots,
    ...withoutRest,
    clonesOnLaunch: 'never',
    runsOnImage: false,
    canCloneImage: false,
    canDeleteClone: false,
    canCreateVolumeFromImage: true,
    bootFromVolume: true,
    stop: 'preserves',
    stateAfterCreate: 'running',
    destroyFrom: ['stopped', ...neverUp],
    rootOnDestroy: 'keeps',
    attachmentsOnDestroy: 'detaches',
    volume: { grow: 'offline' },
  },
  /** No stop at all: it runs until it is destroyed or has ended, and takes with it what is connected. Like batch systems. */
  F: {
    ...withoutVmSnapshots,
    ...withoutRootVolumes,
    ...withoutRest,
    clonesOnLaunch: 'always',
    stop: 'none',
    start: 'none',
    stateAfterCreate: 'running',
    destroyFrom: ['running', ...neverUp],
    vanishesAfterStop: true,
    rootOnStop: 'deletes',
    rootOnDestroy: 'deletes',
    attachmentsOnDestroy: 'deletes',
    auxiliaryOnDestroy: ['seed', 'key'],
  },
} as const satisfies Readonly<Record<string, DeclaredCapabilities>>
