/** What the model remembers of each resource, and what it may say of a command. */
import type { ImageModel, Quiet, SnapshotModel } from './model-images.ts'

export interface InstanceModel {
  readonly kind: 'instance'
  readonly state: string
  readonly account: string
  readonly zone: string
  readonly hasRun: boolean
  readonly mode: string
  readonly rootOwner: string
  /** Does its provider keep what it stops? */
  readonly isKept: boolean
  /** Has its provider a call that restarts guests, and one that suspends them? */
  readonly resets: boolean
  readonly suspends: boolean
  /** How long what is stateless and off is left alone, and does it start nothing that was stopped? */
  readonly graceMs: number
  readonly startsAnew: boolean
  /** Its provider has held it while it ran. */
  readonly stalled?: boolean
  /** What is off there is not shown; a root that its provider made goes by a flag. */
  readonly vanishesOff: boolean
  readonly goesByFlag: boolean
  /** Does its provider delete the volumes of what it destroys? */
  readonly takes: boolean
  /** It is stopped only to be started again. */
  readonly restarts?: boolean
  /** An operator says that it is off, and nobody at its provider has. */
  readonly unconfirmed?: boolean
  /** It was being stopped when an operator said that it is. */
  readonly stopWanted?: boolean
  /** It has, or had, VM snapshots. */
  readonly keeps?: boolean
  /** Its VM snapshots, and the calls about them that are open, in order. (cloudstack 2.5.) */
  readonly kept?: Readonly<Record<string, 'begun' | 'ready' | 'failed'>>
  readonly keeping?: readonly { readonly verb: string; readonly snapshot: string }[]
  /** It goes on from one of them. */
  readonly reverts?: boolean
  /** It goes on where it was. */
  readonly resumes?: boolean
  readonly generation: number
  readonly protection: { readonly terminate: boolean; readonly stop: boolean }
  readonly behaviour: string
  /** How long it may be recovered once it was terminated; it is being turned off for that. */
  readonly recoverableForMs?: number
  readonly aside?: boolean
  readonly tags: Tags
  readonly rootDevice: string
  /** Volume -> device name in one spelling, and whether it ends with the instance. */
  readonly devices: Readonly<Record<string, { readonly device: string; readonly dies: boolean }>>
  /** Volumes that have to be gone before it is over. (stateful-and-deltacloud 3a.5.) */
  readonly owed?: readonly string[]
  /** Nobody asks for the end of its compute any more. */
  readonly givenUp?: boolean
  /** The image that its root, made by its provider, is a linked clone of. */
  readonly clonedFrom?: string
  /** A root that its provider made, and leaves when it is gone. */
  readonly keptRoot?: string
  /** Volumes of it that are being taken back to a snapshot. */
  readonly reverting?: readonly string[]
  /** Volumes of it that are being moved, for which it has to be off. */
  readonly migrating?: readonly string[]
  /** Its guest is off for an image, or not on again yet. */
  readonly quiet?: Quiet
}
export interface VolumeModel {
  readonly kind: 'volume'
  readonly state: string
  readonly account: string
  readonly zone: string
  readonly shape: DiskShape
  /** When its provider can make it larger. */
  readonly grow: string
  /** What it was before the change that is under way; once it only optimizes, there is no way back. */
  readonly from?: DiskShape | 'optimizing'
  readonly tags: Tags
  readonly instance?: string
  /** It is being taken back to a snapshot: its size before that. (cloudstack 1.3, RevertSnapshotting.) */
  readonly reverting?: number
  /** The pool it is in, the one it is being moved to, and when its provider can do that. (cloudstack 1.3, Migrating.) */
  readonly pool?: string
  readonly migrating?: string
  readonly migrates: string
  /** Whether a change of its attachment is under way. */
  readonly moving?: boolean
  readonly condemned?: boolean
  /** Its provider no longer shows it. */
  readonly unseen?: boolean
  /** The image that it is a linked clone of. */
  readonly clonedFrom?: string
}
export interface AccountModel {
  readonly kind: 'account'
  readonly state: string
  readonly account: string
}
export type Model = InstanceModel | VolumeModel | SnapshotModel | ImageModel | AccountModel
export type Tags = Readonly<Record<string, string>>
export interface DiskShape {
  readonly sizeBytes: number
  readonly volumeType?: string
  readonly iops?: number
}
export type Look = (id: string) => Model | undefined
export type Verdict = 'accepted' | 'unchanged' | 'refused' | 'either'
