/** What is read where a volume is not moved to another pool, or a move stands in the way. */
import type { Refusal, RefusalInput } from './grammar.ts'

type Asked = RefusalInput
const no = (code: string, sentence: Refusal['sentence']): Refusal => ({ code, sentence })

export const volumeMigrating = {
  notMigrating: no(
    'volumeMigrating',
    ({ resource, context }: Asked) =>
      `The volume ${resource} is being moved to ${context.migration?.pool ?? 'another pool'}; wait until that is done.`,
  ),
  migrateOffered: no(
    'migrateUnsupported',
    ({ resource }: Asked) =>
      `The provider moves no volume such as ${resource}; create one from a snapshot of it, which is placed anew.`,
  ),
  poolOffered: no('poolUnavailable', ({ resource, data }: Asked) =>
    data.pool === undefined
      ? `There is no other pool in zone ${data.zone} of its provider that takes ${resource}.`
      : `${data.pool} is no pool in zone ${data.zone} of its provider that takes ${resource}: it is not there, is disabled, or is for other types of volumes.`,
  ),
  coveringMovable: no(
    'vmSnapshotsImmovable',
    ({ resource, context }: Asked) =>
      `VM snapshots hold layers of ${resource} (${context.vmSnapshots?.ids.join(', ')}), which the provider cannot move along; delete those first.`,
  ),
}

export const instanceMigrating = {
  notMigrating: no(
    'volumeMigrating',
    ({ resource, context }: Asked) =>
      `Volumes of ${resource} are being moved to another pool: ${(context.volumesMigrating ?? []).join(', ')}; wait until that is done.`,
  ),
  migrateLive: no(
    'migrateNeedsStop',
    ({ resource }: Asked) => `The provider moves only what nobody runs with; stop ${resource} first.`,
  ),
  lineageMovable: no(
    'vmSnapshotsHoldDisks',
    ({ resource, context }: Asked) =>
      `VM snapshots of ${resource} hold its disks where they are (${Object.keys(context.lineage?.nodes ?? {}).join(', ')}); delete those first.`,
  ),
}
