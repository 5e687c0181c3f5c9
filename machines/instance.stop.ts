/**
 * Stopping is asked for until it is done. (spec: stateful-and-deltacloud 3a.6.)
 *
 * The guest is asked, and asked once more when that was rejected or takes longer than its provider says; then the power
 * goes, where the provider does that. Each of these takes the place of the one before: what it leaves unknown is what
 * is wanted, and one of them is asked until it is done. When the last takes too long as well, the instance says that it
 * is stuck, and goes on.
 */
import { type Arm, type Ask, type Disarm, ignore, needs, type Tell } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'
import { awaitsGuest } from './instance.devices.ts'
import { taskLost, vmSnapshotChanges } from './instance.vm-snapshots.ts'
import * as want from './instance.wants.ts'

type Change = Partial<InstanceContext>
export const ASKS_OF_THE_GUEST = 2

const isForced = ({ event }: Now) => event.type === 'instance.stopRequested' && event.data.force === true

export const stopChoices = {
  resting: ({ context }: Now) => context.restarts !== true,
  forcedToRest: ({ context, event }: Now) =>
    (event as Named<'stopRequested'>).data.force === true && context.restarts !== true,
  askedOnce: ({ context }: Now) => (context.stopCall?.asks ?? 0) < ASKS_OF_THE_GUEST,
  stuckAlready: ({ context }: Now) => context.stopCall?.stuck === true,
  noneThere: ({ event }: Now) => (event as Named<'stopFailed'>).data.code === 'notFound',
  /** A provider without graceful stops need not be asked later: it will say the same. */
  askingUnsupported: ({ event }: Now) => (event as Named<'stopFailed'>).data.code === 'unsupported',
}
export const stopChanges = {
  stopBegun: (now: Now): Change => ({
    stopCall: { mode: isForced(now) && !now.context.offers.neverHard ? 'hard' : 'graceful', asks: 0 },
  }),
  stopAsked: ({ context }: Now): Change => ({ stopCall: { ...context.stopCall!, asks: context.stopCall!.asks + 1 } }),
  stuck: ({ context }: Now): Change => ({ stopCall: { ...context.stopCall!, stuck: true }, overdue: true }),
  cutShort: (now: Now): Change => (cutsShort(now) ? vmSnapshotChanges.vmSnapshotTaskLost(now) : {}),
  stopOver: (): Change => ({ stopCall: undefined }),
  /** It was to be started again, and shall not be. */
  restsInstead: ({ event }: Now): Change => ({ restarts: undefined, reason: { code: 'userInitiated', at: event.at } }),
}

const powerOff = ({ context }: Now): Ask => want.powerOff(context, context.stopCall!.mode)
const askAgain = (now: Now): Ask => ({ ...powerOff(now), supersedes: true })
/** Whoever forces it, or ends it, does not wait for what is being done to its VM snapshots. */
const cutsShort = (now: Now) =>
  (isForced(now) || now.event.type === 'instance.terminateRequested') && now.context.vmSnapshotTask !== undefined
/** Nor does what ends a guest wait until that lets go of a disk: the disk is free when it is off. */
const ask = (now: Now): Ask => (awaitsGuest(now.context) || cutsShort(now) ? askAgain(now) : powerOff(now))
const forceIfAsked = (now: Now): Ask[] => (isForced(now) ? [want.forceOff(now)] : [])
const slow = ({ context }: Now): Arm => ({ event: 'instance.stopRetryDue', afterMs: context.offers.stopRetryAfterMs! })
const notSlow: Disarm = { event: 'instance.stopRetryDue' }
const stuck = ({ event: { resource } }: Now): Tell => ({ resource, event: 'instance.stopStuck', data: {} })

/** A provider that knows no such instance has none to stop: it is off, for good. */
const off = [{ type: 'tell', params: want.settleVolumes }, 'halted'] as const
const noneToStop = [
  { guard: 'noneToRestart', target: '#restarting', actions: [...off, 'restartedByStop'] },
  { guard: 'noneThere', target: '#stopped', actions: off },
] as const
export const onceStopped = [
  { guard: 'restarts', target: '#restarting', actions: [...off, 'restartedByStop'] },
  { target: '#stopped', actions: off },
] as const

/** Whoever stops what was only to be started again wants it to stay off. */
const stoppableForGood = { guard: needs('stopUnprotected'), actions: 'restsInstead' } as const
const sooner = [
  { guard: 'forcedToRest', target: 'forcing' },
  { guard: 'resting' },
  { guard: needs('stopUnprotected'), actions: ['restsInstead', { type: 'ask', params: forceIfAsked }] },
] as const

/** What takes the place of every other call ends what was being done to its VM snapshots. */
const taskOver = [{ type: 'tell', params: taskLost }, 'vmSnapshotTaskLost'] as const
const lostIfCutShort = (now: Now): Tell[] => (cutsShort(now) ? taskLost(now) : [])

/**
 * Asked, asked once more, then without asking: whatever it is to be off for.
 * @param asked what a request to stop comes to, and while it is being forced
 * @param noneToStop where its provider knows no such instance
 */
export const escalating = <const A, const F, const N extends readonly unknown[]>(asked: A, forced: F, noneToStop: N) =>
  ({
    asking: {
      tags: 'working',
      entry: [
        'stopAsked',
        { type: 'tell', params: lostIfCutShort },
        { type: 'ask', params: ask },
        'cutShort',
        { type: 'arm', params: slow },
      ],
      exit: { type: 'disarm', params: notSlow },
      on: {
        ...asked,
        'instance.stopFailed': [
          ...noneToStop,
          { guard: 'askingUnsupported', target: 'forcing' },
          { target: 'retrying' },
        ],
        'instance.stopRetryDue': 'insisting',
      },
    },
    insisting: {
      tags: 'working',
      entry: [...taskOver, 'stopAsked', { type: 'ask', params: askAgain }, { type: 'arm', params: slow }],
      exit: { type: 'disarm', params: notSlow },
      on: {
        ...asked,
        'instance.stopFailed': [...noneToStop, { target: 'retrying' }],
        'instance.stopRetryDue': 'forcing',
      },
    },
    forcing: {
      tags: 'working',
      entry: [...taskOver, 'stopAsked', { type: 'ask', params: want.forceOff }, { type: 'arm', params: slow }],
      exit: { type: 'disarm', params: notSlow },
      on: {
        ...forced,
        'instance.stopFailed': [
          ...noneToStop,
          { guard: 'stuckAlready', target: 'retrying' },
          { target: 'retrying', actions: { type: 'tell', params: stuck } },
        ],
        'instance.stopRetryDue': [
          { guard: 'stuckAlready', ...ignore('it has said so') },
          { actions: { type: 'tell', params: stuck } },
        ],
      },
    },
    retrying: {
      tags: 'working',
      entry: { type: 'arm', params: slow },
      exit: { type: 'disarm', params: notSlow },
      on: {
        ...asked,
        'instance.stopRetryDue': [{ guard: 'askedOnce', target: 'insisting' }, { target: 'forcing' }],
      },
    },
  }) as const
export const untilStopped = escalating(
  { 'instance.stopRequested': sooner },
  { 'instance.stopRequested': [{ guard: 'resting' }, stoppableForGood] },
  noneToStop,
)
