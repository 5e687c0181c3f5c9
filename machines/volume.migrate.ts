/**
 * Moving a volume to another pool of its provider, with all it holds. Its place there is taken from the request on, and
 * it leaves the one it had when its provider says that it is done; what fails stays where it was. Nothing else is done to
 * it meanwhile: nobody attaches or detaches it, resizes it, or keeps what it holds. One whose end is ordered goes, from
 * wherever it is by then.
 *
 * Beside an instance that runs only where its provider moves what is in use; elsewhere the instance is off, and does not
 * start before it is over. VM snapshots hold its layers where they are, so while there is one it stays; by the rules of
 * one platform they move along, where the provider can do that. (spec: cloudstack 1.3, 2.5; docs/decisions/0052.)
 */
import { type Arm, type Ask, type Disarm, ignore, needs, type Tell } from './grammar.ts'
import { poolName } from './placement.ts'
import type { VolumeEventNamed as Named, Now, VolumeContext } from './volume.alphabet.ts'

/** The same patience as with making one: contents are copied. */
const PATIENCE_MS = 30 * 60_000

type Change = Partial<VolumeContext>
type Asked = { readonly context: VolumeContext; readonly event: Named<'migrateRequested'> }

const poolIn = ({ event }: Now) => (event as Named<'migrateRequested'>).data.pool

export const migrateRequirements = {
  /** Of whatever changes or reads what it holds, or whose it is. */
  notMigrating: ({ context }: Now) => context.migration === undefined,
  migrateOffered: ({ context }: Now) => context.offers.migrate !== undefined,
  /** What VM snapshots hold of one outside of any pool is counted nowhere that it could be moved from. */
  coveringMovable: ({ context, event }: Asked) =>
    event.data.withVmSnapshots !== true ||
    !context.vmSnapshots?.ids.length ||
    (context.offers.migrateKept === true && context.pool !== undefined),
}
export const migrateChoices = {
  samePool: (now: Now) => now.context.pool === poolIn(now),
  migrating: ({ context }: Now) => context.migration !== undefined,
}
export const migrateChanges = {
  migrating: (now: Now): Change => ({ migration: { pool: poolIn(now) }, reason: undefined }),
  migrated: ({ context, event }: Now): Change => {
    const { allocatedBytes = context.allocatedBytes } = (event as Named<'migrated'>).data
    return { allocatedBytes, pool: context.migration!.pool, migration: undefined }
  },
  migrateFailed: ({ event }: Now): Change => {
    const { code, message } = (event as Named<'migrateFailed'>).data
    return { migration: undefined, reason: { code, message } }
  },
}

const move = (now: Now): Ask => ({
  verb: 'volumeMigrate',
  provider: now.context.provider,
  args: { pool: poolName(poolIn(now))! },
  answers: { done: 'volume.migrated', rejected: 'volume.migrateFailed' },
})
const isLive = ({ offers }: VolumeContext) => offers.migrate === 'online'
const propose = ({ context, event }: Now): Tell[] => {
  const { attachment } = context
  const { resource: volume, data } = event as Named<'migrateRequested'>
  const asked = { volume, live: isLive(context), withVmSnapshots: data.withVmSnapshots === true }
  return attachment ? [{ resource: attachment.instance, event: 'instance.migrateProposed', data: asked }] : []
}
/** Only one that had to stay off waits for it. */
const letGo = ({ context, event: { resource: volume } }: Now): Tell[] => {
  const { attachment } = context
  if (!attachment || isLive(context)) return []
  return [{ resource: attachment.instance, event: 'instance.migrateEnded', data: { volume } }]
}
const patience: Arm = { event: 'volume.migrateTimedOut', afterMs: PATIENCE_MS }
const patienceOver: Disarm = { event: 'volume.migrateTimedOut' }

const beginning = [{ type: 'ask', params: move }, { type: 'tell', params: propose }, 'migrating'] as const
const guard = needs(
  'present',
  'ownerAlive',
  'migrateOffered',
  'poolOffered',
  'poolRoom',
  'noSnapshotPending',
  'notResizing',
  'noVmSnapshotTask',
  'coveringMovable',
)
const alreadyThere = { guard: 'samePool' } as const
/** Of one that rests, without or beside an instance. */
export const migratable = {
  'volume.migrateRequested': [alreadyThere, { guard, target: '#migrating', actions: beginning }],
} as const
export const migratableInUse = {
  'volume.migrateRequested': [alreadyThere, { guard, target: 'migrating', actions: beginning }],
} as const

const working = {
  tags: 'working',
  entry: { type: 'arm', params: patience },
  exit: ['answered', { type: 'disarm', params: patienceOver }],
} as const
const ends = <const T extends string>(target: T) =>
  ({
    'volume.migrated': { target, actions: [{ type: 'tell', params: letGo }, 'migrated'] },
    'volume.migrateFailed': { target, actions: [{ type: 'tell', params: letGo }, 'migrateFailed'] },
    'volume.migrateTimedOut': { actions: 'overdue' },
  }) as const
/** Beside an instance. */
export const migratingInUse = { ...working, on: ends('attached') } as const
/** Without one. */
export const migrating = {
  ...working,
  id: 'migrating',
  on: {
    ...ends('#available'),
    'volume.deleteRequested': '#deleting',
    'volume.instanceGone': ignore('no instance has a claim on it'),
  },
} as const
