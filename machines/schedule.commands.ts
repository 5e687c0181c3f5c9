/** What callers may ask of a schedule. Its due times are computed here, and recorded. */
import { z } from 'zod'
import { command, completed, owningAccount, resource } from './grammar.ts'
import { keeps, type ScheduleContext } from './schedule.alphabet.ts'
import { dueAfter, offsetsOf, type When, whens } from './schedule.calendar.ts'
import { targets } from './schedule.targets.ts'
import { tagCommands, tags } from './tags.ts'

/** A name of the IANA data base, such as `Europe/Berlin`. */
const timeZone = z.string().min(1).max(64)

/** Intervals are counted from now, and know no zone. */
function planned(when: When, zone: string, at: number) {
  const known = offsetsOf(when.every === 'interval' ? 'UTC' : zone, at)
  const plan = { when, timeZone: zone, offsets: known ?? [{ fromMs: 0, offsetMs: 0 }], anchorMs: at }
  const noes = { timeZoneKnown: known ? undefined : { timeZone: zone } }
  return { plan: { ...plan, dueAt: dueAfter(plan, at) }, noes }
}
const isKeeping = ({ count, ageMs }: { count?: number; ageMs?: number }) => count !== undefined || ageMs !== undefined

export const scheduleCommands = {
  create: command({
    event: 'createRequested',
    summary:
      'Takes snapshots at set times, of a volume or of all volumes of an instance at one moment, and keeps some.',
    who: 'owner',
    creates: true,
    input: {
      name: z.string().max(255).optional(),
      target: targets,
      when: whens,
      timeZone: timeZone.default('UTC'),
      keep: keeps,
      /** Of every snapshot it takes; and their tags. */
      description: z.string().max(255).optional(),
      memberTags: tags.optional(),
      tags: tags.optional(),
    },
    needs: {
      account: owningAccount(),
      volume: resource('volume', 'target.volume'),
      instance: resource('instance', 'target.instance'),
    },
    complete: ({ input: { when, timeZone: zone, ...rest }, at }) => {
      const { plan, noes } = planned(when, zone, at)
      return completed({ ...rest, ...plan }, { ...noes, keepGiven: isKeeping(rest.keep) ? undefined : {} })
    },
  }),
  modify: command({
    event: 'modifyRequested',
    summary: 'Changes when it is due, or what it keeps; times of the zone are read anew.',
    who: 'owner',
    input: { when: whens.optional(), timeZone: timeZone.optional(), keep: keeps.optional() },
    complete: ({ input, context, at }) => {
      const held = context as ScheduleContext
      const { when = held.when, timeZone: zone = held.timeZone, keep = held.keep } = input
      const { plan, noes } = planned(when, zone, at)
      return completed({ ...plan, keep }, { ...noes, keepGiven: isKeeping(keep) ? undefined : {} })
    },
  }),
  run: command({ event: 'runRequested', summary: 'Takes one now, besides those that are due.', who: 'owner' }),
  pause: command({ event: 'pauseRequested', summary: 'Takes no more snapshots until it is resumed.', who: 'owner' }),
  resume: command({
    event: 'resumeRequested',
    summary: 'Goes on with the next time that is due; what was missed is not made up for.',
    who: 'owner',
    complete: ({ context, at }) => {
      const { when, timeZone: zone } = context as ScheduleContext
      return planned(when, zone, at).plan
    },
  }),
  delete: command({
    event: 'deleteRequested',
    summary: 'Ends the schedule; the snapshots it took stay.',
    who: 'owner',
  }),
  ...tagCommands,
}
