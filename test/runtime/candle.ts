/**
 * A kind that hears of its asks after its end: a candle that is blown out while somebody still looks for a match. What is
 * left of it can be weighed for ever.
 */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import {
  command,
  type EventOf,
  events,
  ignore,
  kind,
  rejection,
  reported,
  requested,
  wants,
} from '../../machines/grammar.ts'

const alphabet = events('candle', {
  makeRequested: requested({ label: z.string() }),
  lightRequested: requested(),
  blowOutRequested: requested(),
  weighRequested: requested(),
  lit: reported(),
  lightFailed: reported(rejection),
})
const light = {
  verb: 'instanceEnsure',
  provider: 'lab',
  args: {},
  answers: { done: 'candle.lit', rejected: 'candle.lightFailed' },
} as const

const machine = setup({
  types: {
    context: {} as { weighed: number },
    events: {} as EventOf<typeof alphabet>,
    tags: {} as 'settled' | 'working' | 'terminal',
  },
  actions: { ...wants, weigh: assign(({ context }) => ({ weighed: context.weighed + 1 })) },
}).createMachine({
  id: 'candle',
  context: { weighed: 0 },
  initial: 'absent',
  states: {
    absent: { tags: 'settled', on: { 'candle.makeRequested': 'whole' } },
    whole: {
      tags: 'settled',
      on: { 'candle.lightRequested': 'lighting', 'candle.blowOutRequested': 'burnt' },
    },
    lighting: {
      tags: 'working',
      entry: { type: 'ask', params: light },
      on: { 'candle.blowOutRequested': 'burnt', 'candle.lit': 'whole', 'candle.lightFailed': 'whole' },
    },
    burnt: {
      tags: ['settled', 'terminal'],
      on: {
        'candle.blowOutRequested': {},
        'candle.weighRequested': { actions: 'weigh' },
        'candle.lit': ignore('it is gone'),
        'candle.lightFailed': ignore('it is gone'),
      },
    },
  },
})

export const candle = kind({
  name: 'candle',
  idPrefix: 'candle',
  rules: 1,
  machine,
  events: alphabet,
  retentionMs: 60_000,
  commands: {
    make: command({
      event: 'makeRequested',
      summary: 'Make a candle',
      who: 'owner',
      creates: true,
      input: { label: z.string() },
    }),
    light: command({ event: 'lightRequested', summary: 'Light it', who: 'owner' }),
    blowOut: command({ event: 'blowOutRequested', summary: 'Blow it out for good', who: 'owner' }),
    weigh: command({ event: 'weighRequested', summary: 'Weigh what is left', who: 'owner' }),
  },
})
