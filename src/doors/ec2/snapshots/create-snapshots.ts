import { action } from '../action.ts'
import { missing } from '../errors.ts'
import { checkInstanceIds, instancesNotFound } from '../instances/instance-ids.ts'
import { flag, list, structure, text } from '../parameters.ts'
import { row, rowsById } from '../rows.ts'
import { tagSpecification, tagsOf } from '../tag-specifications.ts'
import { snapshotBorn } from './snapshot-born.ts'
import { snapshotItem } from './snapshot-item.ts'

interface Device {
  readonly volume: string
  readonly root: boolean
}

export const createSnapshots = action({
  name: 'CreateSnapshots',
  summary: 'Takes a snapshot of every volume of an instance, all or none.',
  parameters: {
    InstanceSpecification: structure({
      InstanceId: text(),
      ExcludeBootVolume: flag(),
      ExcludeDataVolumeId: list(text()),
    }).required(),
    Description: text({ max: 255 }),
    CopyTagsFromSource: text({ values: ['volume'] }),
    TagSpecification: list(tagSpecification),
  },
  mutates: true,
  check: ({ parameters: { InstanceSpecification, TagSpecification } }) => {
    if (!InstanceSpecification.InstanceId) throw missing('instanceId')
    checkInstanceIds([InstanceSpecification.InstanceId])
    tagsOf(TagSpecification, ['snapshot'])
  },
  run: async call => {
    const { InstanceSpecification, Description: description, CopyTagsFromSource, TagSpecification } = call.parameters
    const { InstanceId = '', ExcludeBootVolume, ExcludeDataVolumeId = [] } = InstanceSpecification
    const instance = await row(call, 'instance', InstanceId)
    if (!instance) throw instancesNotFound([InstanceId])
    const isWanted = ({ volume, root }: Device) => (root ? !ExcludeBootVolume : !ExcludeDataVolumeId.includes(volume))
    const volumes = (instance.attributes.devices as Device[]).filter(isWanted).map(({ volume }) => volume)
    const given = tagsOf(TagSpecification, ['snapshot']).snapshot
    const tagsByVolume = CopyTagsFromSource ? await tagsOfVolumes(volumes) : new Map()
    const commands = volumes.map(volume => {
      const tags = { ...tagsByVolume.get(volume), ...given }
      return { kind: 'snapshot', command: 'create', input: { volume, description, tags } }
    })
    const made = commands.length ? await call.session.submit(commands) : []
    const born = await Promise.all(made.map(({ id }) => snapshotBorn(call, id)))
    const items = born.map(each => {
      const { status: state, ...item } = snapshotItem(each, call)
      return { ...item, state }
    })
    return { snapshotSet: items }

    async function tagsOfVolumes(ids: readonly string[]): Promise<Map<string, Record<string, string>>> {
      const { found } = await rowsById(call, 'volume', ids)
      return new Map(found.map(({ id, attributes }) => [id, attributes.tags ?? {}]))
    }
  },
})
