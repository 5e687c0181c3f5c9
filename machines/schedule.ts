/**
 * A schedule: snapshots at set times, of which some are kept. A run is a command that the engine gives for it, in its
 * account, with every limit and refusal such a command has; a refusal is recorded, and the next run goes on. What it
 * made tells it what becomes of it, and only of that anything is ever deleted: never what an image uses, never what
 * somebody else made.
 *
 * Times that passed while nobody was there are one run. A run that is due while the last one is under way is skipped, and
 * that is recorded. Deleting the schedule leaves its snapshots. Where what it keeps has ended, no run can come to
 * anything: it pauses, and says why. What it made is kept as long as it would have been.
 * (spec: cloudstack 1.4, 8 number 11; docs/decisions/0043, 0044.)
 */
import { assign, setup } from 'xstate'
import { type Arm, type Ask, type Disarm, ignore, needs, requires, type StateTag, type Tell, wants } from './grammar.ts'
import {
  type ScheduleEventNamed as Named,
  type Now,
  type ScheduleContext,
  type ScheduleEvent,
  unborn,
} from './schedule.alphabet.ts'
import { dueAfter } from './schedule.calendar.ts'
import { expiryOf, retained } from './schedule.retention.ts'
import { inputOf, makings } from './schedule.targets.ts'
import { tagChanges, tagChoices, taggable, tagRequirements } from './tags.ts'

const saidByCommand = () => true
const over = new Set(['deleting', 'deleted', 'error', 'shutting-down', 'terminated'])
export const scheduleRequirements = {
  accountOpen: ({ event }: { event: Named<'createRequested'> }) => (event.facts.account?.state ?? 'open') === 'open',
  targetThere: ({ event: { facts } }: { event: Named<'createRequested'> }) =>
    !over.has(facts.volume?.state ?? '') && !over.has(facts.instance?.state ?? ''),
  notUnderWay: ({ context }: Now) => context.run === undefined,
  timeZoneKnown: saidByCommand,
  keepGiven: saidByCommand,
  ...tagRequirements,
}

const idIn = ({ event }: Now) => (event as Named<'memberGone'>).data.id
const choices = {
  underWay: ({ context }: Now) => context.run !== undefined,
  /** Its command has not been answered; that of a run is answered once. */
  starting: ({ context }: Now) => context.run !== undefined && context.run.made === undefined,
  /** What it keeps has ended, and no other time will be better. */
  targetGone: ({ context, event }: Now) =>
    context.run !== undefined &&
    context.run.made === undefined &&
    (event as Named<'startFailed'>).data.retry === 'never',
  /** It is what the run that is under way made. */
  madeNow: (now: Now) => now.context.run?.made === idIn(now),
  madeBefore: (now: Now) => now.context.made.some(({ id }) => id === idIn(now)),
  ...tagChoices,
}

type Change = Partial<ScheduleContext>
const remember = (change: (now: Now) => Change) =>
  assign<ScheduleContext, ScheduleEvent, undefined, ScheduleEvent, never>(change)
const changes = {
  created: remember(({ event }) => ({ ...(event as Named<'createRequested'>).data })),
  planned: remember(({ event }) => ({ ...(event as Named<'modifyRequested' | 'resumeRequested'>).data })),
  paused: remember(() => ({ dueAt: undefined })),
  /** What passed meanwhile is over with this one. */
  plannedNext: remember(({ context, event }) => ({ dueAt: dueAfter(context, Math.max(event.at, context.dueAt!)) })),
  begun: remember(({ event }) => ({ run: { at: event.at } })),
  made: remember(now => ({ run: { ...now.context.run!, made: idIn(now) } })),
  givenUp: remember(({ event }) => {
    const { code, message } = (event as Named<'startFailed'>).data
    return { dueAt: undefined, reason: { code, message, at: event.at } }
  }),
  goesOn: remember(() => ({ reason: undefined })),
  over: remember(() => ({ run: undefined })),
  kept: remember(now => ({ made: [...now.context.made, { id: idIn(now), at: now.event.at }] })),
  gone: remember(now => ({ made: now.context.made.filter(({ id }) => id !== idIn(now)) })),
  retained: remember(({ context: { made, keep }, event }) => ({ made: retained(made, keep, event.at) })),
  tagged: remember(tagChanges.tagged),
  untagged: remember(tagChanges.untagged),
}

const RUN = 'schedule.runDue'
const EXPIRY = 'schedule.expiryDue'
const armRun = ({ context }: Now): Arm => ({ event: RUN, dueAt: context.dueAt! })
const disarmRun: Disarm = { event: RUN }
const armExpiry = ({ context: { made, keep } }: Now): Arm[] => {
  const dueAt = expiryOf(made, keep)
  return dueAt === undefined ? [] : [{ event: EXPIRY, dueAt }]
}
const disarmExpiry: Disarm = { event: EXPIRY }
const disarmUnarmed = ({ context: { made, keep } }: Now): Disarm[] =>
  keep.ageMs === undefined || expiryOf(made, keep) !== undefined ? [] : [{ event: EXPIRY }]

/** The engine gives the command, once for each run, as if the account had. */
const give = ({ context: { target, description, memberTags } }: Now): Ask => ({
  verb: 'command',
  provider: 'engine',
  args: { ...makings[target.kind], input: inputOf(target, description, memberTags) },
  answers: { done: 'schedule.started', rejected: 'schedule.startFailed' },
})
const toMember = (
  { target }: ScheduleContext,
  id: string,
  event: 'scheduled' | 'expired',
  data: Tell['data'],
): Tell => ({
  resource: id,
  event: `${makings[target.kind].kind}.${event}`,
  data,
})
const adopt = (now: Now): Tell => toMember(now.context, idIn(now), 'scheduled', { schedule: now.event.resource })
/** What could not be made is of no use to anybody. */
const discard = (now: Now): Tell => toMember(now.context, idIn(now), 'expired', {})
/** Those that an image used when they were told before may be free now. */
const expire = ({ context }: Now): Tell[] =>
  context.made.filter(({ expired }) => expired).map(({ id }) => toMember(context, id, 'expired', {}))

const retaining = [
  'retained',
  { type: 'tell', params: expire },
  { type: 'arm', params: armExpiry },
  { type: 'disarm', params: disarmUnarmed },
] as const
const ignoring = <const K extends string>(why: string, ...names: readonly K[]) =>
  Object.fromEntries(names.map(name => [`schedule.${name}`, ignore(why)])) as Record<
    `schedule.${K}`,
    ReturnType<typeof ignore>
  >

const noRun = ignore('no run of it waits for that')
const notMade = ignore('it is nothing this schedule waits for')
/** It may have been armed for what was to be kept before. */
const modified = [
  'planned',
  'retained',
  { type: 'tell', params: expire },
  { type: 'disarm', params: disarmExpiry },
  { type: 'arm', params: armExpiry },
] as const
/** What comes of its runs, paused or not. */
const keeping = {
  'schedule.runRequested': { guard: needs('notUnderWay'), actions: ['begun', { type: 'ask', params: give }] },
  'schedule.started': [{ guard: 'starting', actions: ['made', { type: 'tell', params: adopt }] }, noRun],
  'schedule.startFailed': [
    { guard: 'targetGone', target: '#paused', actions: ['over', 'givenUp', { type: 'disarm', params: disarmRun }] },
    { guard: 'starting', actions: 'over' },
    noRun,
  ],
  'schedule.memberCompleted': [{ guard: 'madeNow', actions: ['over', 'kept', ...retaining] }, notMade],
  'schedule.memberFailed': [{ guard: 'madeNow', actions: ['over', { type: 'tell', params: discard }] }, notMade],
  'schedule.memberGone': [
    { guard: 'madeNow', actions: 'over' },
    {
      guard: 'madeBefore',
      actions: ['gone', { type: 'arm', params: armExpiry }, { type: 'disarm', params: disarmUnarmed }],
    },
    notMade,
  ],
  'schedule.expiryDue': { actions: [...retaining] },
  'schedule.deleteRequested': 'deleted',
  ...taggable('schedule'),
} as const

export const schedule = setup({
  types: { context: {} as ScheduleContext, events: {} as ScheduleEvent, tags: {} as StateTag },
  actions: { ...wants, ...changes },
  guards: { requires: requires(scheduleRequirements), ...choices },
}).createMachine({
  id: 'schedule',
  context: unborn,
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: {
        'schedule.createRequested': {
          guard: needs('accountOpen', 'targetThere', 'timeZoneKnown', 'keepGiven', 'tagsFew'),
          target: 'active',
          actions: ['created', { type: 'arm', params: armRun }],
        },
        ...ignoring(
          'it never existed',
          'runDue',
          'expiryDue',
          'started',
          'startFailed',
          'memberCompleted',
          'memberFailed',
          'memberGone',
        ),
      },
    },
    active: {
      tags: 'settled',
      on: {
        'schedule.runDue': [
          { guard: 'underWay', actions: ['plannedNext', { type: 'arm', params: armRun }] },
          { actions: ['begun', 'plannedNext', { type: 'arm', params: armRun }, { type: 'ask', params: give }] },
        ],
        'schedule.modifyRequested': {
          guard: needs('timeZoneKnown', 'keepGiven'),
          actions: [...modified, { type: 'arm', params: armRun }],
        },
        'schedule.resumeRequested': {},
        'schedule.pauseRequested': { target: 'paused', actions: ['paused', { type: 'disarm', params: disarmRun }] },
        ...keeping,
      },
    },
    paused: {
      id: 'paused',
      tags: 'settled',
      on: {
        'schedule.runDue': ignore('it is paused'),
        'schedule.modifyRequested': { guard: needs('timeZoneKnown', 'keepGiven'), actions: [...modified, 'paused'] },
        'schedule.resumeRequested': {
          target: 'active',
          actions: ['planned', 'goesOn', { type: 'arm', params: armRun }],
        },
        'schedule.pauseRequested': {},
        ...keeping,
      },
    },
    deleted: {
      tags: ['settled', 'terminal'],
      entry: { type: 'disarm', params: [disarmRun, disarmExpiry] },
      on: {
        'schedule.deleteRequested': {},
        ...ignoring(
          'it has ended, and what it made stays',
          'runDue',
          'expiryDue',
          'started',
          'startFailed',
          'memberCompleted',
          'memberFailed',
          'memberGone',
        ),
      },
    },
  },
})
