/** How an image's memory changes with each event. */
import { assign } from 'xstate'
import { normalised } from './disks.ts'
import type { ImageContext, ImageEvent, ImageEventNamed as Named, Now } from './image.alphabet.ts'
import { tagChanges } from './tags.ts'

type Change = Partial<ImageContext>

const created = ({ event }: Now): Change => {
  const { instance, quiet: _, captures, snapshotTags: __, ...rest } = (event as Named<'createRequested'>).data
  return { ...rest, createdFrom: { instance }, awaited: captures.map(each => each.snapshot) }
}
const copied = ({ event }: Now): Change => {
  const { image, copies, guarded: _, ...rest } = (event as Named<'copyRequested'>).data
  return { ...rest, createdFrom: { image }, awaited: copies.map(each => each.snapshot) }
}

/** What a disk of the instance holds now: of the root apart, of others in their entry. */
const begun = ({ context, event }: Now): Change => {
  const { snapshot, sizeBytes, encrypted, ...kind } = (event as Named<'snapshotBegun'>).data
  const isRoot = snapshot === context.snapshot
  const root = normalised(context.rootDevice)
  const blockDevices = context.blockDevices.map(each => {
    if (isRoot && normalised(each.device) === root) return { ...each, ...kind }
    return each.snapshot === snapshot ? { ...each, ...kind, sizeBytes, encrypted } : each
  })
  return isRoot ? { blockDevices, sizeBytes, encrypted } : { blockDevices }
}

/** A disk that grew until it was taken has the size it was taken with. */
const stored = ({ context, event }: Now): Change => {
  const { snapshot, sizeBytes } = (event as Named<'snapshotCompleted'>).data
  const atLeast = (known = 0) => Math.max(known, sizeBytes)
  return {
    awaited: context.awaited.filter(each => each !== snapshot),
    sizeBytes: snapshot === context.snapshot ? atLeast(context.sizeBytes) : context.sizeBytes,
    blockDevices: context.blockDevices.map(each =>
      each.snapshot === snapshot ? { ...each, sizeBytes: atLeast(each.sizeBytes) } : each,
    ),
  }
}

const failed = ({ event }: Now): Change => {
  const { code, message } = (event as Named<'snapshotFailed' | 'captureFailed'>).data
  return { awaited: [], reason: { code, message, at: event.at } }
}
const orphaned = ({ event }: Now): Change => {
  const { instance } = (event as Named<'instanceTerminated'>).data
  const message = `the instance ${instance} was terminated before its image was complete`
  return { awaited: [], reason: { code: 'instanceTerminated', message, at: event.at } }
}

const shared = ({ context, event }: Now): Change => {
  const { public: open = context.public, add = [], remove = [] } = (event as Named<'shareRequested'>).data
  const kept = (context.sharedWith ?? []).filter(each => !remove.includes(each))
  const sharedWith = [...new Set([...kept, ...add.filter(each => !remove.includes(each))])]
  return { public: open || undefined, sharedWith: sharedWith.length ? sharedWith : undefined }
}

const all = {
  registered: ({ event }: Now): Change => ({ ...(event as Named<'registerRequested'>).data }),
  created,
  copied,
  begun,
  stored,
  failed,
  orphaned,
  shared,
  used: ({ event }: Now): Change => ({ directUser: (event as Named<'directUseProposed'>).data.instance }),
  unused: (): Change => ({ directUser: undefined }),
  nameFreed: (): Change => ({ nameless: true }),
  modified: ({ event }: Now): Change => ({ description: (event as Named<'modifyRequested'>).data.description }),
  ...tagChanges,
}
const remember = (change: (now: Now) => Change) =>
  assign<ImageContext, ImageEvent, undefined, ImageEvent, never>(change)

/** The named changes, as the machine runs them. */
export const imageChanges = Object.fromEntries(
  Object.entries(all).map(([name, change]) => [name, remember(change)]),
) as Record<keyof typeof all, ReturnType<typeof remember>>
