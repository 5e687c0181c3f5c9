/** How a volume's memory changes with each event. */
import { assign } from 'xstate'
import type { Now, VolumeContext, VolumeEvent, VolumeEventNamed } from './volume.alphabet.ts'

type Change = Partial<VolumeContext>

const requested = ({ event }: Now): Change => ({ ...(event as VolumeEventNamed<'createRequested'>).data })

const requestedByInstance = ({ event }: Now): Change => {
  const { instance, device, ...disk } = (event as VolumeEventNamed<'requestedByInstance'>).data
  return { ...disk, attachment: { instance, device } }
}

const made = ({ event }: Now): Change => {
  const { sizeBytes, allocatedBytes } = (event as VolumeEventNamed<'created'>).data
  return { sizeBytes, allocatedBytes }
}

const failed = ({ event }: Now): Change => {
  const { code, message } = (event as VolumeEventNamed<'createFailed' | 'attachFailed' | 'detachFailed'>).data
  return { reason: { code, message } }
}

const attaching = ({ event }: Now): Change => {
  const { instance, device } = (event as VolumeEventNamed<'attachRequested'>).data
  return { attachment: { instance, device }, reason: undefined }
}

/** The new size counts from the request: the space is promised then. */
const resizing = ({ context, event }: Now): Change => ({
  sizeBytes: (event as VolumeEventNamed<'modifyRequested'>).data.sizeBytes,
  resizing: { fromBytes: context.sizeBytes },
})

const resized = ({ event }: Now): Change => {
  const { sizeBytes, allocatedBytes } = (event as VolumeEventNamed<'resized'>).data
  return { sizeBytes, allocatedBytes, resizing: undefined, reason: undefined }
}

const resizeFailed = ({ context, event }: Now): Change => {
  const { code, message } = (event as VolumeEventNamed<'resizeFailed'>).data
  return { sizeBytes: context.resizing!.fromBytes, resizing: undefined, reason: { code, message } }
}

const all = {
  requested,
  requestedByInstance,
  made,
  failed,
  attaching,
  resizing,
  resized,
  resizeFailed,
  released: (): Change => ({ attachment: undefined }),
  condemned: (): Change => ({ attachment: undefined, condemned: true }),
  overdue: (): Change => ({ overdue: true }),
  answered: (): Change => ({ overdue: undefined }),
}
const remember = (change: (now: Now) => Change) =>
  assign<VolumeContext, VolumeEvent, undefined, VolumeEvent, never>(change)

/** The named changes, as the machine runs them. */
export const volumeChanges = Object.fromEntries(
  Object.entries(all).map(([name, change]) => [name, remember(change)]),
) as Record<keyof typeof all, ReturnType<typeof remember>>
