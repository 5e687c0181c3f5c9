/** A kind that asks for any number of things at once, of any provider. */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import {
  type Ask,
  command,
  type EventNamed,
  type EventOf,
  events,
  kind,
  rejection,
  reported,
  requested,
  wants,
} from '../../machines/grammar.ts'

const alphabet = events('crane', {
  buildRequested: requested(),
  liftRequested: requested({ loads: z.int().nonnegative(), provider: z.string() }),
  lifted: reported({ host: z.string().optional() }),
  liftFailed: reported(rejection),
  lifting: reported({ percent: z.number() }),
})
type CraneEvent = EventOf<typeof alphabet>
type Lift = EventNamed<typeof alphabet, 'liftRequested'>

const lifts = ({ event }: { event: CraneEvent }): Ask[] => {
  const { loads, provider } = (event as Lift).data
  return Array.from({ length: loads }, (_, load) => ({
    verb: 'instanceEnsure',
    provider,
    args: { load },
    answers: { done: 'crane.lifted', rejected: 'crane.liftFailed', progressed: 'crane.lifting' },
  }))
}
const machine = setup({
  types: {
    context: {} as { lifted: number; failed: number; percent?: number },
    events: {} as CraneEvent,
    tags: {} as 'settled',
  },
  actions: {
    ...wants,
    lifted: assign(({ context }) => ({ lifted: context.lifted + 1 })),
    failed: assign(({ context }) => ({ failed: context.failed + 1 })),
    lifting: assign(({ event }) => ({ percent: (event as EventNamed<typeof alphabet, 'lifting'>).data.percent })),
  },
}).createMachine({
  id: 'crane',
  context: { lifted: 0, failed: 0 },
  initial: 'absent',
  states: {
    absent: { tags: 'settled', on: { 'crane.buildRequested': 'standing' } },
    standing: {
      tags: 'settled',
      on: {
        'crane.liftRequested': { actions: { type: 'ask', params: lifts } },
        'crane.lifted': { actions: 'lifted' },
        'crane.liftFailed': { actions: 'failed' },
        'crane.lifting': { actions: 'lifting' },
      },
    },
  },
})

export const crane = kind({
  name: 'crane',
  idPrefix: 'crane',
  rules: 1,
  machine,
  events: alphabet,
  commands: {
    build: command({ event: 'buildRequested', summary: 'Build a crane', who: 'owner', creates: true }),
    lift: command({
      event: 'liftRequested',
      summary: 'Lift loads',
      who: 'owner',
      input: { loads: z.int().nonnegative(), provider: z.string().default('lab') },
    }),
  },
})
