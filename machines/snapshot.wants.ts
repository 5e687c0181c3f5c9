/** What a snapshot asks of its provider, of the clock, and of what it has to do with. */
import type { Arm, Ask, Disarm, Tell } from './grammar.ts'
import { excludesSnapshots } from './profiles.ts'
import { retryAfterMs } from './retries.ts'
import { tellCompleted, tellFailed, tellGone } from './scheduled.ts'
import type { SnapshotEventNamed as Named, Now } from './snapshot.alphabet.ts'
import { leaveGroup } from './snapshot.group.ts'

/** Storing a large disk takes hours, but not without a word from the provider. */
const PATIENCE_MS = 30 * 60_000

// Of the provider

export const take = ({ context: { volume, copiedFrom, encrypted, kmsKey, provider } }: Now): Ask => ({
  verb: 'volumeSnapshotEnsure',
  provider,
  args: copiedFrom ? { from: { snapshot: copiedFrom }, encrypted, kmsKey } : { volume },
  answers: { done: 'snapshot.completed', rejected: 'snapshot.createFailed', progressed: 'snapshot.progressed' },
})
export const remove = ({ context: { provider } }: Now): Ask => ({
  verb: 'volumeSnapshotDelete',
  provider,
  args: {},
  answers: { done: 'snapshot.deleted', rejected: 'snapshot.deleteFailed' },
  supersedes: true,
})

// Of the clock

export const createPatience: Arm = { event: 'snapshot.createTimedOut', afterMs: PATIENCE_MS }
export const created: Disarm = { event: 'snapshot.createTimedOut' }
export const deletePatience: Arm = { event: 'snapshot.deleteTimedOut', afterMs: PATIENCE_MS }
export const deleted: Disarm = { event: 'snapshot.deleteTimedOut' }
export const retryLater = ({ context: { failure } }: Now): Arm => ({
  event: 'snapshot.deleteRetryDue',
  afterMs: retryAfterMs(failure!.attempts),
})
export const retryNow: Disarm = { event: 'snapshot.deleteRetryDue' }

// Of others

export const proposeToVolume = ({ event: { resource: snapshot, data } }: Now): Tell => {
  const { volume, profile } = data as Named<'createRequested'>['data']
  return { resource: volume, event: 'volume.snapshotProposed', data: { snapshot, alone: excludesSnapshots(profile) } }
}
export const proposeCopy = ({ event: { resource, data } }: Now): Tell[] => {
  const { snapshot, guarded = true } = data as { snapshot: string; guarded?: boolean }
  return guarded ? [{ resource: snapshot, event: 'snapshot.copyProposed', data: { copy: resource } }] : []
}

/** Of one volume, and taken by itself. */
const isOwn = ({ volume, copiedFrom, group }: Now['context']) =>
  volume !== undefined && copiedFrom === undefined && group === undefined
/** What it was made from is needed no longer: the volume, or the snapshot it is a copy of. */
const letGo = ({ context, event: { resource, type } }: Now): Tell[] => {
  const { volume, copiedFrom, guarded } = context
  const own = type === 'snapshot.completed' && isOwn(context) ? true : undefined
  if (copiedFrom === undefined)
    return [{ resource: volume!, event: 'volume.snapshotEnded', data: { snapshot: resource, own } }]
  return guarded ? [{ resource: copiedFrom, event: 'snapshot.copyEnded', data: { copy: resource } }] : []
}
/** The guest may run again as soon as the moment is fixed, or it is certain that it never will be. */
const cut = ({ context: { capturedFor }, event: { resource } }: Now): Tell[] =>
  capturedFor ? [{ resource: capturedFor.instance, event: 'instance.snapshotCut', data: { snapshot: resource } }] : []

export const begun = cut
const deletedMeanwhile = { code: 'deletedMeanwhile', message: 'it was to be deleted before it was complete' }
export const completed = (now: Now): Tell[] => {
  const { resource } = now.event
  const { sizeBytes, images: users, condemned } = now.context
  const news = { event: 'image.snapshotCompleted', data: { snapshot: resource, sizeBytes } }
  const images = users.map(image => ({ resource: image, ...news }))
  // Somebody did not want it any more: it is nothing to keep.
  const toSchedule = condemned ? tellFailed(now, deletedMeanwhile) : tellCompleted(now)
  return [...letGo(now), ...cut(now), ...images, ...toSchedule]
}
export const failed = (now: Now): Tell[] => {
  const { resource, data } = now.event as Named<'createFailed'>
  const { code, message } = data
  const news = { event: 'image.snapshotFailed', data: { snapshot: resource, code, message } }
  const images = now.context.images.map(image => ({ resource: image, ...news }))
  return [...letGo(now), ...cut(now), ...images, ...tellFailed(now)]
}
/** It is gone for good: who counts it hears so. */
export const gone = (now: Now): Tell[] => [...leaveGroup(now), ...tellGone(now), ...uncounted(now)]
const uncounted = ({ context, event: { resource: snapshot } }: Now): Tell[] =>
  isOwn(context) && context.completedAt !== undefined
    ? [{ resource: context.volume!, event: 'volume.ownSnapshotGone', data: { snapshot } }]
    : []
/** It will never be taken: its image has failed before. */
export const abandoned = letGo

/** To itself: it was given up. */
export const orphaned = ({ context: { provider, failure }, event: { resource } }: Now): Tell => ({
  resource,
  event: 'snapshot.orphanRecorded',
  data: { provider, kind: 'volumeSnapshot', id: resource, code: failure?.code, message: failure?.message },
})
