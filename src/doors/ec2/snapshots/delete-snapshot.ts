import { action } from '../action.ts'
import { text } from '../parameters.ts'
import { snapshotsNamed } from './snapshot-row.ts'

export const deleteSnapshot = action({
  name: 'DeleteSnapshot',
  summary: 'Deletes a snapshot that no image uses; one that is still being made, as soon as it is.',
  parameters: { SnapshotId: text().required() },
  mutates: true,
  run: async call => {
    const { SnapshotId: id } = call.parameters
    await snapshotsNamed(call, [id])
    await call.session.submit([{ kind: 'snapshot', command: 'delete', id }])
    return { return: true }
  },
})
