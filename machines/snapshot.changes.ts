/** How a snapshot's memory changes with each event. */
import { assign } from 'xstate'
import { orphanChanges } from './orphans.ts'
import { failedAgain } from './retries.ts'
import { scheduleChanges } from './scheduled.ts'
import { sightChanges } from './sights.ts'
import type { SnapshotEventNamed as Named, Now, SnapshotContext, SnapshotEvent } from './snapshot.alphabet.ts'
import { groupChanges } from './snapshot.group.ts'
import { readerOf } from './snapshot.rules.ts'
import { tagChanges } from './tags.ts'

type Change = Partial<SnapshotContext>

const requested = ({ event }: Now): Change => {
  const { profile: _, ...content } = (event as Named<'createRequested'>).data
  return content
}
const copyRequested = ({ event }: Now): Change => {
  const { snapshot, ...content } = (event as Named<'copyRequested'>).data
  return { ...content, copiedFrom: snapshot, guarded: true }
}
const requestedByVolume = ({ event }: Now): Change => {
  const { image, instance, held: _, ...content } = (event as Named<'requestedByVolume'>).data
  return { ...content, capturedFor: { image, instance }, images: [image] }
}
const requestedByImage = ({ event }: Now): Change => {
  const { image, snapshot, guarded, ...content } = (event as Named<'requestedByImage'>).data
  return { ...content, copiedFrom: snapshot, guarded, images: [image] }
}

const progressed = ({ event }: Now): Change => ({ progress: Math.floor((event as Named<'progressed'>).data.percent) })

const completed = ({ context, event }: Now): Change => {
  const { sizeBytes = context.sizeBytes, allocatedBytes } = event.data as Partial<Named<'completed'>['data']>
  return { sizeBytes, allocatedBytes, progress: 100, completedAt: event.at }
}
const failed = ({ event }: Now): Change => {
  const { code, message } = (event as Named<'createFailed'>).data
  return { reason: { code, message, at: event.at } }
}
const abandoned = ({ event }: Now): Change => ({
  reason: { code: 'captureAbandoned', message: 'its image failed before it was taken', at: event.at },
})

const used = ({ context, event }: Now): Change => ({
  images: [...context.images, (event as Named<'useProposed'>).data.image],
})
const unused = ({ context, event }: Now): Change => ({
  images: context.images.filter(each => each !== (event as Named<'imageGone'>).data.image),
})
const readBy = ({ context, event }: Now): Change => ({ readers: [...context.readers, readerOf(event)] })
const unread = ({ context, event }: Now): Change => ({
  readers: context.readers.filter(each => each !== readerOf(event)),
})

const all = {
  requested,
  copyRequested,
  requestedByVolume,
  requestedByImage,
  progressed,
  completed,
  failed,
  abandoned,
  used,
  unused,
  readBy,
  unread,
  condemned: (): Change => ({ condemned: true }),
  deleteFailed: ({ context, event }: Now): Change => ({
    failure: failedAgain(context.failure, (event as Named<'deleteFailed'>).data),
  }),
  overdue: (): Change => ({ overdue: true }),
  answered: (): Change => ({ overdue: undefined }),
  ...groupChanges,
  ...scheduleChanges,
  ...tagChanges,
  ...orphanChanges,
  ...sightChanges,
}
const remember = (change: (now: Now) => Change) =>
  assign<SnapshotContext, SnapshotEvent, undefined, SnapshotEvent, never>(change)

/** The named changes, as the machine runs them. */
export const snapshotChanges = Object.fromEntries(
  Object.entries(all).map(([name, change]) => [name, remember(change)]),
) as Record<keyof typeof all, ReturnType<typeof remember>>
