import { action, type Call } from '../action.ts'
import { rowAtBirth } from '../birth.ts'
import { Ec2Error, missing } from '../errors.ts'
import { instancesNotFound } from '../instances/instance-ids.ts'
import { flag, list, type ParametersOf, structure, text } from '../parameters.ts'
import { row } from '../rows.ts'
import { type Tags, tagSpecification, tagsOf } from '../tag-specifications.ts'
import { volumesById } from '../volumes/volume-rows.ts'
import { snapshotItem } from './snapshot-item.ts'
import type { SnapshotRow } from './snapshot-row.ts'

const instance = { InstanceId: text(), ExcludeBootVolume: flag(), ExcludeDataVolumeId: list(text()) }

export const createSnapshots = action({
  name: 'CreateSnapshots',
  summary: 'Takes a snapshot of every volume of an instance, all or none.',
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
    const volumes = await volumesOf(call, InstanceSpecification)
    const given = tagsOf(TagSpecification, ['snapshot']).snapshot
    const copied = CopyTagsFromSource ? await tagsOfVolumes(call, volumes) : new Map<string, Tags>()
    const commands = volumes.map(volume => {
      const tags = { ...copied.get(volume), ...given }
      const input = { volume, description, tags: Object.keys(tags).length ? tags : undefined }
      return { kind: 'snapshot', command: 'create', input }
    })
    const made = commands.length ? await call.session.submit(commands) : []
    const items = made.map(async ({ id }) => itemOf((await rowAtBirth(call, id)) as unknown as SnapshotRow, call))
    return { snapshotSet: await Promise.all(items) }
  },
})

interface Device {
  readonly volume: string
  readonly root: boolean
}

/** Those volumes of an instance that are meant, in the order of its devices. Throws Ec2Error. */
async function volumesOf(call: Pick<Call, 'session'>, asked: ParametersOf<typeof instance>): Promise<string[]> {
  const { InstanceId: id = '', ExcludeBootVolume, ExcludeDataVolumeId: left = [] } = asked
  const found = await row(call, 'instance', id)
  if (!found) throw instancesNotFound([id])
  const devices: readonly Device[] = found.attributes.devices
  const data = new Set(devices.flatMap(({ root, volume }) => (root ? [] : [volume])))
  const strange = left.find(volume => !data.has(volume))
  if (strange !== undefined)
    throw new Ec2Error('InvalidParameterValue', `${strange} is not a data volume of the instance ${id}.`)
  const isWanted = ({ volume, root }: Device) => (root ? !ExcludeBootVolume : !left.includes(volume))
  return devices.filter(isWanted).map(({ volume }) => volume)
}

async function tagsOfVolumes(call: Omit<Call, 'parameters'>, ids: readonly string[]): Promise<Map<string, Tags>> {
  const rows = await volumesById(call, ids)
  return new Map(rows.map(({ id, attributes }) => [id, attributes.tags ?? {}]))
}

/** Here, and nowhere else, the state is called so. */
function itemOf(row: SnapshotRow, call: Pick<Call, 'ownerIdOf'>) {
  const { status: state, ...item } = snapshotItem(row, call)
  return { ...item, state }
}
