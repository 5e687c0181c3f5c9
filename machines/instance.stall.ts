/**
 * A guest that its provider holds, because what it writes cannot be written: the disk below it is full.
 *
 * To readers it runs on: it is the same launch, nothing of it is lost, and its guest notices nothing once it goes on. That
 * it is held, and why, is said beside its state. Nobody tells when there is room again, so its provider is asked to let it
 * go on: after a minute, and then less and less often, as everything is that has to succeed in the end; and at once
 * when somebody starts it. One that is held again soon after it went on waits as if it had never gone on.
 *
 * It may be held again before the answer to that call is heard: then the answer is older than the sight, and it counts as
 * held until it is asked for, or seen to run, once more. (spec: drivers-and-qemu 2, trap 9; docs/decisions/0041.)
 */
import { type Arm, type Ask, type Disarm, ignore, type Json, type Seen } from './grammar.ts'
import type { InstanceContext, InstanceEventNamed as Named, Now } from './instance.alphabet.ts'
import { ofAnotherLaunch } from './instance.clauses.ts'
import { retryAfterMs } from './retries.ts'

export interface Stall {
  /** The driver's words. */
  readonly code: string
  readonly message: string
  readonly since: number
  /** Calls to let it go on that helped nothing. */
  readonly attempts: number
  /** Such a call is open. */
  readonly asked?: boolean
  /** It was seen held while that call was open. */
  readonly again?: boolean
  /** It goes on since then. */
  readonly endedAt?: number
}
type Change = Partial<InstanceContext>

/** One that is held within this time is held for the same reason as before. */
const SAME_STALL_MS = 10 * 60_000

export const isStalled = ({ stall }: InstanceContext): boolean => stall !== undefined && stall.endedAt === undefined
const isAsked = ({ stall }: InstanceContext) => stall?.asked === true

export const stallChoices = {
  stalled: ({ context }: Now) => isStalled(context),
  stalledUnasked: ({ context }: Now) => isStalled(context) && !isAsked(context),
  stalledMeanwhile: ({ context }: Now) => isStalled(context) && isAsked(context) && context.stall!.again !== true,
  stalledAgain: ({ context }: Now) => isStalled(context) && context.stall!.again === true,
}

const isSame = ({ stall }: InstanceContext, at: number) =>
  stall?.endedAt !== undefined && at - stall.endedAt < SAME_STALL_MS
/** Failed calls that a stall which begins now has behind it. */
const attemptsBefore = ({ context, event }: Now) => (isSame(context, event.at) ? context.stall!.attempts + 1 : 0)

export const stallChanges = {
  stalled: (now: Now): Change => {
    const { data, at } = now.event as Named<'stalled'>
    const stall = { code: data.code, message: data.message, since: at, attempts: attemptsBefore(now) }
    return { stall }
  },
  stalledMeanwhile: ({ context }: Now): Change => ({ stall: { ...context.stall!, again: true } }),
  askedToGoOn: ({ context }: Now): Change => ({ stall: { ...context.stall!, asked: true, again: undefined } }),
  stalledOn: ({ context }: Now): Change => {
    const { attempts, ...rest } = context.stall!
    return { stall: { ...rest, attempts: attempts + 1, asked: undefined, again: undefined } }
  },
  goesOn: ({ context, event }: Now): Change => {
    return { stall: { ...context.stall!, asked: undefined, again: undefined, endedAt: event.at } }
  },
  stallOver: (): Change => ({ stall: undefined }),
}

/** The same launch, with what it has. */
const goOn = ({ context: { provider, generation } }: Now): Ask => ({
  verb: 'instancePower',
  provider,
  args: { want: 'running', mode: 'graceful', generation },
  answers: { done: 'instance.recovered', rejected: 'instance.recoverFailed' },
})
const STALL_RETRY_DUE = 'instance.stallRetryDue'
const armed = (attempts: number): Arm => ({ event: STALL_RETRY_DUE, afterMs: retryAfterMs(attempts + 1) })
const firstRetry = (now: Now): Arm => armed(attemptsBefore(now))
const nextRetry = ({ context }: Now): Arm => armed(context.stall!.attempts + 1)
export const noStallRetry = ({ context }: Now): Disarm[] => (isStalled(context) ? [{ event: STALL_RETRY_DUE }] : [])

const heldOn = [{ type: 'arm', params: nextRetry }, 'stalledOn'] as const
const goingOn = [{ type: 'disarm', params: noStallRetry }, 'goesOn'] as const

/** While it runs. */
export const stallable = {
  'instance.startRequested': [
    {
      guard: 'stalledUnasked',
      actions: [{ type: 'disarm', params: noStallRetry }, 'askedToGoOn', { type: 'ask', params: goOn }],
    },
    {},
  ],
  'instance.stalled': [
    ofAnotherLaunch,
    { guard: 'stalledMeanwhile', actions: 'stalledMeanwhile' },
    { guard: 'stalled', ...ignore('that is known') },
    { actions: [{ type: 'arm', params: firstRetry }, 'stalled'] },
  ],
  'instance.stallRetryDue': [
    { guard: 'stalledUnasked', actions: ['askedToGoOn', { type: 'ask', params: goOn }] },
    ignore('it goes on, or was asked to'),
  ],
  'instance.recovered': [
    ofAnotherLaunch,
    { guard: 'stalledAgain', actions: heldOn },
    { guard: 'stalled', actions: goingOn },
    ignore('it was not held'),
  ],
  'instance.recoverFailed': [{ guard: 'stalled', actions: heldOn }, ignore('it was not held')],
} as const

/** What a sight of one that runs says of it: that it is held, with the words of its provider, or goes on. */
export function stallSeen(seen: string, facts: Seen['facts'], context: InstanceContext) {
  const { pauseReason, pauseMessage } = facts
  if (seen === 'running' && isStalled(context) && !isAsked(context)) return { event: 'recovered', data: {} }
  const isNews = !isStalled(context) || (isAsked(context) && context.stall!.again !== true)
  if (seen !== 'paused' || pauseReason === undefined || !isNews) return undefined
  const data: Json = { code: String(pauseReason), message: String(pauseMessage ?? pauseReason) }
  return { event: 'stalled', data }
}
