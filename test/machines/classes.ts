/** Providers as there are, by what they do at launch, stop and destroy. (spec: stateful-and-deltacloud 3a.3.) */
import type { DeclaredCapabilities } from '../../src/drivers/capabilities.ts'

const disks: DeclaredCapabilities = {
  zones: ['a', 'b'],
  volume: { grow: 'online', retype: true, encrypt: true },
  volumeAttach: { hotPlug: true, hotUnplug: true, max: 4 },
  volumeSnapshot: { of: ['available', 'in-use'] },
}
const kept = {
  stop: 'preserves',
  stopStyles: ['acpi', 'hard'],
  start: 'both',
  reboot: 'both',
} satisfies DeclaredCapabilities

export const classes = {
  /** The provider clones, and a stop is the end: stateless only. */
  A: {
    ...disks,
    clonesOnLaunch: 'always',
    stop: 'destroys',
    start: 'none',
    reboot: 'both',
    vanishesAfterStop: true,
    destroyFrom: ['running'],
    rootOnDestroy: 'deletes',
    rootOnStop: 'deletes',
  },
  /** The same, with one call for both. */
  'A by stop': {
    ...disks,
    clonesOnLaunch: 'always',
    stop: 'destroys',
    start: 'none',
    vanishesAfterStop: true,
    destroy: 'viaStop',
    destroyFrom: ['running'],
    rootOnDestroy: 'deletes',
    rootOnStop: 'deletes',
  },
  /** A public cloud whose disks outlive a stop. */
  B: {
    ...disks,
    ...kept,
    clonesOnLaunch: 'always',
    canCreateVolumeFromImage: true,
    bootFromVolume: true,
    suspend: 'disk',
    vmSnapshot: { diskOnly: true, live: true, tree: true, layered: true, maxCount: 6, maxDepth: 4 },
    destroyFrom: ['running', 'stopped', 'suspended'],
    rootOnDestroy: 'byFlag',
  },
  /** Clones a template, and starts nothing by itself; its guests are restarted by stopping and starting them. */
  C: {
    ...disks,
    ...kept,
    reboot: 'none',
    suspend: 'memory',
    clonesOnLaunch: 'always',
    stateAfterCreate: 'stopped',
    destroyFrom: ['stopped'],
    rootOnDestroy: 'deletes',
    settle: { missingGraceMs: 30_000 },
    cloneKind: 'cow',
  },
  /** Runs on the image itself. */
  D: { ...disks, ...kept, clonesOnLaunch: 'never', imageExclusive: true, stateAfterCreate: 'stopped' },
  /** The same, with calls to clone the image and to delete the clone. */
  'D with clones': {
    ...disks,
    ...kept,
    clonesOnLaunch: 'never',
    imageExclusive: true,
    stateAfterCreate: 'stopped',
    canCloneImage: true,
    canDeleteClone: true,
    cloneKind: 'linked',
  },
  /** A volume first, then a server that boots from it. */
  E: {
    ...disks,
    ...kept,
    clonesOnLaunch: 'never',
    runsOnImage: false,
    canCreateVolumeFromImage: true,
    bootFromVolume: true,
  },
  /** Nothing is ever turned off; what ends by itself is gone. */
  F: {
    ...disks,
    clonesOnLaunch: 'always',
    stop: 'none',
    start: 'none',
    reboot: 'hard',
    vanishesAfterStop: true,
    destroyFrom: ['running'],
    rootOnDestroy: 'deletes',
    rootOnStop: 'deletes',
  },
  /** Makes the root, keeps it when the server goes, and boots from nothing else. */
  'C that keeps roots': {
    ...disks,
    ...kept,
    clonesOnLaunch: 'always',
    destroyFrom: ['running', 'stopped'],
    rootOnDestroy: 'keeps',
  },
  /** A guest that ends takes the server along, and leaves its root. */
  'A that keeps roots': {
    ...disks,
    clonesOnLaunch: 'always',
    stop: 'destroys',
    start: 'none',
    destroyFrom: ['running'],
    rootOnDestroy: 'byFlag',
    rootOnStop: 'keeps',
  },
  /** What an instance has when it is destroyed goes with it. */
  'E that takes volumes': {
    ...disks,
    ...kept,
    clonesOnLaunch: 'never',
    canCreateVolumeFromImage: true,
    bootFromVolume: true,
    attachmentsOnDestroy: 'deletes',
  },
  'F that takes volumes': {
    ...disks,
    clonesOnLaunch: 'always',
    stop: 'none',
    start: 'none',
    destroyFrom: ['running', 'stopped'],
    rootOnDestroy: 'deletes',
    attachmentsOnDestroy: 'deletes',
  },
} satisfies Record<string, DeclaredCapabilities>
export type ClassName = keyof typeof classes
export const classNames = Object.keys(classes) as ClassName[]
