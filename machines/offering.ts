/**
 * An offering: a size of instance under a name, as in "small". Instances copy its numbers when they are launched, so
 * an offering never changes: a provider that wants other numbers retires it and defines one with a new name.
 */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import { type EventNamed, type EventOf, events, needs, requested, requires, type StateTag, wants } from './grammar.ts'
import { type Tags, tagChanges, tagChoices, tagEvents, taggable, tagRequirements, tags } from './tags.ts'

export interface OfferingContext {
  readonly name: string
  readonly vcpus: number
  readonly memoryBytes: number
  readonly tags?: Tags
  /** What a door keeps with it; it means nothing here. */
  readonly annotations?: Readonly<Record<string, string>>
}
const unborn: OfferingContext = { name: '', vcpus: 0, memoryBytes: 0 }

export const offeringEvents = events('offering', {
  defineRequested: requested({
    name: z.string(),
    vcpus: z.int().positive(),
    memoryBytes: z.int().positive(),
    tags: tags.optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  retireRequested: requested(),
  ...tagEvents,
})
export type OfferingEvent = EventOf<typeof offeringEvents>
type Define = EventNamed<typeof offeringEvents, 'defineRequested'>

export const offeringRequirements = { ...tagRequirements }
const tagging = taggable('offering')

export const offering = setup({
  types: { context: {} as OfferingContext, events: {} as OfferingEvent, tags: {} as StateTag },
  actions: {
    ...wants,
    defined: assign(({ event }) => ({ ...(event as Define).data })),
    tagged: assign(now => tagChanges.tagged(now)),
    untagged: assign(now => tagChanges.untagged(now)),
  },
  guards: { requires: requires(offeringRequirements), ...tagChoices },
}).createMachine({
  id: 'offering',
  context: unborn,
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: { 'offering.defineRequested': { guard: needs('tagsFew'), target: 'active', actions: 'defined' } },
    },
    active: { tags: 'settled', on: { 'offering.retireRequested': 'retired', ...tagging } },
    retired: { tags: ['settled', 'terminal'], on: { 'offering.retireRequested': {}, ...tagging } },
  },
})
