import { action } from '../action.ts'
import { text } from '../parameters.ts'
import { volumesNotFound } from './volume-rows.ts'

export const deleteVolume = action({
  name: 'DeleteVolume',
  summary: 'Deletes a volume that is attached to nothing; its snapshots stay.',
  parameters: { VolumeId: text().required() },
  mutates: true,
  run: async ({ session, parameters: { VolumeId } }) => {
    const [result] = await session.submit([{ kind: 'volume', command: 'delete', id: VolumeId }])
    if (result!.previousState === 'deleted') throw volumesNotFound([VolumeId])
    return { return: true }
  },
})
