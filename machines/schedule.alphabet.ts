/** What a schedule remembers, and what can happen to it. */
import { z } from 'zod'
import { type EventNamed, type EventOf, elapsed, events, rejection, reported, requested, told } from './grammar.ts'
import { offsets, type Plan, whens } from './schedule.calendar.ts'
import { type Target, targets } from './schedule.targets.ts'
import { type Tags, tagEvents, tags } from './tags.ts'

/** What is kept of all that it made; the newest is never too old. */
export const keeps = z.strictObject({
  /** The newest so many. */
  count: z.int().min(1).max(1000).optional(),
  /** Those that were complete less than this ago. */
  ageMs: z.int().min(60_000).optional(),
})
export type Keep = z.infer<typeof keeps>

/** Something it made, complete since `at`. `expired`: it was told to go, and is still there. */
export interface Made {
  readonly id: string
  readonly at: number
  readonly expired?: boolean
}

export interface ScheduleContext extends Plan {
  readonly name?: string
  readonly target: Target
  readonly timeZone: string
  readonly keep: Keep
  readonly description?: string
  /** Of what it makes. */
  readonly memberTags?: Tags
  readonly tags?: Tags
  /** When it is due next; undefined while it is paused. */
  readonly dueAt?: number
  /** A run that is not over: when it began, and what it made. */
  readonly run?: { readonly at: number; readonly made?: string }
  /** Why it has paused by itself. */
  readonly reason?: { readonly code: string; readonly message: string; readonly at: number }
  /** Oldest first. */
  readonly made: readonly Made[]
}
export const unborn: ScheduleContext = {
  target: { kind: 'volume', volume: '' },
  when: { every: 'day', hour: 0, minute: 0 },
  timeZone: 'UTC',
  offsets: [{ fromMs: 0, offsetMs: 0 }],
  anchorMs: 0,
  keep: {},
  made: [],
}

const account = z.object({ state: z.string() }).nullable()
const plan = {
  when: whens,
  timeZone: z.string(),
  /** Of that zone, as it was known then. */
  offsets,
  anchorMs: z.int(),
  dueAt: z.int(),
}

export const scheduleEvents = events('schedule', {
  createRequested: requested(
    {
      ...plan,
      name: z.string().optional(),
      target: targets,
      keep: keeps,
      description: z.string().optional(),
      memberTags: tags.optional(),
      tags: tags.optional(),
    },
    {
      account,
      volume: z.object({ state: z.string() }).nullable(),
      instance: z.object({ state: z.string() }).nullable(),
    },
  ),
  modifyRequested: requested({ ...plan, keep: keeps }),
  /** Once more than it is due. */
  runRequested: requested(),
  pauseRequested: requested(),
  resumeRequested: requested(plan),
  deleteRequested: requested(),
  ...tagEvents,

  runDue: elapsed(),
  expiryDue: elapsed({ ends: true }),
  /** Its command was accepted. */
  started: reported({ id: z.string() }),
  /** Its command was refused: a limit; or, if `retry` is `never`, a volume that is gone. */
  startFailed: reported(rejection),

  // From what it made
  memberCompleted: told({ id: z.string() }),
  memberFailed: told({ id: z.string(), code: z.string(), message: z.string() }),
  memberGone: told({ id: z.string() }),
})
export type ScheduleEvent = EventOf<typeof scheduleEvents>
export type ScheduleEventNamed<K extends string> = EventNamed<typeof scheduleEvents, K>
/** What functions of a schedule see. */
export interface Now {
  readonly context: ScheduleContext
  readonly event: ScheduleEvent
}
