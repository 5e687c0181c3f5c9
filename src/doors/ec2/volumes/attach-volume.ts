import { action } from '../action.ts'
import { text } from '../parameters.ts'
import { attachmentItem } from './volume-item.ts'
import { volumeById } from './volume-rows.ts'

export const attachVolume = action({
  name: 'AttachVolume',
  summary:
    'Attaches an available volume to a running or stopped instance of its zone; it stays when that is terminated.',
  parameters: { VolumeId: text().required(), InstanceId: text().required(), Device: text().required() },
  mutates: true,
  run: async call => {
    const { VolumeId, InstanceId: instance, Device: device } = call.parameters
    await call.session.submit([{ kind: 'volume', command: 'attach', id: VolumeId, input: { instance, device } }])
    const { attributes } = await volumeById(call, VolumeId)
    // Where the provider has failed by now, there is none any more; it was asked for all the same.
    const attachedAt = attributes.attachment?.attachedAt ?? call.now
    return attachmentItem(VolumeId, { instance, device, attachedAt, status: 'attaching' }, false)
  },
})
