/**
 * What an instance leaves behind, and who sees that it goes. (spec: stateful-and-deltacloud 3a.5, 3a.6.)
 *
 * When its provider has confirmed that the compute is gone, everything that had to do with the instance hears of it in
 * that one transaction: volumes that are to stay are free, those that are to go with it begin to, and so does a root
 * that its provider made and kept. What is to go is the list of what the instance *owes*; each is a volume, which asks for
 * its own end, as long as it takes, and says how that goes. Until nothing is owed the instance is still shutting down.
 * A volume that first waits for snapshots of it is handed over: it goes when it may, and nobody waits for that.
 *
 * An operator may give up one of them, or the compute itself. That is recorded as an orphan, with what its provider said
 * last. What had to do with a compute that was given up is only let go: nobody knows whether it still writes, so nothing
 * is deleted on that word.
 */
import { ignore, needs, type Tell } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'
import * as want from './instance.wants.ts'
import type { Orphan } from './orphans.ts'
import { type Failure, failedAgain } from './retries.ts'

/** A volume that is to go with the instance. */
export interface CleanupItem {
  readonly id: string
  readonly kind: 'root' | 'volume'
  readonly state: 'doing' | 'failed'
  /** What its deletion came to so far, if it failed. */
  readonly failure?: Failure
}
type Change = Partial<InstanceContext>

/** What is to go when the compute is gone, the root first. */
function dying({ context, event }: Now): CleanupItem[] {
  if (context.abandoned) return []
  const { devices, keptRoot, offers } = context
  // A launch that failed for want of a volume has asked for no compute, so nobody has made a root for it.
  const hasKeptRoot = keptRoot !== undefined && event.type !== 'instance.volumeFailed' && !wentByFlag(offers, event)
  const items = Object.values(devices)
    .filter(each => each.deleteOnTermination)
    .sort((a, b) => Number(b.root) - Number(a.root))
    .map(({ volume, root }) => item(volume, root ? 'root' : 'volume'))
  return hasKeptRoot ? [item(keptRoot.volume, 'root'), ...items] : items
}
/** The call that destroyed it took the root along. Of what may have ended by itself before, nobody could say so. */
const wentByFlag = ({ deletesRootByFlag, vanishesOff }: InstanceContext['offers'], event: Now['event']) =>
  deletesRootByFlag === true && !vanishesOff && event.type === 'instance.destroyed' && event.data.already !== true
const item = (id: string, kind: CleanupItem['kind']): CleanupItem => ({ id, kind, state: 'doing' })

const itemOf = ({ event }: Now) => (event as Named<'cleanupDone'>).data.id
const others = (now: Now) => now.context.owed?.filter(({ id }) => id !== itemOf(now)) ?? []

export const cleanupRequirements = {
  /** The compute until it is gone, then what is owed. */
  cleanupOwed: ({ context: { owed }, event }: { context: InstanceContext; event: Named<'abandonCleanupRequested'> }) =>
    owed === undefined ? event.data.item === event.resource : owed.some(({ id }) => id === event.data.item),
}

export const cleanupChoices = {
  owesNothing: (now: Now) => dying(now).length === 0,
  itemOwed: (now: Now) => now.context.owed?.some(({ id }) => id === itemOf(now)) ?? false,
  lastOwed: (now: Now) =>
    now.context.owed !== undefined && now.context.owed.length > others(now).length && others(now).length === 0,
}

export const cleanupChanges = {
  owing: (now: Now): Change => ({ owed: dying(now), devices: {}, changing: [], failure: undefined }),
  itemGone: (now: Now): Change => ({ owed: others(now) }),
  itemFailed: (now: Now): Change => {
    const { id, ...failure } = (now.event as Named<'cleanupFailed'>).data
    const failed = (each: CleanupItem): CleanupItem => ({ ...each, state: 'failed', failure })
    return { owed: now.context.owed?.map(each => (each.id === id ? failed(each) : each)) }
  },
  endFailed: ({ context, event }: Now): Change => ({
    failure: failedAgain(context.failure, (event as Named<'destroyFailed'>).data),
  }),
  askedAnew: (): Change => ({ failure: undefined }),
  abandoned: (): Change => ({ abandoned: true }),
}

/** A root that the provider made and kept is a volume from now on, which is to go. */
const endKeptRoot = (now: Now): Tell[] => {
  const { context, event } = now
  const { keptRoot, providerRoot, zone, provider, image } = context
  if (!keptRoot || !dying(now).some(({ id }) => id === keptRoot.volume)) return []
  const { volume } = keptRoot
  const { sizeBytes, pool } = providerRoot ?? { sizeBytes: keptRoot.sizeBytes }
  const data = { instance: event.resource, image, sizeBytes, zone, provider, pool }
  return [{ resource: volume, event: 'volume.rootLeft', data }]
}
/** What it leaves that is neither compute nor disk: nobody here can ask for its end. */
export const leavings = ({ context: { provider }, event }: Now): Tell[] => {
  const { resource, data } = event as Named<'destroyed'>
  return (data.left ?? []).map(kind => orphan(resource, { provider, kind, id: resource }))
}
const orphan = (resource: string, data: Orphan): Tell => ({ resource, event: 'instance.orphanRecorded', data })
const abandonCompute = ({ context, event: { resource } }: Now): Tell[] => {
  const { provider, failure, keptRoot } = context
  const { code, message } = failure ?? {}
  const root = keptRoot && { provider, kind: 'volume', id: keptRoot.volume }
  return [
    orphan(resource, { provider, kind: 'instance', id: resource, code, message }),
    ...(root ? [orphan(resource, root)] : []),
  ]
}
const abandonItem = ({ event }: Now): Tell => {
  const { resource, data } = event as Named<'abandonCleanupRequested'>
  return { resource: data.item, event: 'volume.abandonProposed', data: { instance: resource } }
}

const notOwed = ignore('nothing of that is owed')
const itemEnds = [
  { guard: 'lastOwed', target: '#terminated', actions: 'itemGone' },
  { guard: 'itemOwed', actions: 'itemGone' },
] as const

/** The compute is gone, and something of it is to follow. */
export const cleaning = {
  id: 'cleaning',
  tags: 'working',
  meta: { awaits: ({ owed = [] }: InstanceContext) => owed.map(({ id }) => id) },
  entry: [
    { type: 'tell', params: want.releaseVolumes },
    { type: 'tell', params: endKeptRoot },
    { type: 'tell', params: want.releaseImage },
    'owing',
  ],
  on: {
    'instance.cleanupDone': [...itemEnds, notOwed],
    'instance.cleanupHandedOver': [...itemEnds, notOwed],
    'instance.cleanupFailed': [{ guard: 'itemOwed', actions: 'itemFailed' }, notOwed],
    'instance.orphanRecorded': [
      { guard: 'lastOwed', target: '#terminated', actions: ['orphaned', 'itemGone'] },
      { guard: 'itemOwed', actions: ['orphaned', 'itemGone'] },
      { actions: 'orphaned' },
    ],
    'instance.abandonCleanupRequested': {
      guard: needs('cleanupOwed'),
      actions: { type: 'tell', params: abandonItem },
    },
    'instance.destroyed': ignore('it is gone already'),
    'instance.destroyFailed': ignore('it is gone already'),
    'instance.destroyRetryDue': ignore('it is gone already'),
  },
} as const

/** The compute is confirmed gone: over, unless something is owed. */
export const whenDestroyed = [
  { guard: 'owesNothing', target: '#terminated', actions: { type: 'tell', params: leavings } },
  { target: '#cleaning', actions: { type: 'tell', params: leavings } },
] as const

/** The compute itself is given up. A call that is open stays open: what comes of it is recorded all the same. */
export const computeAbandonable = {
  'instance.abandonCleanupRequested': {
    guard: needs('cleanupOwed'),
    target: '#terminated',
    actions: ['abandoned', { type: 'tell', params: abandonCompute }],
  },
} as const
