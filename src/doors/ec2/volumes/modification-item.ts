/** The last change of a volume's size, type or rates, as responses show it. (spec: ec2 3.3, 11.2) */
import { gibibytesOf } from '../sizes.ts'
import type { Modification, VolumeRow, VolumeShape } from './volume-row.ts'
import { iopsOf, VOLUME_TYPE_DEFAULT } from './volume-types.ts'

export type ModificationItem = ReturnType<typeof modificationItem>

export function modificationItem(row: VolumeRow, modification: Modification) {
  const { state, progress, startedAt, endedAt, message } = modification
  const original = shapeOf(modification.original)
  const target = shapeOf({ ...modification.original, ...modification.target })
  return {
    volumeId: row.id,
    modificationState: state,
    statusMessage: message,
    targetSize: target.size,
    targetIops: target.iops,
    targetVolumeType: target.type,
    targetThroughput: target.throughput,
    targetMultiAttachEnabled: false,
    originalSize: original.size,
    originalIops: original.iops,
    originalVolumeType: original.type,
    originalThroughput: original.throughput,
    originalMultiAttachEnabled: false,
    progress,
    startTime: new Date(startedAt),
    endTime: endedAt === undefined ? undefined : new Date(endedAt),
  }
}

function shapeOf({ sizeBytes, volumeType: type = VOLUME_TYPE_DEFAULT, iops, throughputMiBps }: VolumeShape) {
  const size = gibibytesOf(sizeBytes)
  return { size, type, iops: iopsOf(type, size, iops), throughput: throughputMiBps }
}
