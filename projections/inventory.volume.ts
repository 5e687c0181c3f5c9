/** What a volume shows: its size, type and origin, the one attachment it may have, and the last change of its shape. */
import type { Envelope } from '../machines/grammar.ts'
import { type Attributes, cleanup, defined, type KindView, overdue, sighted } from './inventory.row.ts'
import { sizeAfter } from './volume.size.ts'

interface Attachment {
  readonly instance: string
  readonly device: string
  readonly status: string
  readonly attachedAt: number
  /** Its instance was terminated, and may be recovered. */
  readonly terminated?: true
}

export const volumeView: KindView = {
  // Where it is to be moved to is not where it is.
  pool: (before, { type, version, data, before: left, state }, { migration }) => {
    if (version === 1) return (data as Attributes).pool
    return type === 'volume.migrated' && left.endsWith('migrating') && left !== state ? migration.pool : before
  },
  attributes: (before, event) =>
    cleanup(overdue(attachmentOf(sized(before, sighted(changes(before, event), event), event), event), event), event),
  relations: ({ attachment, from }) => [
    ...(attachment ? [{ role: 'instance', id: attachment.instance }] : []),
    ...(from ? [{ role: from.kind, id: from.id }] : []),
  ],
}

/** What a change that is under way returns to; that is its new size once it is only moved. */
function originalOf({ sizeBytes, modification, revert }: Attributes): number | undefined {
  if (modification?.state === 'modifying') return modification.original.sizeBytes
  if (modification?.state === 'optimizing') return sizeBytes
  return revert?.state === 'reverting' ? revert.originalBytes : undefined
}
function sized(before: Attributes, after: Attributes, event: Envelope): Attributes {
  const { sizeBytes } = sizeAfter({ sizeBytes: before.sizeBytes, originalBytes: originalOf(before) }, event)
  return sizeBytes === after.sizeBytes ? after : { ...after, sizeBytes }
}

function changes(before: Attributes, event: Envelope): Attributes {
  const { type, data, before: left, state, at } = event
  const { allocatedBytes, code, message } = data as Attributes
  switch (type) {
    case 'volume.createRequested':
    case 'volume.requestedByInstance': {
      const {
        name: _,
        zone: __,
        provider: ___,
        pool: ____,
        offers: _____,
        instance: ______,
        device: _______,
        pinsImage: ________,
        onlyRoot: _________,
        ...made
      } = data as Attributes
      return defined(made)
    }
    case 'volume.rootLeft':
      return { from: { kind: 'image', id: (data as Attributes).image } }
    case 'volume.created':
      return left === 'creating' ? defined({ ...before, allocatedBytes }) : before
    case 'volume.attachRequested':
    case 'volume.launchProposed':
      return before.reason ? defined({ ...before, reason: undefined }) : before
    case 'volume.modifyRequested':
    case 'volume.resized':
    case 'volume.resizeFailed':
      return modified(before, event)
    case 'volume.revertRequested':
    case 'volume.reverted':
    case 'volume.revertFailed':
      return taken(before, event)
    case 'volume.migrateRequested':
    case 'volume.migrated':
    case 'volume.migrateFailed':
      return moved(before, event)
    case 'volume.createFailed':
    case 'volume.attachFailed':
    case 'volume.detachFailed':
      return left === state ? before : { ...before, reason: { code, message, at } }
    default:
      return before
  }
}

const shapeOf = ({ sizeBytes, volumeType, iops, throughputMiBps }: Attributes): Attributes => ({
  sizeBytes,
  volumeType,
  iops,
  throughputMiBps,
})
const isUnderWay = ({ modification }: Attributes) =>
  modification?.state === 'modifying' || modification?.state === 'optimizing'

/** The last change of size, type or rates; what it changes counts from the request on. */
function modified(before: Attributes, { type, data, state, at }: Envelope): Attributes {
  const { allocatedBytes, optimizing, code, message } = data as Attributes
  if (type === 'volume.modifyRequested') {
    const [original, target] = [defined(shapeOf(before)), defined(shapeOf(data as Attributes))]
    const modification = { state: 'modifying', progress: 0, startedAt: at, original, target }
    return defined({ ...before, ...shapeOf(target), modification })
  }
  if (!isUnderWay(before) || !isAlive(state)) return before
  const completed = { ...before.modification, state: 'completed', progress: 100, endedAt: at }
  if (type === 'volume.resized') {
    const measured = { ...before, allocatedBytes, reason: undefined }
    // How far it is, its provider does not say.
    return defined({
      ...measured,
      modification: optimizing ? { ...before.modification, state: 'optimizing' } : completed,
    })
  }
  if (before.modification.state === 'optimizing') return { ...before, modification: completed }
  const modification = { ...before.modification, state: 'failed', endedAt: at, message }
  return defined({ ...before, ...shapeOf(before.modification.original), modification, reason: { code, message, at } })
}

/** The last time it was taken back to a snapshot; the larger of its sizes counts until that is answered. */
function taken(before: Attributes, { type, data, before: left, state, at }: Envelope): Attributes {
  const { snapshot, allocatedBytes, code, message } = data as Attributes
  if (type === 'volume.revertRequested') {
    const revert = { state: 'reverting', snapshot, startedAt: at, originalBytes: before.sizeBytes }
    return defined({ ...before, revert, reason: undefined })
  }
  if (!left.endsWith('reverting') || left === state) return before
  if (type === 'volume.reverted')
    return defined({
      ...before,
      allocatedBytes,
      revert: { ...before.revert, state: 'completed', endedAt: at },
    })
  const revert = { ...before.revert, state: 'failed', endedAt: at, message }
  return { ...before, revert, reason: { code, message, at } }
}

/** The last time it was moved to another pool. */
function moved(before: Attributes, { type, data, before: left, state, at }: Envelope): Attributes {
  const { pool, allocatedBytes = before.allocatedBytes, code, message } = data as Attributes
  if (type === 'volume.migrateRequested')
    return defined({ ...before, migration: { state: 'migrating', pool, startedAt: at }, reason: undefined })
  if (!left.endsWith('migrating') || left === state) return before
  if (type === 'volume.migrated')
    return defined({ ...before, allocatedBytes, migration: { ...before.migration, state: 'completed', endedAt: at } })
  const migration = { ...before.migration, state: 'failed', endedAt: at, message }
  return { ...before, migration, reason: { code, message, at } }
}

const claiming = new Set(['volume.requestedByInstance', 'volume.attachRequested', 'volume.launchProposed'])
/** Present while an instance has a claim on it, even on one that could not be made; gone with every way out. */
function attachmentOf(before: Attributes, { type, data, state, at }: Envelope): Attributes {
  const { instance, device } = data as Attributes
  const known: Attachment | undefined = claiming.has(type)
    ? { instance, device, status: 'attaching', attachedAt: at }
    : fateOf(before.attachment, { type, instance })
  const used = state.startsWith('in-use.')
  const held = used || ((state === 'creating' || state === 'error') && type !== 'volume.instanceGone')
  if (!held || !known) return known ? defined({ ...before, attachment: undefined }) : before
  const isBusy = state === 'in-use.reverting' || state === 'in-use.migrating'
  const status = isBusy ? 'attached' : used ? state.slice('in-use.'.length) : 'attaching'
  if (known === before.attachment && known.status === status) return before
  return { ...before, attachment: { ...known, status } }
}

/** Kept with an instance that was terminated, or back with it. */
function fateOf(
  known: Attachment | undefined,
  { type, instance }: Pick<Attachment, 'instance'> & { readonly type: string },
) {
  if (!known || known.instance !== instance) return known
  if (type === 'volume.instanceTerminated') return { ...known, terminated: true as const }
  if (type !== 'volume.instanceRecovered') return known
  const { terminated: _, ...rest } = known
  return rest
}

const isAlive = (state: string) => /^(available|reverting|migrating|in-use)/.test(state)
