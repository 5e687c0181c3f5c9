/** What each kind of resource takes of the limits of its account, by the events that change it. */
import type { Envelope } from '../machines/grammar.ts'
import type { Amounts } from './contract.ts'
import { changesSize, sizeAfter, type VolumeSize } from './volume.size.ts'

interface Taken {
  readonly used: Amounts
  readonly originalBytes?: number
  /** Of an instance that is being taken back, or may be recovered: what it is again if that fails, or if it is. */
  readonly original?: Amounts
}
type Take = (before: Taken | undefined, event: Envelope) => Taken | undefined

// biome-ignore lint/suspicious/noExplicitAny: the data of an event is what its kind says
const said = ({ data }: Envelope): Record<string, any> => data as Record<string, any>

/** It is not taken back, because that failed, or because something else could not wait: its snapshot is told. */
const endsRevert = ({ kind, wants }: Envelope): boolean =>
  kind === 'instance' && wants?.some(each => each.want === 'tell' && each.event === 'vm-snapshot.revertFailed') === true

/**
 * Until it is confirmed gone: what is only asked to go still has its place. The root that its provider makes with it is a
 * volume too, and stays while everything else is given up. (cloudstack 5, L7 and L9.)
 */
const instance: Take = (before, event) => {
  const { type, state } = event
  if (state === 'terminated') return undefined
  const { vcpus = before?.used.vcpus, memoryBytes = before?.used.memoryBytes } = said(event)
  const root = rootAfter(before, event)
  const original = before?.original ?? before?.used
  // It takes again what it had. (cloudstack 5, L7.)
  if (state === 'recoverable') return { used: root, original: { ...original, ...root } }
  switch (type) {
    case 'instance.recoverRequested':
      return { used: original! }
    // Nobody else gets what it may have again: until it is known what it is, it takes the larger of both.
    case 'instance.vmSnapshotRevertProposed':
      return { used: larger(original!, said(event).settings), original }
    case 'instance.vmSnapshotReverted':
      return { used: original! }
    case 'instance.rootMeasured':
      return { used: { ...before!.used, ...root }, original: before!.original && { ...before!.original, ...root } }
    case 'instance.modifyRequested':
    case 'instance.settingsRestored':
      return { used: { instances: 1, vcpus, memoryBytes, ...root } }
    default:
      if (before === undefined) return { used: { instances: 1, vcpus, memoryBytes, ...root } }
      return endsRevert(event) ? { used: original! } : before
  }
}
/** What the root takes that its provider makes. */
const rootAfter = (before: Taken | undefined, event: Envelope): Amounts => {
  const { type } = event
  const primaryBytes: number | undefined =
    type === 'instance.launchRequested'
      ? said(event).providerRoot?.sizeBytes
      : type === 'instance.rootMeasured'
        ? said(event).sizeBytes
        : before?.used.primaryBytes
  return primaryBytes === undefined ? {} : { volumes: 1, primaryBytes }
}
const larger = (
  had: Amounts,
  { vcpus, memoryBytes }: { readonly vcpus: number; readonly memoryBytes: number },
): Amounts => ({
  ...had,
  vcpus: Math.max(had.vcpus!, vcpus),
  memoryBytes: Math.max(had.memoryBytes!, memoryBytes),
})

/** One that could not be made has no bytes, and is there until it is deleted. */
const volume: Take = (before, event) => {
  const { type, state } = event
  if (state === 'deleted') return undefined
  const isFailed = type === 'volume.createFailed' && (state === 'error' || state.startsWith('deleting'))
  const had = { sizeBytes: before?.used.primaryBytes, originalBytes: before?.originalBytes }
  const { sizeBytes, originalBytes }: VolumeSize = isFailed ? {} : sizeAfter(had, event)
  // One that is to become smaller takes what it has until it is.
  const primaryBytes = Math.max(sizeBytes ?? 0, originalBytes ?? 0)
  const used: Amounts = primaryBytes ? { volumes: 1, primaryBytes } : { volumes: 1 }
  return { used, ...(originalBytes !== undefined && { originalBytes }) }
}

const snapshot: Take = (before, event) => {
  const { type, state, before: left } = event
  if (state === 'deleted') return undefined
  const of = (secondaryBytes: number): Taken => ({
    used: secondaryBytes ? { snapshots: 1, secondaryBytes } : { snapshots: 1 },
  })
  const had = before?.used.secondaryBytes ?? 0
  if (failed.has(type) && left.startsWith('pending')) return of(0)
  if (completed.has(type) && left.startsWith('pending')) return of(said(event).sizeBytes ?? had)
  if (type === 'snapshot.measured') return of(said(event).sizeBytes)
  return before ? of(had) : of(said(event).sizeBytes)
}
const completed = new Set(['snapshot.completed', 'snapshot.groupTaken'])
const failed = new Set(['snapshot.createFailed', 'snapshot.groupFailed'])

/** In whatever state it is. (cloudstack 5, the limit that the original lacks.) */
const vmSnapshot: Take = (_, { state }) => (state === 'deleted' ? undefined : { used: { vmSnapshots: 1 } })

const image: Take = (_, { state }) => (state === 'deregistered' ? undefined : { used: { images: 1 } })

const resizing = new Set(
  [
    'modifyRequested',
    'recoverRequested',
    'rootMeasured',
    'vmSnapshotRevertProposed',
    'vmSnapshotReverted',
    'settingsRestored',
  ].map(each => `instance.${each}`),
)
const kinds: Readonly<
  Record<string, { readonly take: Take; readonly changes: (event: Envelope) => boolean; readonly end: string }>
> = {
  instance: {
    take: instance,
    changes: event => resizing.has(event.type) || endsRevert(event) || event.state === 'recoverable',
    end: 'terminated',
  },
  volume: {
    take: volume,
    changes: event => changesSize(event) || event.type === 'volume.createFailed',
    end: 'deleted',
  },
  snapshot: {
    take: snapshot,
    changes: ({ type }) => completed.has(type) || failed.has(type) || type === 'snapshot.measured',
    end: 'deleted',
  },
  'vm-snapshot': { take: vmSnapshot, changes: () => false, end: 'deleted' },
  image: { take: image, changes: () => false, end: 'deregistered' },
}

/** What a provider leaves of an instance is only there to be deleted: nobody has it, and nobody could be refused it. */
const ROOT_LEFT = 'volume.rootLeft'

/** How this event changes what its resource takes; undefined if it does not: few events do, and rows are locked. */
export function taken(event: Envelope): Take | undefined {
  const { kind, type, version, before, state } = event
  const known = Object.hasOwn(kinds, kind) ? kinds[kind]! : undefined
  if (!known || before === known.end || type === ROOT_LEFT) return undefined
  return version === 1 || state === known.end || known.changes(event) ? known.take : undefined
}
