/** What an image wants of its snapshots, of the instance it is made from, and of itself. */
import type { Tell } from './grammar.ts'
import type { ImageContext, ImageEventNamed as Named, Now } from './image.alphabet.ts'

const snapshotsOf = ({ snapshot, blockDevices }: Pick<ImageContext, 'snapshot' | 'blockDevices'>): string[] => {
  const named = [snapshot, ...blockDevices.map(each => each.snapshot)]
  return [...new Set(named.filter(each => each !== undefined))]
}

/** Each snapshot it names is told once, and refuses if it is on its way out. */
export const useSnapshots = ({ event }: Now): Tell[] => {
  const { resource, data } = event as Named<'registerRequested'>
  return snapshotsOf(data).map(each => use(each, resource))
}
const use = (snapshot: string, image: string): Tell => ({
  resource: snapshot,
  event: 'snapshot.useProposed',
  data: { image },
})

/** The instance makes its disks known to its volumes; snapshots that the request adds are used as they are. */
export const capture = ({ event }: Now): Tell[] => {
  const { resource, data } = event as Named<'createRequested'>
  const { instance, quiet, captures, snapshotTags } = data
  const description = `Created by CreateImage(${instance}) for ${resource}`
  const made = new Set(captures.map(each => each.snapshot))
  const added = snapshotsOf(data).filter(each => !made.has(each))
  return [
    {
      resource: instance,
      event: quiet ? 'instance.quietCaptureProposed' : 'instance.captureProposed',
      data: { image: resource, captures, description, tags: snapshotTags },
    },
    ...added.map(each => use(each, resource)),
  ]
}

export const copySnapshots = ({ event }: Now): Tell[] => {
  const { resource, data } = event as Named<'copyRequested'>
  const { copies, guarded, provider, image } = data
  return copies.map(({ from, snapshot, sizeBytes, encrypted }) => ({
    resource: snapshot,
    event: 'snapshot.requestedByImage',
    data: {
      image: resource,
      snapshot: from,
      guarded,
      sizeBytes,
      encrypted,
      provider: provider!,
      description: `Copied for ${resource} from ${image}`,
    },
  }))
}

export const release = ({ context, event: { resource } }: Now): Tell[] =>
  snapshotsOf(context).map(each => ({ resource: each, event: 'snapshot.imageGone', data: { image: resource } }))
export const captureEnded = ({ context: { createdFrom }, event: { resource } }: Now): Tell[] =>
  createdFrom?.instance
    ? [{ resource: createdFrom.instance, event: 'instance.captureEnded', data: { image: resource } }]
    : []
const freeName = ({ context: { name }, event: { resource } }: Now): Tell => ({
  resource,
  event: 'image.nameFreed',
  data: { name },
})
export const fail = (now: Now): Tell[] => [...release(now), ...captureEnded(now), freeName(now)]
/** The instance knows. */
export const orphan = (now: Now): Tell[] => [...release(now), freeName(now)]
