/**
 * A group of snapshots: what several volumes held at one moment. It owns the one call that takes them; each member is a
 * snapshot like others from its birth, in its own account's limits and usage, and there are all or none. A provider that
 * has no such call is not asked for several in a row instead: that would be a weaker promise under the same name.
 *
 * The group lives as long as one of its snapshots does. (spec: ec2 4, CreateSnapshots; cloudstack 1.4.)
 */
import { assign, setup } from 'xstate'
import {
  type Arm,
  type Ask,
  type Disarm,
  ignore,
  needs,
  requires,
  type StateMeta,
  type StateTag,
  type Tell,
  wants,
} from './grammar.ts'
import { adopted, scheduleChanges, tellCompleted, tellFailed, tellGone } from './scheduled.ts'
import {
  type SnapshotGroupEventNamed as Named,
  type Now,
  type SnapshotGroupContext,
  type SnapshotGroupEvent,
  unborn,
} from './snapshot-group.alphabet.ts'
import { tagChanges, tagChoices, taggable, tagRequirements } from './tags.ts'

/** Contents are copied. */
const PATIENCE_MS = 30 * 60_000

/** Said by the command, which knows what is attached. */
const saidByCommand = () => true
export const snapshotGroupRequirements = {
  accountOpen: ({ event }: { event: Named<'createRequested'> }) => (event.facts.account?.state ?? 'open') === 'open',
  volumesMeant: saidByCommand,
  exclusionsKnown: saidByCommand,
  ...tagRequirements,
}

const gone = ({ context, event }: Now) => {
  const { snapshot } = (event as Named<'memberGone'>).data
  return context.left.filter(each => each !== snapshot)
}
const choices = {
  lastMember: (now: Now) => gone(now).length === 0,
  ...tagChoices,
}
const remember = (change: (now: Now) => Partial<SnapshotGroupContext>) =>
  assign<SnapshotGroupContext, SnapshotGroupEvent, undefined, SnapshotGroupEvent, never>(change)
const changes = {
  requested: remember(({ event }) => {
    const { copyTags: _, ...data } = (event as Named<'createRequested'>).data
    return { ...data, left: data.members.map(({ snapshot }) => snapshot) }
  }),
  taken: remember(({ event }) => ({ completedAt: event.at })),
  failed: remember(({ event }) => {
    const { code, message } = (event as Named<'takeFailed'>).data
    return { reason: { code, message, at: event.at } }
  }),
  memberGone: remember(now => ({ left: gone(now) })),
  overdue: remember(() => ({ overdue: true })),
  answered: remember(() => ({ overdue: undefined })),
  scheduled: remember(scheduleChanges.scheduled),
  tagged: remember(tagChanges.tagged),
  untagged: remember(tagChanges.untagged),
}

const take = ({ context: { provider, members } }: Now): Ask => ({
  verb: 'volumeSnapshotGroupEnsure',
  provider,
  args: { members },
  answers: { done: 'snapshot-group.taken', rejected: 'snapshot-group.takeFailed' },
})
const patience: Arm = { event: 'snapshot-group.takeTimedOut', afterMs: PATIENCE_MS }
const patienceOver: Disarm = { event: 'snapshot-group.takeTimedOut' }
/** Each volume says no, or makes its snapshot. */
const proposeToVolumes = ({ event }: Now): Tell[] => {
  const { resource: group, data } = event as Named<'createRequested'>
  const { members, provider, copyTags, description, tags } = data
  return members.map(({ volume, snapshot }) => ({
    resource: volume,
    event: 'volume.groupSnapshotProposed',
    data: { group, snapshot, provider, copyTags, description, tags },
  }))
}
const toMembers =
  (event: string, data: (now: Now, snapshot: string) => Tell['data'] = () => ({})) =>
  (now: Now): Tell[] =>
    now.context.left.map(snapshot => ({ resource: snapshot, event: `snapshot.${event}`, data: data(now, snapshot) }))
const memberTaken = toMembers('groupTaken', ({ event }, snapshot) => {
  // One that the answer leaves out is taken all the same, with the size its volume had.
  return { sizeBytes: (event as Named<'taken'>).data.members?.[snapshot]?.sizeBytes }
})
const memberFailed = toMembers('groupFailed', ({ event }) => {
  const { code, message } = (event as Named<'takeFailed'>).data
  return { code, message }
})
const membersExpire = toMembers('expired')
const membersGo = toMembers('deleteProposed')

const news = ['taken', 'takeFailed', 'takeTimedOut'] as const
const ignoring = <const K extends string>(why: string, ...names: readonly K[]) =>
  Object.fromEntries(names.map(name => [`snapshot-group.${name}`, ignore(why)])) as Record<
    `snapshot-group.${K}`,
    ReturnType<typeof ignore>
  >
const counting = {
  'snapshot-group.memberGone': [
    { guard: 'lastMember', target: 'deleted', actions: 'memberGone' },
    { actions: 'memberGone' },
  ],
} as const
const resting = {
  'snapshot-group.deleteRequested': { target: 'deleting', actions: { type: 'tell', params: membersGo } },
  'snapshot-group.expired': { actions: { type: 'tell', params: membersExpire } },
  ...counting,
  ...ignoring('its call was answered', ...news),
  ...taggable('snapshot-group'),
} as const

export const snapshotGroup = setup({
  types: {
    context: {} as SnapshotGroupContext,
    events: {} as SnapshotGroupEvent,
    tags: {} as StateTag,
    meta: {} as StateMeta & { readonly ignored?: string },
  },
  actions: { ...wants, ...changes },
  guards: { requires: requires(snapshotGroupRequirements), ...choices },
}).createMachine({
  id: 'snapshot-group',
  context: unborn,
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: {
        'snapshot-group.createRequested': {
          guard: needs('accountOpen', 'volumesMeant', 'exclusionsKnown', 'tagsFew'),
          target: 'taking',
          actions: ['requested', { type: 'tell', params: proposeToVolumes }],
        },
        ...ignoring('it never existed', ...news, 'memberGone', 'scheduled', 'expired'),
      },
    },
    taking: {
      tags: 'working',
      entry: [
        { type: 'ask', params: take },
        { type: 'arm', params: patience },
      ],
      exit: ['answered', { type: 'disarm', params: patienceOver }],
      on: {
        'snapshot-group.taken': {
          target: 'completed',
          actions: ['taken', { type: 'tell', params: memberTaken }, { type: 'tell', params: tellCompleted }],
        },
        'snapshot-group.takeFailed': {
          target: 'error',
          actions: ['failed', { type: 'tell', params: memberFailed }, { type: 'tell', params: tellFailed }],
        },
        'snapshot-group.takeTimedOut': { actions: 'overdue' },
        'snapshot-group.memberGone': { actions: 'memberGone' },
        ...ignoring('it is not taken yet', 'expired'),
        ...adopted('snapshot-group'),
        ...taggable('snapshot-group'),
      },
    },
    completed: { tags: 'settled', on: { ...resting, ...adopted('snapshot-group', tellCompleted) } },
    error: { tags: 'settled', on: { ...resting, ...adopted('snapshot-group', tellFailed) } },
    deleting: {
      tags: 'working',
      meta: { awaits: ({ left }: SnapshotGroupContext) => left },
      on: {
        'snapshot-group.deleteRequested': {},
        ...counting,
        ...adopted('snapshot-group'),
        ...ignoring('its call was answered', ...news),
        ...ignoring('it is being deleted already', 'expired'),
        ...taggable('snapshot-group'),
      },
    },
    deleted: {
      tags: ['settled', 'terminal'],
      entry: { type: 'tell', params: tellGone },
      on: {
        'snapshot-group.deleteRequested': {},
        ...adopted('snapshot-group', tellGone),
        ...ignoring('it is gone', ...news, 'memberGone', 'expired'),
      },
    },
  },
})
