/**
 * Which optional calls a driver has follows from what it declares, both ways: a promised call that is missing would fail
 * in the middle of a life, and a call nobody promised would never be planned. (spec: drivers-and-qemu 8.)
 */
import type { Capabilities } from './capabilities.ts'
import type { ChangingCall } from './changing-calls.ts'
import type { Driver } from './driver.ts'

export type OptionalCall = Exclude<ChangingCall, 'instanceEnsure' | 'instanceDestroy'>
/** Optional calls that change nothing, and so have no token, fault or outcome. */
export type OptionalReading = 'consoleOutput'

/** Has it volumes of any content and for any use? */
export const usesVolumes = (declared: Capabilities) =>
  declared.bootFromVolume || declared.canCreateVolumeFromImage || declared.volumeAttach.max > 0
/** May a root that it made be there when its instance is not? */
export const leavesRoots = ({ clonesOnLaunch, rootOnDestroy, stop, rootOnStop }: Capabilities) =>
  clonesOnLaunch !== 'never' && (rootOnDestroy !== 'deletes' || (stop === 'destroys' && rootOnStop === 'keeps'))

const takesSnapshots = (declared: Capabilities) => declared.volumeSnapshot.of.length > 0
/** Does it keep instances as a whole, with or without what is in memory? */
export const takesVmSnapshots = ({ vmSnapshot }: Capabilities) =>
  (vmSnapshot.memory || vmSnapshot.diskOnly) && vmSnapshot.maxCount > 0 && vmSnapshot.maxDepth > 0

/** For each optional call: do these capabilities promise it? */
export const promises: { readonly [C in OptionalCall]: (declared: Capabilities) => boolean } = {
  imageDelete: declared => declared.canDeleteImage,
  volumeEnsure: declared => usesVolumes(declared) || declared.canCloneImage,
  volumeResize: ({ volume }) => volume.grow !== 'none' || volume.retype,
  volumeDelete: declared => usesVolumes(declared) || declared.canDeleteClone || leavesRoots(declared),
  volumeSnapshotEnsure: takesSnapshots,
  volumeSnapshotDelete: takesSnapshots,
  volumeSnapshotGroupEnsure: declared => takesSnapshots(declared) && declared.volumeSnapshot.group,
  volumeRevert: declared => takesSnapshots(declared) && declared.volumeSnapshot.revert,
  volumeMigrate: ({ volume }) => volume.migrate !== 'none',
  instancePower: ({ stop, start, stateAfterCreate, suspend, pause }) =>
    stop !== 'none' || start !== 'none' || stateAfterCreate === 'stopped' || suspend !== 'none' || pause,
  instanceReset: declared => declared.reboot !== 'none',
  attach: declared => declared.volumeAttach.max > 0,
  detach: declared => declared.volumeAttach.max > 0,
  vmSnapshotEnsure: takesVmSnapshots,
  vmSnapshotRevert: takesVmSnapshots,
  vmSnapshotDelete: takesVmSnapshots,
}
/** The same for calls that only read. */
export const readings: { readonly [C in OptionalReading]: (declared: Capabilities) => boolean } = {
  consoleOutput: declared => declared.consoleOutput,
}
export const optionalCalls = Object.keys(promises) as readonly OptionalCall[]

/** Calls that every driver has, whatever it declares. */
export const requiredCalls = [
  'describe',
  'probe',
  'instanceEnsure',
  'instanceDestroy',
  'poll',
  'observe',
  'list',
  'capacity',
] as const satisfies readonly (keyof Driver)[]
