/** Volumes: their life, their attachments, and what changes their shape. */
import type { Action } from '../action.ts'
import { attachVolume } from './attach-volume.ts'
import { createVolume } from './create-volume.ts'
import { deleteVolume } from './delete-volume.ts'
import { describeVolumeAttribute } from './describe-volume-attribute.ts'
import { describeVolumeStatus } from './describe-volume-status.ts'
import { describeVolumes } from './describe-volumes.ts'
import { describeVolumesModifications } from './describe-volumes-modifications.ts'
import { detachVolume } from './detach-volume.ts'
import { modifyVolume } from './modify-volume.ts'

export const volumeActions: readonly Action[] = [
  createVolume,
  deleteVolume,
  attachVolume,
  detachVolume,
  describeVolumes,
  modifyVolume,
  describeVolumesModifications,
  describeVolumeAttribute,
  describeVolumeStatus,
]
