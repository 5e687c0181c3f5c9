/**
 * Taking a volume back to one of its snapshots: what was written since is gone. Only while nobody runs with it; an
 * instance that is stopped beside it does not start before it is over. The snapshot stays until then, whoever deletes it.
 *
 * Where the provider restores the size as well, the larger of both sizes counts from the request on, because that space
 * is promised; the answer says which it is. One whose end is ordered meanwhile goes: nobody needs what it was to hold.
 * (spec: cloudstack 1.3, 1.4, 2.5.)
 */
import { type Arm, type Ask, type Disarm, ignore, needs, type Tell } from './grammar.ts'
import type { VolumeEventNamed as Named, Now, VolumeContext } from './volume.alphabet.ts'

/** The same patience as with making one: contents are copied. */
const PATIENCE_MS = 30 * 60_000

type Change = Partial<VolumeContext>
type Asked = { readonly context: VolumeContext; readonly event: Named<'revertRequested'> }

export const revertRequirements = {
  /** Of whatever changes or reads what it holds. */
  notReverting: ({ context }: Now) => context.revert === undefined,
  revertOffered: ({ context }: Now) => context.offers.revert === true,
  snapshotOwn: ({ event: { resource, facts } }: Asked) =>
    !facts.snapshot || (facts.snapshot.volume === resource && facts.snapshot.copiedFrom === undefined),
}

export const revertChanges = {
  reverting: ({ context: { sizeBytes: originalBytes }, event }: Now): Change => {
    const { snapshot, sizeBytes } = (event as Named<'revertRequested'>).data
    return { sizeBytes, revert: { snapshot, originalBytes }, reason: undefined }
  },
  reverted: ({ event }: Now): Change => {
    const { sizeBytes, allocatedBytes } = (event as Named<'reverted'>).data
    return { sizeBytes, allocatedBytes, revert: undefined }
  },
  revertFailed: ({ context, event }: Now): Change => {
    const { code, message } = (event as Named<'revertFailed'>).data
    return { sizeBytes: context.revert!.originalBytes, revert: undefined, reason: { code, message } }
  },
}
export const revertChoices = { reverting: ({ context }: Now) => context.revert !== undefined }

const begin = ({ context: { provider }, event }: Now): Ask => ({
  verb: 'volumeRevert',
  provider,
  args: { snapshot: (event as Named<'revertRequested'>).data.snapshot },
  answers: { done: 'volume.reverted', rejected: 'volume.revertFailed' },
})
/** The snapshot stays meanwhile; an instance that has the volume stays off. */
const propose = ({ context: { attachment }, event }: Now): Tell[] => {
  const { resource: volume, data } = event as Named<'revertRequested'>
  const toInstance = attachment && { resource: attachment.instance, event: 'instance.revertProposed', data: { volume } }
  return [
    { resource: data.snapshot, event: 'snapshot.revertProposed', data: { volume } },
    ...(toInstance ? [toInstance] : []),
  ]
}
const release = ({ context: { revert }, event: { resource: volume } }: Now): Tell[] =>
  revert ? [{ resource: revert.snapshot, event: 'snapshot.revertEnded', data: { volume } }] : []
const letGo = (now: Now): Tell[] => {
  const { attachment } = now.context
  const data = { volume: now.event.resource }
  return [
    ...release(now),
    ...(attachment ? [{ resource: attachment.instance, event: 'instance.revertEnded', data }] : []),
  ]
}
const patience: Arm = { event: 'volume.revertTimedOut', afterMs: PATIENCE_MS }
const patienceOver: Disarm = { event: 'volume.revertTimedOut' }

/** Its end is ordered: the call that takes it back is superseded, and the snapshot let go. */
export const dropRevert = { type: 'tell', params: release } as const

const beginning = [{ type: 'ask', params: begin }, { type: 'tell', params: propose }, 'reverting'] as const
const guard = needs(
  'accountOpen',
  'present',
  'revertOffered',
  'snapshotOwn',
  'snapshotCompleted',
  'snapshotPresent',
  'noSnapshotPending',
  'notResizing',
)
/** Of one that rests, without or beside an instance. */
export const revertible = { 'volume.revertRequested': { guard, target: '#reverting', actions: beginning } } as const
export const revertibleInUse = {
  'volume.revertRequested': { guard, target: 'reverting', actions: beginning },
} as const

const working = {
  tags: 'working',
  entry: { type: 'arm', params: patience },
  exit: ['answered', { type: 'disarm', params: patienceOver }],
} as const
const ends = <const T extends string>(target: T) =>
  ({
    'volume.reverted': { target, actions: [{ type: 'tell', params: letGo }, 'reverted'] },
    'volume.revertFailed': { target, actions: [{ type: 'tell', params: letGo }, 'revertFailed'] },
    'volume.revertTimedOut': { actions: 'overdue' },
  }) as const
/** Beside a stopped instance. */
export const revertingInUse = { ...working, on: ends('attached') } as const
/** Without one. */
export const reverting = {
  ...working,
  id: 'reverting',
  on: {
    ...ends('#available'),
    'volume.deleteRequested': { target: '#deleting', actions: dropRevert },
    'volume.instanceGone': ignore('no instance has a claim on it'),
  },
} as const
