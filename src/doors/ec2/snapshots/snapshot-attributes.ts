/** Who may make volumes of a snapshot: its account alone, so there is little to show and nothing to change. */
import { action } from '../action.ts'
import { Ec2Error } from '../errors.ts'
import { list, structure, text } from '../parameters.ts'
import { snapshotsNamed } from './snapshot-row.ts'

const named = { SnapshotId: text().required(), Attribute: text() }

const checkAttribute = (attribute: string | undefined) => {
  if (attribute === undefined || attribute === 'createVolumePermission' || attribute === 'productCodes') return
  throw new Ec2Error(
    'InvalidParameterValue',
    `Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`,
  )
}

export const describeSnapshotAttribute = action({
  name: 'DescribeSnapshotAttribute',
  summary: 'Shows who else may make volumes of a snapshot: nobody.',
  parameters: named,
  check: ({ parameters }) => checkAttribute(parameters.Attribute),
  run: async call => {
    const { SnapshotId, Attribute } = call.parameters
    await snapshotsNamed(call, [SnapshotId])
    const shown = Attribute === 'productCodes' ? { productCodes: [] } : { createVolumePermission: [] }
    return { snapshotId: SnapshotId, ...shown }
  },
})

const permission = structure({ UserId: text(), Group: text() })

export const modifySnapshotAttribute = action({
  name: 'ModifySnapshotAttribute',
  summary: 'Takes away permissions that nobody has. Giving one is refused: snapshots are not shared, images are.',
  parameters: {
    ...named,
    OperationType: text({ values: ['add', 'remove'] }),
    UserId: list(text()),
    UserGroup: list(text()),
    CreateVolumePermission: structure({ Add: list(permission), Remove: list(permission) }),
  },
  mutates: true,
  check: ({ parameters: { Attribute, UserGroup = [], CreateVolumePermission } }) => {
    checkAttribute(Attribute)
    const { Add = [], Remove = [] } = CreateVolumePermission ?? {}
    const groups = [...UserGroup, ...[...Add, ...Remove].flatMap(({ Group }) => Group ?? [])]
    const strange = groups.find(group => group !== 'all')
    if (strange === undefined) return
    const message = `Invalid attribute item value "${strange}" for userGroup item type.`
    throw new Ec2Error('InvalidAMIAttributeItemValue', message)
  },
  run: async call => {
    const { SnapshotId, OperationType, CreateVolumePermission } = call.parameters
    await snapshotsNamed(call, [SnapshotId])
    const { Add = [], Remove = [] } = CreateVolumePermission ?? {}
    if (OperationType === 'remove' || (Remove.length > 0 && Add.length === 0)) return { return: true }
    throw new Ec2Error('UnsupportedOperation', 'Snapshots are not shared here; share an image of them instead.')
  },
})

export const resetSnapshotAttribute = action({
  name: 'ResetSnapshotAttribute',
  summary: 'Lets nobody else make volumes of a snapshot, which is so already.',
  parameters: named,
  mutates: true,
  check: ({ parameters }) => checkAttribute(parameters.Attribute),
  run: async call => {
    await snapshotsNamed(call, [call.parameters.SnapshotId])
    return { return: true }
  },
})
