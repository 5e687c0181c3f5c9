import { action, type Call } from '../action.ts'
import { rowAtBirth } from '../birth.ts'
import { missing } from '../errors.ts'
import { flag, list, structure, text } from '../parameters.ts'
import { tagSpecification, tagsOf } from '../tag-specifications.ts'
import { snapshotItem } from './snapshot-item.ts'
import type { SnapshotRow } from './snapshot-row.ts'

const instance = { InstanceId: text(), ExcludeBootVolume: flag(), ExcludeDataVolumeId: list(text()) }

export const createSnapshots = action({
  name: 'CreateSnapshots',
  summary: 'Takes snapshots of every volume of an instance at one moment, all or none.',
  parameters: {
    InstanceSpecification: structure(instance).required(),
    Description: text({ max: 255 }),
    CopyTagsFromSource: text({ values: ['volume'] }),
    TagSpecification: list(tagSpecification),
  },
  mutates: true,
  check: ({ parameters: { InstanceSpecification, TagSpecification } }) => {
    if (!InstanceSpecification.InstanceId) throw missing('instanceSpecification.instanceId')
    tagsOf(TagSpecification, ['snapshot'])
  },
  run: async call => {
    const { InstanceSpecification, Description: description, CopyTagsFromSource, TagSpecification } = call.parameters
    const { InstanceId, ExcludeBootVolume, ExcludeDataVolumeId } = InstanceSpecification
    const input = {
      instance: InstanceId,
      excludeRoot: ExcludeBootVolume,
      excludeVolumes: ExcludeDataVolumeId,
      copyTags: CopyTagsFromSource === undefined ? undefined : true,
      description,
      tags: tagsOf(TagSpecification, ['snapshot']).snapshot,
    }
    const [made] = await call.session.submit([{ kind: 'snapshot-group', command: 'create', input }])
    const { attributes } = await rowAtBirth(call, made!.id)
    const members: readonly { readonly snapshot: string }[] = attributes.members
    const items = members.map(async ({ snapshot }) =>
      itemOf((await rowAtBirth(call, snapshot)) as unknown as SnapshotRow, call),
    )
    return { snapshotSet: await Promise.all(items) }
  },
})

/** Here, and nowhere else, the state is called so. */
function itemOf(row: SnapshotRow, call: Pick<Call, 'ownerIdOf'>) {
  const { status: state, ...item } = snapshotItem(row, call)
  return { ...item, state }
}
