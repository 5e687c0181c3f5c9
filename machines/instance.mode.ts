/**
 * Stateful or stateless, and on whose disk: resolved once, when an instance is launched, from what was asked, what its
 * image was built for and what its provider declares. The outcome is in the event of the launch, so nothing asks again.
 *
 * *Stateful*: stopping it keeps its root, and it can be started with it. *Stateless*: there is nothing to come back to.
 * A root has one owner for life, and who owns it cleans it up: `provider`, the disk that the provider makes with the
 * instance; `engine`, a volume made from the image before; `image`, the image itself, which nobody else can use then; `user`, a
 * volume that was there already, which nobody deletes. (spec: stateful-and-deltacloud 3a.2, 3a.4, 3a.5.)
 */
import type { Mode } from './modes.ts'

export const rootOwners = ['provider', 'engine', 'image', 'user'] as const
export type RootOwner = (typeof rootOwners)[number]

/** What a provider says of launches, stops and roots; names as in the vocabulary of drivers. */
export interface Abilities {
  readonly clonesOnLaunch: 'always' | 'never' | 'optional'
  readonly runsOnImage: boolean
  readonly canCloneImage: boolean
  readonly canDeleteClone: boolean
  readonly canCreateVolumeFromImage: boolean
  readonly bootFromVolume: boolean
  readonly bootFromSnapshot: boolean
  readonly stop: 'preserves' | 'destroys' | 'none'
  readonly start: string
  readonly rootOnDestroy: 'deletes' | 'keeps' | 'byFlag'
  readonly attachmentsOnDestroy: 'deletes' | 'detaches' | 'byFlag'
}
export interface Asked {
  readonly requested: Mode | 'auto'
  /** What the image was built for. */
  readonly targets: readonly Mode[]
  /** Run on the image itself although there are other ways. */
  readonly direct?: boolean
  /** The root is to be other than the image has it, or to outlive its instance: only a volume can be that. */
  readonly rootIsVolume?: boolean
  /** The image's root is a snapshot, which only volumes are made from. */
  readonly fromSnapshot?: boolean
  /** A volume that is there is to be the root; what it was made from. */
  readonly onVolume?: 'blank' | 'image' | 'volumeSnapshot'
}
/** Why what was asked for cannot be had, and what can be done about it. */
export interface Mismatch {
  readonly reason: 'DRIVER' | 'IMAGE'
  readonly remedy: string
}
export interface Resolved {
  readonly mode: Mode
  /** Undefined where the provider has no way to a root such as the one asked for. */
  readonly rootOwner: RootOwner | undefined
  /** Launched all the same, it is stateless. */
  readonly mismatch?: Mismatch
}

const preserves = ({ stop, start }: Abilities) => stop === 'preserves' && start !== 'none'
/** A disk of its own for each instance, made by the engine before there is an instance. */
const makesRoots = (can: Abilities, { fromSnapshot }: Asked) =>
  fromSnapshot
    ? can.bootFromVolume
    : (can.canCreateVolumeFromImage && can.bootFromVolume) || (can.canCloneImage && can.canDeleteClone)
/** A volume as the root, where it outlives a compute that does not survive a stop: it was given, not made with it. */
const rootSurvives = (can: Abilities, asked: Asked) =>
  can.bootFromVolume &&
  (can.canCreateVolumeFromImage || asked.fromSnapshot === true) &&
  can.attachmentsOnDestroy !== 'deletes'
const clonesAndCleans = (can: Abilities) => can.clonesOnLaunch !== 'never' && can.rootOnDestroy !== 'keeps'

/** Launches it an instance on a volume that is there, and lets that outlive the instance? */
function bootsVolume({ bootFromVolume, bootFromSnapshot, canCloneImage, attachmentsOnDestroy }: Abilities, of: Asked) {
  if (attachmentsOnDestroy === 'deletes') return false
  if (of.onVolume === 'image' && canCloneImage) return true
  return bootFromVolume && (of.onVolume !== 'volumeSnapshot' || bootFromSnapshot)
}

/** The table of 3a.4. */
export function resolveMode(asked: Asked, can: Abilities): Resolved {
  const { requested, targets } = asked
  if (requested === 'auto') {
    const mode = targets.includes('stateful') && preserves(can) ? 'stateful' : 'stateless'
    return { mode, rootOwner: rootOwner(mode, asked, can) }
  }
  const mismatch = targets.includes(requested) ? unable(requested, asked, can) : unbuilt(requested)
  const mode = mismatch ? 'stateless' : requested
  return { mode, rootOwner: rootOwner(mode, asked, can), mismatch }
}

const unbuilt = (requested: Mode): Mismatch => ({
  reason: 'IMAGE',
  remedy: `build and register an image with ${requested} among its targets`,
})
function unable(requested: Mode, asked: Asked, can: Abilities): Mismatch | undefined {
  const isAble =
    requested === 'stateful'
      ? preserves(can) || asked.onVolume !== undefined || rootSurvives(can, asked)
      : asked.onVolume !== undefined || clonesAndCleans(can) || makesRoots(can, asked)
  if (isAble) return undefined
  const remedy =
    requested === 'stateful'
      ? 'launch it stateless, or at a provider that keeps the disk of what is stopped'
      : 'launch it stateful, or at a provider that makes a disk for each instance'
  return { reason: 'DRIVER', remedy }
}

/** Whose disk it runs on. The provider's own where it always makes one and that is cleaned up, else the engine's. */
function rootOwner(mode: Mode, asked: Asked, can: Abilities): RootOwner | undefined {
  if (asked.onVolume) return bootsVolume(can, asked) && !asked.direct ? 'user' : undefined
  const canMake = makesRoots(can, asked)
  if (asked.direct) {
    const isPossible = can.clonesOnLaunch === 'never' && can.runsOnImage && !asked.fromSnapshot && !asked.rootIsVolume
    return isPossible && mode === 'stateful' ? 'image' : undefined
  }
  if (asked.fromSnapshot || asked.rootIsVolume) return canMake ? 'engine' : undefined
  if (can.clonesOnLaunch === 'never') {
    if (canMake) return 'engine'
    return can.runsOnImage ? 'image' : undefined
  }
  // Where it is free to choose, a volume: that can be looked at, kept, and taken snapshots of.
  if (can.clonesOnLaunch === 'optional' && canMake) return 'engine'
  const needsVolume = (mode === 'stateful' && !preserves(can)) || can.rootOnDestroy === 'keeps'
  return needsVolume && canMake ? 'engine' : 'provider'
}
