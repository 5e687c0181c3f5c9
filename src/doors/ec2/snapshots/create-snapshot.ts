import { action } from '../action.ts'
import { rowAtBirth } from '../birth.ts'
import { list, text } from '../parameters.ts'
import { tagSpecification, tagsOf } from '../tag-specifications.ts'
import { snapshotItem } from './snapshot-item.ts'
import type { SnapshotRow } from './snapshot-row.ts'

export const createSnapshot = action({
  name: 'CreateSnapshot',
  summary: 'Keeps what a volume holds now; the volume may be used, changed and deleted meanwhile.',
  parameters: {
    VolumeId: text().required(),
    Description: text({ max: 255 }),
    TagSpecification: list(tagSpecification),
  },
  mutates: true,
  check: ({ parameters }) => void tagsOf(parameters.TagSpecification, ['snapshot']),
  run: async call => {
    const { VolumeId, Description, TagSpecification } = call.parameters
    const tags = tagsOf(TagSpecification, ['snapshot']).snapshot
    const input = { volume: VolumeId, description: Description, tags }
    const [made] = await call.session.submit([{ kind: 'snapshot', command: 'create', input }])
    return snapshotItem((await rowAtBirth(call, made!.id)) as unknown as SnapshotRow, call)
  },
})
