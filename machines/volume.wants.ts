/** What a volume asks of its provider, of the clock and of its instance. */
import type { Arm, Ask, Disarm, Tell } from './grammar.ts'
import { poolName } from './placement.ts'
import { retryAfterMs } from './retries.ts'
import type { Now, VolumeEventNamed } from './volume.alphabet.ts'

/** A provider that has not made a volume in half an hour rarely does; sooner would cry wolf over large copies. */
const PATIENCE_MS = 30 * 60_000

/** How long a provider that still moves the contents is left alone before it is asked again. */
const OPTIMIZE_CHECK_AFTER_MS = 60_000

export const make = ({ context }: Now): Ask => {
  const { provider, pool, encrypted, sizeBytes, zone, volumeType, iops, throughputMiBps, kmsKey, from } = context
  const shape = { sizeBytes, volumeType, iops, throughputMiBps }
  return {
    verb: 'volumeEnsure',
    provider,
    args: { ...shape, zone, pool: poolName(pool), encrypted: encrypted || undefined, kmsKey, from },
    answers: { done: 'volume.created', rejected: 'volume.createFailed' },
  }
}
export const reshape = ({ context: { sizeBytes, volumeType, iops, throughputMiBps, provider } }: Now): Ask => ({
  verb: 'volumeResize',
  provider,
  args: { sizeBytes, volumeType, iops, throughputMiBps },
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
export const checkLater: Arm = { event: 'volume.optimizeCheckDue', afterMs: OPTIMIZE_CHECK_AFTER_MS }
/** Armed only while it is optimizing. */
export const checkNoMore = ({ context }: Now): Disarm[] =>
  context.modification?.state === 'optimizing' ? [{ event: 'volume.optimizeCheckDue' }] : []
export const retryLater = ({ context: { failure } }: Now): Arm => ({
  event: 'volume.deleteRetryDue',
  afterMs: retryAfterMs(failure!.attempts),
})
export const retryNow: Disarm = { event: 'volume.deleteRetryDue' }

/** Whoever has it may be unable to bear that it grows. */
export const proposeGrowth = ({ context: { attachment, sizeBytes }, event }: Now): Tell[] => {
  const { resource, data } = event as VolumeEventNamed<'modifyRequested'>
  const grows = attachment !== undefined && data.sizeBytes > sizeBytes
  return grows ? [{ resource: attachment.instance, event: 'instance.growProposed', data: { volume: resource } }] : []
}
export const proposeAttach = ({ context, event }: Now): Tell => {
  const { resource, data } = event as VolumeEventNamed<'attachRequested'>
  return {
    resource: data.instance,
    event: 'instance.attachProposed',
    data: { volume: resource, device: data.device, onlyRoot: context.onlyRoot },
  }
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
/** An instance is launched on it: it is there, so there is nothing to wait for. */
export const readyToBoot = ({ event }: Now): Tell => {
  const { resource, data } = event as VolumeEventNamed<'launchProposed'>
  return { resource: data.instance, event: 'instance.volumeReady', data: { volume: resource } }
}
/** The view of what needs an image hears it from here. */
export const freeImage = ({ context: { pinsImage, from }, event: { resource } }: Now): Tell[] =>
  pinsImage ? [{ resource, event: 'volume.imageFreed', data: { image: from!.id } }] : []
export const failed = ({ context: { attachment }, event }: Now): Tell[] => {
  if (!attachment) return []
  const { resource, data } = event as VolumeEventNamed<'createFailed'>
  const { code, message } = data
  return [{ resource: attachment.instance, event: 'instance.volumeFailed', data: { volume: resource, code, message } }]
}

// Of its end, to the instance that waits for it: nobody else asked

const toOwner = ({ context: { cleanupOf } }: Now, event: string, data: Tell['data']): Tell[] =>
  cleanupOf === undefined ? [] : [{ resource: cleanupOf, event, data }]

export const gone = (now: Now): Tell[] => toOwner(now, 'instance.cleanupDone', { id: now.event.resource })
export const deleteFailed = (now: Now): Tell[] =>
  toOwner(now, 'instance.cleanupFailed', { id: now.event.resource, ...now.context.failure! })
/** It is not deleted before its snapshots are taken, which nobody waits for. */
export const handedOver = ({ event }: Now): Tell => {
  const { resource, data } = event as VolumeEventNamed<'instanceGone'>
  return { resource: data.instance, event: 'instance.cleanupHandedOver', data: { id: resource } }
}
export const orphaned = (now: Now): Tell[] => {
  const { provider, failure } = now.context
  const { resource } = now.event
  const orphan = { provider, kind: 'volume', id: resource, code: failure?.code, message: failure?.message }
  return [
    { resource, event: 'volume.orphanRecorded', data: orphan },
    ...toOwner(now, 'instance.orphanRecorded', orphan),
  ]
}
