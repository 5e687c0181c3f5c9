/** A small kind with every mechanism of the grammar, to test the runtime without the real rules. */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import {
  type Ask,
  command,
  type EventNamed,
  type EventOf,
  elapsed,
  events,
  ignore,
  kind,
  needs,
  proposed,
  rejection,
  reported,
  requested,
  requires,
  resource,
  type Tell,
  told,
  wants,
} from '../../machines/grammar.ts'

export interface Lamp {
  readonly label: string
  readonly locked: boolean
  readonly provider: string
  readonly twin: string | null
  readonly switched: number
}
const alphabet = events('lamp', {
  makeRequested: requested({ label: z.string(), provider: z.string(), twin: z.string().nullable() }),
  lightRequested: requested(),
  lockRequested: requested({ locked: z.boolean() }),
  pairRequested: requested({ twin: z.string() }, { twin: z.object({ state: z.string() }) }),
  breakRequested: requested(),
  lit: reported({ host: z.string().optional() }),
  lightFailed: reported(rejection),
  broken: reported(),
  breakFailed: reported(rejection),
  dimDue: elapsed(),
  twinMade: told({ label: z.string(), provider: z.string() }),
  twinProposed: proposed({ twin: z.string() }),
})
type LampEvent = EventOf<typeof alphabet>
type Named<K extends string> = EventNamed<typeof alphabet, K>

const light = ({ context }: { context: Lamp }): Ask => ({
  verb: 'instanceEnsure',
  provider: context.provider,
  args: { label: context.label },
  answers: { done: 'lamp.lit', rejected: 'lamp.lightFailed' },
})
const destroy = ({ context }: { context: Lamp }): Ask => ({
  verb: 'instanceDestroy',
  provider: context.provider,
  args: {},
  answers: { done: 'lamp.broken', rejected: 'lamp.breakFailed' },
  supersedes: true,
})
const makeTwin = ({ context }: { context: Lamp }): Tell[] =>
  context.twin === null
    ? []
    : [
        {
          resource: context.twin,
          event: 'lamp.twinMade',
          data: { label: `${context.label}'s twin`, provider: context.provider },
        },
      ]
const proposePair = ({ event }: { event: LampEvent }): Tell => {
  const { resource, data } = event as Named<'pairRequested'>
  return { resource: data.twin, event: 'lamp.twinProposed', data: { twin: resource } }
}

const requirements = {
  unlocked: ({ context }: { context: Lamp }) => !context.locked,
  single: ({ context }: { context: Lamp }) => context.twin === null,
}
const initial: Lamp = { label: '', locked: false, provider: '', twin: null, switched: 0 }
const machine = setup({
  types: { context: {} as Lamp, events: {} as LampEvent, tags: {} as 'settled' | 'working' | 'terminal' },
  guards: { requires: requires(requirements), hasTwin: ({ context }) => context.twin !== null },
  actions: {
    ...wants,
    make: assign(({ event }) => (event as Named<'makeRequested'>).data),
    twin: assign(({ event }) => (event as Named<'twinMade'>).data),
    lock: assign(({ event }) => ({ locked: (event as Named<'lockRequested'>).data.locked })),
    pair: assign(({ event }) => ({ twin: (event as Named<'pairRequested'>).data.twin })),
    count: assign(({ context }) => ({ switched: context.switched + 1 })),
  },
}).createMachine({
  id: 'lamp',
  context: initial,
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: {
        'lamp.makeRequested': { target: 'dark', actions: ['make', { type: 'tell', params: makeTwin }] },
        'lamp.twinMade': { target: 'dark', actions: 'twin' },
        'lamp.lit': ignore('never existed'),
        'lamp.lightFailed': ignore('never existed'),
        'lamp.broken': ignore('never existed'),
        'lamp.breakFailed': ignore('never existed'),
        'lamp.dimDue': ignore('never existed'),
      },
    },
    dark: {
      tags: 'settled',
      on: {
        'lamp.lightRequested': { guard: needs('unlocked'), target: 'warming' },
        'lamp.lockRequested': { actions: 'lock' },
        'lamp.pairRequested': {
          guard: needs('unlocked', 'single'),
          actions: ['pair', { type: 'tell', params: proposePair }],
        },
        'lamp.twinProposed': { guard: needs('unlocked'), actions: 'count' },
        'lamp.breakRequested': { guard: needs('unlocked'), target: 'breaking' },
        'lamp.lit': ignore('late'),
        'lamp.lightFailed': ignore('late'),
        'lamp.broken': ignore('late'),
        'lamp.breakFailed': ignore('late'),
        'lamp.dimDue': ignore('late'),
        'lamp.twinMade': ignore('made already'),
      },
    },
    warming: {
      tags: 'working',
      entry: [
        { type: 'ask', params: light },
        { type: 'arm', params: { event: 'lamp.dimDue', afterMs: 1_000 } },
      ],
      exit: { type: 'disarm', params: { event: 'lamp.dimDue' } },
      on: {
        'lamp.lightRequested': {},
        'lamp.breakRequested': { guard: needs('unlocked'), target: 'breaking' },
        'lamp.lit': { target: 'burning.bright', actions: 'count' },
        'lamp.lightFailed': 'dark',
        'lamp.dimDue': { actions: 'count' },
        'lamp.broken': ignore('late'),
        'lamp.breakFailed': ignore('late'),
        'lamp.twinMade': ignore('made already'),
      },
    },
    burning: {
      tags: 'settled',
      initial: 'bright',
      entry: { type: 'arm', params: { event: 'lamp.dimDue', afterMs: 500 } },
      exit: { type: 'disarm', params: { event: 'lamp.dimDue' } },
      on: {
        'lamp.lightRequested': {},
        'lamp.lockRequested': { actions: 'lock' },
        'lamp.breakRequested': { guard: needs('unlocked'), target: 'breaking' },
        'lamp.lit': ignore('duplicate'),
        'lamp.lightFailed': ignore('late'),
        'lamp.broken': 'broken',
        'lamp.breakFailed': ignore('late'),
        'lamp.twinMade': ignore('made already'),
      },
      states: {
        bright: { on: { 'lamp.dimDue': [{ guard: 'hasTwin', actions: 'count' }, { target: 'dim' }] } },
        dim: { on: { 'lamp.dimDue': ignore('dim already') } },
      },
    },
    breaking: {
      tags: 'working',
      entry: { type: 'ask', params: destroy },
      on: {
        'lamp.breakRequested': {},
        'lamp.broken': 'broken',
        'lamp.breakFailed': { target: 'breaking', reenter: true },
        'lamp.lit': ignore('superseded'),
        'lamp.lightFailed': ignore('superseded'),
        'lamp.dimDue': ignore('late'),
        'lamp.twinMade': ignore('made already'),
      },
    },
    broken: {
      tags: ['settled', 'terminal'],
      on: {
        'lamp.breakRequested': {},
        'lamp.broken': ignore('duplicate'),
        'lamp.breakFailed': ignore('late'),
        'lamp.lit': ignore('late'),
        'lamp.lightFailed': ignore('late'),
        'lamp.dimDue': ignore('late'),
        'lamp.twinMade': ignore('made already'),
      },
    },
  },
})

export const lamp = kind({
  name: 'lamp',
  idPrefix: 'lamp',
  rules: 1,
  machine,
  events: alphabet,
  requirements,
  refusals: {
    unlocked: { code: 'locked', sentence: ({ resource }) => `The lamp '${resource}' is locked; unlock it first.` },
    single: { code: 'paired', sentence: 'It has a twin already.' },
  },
  face: ({ label }: Lamp) => ({ label }),
  observed: ({ exists }, _, state) =>
    exists === 'no' && state === 'burning' ? { event: 'broken', data: {} } : undefined,
  commands: {
    make: command({
      event: 'makeRequested',
      summary: 'Make a lamp',
      who: 'owner',
      creates: true,
      input: { label: z.string(), twins: z.boolean().optional() },
      complete: ({ input, newId }) => ({
        label: input.label,
        provider: 'lab',
        twin: input.twins ? newId('lamp') : null,
      }),
    }),
    light: command({ event: 'lightRequested', summary: 'Light it', who: 'owner' }),
    lock: command({ event: 'lockRequested', summary: 'Lock it', who: 'owner', input: { locked: z.boolean() } }),
    pair: command({
      event: 'pairRequested',
      summary: 'Pair it',
      who: 'owner',
      input: { twin: z.string() },
      needs: { twin: resource('lamp', 'twin') },
    }),
    break: command({ event: 'breakRequested', summary: 'Break it', who: 'owner' }),
  },
})
