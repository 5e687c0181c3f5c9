/** What an image shows: what a launch makes of it, who may see it, and what it waits for or failed with. */
import type { Envelope } from '../machines/grammar.ts'
import { type Attributes, defined, type KindView } from './inventory.row.ts'

interface Entry {
  readonly device: string
  readonly snapshot?: string
  readonly sizeBytes?: number
}

export const imageView: KindView = {
  visibility: attributes => (attributes.public ? 'public' : 'private'),
  attributes: changes,
  relations: ({ snapshot, blockDevices, createdFrom = {} }) => {
    const made = [snapshot, ...blockDevices.map((each: Entry) => each.snapshot)].filter(Boolean)
    return [
      ...[...new Set<string>(made)].map(id => ({ role: 'snapshot', id })),
      ...Object.entries<string>(createdFrom).map(([role, id]) => ({ role, id })),
    ]
  },
}

function born({ type, data }: Envelope): Attributes {
  const { name: _, provider: __, quiet: ___, guarded: ____, snapshotTags: _____, ...said } = data as Attributes
  const { captures, copies, instance, image, ...rest } = said
  if (type === 'image.registerRequested') return rest
  const awaited = (captures ?? copies).map((each: { snapshot: string }) => each.snapshot)
  return { ...rest, createdFrom: defined({ instance, image }), awaited }
}

function changes(before: Attributes, event: Envelope): Attributes {
  const { version, type, at, before: left, state } = event
  if (version === 1) return born(event)
  const data = event.data as Attributes
  switch (type) {
    case 'image.modifyRequested':
      return { ...before, description: data.description }
    case 'image.shareRequested':
      return shared(before, data)
    case 'image.snapshotBegun':
      return begun(before, data)
    case 'image.snapshotCompleted':
      return stored(before, data)
    case 'image.snapshotFailed':
    case 'image.captureFailed':
      return { ...before, awaited: [], reason: { code: data.code, message: data.message, at } }
    case 'image.instanceTerminated': {
      const message = `the instance ${data.instance} was terminated before its image was complete`
      return left === state ? before : { ...before, awaited: [], reason: { code: 'instanceTerminated', message, at } }
    }
    default:
      return before
  }
}

function shared(before: Attributes, { public: open = before.public, add = [], remove = [] }: Attributes): Attributes {
  const stays = (each: string) => !remove.includes(each)
  const sharedWith = [...new Set<string>([...(before.sharedWith ?? []), ...add])].filter(stays)
  return defined({ ...before, public: open || undefined, sharedWith: sharedWith.length ? sharedWith : undefined })
}

function begun(before: Attributes, { snapshot, sizeBytes, encrypted, ...kind }: Attributes): Attributes {
  const isRoot = snapshot === before.snapshot
  const blockDevices = before.blockDevices.map((each: Entry) => {
    if (isRoot && bare(each.device) === bare(before.rootDevice)) return { ...each, ...kind }
    return each.snapshot === snapshot ? defined({ ...each, ...kind, sizeBytes, encrypted }) : each
  })
  return isRoot ? defined({ ...before, blockDevices, sizeBytes, encrypted }) : { ...before, blockDevices }
}

function stored(before: Attributes, { snapshot, sizeBytes }: Attributes): Attributes {
  const atLeast = (known = 0) => Math.max(known, sizeBytes)
  return {
    ...before,
    awaited: before.awaited.filter((each: string) => each !== snapshot),
    sizeBytes: snapshot === before.snapshot ? atLeast(before.sizeBytes) : before.sizeBytes,
    blockDevices: before.blockDevices.map((each: Entry) =>
      each.snapshot === snapshot ? { ...each, sizeBytes: atLeast(each.sizeBytes) } : each,
    ),
  }
}

const bare = (device: string) => device.replace(/^\/dev\//, '').replace(/^((?:s|xv|v|h)da)1$/, '$1')
