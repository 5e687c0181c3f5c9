/**
 * An offering: a size of instance under a name, as in "small". Instances copy its numbers when they are launched, so
 * an offering never changes: a provider that wants other numbers retires it and defines one with a new name.
 */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import { type EventNamed, type EventOf, events, requested, type StateTag, wants } from './grammar.ts'

export interface OfferingContext {
  readonly name: string
  readonly vcpus: number
  readonly memoryBytes: number
}
const unborn: OfferingContext = { name: '', vcpus: 0, memoryBytes: 0 }

export const offeringEvents = events('offering', {
  defineRequested: requested({
    name: z.string(),
    vcpus: z.int().positive(),
    memoryBytes: z.int().positive(),
  }),
  retireRequested: requested(),
})
export type OfferingEvent = EventOf<typeof offeringEvents>
type Define = EventNamed<typeof offeringEvents, 'defineRequested'>

export const offering = setup({
  types: { context: {} as OfferingContext, events: {} as OfferingEvent, tags: {} as StateTag },
  actions: { ...wants, defined: assign(({ event }) => ({ ...(event as Define).data })) },
}).createMachine({
  id: 'offering',
  context: unborn,
  initial: 'absent',
  states: {
    absent: { tags: 'settled', on: { 'offering.defineRequested': { target: 'active', actions: 'defined' } } },
    active: { tags: 'settled', on: { 'offering.retireRequested': 'retired' } },
    retired: { tags: ['settled', 'terminal'], on: { 'offering.retireRequested': {} } },
  },
})
