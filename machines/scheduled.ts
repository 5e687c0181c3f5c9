/**
 * What a schedule makes tells it what becomes of it, in the same way for every kind of which it makes some: that it is
 * complete (`memberCompleted`), that it could not be made (`memberFailed`), that it is gone (`memberGone`). The schedule
 * says that it made it (`scheduled`), and that it keeps it no longer (`expired`).
 *
 * A kind takes `...scheduledEvents` into its alphabet, `...Scheduled` into its context, `scheduleChanges` among its
 * changes, `...adopted('snapshot', news)` into each state, with what the schedule would have heard before, and the tells
 * where the news happens; what it does when it has expired is its own. (docs/decisions/0043.)
 */
import { z } from 'zod'
import { type Tell, told, type Untyped } from './grammar.ts'

export const scheduledEvents = {
  /** From the schedule that made it. */
  scheduled: told({ schedule: z.string() }),
  /** From what made it: it is to be kept no longer. */
  expired: told(),
}
export interface Scheduled {
  readonly schedule?: string
}
export interface Now {
  readonly context: Scheduled & { readonly reason?: { readonly code: string; readonly message: string } }
  readonly event: Untyped
}
export const scheduleChanges = { scheduled: ({ event }: Now): Scheduled => ({ schedule: event.data.schedule }) }

const toSchedule = ({ context: { schedule }, event }: Now, name: string, data: Tell['data'] = {}): Tell[] =>
  schedule === undefined
    ? []
    : [{ resource: schedule, event: `schedule.${name}`, data: { id: event.resource, ...(data as object) } }]

export const tellCompleted = (now: Now): Tell[] => toSchedule(now, 'memberCompleted')
export const tellFailed = (now: Now, why?: { readonly code: string; readonly message: string }): Tell[] => {
  const { code, message } = why ?? now.context.reason ?? now.event.data
  return toSchedule(now, 'memberFailed', { code, message })
}
export const tellGone = (now: Now): Tell[] => toSchedule(now, 'memberGone')

/** It was made by a schedule, which hears at once what it has missed. */
export const adopted = <const K extends string, const N extends ((now: Untyped) => Tell[])[]>(kind: K, ...news: N) =>
  ({
    [`${kind}.scheduled`]: { actions: ['scheduled', ...news.map(params => ({ type: 'tell', params }))] },
  }) as unknown as { readonly [T in `${K}.scheduled`]: { readonly actions: readonly ['scheduled', ...Telling[]] } }
interface Telling {
  readonly type: 'tell'
  readonly params: (now: Untyped) => Tell[]
}
