/** What a volume shows: its size and origin, and the one attachment it may have. */
import type { Envelope } from '../machines/grammar.ts'
import { type Attributes, defined, type KindView, overdue } from './inventory.row.ts'

interface Attachment {
  readonly instance: string
  readonly device: string
  readonly status: string
  readonly attachedAt: number
}

export const volumeView: KindView = {
  attributes: (before, event) => overdue(attachmentOf(changes(before, event), event), event),
  relations: ({ attachment, from }) => [
    ...(attachment ? [{ role: 'instance', id: attachment.instance }] : []),
    ...(from ? [{ role: from.kind, id: from.id }] : []),
  ],
}

function changes(before: Attributes, { type, data, before: left, state, at }: Envelope): Attributes {
  const { sizeBytes, allocatedBytes, volumeType, from, code, message } = data as Attributes
  switch (type) {
    case 'volume.createRequested':
    case 'volume.requestedByInstance':
      return defined({ sizeBytes, volumeType, from })
    case 'volume.created':
      return left === 'creating' ? defined({ ...before, sizeBytes, allocatedBytes }) : before
    case 'volume.modifyRequested':
      return { ...before, sizeBytes, resizing: { fromBytes: before.sizeBytes } }
    case 'volume.resized':
      return before.resizing && isAlive(state)
        ? defined({ ...before, sizeBytes, allocatedBytes, resizing: undefined, reason: undefined })
        : before
    case 'volume.resizeFailed': {
      const { resizing, ...rest } = before
      return resizing && isAlive(state)
        ? { ...rest, sizeBytes: resizing.fromBytes, reason: { code, message, at } }
        : before
    }
    case 'volume.createFailed':
    case 'volume.attachFailed':
    case 'volume.detachFailed':
      return left === state ? before : { ...before, reason: { code, message, at } }
    default:
      return before
  }
}

/** Present while an instance has a claim on it, even on one that could not be made; gone with every way out. */
function attachmentOf(before: Attributes, { type, data, state, at }: Envelope): Attributes {
  const { instance, device } = data as Attributes
  const known: Attachment | undefined =
    type === 'volume.requestedByInstance' || type === 'volume.attachRequested'
      ? { instance, device, status: 'attaching', attachedAt: at }
      : before.attachment
  const used = state.startsWith('in-use.')
  const held = used || ((state === 'creating' || state === 'error') && type !== 'volume.instanceGone')
  if (!held || !known) return known ? defined({ ...before, attachment: undefined }) : before
  const status = used ? state.slice('in-use.'.length) : 'attaching'
  if (known === before.attachment && known.status === status) return before
  return { ...before, attachment: { ...known, status } }
}

const isAlive = (state: string) => state === 'available' || state.startsWith('in-use')
