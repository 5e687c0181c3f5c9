/** What a volume asks of its provider, of the clock and of its instance. */
import type { Arm, Ask, Disarm, Tell } from './grammar.ts'
import type { Now, VolumeEventNamed } from './volume.alphabet.ts'

/** A provider that has not made a volume in half an hour rarely does; sooner would cry wolf over large copies. */
const PATIENCE_MS = 30 * 60_000
const RETRY_AFTER_MS = 60_000

export const make = ({ context: { sizeBytes, zone, volumeType, from, provider } }: Now): Ask => ({
  verb: 'volumeEnsure',
  provider,
  args: { sizeBytes, zone, volumeType, from },
  answers: { done: 'volume.created', rejected: 'volume.createFailed' },
})
export const enlarge = ({ context: { sizeBytes, provider } }: Now): Ask => ({
  verb: 'volumeResize',
  provider,
  args: { sizeBytes },
  answers: { done: 'volume.resized', rejected: 'volume.resizeFailed' },
})
export const remove = ({ context: { provider } }: Now): Ask => ({
  verb: 'volumeDelete',
  provider,
  args: {},
  answers: { done: 'volume.deleted', rejected: 'volume.deleteFailed' },
  supersedes: true,
})

export const createPatience: Arm = { event: 'volume.createTimedOut', afterMs: PATIENCE_MS }
export const created: Disarm = { event: 'volume.createTimedOut' }
export const deletePatience: Arm = { event: 'volume.deleteTimedOut', afterMs: PATIENCE_MS }
export const deleted: Disarm = { event: 'volume.deleteTimedOut' }
export const retryLater: Arm = { event: 'volume.deleteRetryDue', afterMs: RETRY_AFTER_MS }
export const retryNow: Disarm = { event: 'volume.deleteRetryDue' }

export const proposeAttach = ({ event }: Now): Tell => {
  const { resource, data } = event as VolumeEventNamed<'attachRequested'>
  return { resource: data.instance, event: 'instance.attachProposed', data: { volume: resource, device: data.device } }
}
export const proposeDetach = ({ context, event }: Now): Tell => {
  const { resource, data } = event as VolumeEventNamed<'detachRequested'>
  const { device, force } = data
  return {
    resource: context.attachment!.instance,
    event: 'instance.detachProposed',
    data: { volume: resource, device, force },
  }
}
/** An instance that waits for this volume hears that it is ready; without one, nobody does. */
export const ready = ({ context: { attachment }, event: { resource } }: Now): Tell[] =>
  attachment ? [{ resource: attachment.instance, event: 'instance.volumeReady', data: { volume: resource } }] : []
export const failed = ({ context: { attachment }, event }: Now): Tell[] => {
  if (!attachment) return []
  const { resource, data } = event as VolumeEventNamed<'createFailed'>
  const { code, message } = data
  return [{ resource: attachment.instance, event: 'instance.volumeFailed', data: { volume: resource, code, message } }]
}
