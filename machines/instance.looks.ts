/**
 * What a provider shows of an instance without having been asked. (spec: stateful-and-deltacloud 3a.8.)
 *
 * *Missing.* One that is not shown may be shown again a moment later: it counts as impaired only when its provider has
 * left it out for as long as it says that it may. To readers it keeps its state; ending it is for whoever owns it. Where
 * what is off is not shown, a stateful one whose root is a volume has stopped: its next start makes it anew.
 *
 * *Begun by others.* What was held stopped or suspended and runs is running: nobody asked for that, but it is true. It is
 * the same launch, and has the disks its provider gave it; those it is listed with are connected by its next start. What
 * is stateless and off has ended whatever its provider does with it. (docs/decisions/0024.)
 *
 * *Unconfirmed.* An operator who cannot reach a provider may say that an instance is stopped. Nothing that was asked is
 * taken back, and nothing is started, freed or taken of it, until the provider has been heard: that confirms it or undoes
 * it. Only a call to take or delete a VM snapshot does not stay open: asking for its power to be cut takes its place.
 */
import { type Arm, type Ask, type Disarm, ignore, needs, type Observed } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'
import { partObserved } from './instance.root.ts'
import { stallSeen } from './instance.stall.ts'
import { taskLost } from './instance.vm-snapshots.ts'
import { forceOff, letGo } from './instance.wants.ts'

type Change = Partial<InstanceContext>

export const lookRequirements = {
  stopConfirmed: ({ context }: Now) => context.unconfirmed !== true,
}
const isUnseen = ({ missing, impaired }: InstanceContext) => missing === true || impaired === true
const restsUnseen = ({ mode, offers, rootOwner, shutdownBehaviour }: InstanceContext) =>
  mode === 'stateful' && offers.vanishesOff === true && rootOwner !== 'provider' && shutdownBehaviour === 'stop'
/** It speaks of the launch that is under way, of an instance that a start can bring back. */
const isOfLastLaunch = ({ context, event }: Now) =>
  context.mode === 'stateful' && (event as Named<'started'>).data.generation === context.generation

const isMade = (now: Now) => isOfLastLaunch(now) && (now.event as Named<'created'>).data.status === 'running'

/** It speaks of the launch that an operator has marked stopped. */
const isOfMarked = ({ context, event }: Now) =>
  context.unconfirmed === true && (event as Named<'stopped' | 'poweredOff'>).data.generation === context.generation

export const lookChoices = {
  unseen: ({ context }: Now) => isUnseen(context),
  graceGiven: ({ context }: Now) => context.offers.missingGraceMs !== undefined,
  /** What its provider no longer shows may be off there, and can be made anew from its root. */
  offUnseen: ({ context }: Now) => restsUnseen(context),
  offUnseenStill: ({ context }: Now) => context.missing === true && restsUnseen(context),
  stillMissing: ({ context }: Now) => context.missing === true,
  connecting: ({ context }: Now) => context.changing.length > 0,
  runsAfterAll: isOfLastLaunch,
  madeAfterAll: isMade,
  madeToStop: (now: Now) => now.context.stopWanted === true && isMade(now),
  /** It runs, and the call is open that is to stop it. */
  stopsAfterAll: (now: Now) => now.context.stopWanted === true && isOfLastLaunch(now),
  confirms: isOfMarked,
  offByItself: isOfMarked,
}

export const lookChanges = {
  missed: (): Change => ({ missing: true }),
  impaired: (): Change => ({ impaired: true, missing: undefined }),
  seen: (): Change => ({ missing: undefined }),
  recovered: (): Change => ({ impaired: undefined, missing: undefined }),
  forcedOff: ({ event }: Now): Change => ({
    unconfirmed: true,
    impaired: undefined,
    rebooting: undefined,
    restarts: undefined,
    reason: { code: 'forcedStop', at: event.at },
  }),
  stopWanted: (): Change => ({ stopWanted: true }),
  stopsAfterAll: (): Change => ({ unconfirmed: undefined, stopWanted: undefined }),
}

const MISSING_GRACE_DUE = 'instance.missingGraceDue'
const missingGrace = ({ context }: Now): Arm => ({
  event: MISSING_GRACE_DUE,
  afterMs: context.offers.missingGraceMs,
})
export const graceOver = ({ context }: Now): Disarm[] => (context.missing ? [{ event: MISSING_GRACE_DUE }] : [])

const ofAnotherLaunch = { guard: 'otherLaunch', ...ignore('it speaks of another launch') } as const
const seenAgain = [
  ofAnotherLaunch,
  { guard: 'unseen', actions: [{ type: 'disarm', params: graceOver }, 'recovered'] },
] as const

/** It is not shown: that counts when it has lasted. */
const firstMissed = [
  ofAnotherLaunch,
  { guard: 'unseen', ...ignore('that is known') },
  { guard: 'graceGiven', actions: ['missed', { type: 'arm', params: missingGrace }] },
] as const
const missable = {
  'instance.vanished': [...firstMissed, { actions: 'impaired' }],
  'instance.missingGraceDue': [{ guard: 'stillMissing', actions: 'impaired' }, ignore('it has been seen again')],
} as const
const offUnseen = { target: '#stopping', actions: 'byGuest' } as const
export const missableWhileRunning = {
  'instance.vanished': [...firstMissed, { guard: 'offUnseen', ...offUnseen }, { actions: 'impaired' }],
  'instance.missingGraceDue': [{ guard: 'offUnseenStill', ...offUnseen }, ...missable['instance.missingGraceDue']],
  'instance.started': [...seenAgain, ignore('it runs already')],
  'instance.externallyStarted': ignore('it runs already'),
  'instance.externallySuspended': [
    ofAnotherLaunch,
    { guard: 'connecting', ...ignore('the open call says first what became of its disks') },
    { target: '#suspended', actions: 'asleep' },
  ],
} as const
export const missableWhileSuspended = {
  ...missable,
  'instance.suspended': [...seenAgain, ignore('it is suspended already')],
  'instance.externallyStarted': [ofAnotherLaunch, { target: '#running', actions: 'cameUp' }],
  'instance.externallySuspended': ignore('it is suspended already'),
} as const

/** Whoever stopped it before an operator said that it is, wanted it to be: no disk comes or goes until that is answered. */
const toStop = { target: '#stopping.insisting', actions: 'stopsAfterAll' } as const
const runsAfterAll = [
  { guard: 'stopsAfterAll', ...toStop },
  { guard: 'runsAfterAll', target: '#running', actions: 'cameUp' },
] as const
/** Seen off, it may still hold its disks: nobody has turned it off. The answer says that it does not. */
export const letsGoWhileStopped = {
  'instance.poweredOff': [
    { guard: 'offByItself', actions: { type: 'ask', params: letGo } },
    ignore('it is stopped already'),
  ],
} as const
/** Others may begin it; and calls that were open when an operator said that it is stopped are answered some day. */
export const answeredWhileStopped = {
  'instance.externallyStarted': [...runsAfterAll, ignore('it speaks of another launch, or of what has ended')],
  'instance.started': [...runsAfterAll, ignore('it has ended since')],
  'instance.created': [
    { guard: 'madeToStop', ...toStop },
    { guard: 'madeAfterAll', target: '#running', actions: 'cameUp' },
    ignore('it does not run'),
  ],
  'instance.suspended': [
    { guard: 'runsAfterAll', target: '#suspended', actions: 'asleep' },
    ignore('it has ended since'),
  ],
  'instance.externallySuspended': [
    { guard: 'runsAfterAll', target: '#suspended', actions: 'asleep' },
    ignore('it speaks of another launch, or of what has ended'),
  ],
} as const

/** What was being done to its VM snapshots may never be answered: cutting its power takes the place of that call. */
const cutShort = (now: Now): Ask[] => (now.context.vmSnapshotTask ? [forceOff(now)] : [])

const forced = [
  { type: 'tell', params: taskLost },
  { type: 'ask', params: cutShort },
  'vmSnapshotTaskLost',
  'forcedOff',
] as const
const forcible = needs('stateful', 'notCapturing', 'connectionsSettled', 'vmSnapshotIdle')
/** By an operator, of what has run; with calls about its disks open, what they come to is heard first. */
export const forceStoppable = {
  'instance.forceStopRequested': { guard: forcible, target: '#stopped', actions: forced },
} as const
export const forceStoppableWhileStopping = {
  'instance.forceStopRequested': { guard: forcible, target: '#stopped', actions: [...forced, 'stopWanted'] },
} as const

/**
 * What a sight of it at the provider amounts to. Only where no call is open: elsewhere that will say what became of it,
 * as it does while its guest is off for an image.
 */
export const instanceObserved: Observed = (sight, context: InstanceContext, state) => {
  if (sight.part) return partObserved(sight, context, state)
  const { exists, facts, generation, asked = false } = sight
  if (exists === 'unknown' || (generation ?? context.generation) !== context.generation) return undefined
  const name = state.split('.')[0]!
  const seen = exists === 'no' ? 'missing' : String(facts.status)
  const { generation: launch } = context
  const event = sights[name]?.(seen, context, asked)
  if (event === undefined) {
    const held = name === 'running' && !context.quieted ? stallSeen(seen, facts, context) : undefined
    return held && { event: held.event, data: { generation: launch, ...held.data } }
  }
  const { host, privateAddress } = facts
  const place = event.endsWith('tarted') ? { host, privateAddress } : {}
  return { event, data: { generation: launch, ...place } }
}
type Sights = (seen: string, context: InstanceContext, asked: boolean) => string | undefined
const sights: Readonly<Record<string, Sights>> = {
  running: (seen, context) => {
    if (context.quieted || context.vmSnapshotTask?.kind === 'revert') return undefined
    if (seen === 'stopped') return 'poweredOff'
    if (seen === 'suspended' && context.changing.length === 0) return 'externallySuspended'
    // Held, it is there all the same.
    return unseenOr(seen === 'paused' ? 'running' : seen, 'running', 'started', context)
  },
  suspended: (seen, context) => {
    if (seen === 'stopped') return 'memoryLost'
    if (seen === 'running') return 'externallyStarted'
    return unseenOr(seen, 'suspended', 'suspended', context)
  },
  stopped: (seen, { mode, unconfirmed }, asked) => {
    // What is seen may be as it was before a call that is open still: off, it may be about to start.
    if (mode === 'stateless' || (unconfirmed && asked)) return undefined
    if (seen === 'running') return 'externallyStarted'
    if (seen === 'suspended') return 'externallySuspended'
    if (!unconfirmed) return undefined
    return seen === 'stopped' ? 'poweredOff' : seen === 'missing' ? 'stopped' : undefined
  },
  recoverable: seen => {
    if (seen === 'running') return 'externallyStarted'
    return seen === 'suspended' ? 'externallySuspended' : undefined
  },
}
/** News if it is gone, or back. */
function unseenOr(seen: string, expected: string, back: string, context: InstanceContext): string | undefined {
  if (seen === 'missing') return isUnseen(context) ? undefined : 'vanished'
  return seen === expected && isUnseen(context) ? back : undefined
}
