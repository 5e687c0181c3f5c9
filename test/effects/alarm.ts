/** A kind that arms and disarms two timers as it is told, and does not hear them while it sleeps. */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import {
  type Arm,
  command,
  type Disarm,
  type EventNamed,
  type EventOf,
  elapsed,
  events,
  ignore,
  kind,
  requested,
  wants,
} from '../../machines/grammar.ts'

const which = z.enum(['bellDue', 'lampDue'])
const alphabet = events('alarm', {
  setUpRequested: requested(),
  armRequested: requested({ which, afterMs: z.int().optional(), dueAt: z.int().optional() }),
  disarmRequested: requested({ which }),
  sleepRequested: requested(),
  wakeRequested: requested(),
  bellDue: elapsed(),
  lampDue: elapsed({ ends: true }),
})
type AlarmEvent = EventOf<typeof alphabet>
interface Alarm {
  readonly bells: number
  readonly lamps: number
}

const armed = ({ event }: { event: AlarmEvent }): Arm => {
  const { which, ...when } = (event as EventNamed<typeof alphabet, 'armRequested'>).data
  return { event: `alarm.${which}`, ...when }
}
const disarmed = ({ event }: { event: AlarmEvent }): Disarm => ({
  event: `alarm.${(event as EventNamed<typeof alphabet, 'disarmRequested'>).data.which}`,
})
const machine = setup({
  types: { context: {} as Alarm, events: {} as AlarmEvent, tags: {} as 'settled' },
  actions: {
    ...wants,
    ring: assign(({ context }) => ({ bells: context.bells + 1 })),
    shine: assign(({ context }) => ({ lamps: context.lamps + 1 })),
  },
}).createMachine({
  id: 'alarm',
  context: { bells: 0, lamps: 0 },
  initial: 'absent',
  states: {
    absent: { tags: 'settled', on: { 'alarm.setUpRequested': 'awake' } },
    awake: {
      tags: 'settled',
      on: {
        'alarm.armRequested': { actions: { type: 'arm', params: armed } },
        'alarm.disarmRequested': { actions: { type: 'disarm', params: disarmed } },
        'alarm.sleepRequested': 'asleep',
        'alarm.bellDue': { actions: 'ring' },
        'alarm.lampDue': { actions: 'shine' },
      },
    },
    asleep: {
      tags: 'settled',
      on: {
        'alarm.wakeRequested': 'awake',
        'alarm.bellDue': ignore('sleeps'),
        'alarm.lampDue': ignore('sleeps'),
      },
    },
  },
})

export const alarm = kind({
  name: 'alarm',
  idPrefix: 'alarm',
  rules: 1,
  machine,
  events: alphabet,
  commands: {
    setUp: command({ event: 'setUpRequested', summary: 'Set one up', who: 'owner', creates: true }),
    arm: command({
      event: 'armRequested',
      summary: 'Arm a timer',
      who: 'owner',
      input: { which, afterMs: z.int().optional(), dueAt: z.int().optional() },
    }),
    disarm: command({ event: 'disarmRequested', summary: 'Disarm a timer', who: 'owner', input: { which } }),
    sleep: command({ event: 'sleepRequested', summary: 'Hear nothing', who: 'owner' }),
    wake: command({ event: 'wakeRequested', summary: 'Hear again', who: 'owner' }),
  },
})
