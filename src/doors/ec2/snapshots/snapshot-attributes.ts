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
  summary: 'Refused: snapshots are not shared here; share an image instead.',
  parameters: {
    ...named,
    OperationType: text(),
    UserId: list(text()),
    UserGroup: list(text()),
    CreateVolumePermission: structure({ Add: list(permission), Remove: list(permission) }),
  },
  mutates: true,
  check: ({ parameters }) => checkAttribute(parameters.Attribute),
  run: async call => {
    await snapshotsNamed(call, [call.parameters.SnapshotId])
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
