import { action } from '../action.ts'
import { flag, text } from '../parameters.ts'
import { attachmentItem } from './volume-item.ts'
import { flagsOf, volumeById } from './volume-rows.ts'

export const detachVolume = action({
  name: 'DetachVolume',
  summary: 'Takes a volume off its instance; the root volume only while the instance is stopped.',
  parameters: { VolumeId: text().required(), InstanceId: text(), Device: text(), Force: flag() },
  mutates: true,
  run: async call => {
    const { VolumeId, InstanceId, Device, Force } = call.parameters
    const row = await volumeById(call, VolumeId)
    const flags = await flagsOf(call, [row])
    const input = { instance: InstanceId || undefined, device: Device || undefined, force: Force }
    await call.session.submit([{ kind: 'volume', command: 'detach', id: VolumeId, input }])
    // Attached only since it was read: then all that is known of it is what the request says.
    const { attachment = { instance: InstanceId ?? '', device: Device ?? '', attachedAt: call.now } } = row.attributes
    return attachmentItem(VolumeId, { ...attachment, status: 'detaching' }, flags.get(VolumeId) ?? false)
  },
})
