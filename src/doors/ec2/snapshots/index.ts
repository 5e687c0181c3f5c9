import type { Action } from '../action.ts'
import { copySnapshot } from './copy-snapshot.ts'
import { createSnapshot } from './create-snapshot.ts'
import { createSnapshots } from './create-snapshots.ts'
import { deleteSnapshot } from './delete-snapshot.ts'
import { describeSnapshots } from './describe-snapshots.ts'
import { describeSnapshotAttribute, modifySnapshotAttribute, resetSnapshotAttribute } from './snapshot-attributes.ts'

export const snapshotActions: readonly Action[] = [
  createSnapshot,
  createSnapshots,
  copySnapshot,
  deleteSnapshot,
  describeSnapshots,
  describeSnapshotAttribute,
  modifySnapshotAttribute,
  resetSnapshotAttribute,
]
