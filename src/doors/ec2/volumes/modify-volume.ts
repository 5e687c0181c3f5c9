import { action } from '../action.ts'
import { missing } from '../errors.ts'
import { flag, integer, text } from '../parameters.ts'
import { bytesOf } from '../sizes.ts'
import { modificationItem } from './modification-item.ts'
import { checkOneInstance } from './multi-attach.ts'
import type { Modification, VolumeRow } from './volume-row.ts'
import { volumeById } from './volume-rows.ts'
import { VOLUME_TYPE_DEFAULT, volumeTypes } from './volume-types.ts'

export const modifyVolume = action({
  name: 'ModifyVolume',
  summary: 'Makes a volume larger, or gives it another type or other rates, attached or not.',
  parameters: {
    VolumeId: text().required(),
    Size: integer({ min: 1 }),
    VolumeType: text({ values: [...volumeTypes] }),
    Iops: integer({ min: 1 }),
    Throughput: integer({ min: 1 }),
    MultiAttachEnabled: flag(),
  },
  mutates: true,
  check: ({ parameters: { Size, VolumeType, Iops, Throughput, MultiAttachEnabled } }) => {
    checkOneInstance(MultiAttachEnabled, VolumeType ?? VOLUME_TYPE_DEFAULT)
    const asked = [Size, VolumeType, Iops, Throughput, MultiAttachEnabled]
    if (asked.every(each => each === undefined)) throw missing('size, volumeType, iops or throughput')
  },
  run: async call => {
    const { VolumeId, Size, VolumeType, Iops, Throughput } = call.parameters
    const input = {
      sizeBytes: Size === undefined ? undefined : bytesOf(Size),
      volumeType: VolumeType,
      iops: Iops,
      throughputMiBps: Throughput,
    }
    const [result] = await call.session.submit([{ kind: 'volume', command: 'modify', id: VolumeId, input }])
    const row = await volumeById(call, VolumeId)
    const modification = result!.outcome === 'unchanged' ? unchanged(row, call.now) : begun(row)
    return { volumeModification: modificationItem(row, modification) }
  },
})

/** As it was when it was accepted, however fast the provider was. */
function begun({ attributes: { modification } }: VolumeRow): Modification {
  const { endedAt: _, message: __, ...accepted } = modification!
  return { ...accepted, state: 'modifying', progress: 0 }
}

/** Nothing was to be done: the change is over before it began. */
const unchanged = ({ attributes }: VolumeRow, now: number): Modification => ({
  state: 'completed',
  progress: 100,
  startedAt: now,
  endedAt: now,
  original: attributes,
  target: attributes,
})
