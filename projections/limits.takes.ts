/** What each kind of resource takes of the limits of its account, by the events that change it. */
import type { Envelope } from '../machines/grammar.ts'
import type { Amounts } from './contract.ts'

interface Taken {
  readonly used: Amounts
  readonly originalBytes?: number
  /** Of an instance that is being taken back: what it is again if that fails. */
  readonly original?: Amounts
}
type Take = (before: Taken | undefined, event: Envelope) => Taken | undefined

// biome-ignore lint/suspicious/noExplicitAny: the data of an event is what its kind says
const said = ({ data }: Envelope): Record<string, any> => data as Record<string, any>

/** Until it is confirmed gone: what is only asked to go still has its place. */
const instance: Take = (before, event) => {
  const { type, state } = event
  if (state === 'terminated') return undefined
  if (type === 'instance.vmSnapshotRevertProposed') {
    const { vcpus, memoryBytes } = said(event).settings
    return { used: { instances: 1, vcpus, memoryBytes }, original: before!.used }
  }
  if (type === 'instance.vmSnapshotReverted') return { used: before!.used }
  if (type === 'instance.vmSnapshotRevertFailed') return { used: before?.original ?? before!.used }
  const { vcpus = before?.used.vcpus, memoryBytes = before?.used.memoryBytes } = said(event)
  return { used: { instances: 1, vcpus, memoryBytes }, ...(before?.original && { original: before.original }) }
}

/** One that could not be made has no bytes, and is there until it is deleted. */
const volume: Take = (before, event) => {
  const { type, state } = event
  if (state === 'deleted') return undefined
  const { sizeBytes } = said(event)
  const had = before?.used.primaryBytes ?? 0
  const of = (primaryBytes: number, originalBytes?: number): Taken => ({
    used: primaryBytes ? { volumes: 1, primaryBytes } : { volumes: 1 },
    ...(originalBytes !== undefined && { originalBytes }),
  })
  switch (type) {
    case 'volume.createFailed':
      return state === 'error' || state.startsWith('deleting') ? of(0) : of(had, before?.originalBytes)
    case 'volume.modifyRequested':
      return of(sizeBytes, had)
    case 'volume.resized':
      return before?.originalBytes === undefined ? of(had) : of(sizeBytes)
    case 'volume.measured':
      return of(sizeBytes, before?.originalBytes)
    case 'volume.vmSnapshotEnded':
      return of(sizeBytes ?? had, before?.originalBytes)
    case 'volume.resizeFailed':
      return of(before?.originalBytes ?? had)
    case 'volume.created':
      return event.before === 'creating' ? of(sizeBytes) : of(had, before?.originalBytes)
    default:
      return before ? of(had, before.originalBytes) : of(sizeBytes)
  }
}

const snapshot: Take = (before, event) => {
  const { type, state, before: left } = event
  if (state === 'deleted') return undefined
  const of = (secondaryBytes: number): Taken => ({
    used: secondaryBytes ? { snapshots: 1, secondaryBytes } : { snapshots: 1 },
  })
  if (type === 'snapshot.createFailed' && left.startsWith('pending')) return of(0)
  if (type === 'snapshot.completed' && left.startsWith('pending')) return of(said(event).sizeBytes)
  if (type === 'snapshot.measured') return of(said(event).sizeBytes)
  return before ? of(before.used.secondaryBytes ?? 0) : of(said(event).sizeBytes)
}

/** In whatever state it is. (cloudstack 5, the limit that the original lacks.) */
const vmSnapshot: Take = (_, { state }) => (state === 'deleted' ? undefined : { used: { vmSnapshots: 1 } })

const image: Take = (_, { state }) => (state === 'deregistered' ? undefined : { used: { images: 1 } })

const kinds: Readonly<
  Record<string, { readonly take: Take; readonly changes: ReadonlySet<string>; readonly end: string }>
> = {
  instance: {
    take: instance,
    changes: new Set(
      ['modifyRequested', 'vmSnapshotRevertProposed', 'vmSnapshotReverted', 'vmSnapshotRevertFailed'].map(
        each => `instance.${each}`,
      ),
    ),
    end: 'terminated',
  },
  volume: {
    take: volume,
    changes: new Set(
      ['created', 'createFailed', 'measured', 'modifyRequested', 'resized', 'resizeFailed', 'vmSnapshotEnded'].map(
        each => `volume.${each}`,
      ),
    ),
    end: 'deleted',
  },
  snapshot: {
    take: snapshot,
    changes: new Set(['snapshot.completed', 'snapshot.createFailed', 'snapshot.measured']),
    end: 'deleted',
  },
  'vm-snapshot': { take: vmSnapshot, changes: new Set(), end: 'deleted' },
  image: { take: image, changes: new Set(), end: 'deregistered' },
}

/** What a provider leaves of an instance is only there to be deleted: nobody has it, and nobody could be refused it. */
const ROOT_LEFT = 'volume.rootLeft'

/** How this event changes what its resource takes; undefined if it does not: few events do, and rows are locked. */
export function taken(event: Envelope): Take | undefined {
  const { kind, type, version, before, state } = event
  const known = Object.hasOwn(kinds, kind) ? kinds[kind]! : undefined
  if (!known || before === known.end || type === ROOT_LEFT) return undefined
  return version === 1 || state === known.end || known.changes.has(type) ? known.take : undefined
}
