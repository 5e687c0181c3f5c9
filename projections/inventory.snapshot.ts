/** What a snapshot shows: what it is of, how far it has come, and which images use it. */
import type { Envelope } from '../machines/grammar.ts'
import { type Attributes, cleanup, defined, type KindView, overdue, sighted } from './inventory.row.ts'

export const snapshotView: KindView = {
  attributes: (before, event) => cleanup(overdue(sighted(changes(before, event), event), event), event),
  relations: ({ volume, copiedFrom, images, group, schedule }) => [
    ...(group ? [{ role: 'group', id: group }] : []),
    ...(schedule ? [{ role: 'schedule', id: schedule }] : []),
    ...(volume ? [{ role: 'volume', id: volume }] : []),
    ...(copiedFrom ? [{ role: 'original', id: copiedFrom }] : []),
    ...images.map((id: string) => ({ role: 'image', id })),
  ],
}

function born({ type, data }: Envelope): Attributes {
  const {
    provider: _,
    profile: __,
    snapshot: copiedFrom,
    image,
    instance,
    held: ___,
    guarded: ____,
    ...rest
  } = data as Attributes
  const capturedFor = type === 'snapshot.requestedByVolume' ? { image, instance } : undefined
  return defined({ ...rest, progress: 0, images: image ? [image] : [], copiedFrom, capturedFor })
}

function changes(before: Attributes, event: Envelope): Attributes {
  const { version, type, at, before: left, state } = event
  if (version === 1) return born(event)
  const data = event.data as Attributes
  const moved = left !== state
  switch (type) {
    case 'snapshot.progressed':
      return defined({ ...before, progress: Math.floor(data.percent), overdue: undefined })
    case 'snapshot.completed':
    case 'snapshot.groupTaken':
      return moved ? { ...before, ...measured(data), progress: 100, completedAt: at } : before
    case 'snapshot.createFailed':
    case 'snapshot.groupFailed':
      return moved ? { ...before, reason: { code: data.code, message: data.message, at } } : before
    case 'snapshot.scheduled':
      return { ...before, schedule: data.schedule }
    case 'snapshot.useProposed':
      return { ...before, images: [...before.images, data.image] }
    case 'snapshot.imageGone': {
      const images = before.images.filter((each: string) => each !== data.image)
      const reason = { code: 'captureAbandoned', message: 'its image failed before it was taken', at }
      return moved ? { ...before, images, reason } : { ...before, images }
    }
    default:
      return before
  }
}

const measured = ({ sizeBytes, allocatedBytes }: Attributes) => defined({ sizeBytes, allocatedBytes })
