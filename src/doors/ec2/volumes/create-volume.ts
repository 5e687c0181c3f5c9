import { Refused } from '../../../index.ts'
import { action } from '../action.ts'
import { rowAtBirth } from '../birth.ts'
import { checkClientToken, submitOnce } from '../client-tokens.ts'
import { Ec2Error, missing } from '../errors.ts'
import { flag, integer, list, text } from '../parameters.ts'
import { zoneIdOf } from '../regions/zone-ids.ts'
import { bytesOf } from '../sizes.ts'
import { checkCompleted } from '../snapshots/snapshot-row.ts'
import { tagSpecification, tagsOf } from '../tag-specifications.ts'
import { checkOneInstance } from './multi-attach.ts'
import { volumeItem } from './volume-item.ts'
import type { VolumeRow } from './volume-row.ts'
import { VOLUME_TYPE_DEFAULT, volumeTypes } from './volume-types.ts'

export const createVolume = action({
  name: 'CreateVolume',
  summary: 'Creates a volume in a zone, blank or from a completed snapshot.',
  parameters: {
    AvailabilityZone: text(),
    AvailabilityZoneId: text(),
    Size: integer({ min: 1 }),
    SnapshotId: text(),
    VolumeType: text({ values: [...volumeTypes] }),
    Iops: integer({ min: 1 }),
    Throughput: integer({ min: 1 }),
    Encrypted: flag(),
    KmsKeyId: text(),
    MultiAttachEnabled: flag(),
    ClientToken: text(),
    TagSpecification: list(tagSpecification),
  },
  mutates: true,
  check: ({ parameters }) => {
    const { AvailabilityZone, AvailabilityZoneId, Size, SnapshotId, VolumeType = VOLUME_TYPE_DEFAULT } = parameters
    if (!AvailabilityZone && !AvailabilityZoneId) throw missing('availabilityZone')
    if (AvailabilityZone && AvailabilityZoneId)
      throw new Ec2Error(
        'InvalidParameterCombination',
        'The parameters AvailabilityZone and AvailabilityZoneId cannot be used together',
      )
    if (Size === undefined && !SnapshotId) throw missing('size/snapshot')
    if (parameters.KmsKeyId && !parameters.Encrypted)
      throw new Ec2Error(
        'InvalidParameterDependency',
        'The parameter KmsKeyId requires the parameter Encrypted to be set.',
      )
    checkOneInstance(parameters.MultiAttachEnabled, VolumeType)
    checkClientToken(parameters.ClientToken)
    tagsOf(parameters.TagSpecification, ['volume'])
  },
  run: async call => {
    const { parameters, region, session } = call
    const { AvailabilityZoneId, Size, SnapshotId, VolumeType = VOLUME_TYPE_DEFAULT } = parameters
    const zoneOfId = region.zones.find(each => zoneIdOf(region.name, each) === AvailabilityZoneId)
    const input = {
      zone: parameters.AvailabilityZone || zoneOfId || AvailabilityZoneId,
      sizeBytes: Size === undefined ? undefined : bytesOf(Size),
      snapshot: SnapshotId || undefined,
      volumeType: VolumeType,
      iops: parameters.Iops,
      throughputMiBps: parameters.Throughput,
      encrypted: parameters.Encrypted,
      kmsKey: parameters.KmsKeyId || undefined,
      tags: tagsOf(parameters.TagSpecification, ['volume']).volume,
    }
    const once = { action: 'CreateVolume', token: parameters.ClientToken }
    const { results, isReplay } = await submitOnce(call, once, [{ kind: 'volume', command: 'create', input }]).catch(
      async error => {
        // What became of the snapshot, the engine does not say; a request that is answered again need not know.
        if (error instanceof Refused && SnapshotId) await checkCompleted(call, SnapshotId)
        throw error
      },
    )
    const { id } = results[0]!
    return volumeItem((isReplay ? await session.get(id) : await rowAtBirth(call, id)) as unknown as VolumeRow)
  },
})
