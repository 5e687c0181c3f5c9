/**
 * A domain: a branch of the tree in which accounts live. An administrator of a domain may act for every account in it
 * and below it, so the tree itself is a matter of record, like any resource. The root has no parent; all others name
 * one that exists when they are made, and keep it. (design: contract point 10.)
 */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import { type EventNamed, type EventOf, events, needs, requested, requires, type StateTag, wants } from './grammar.ts'

export interface DomainContext {
  readonly name: string
  /** Name of the domain above; absent for the root. */
  readonly parent?: string
}
const unborn: DomainContext = { name: '' }

export const domainEvents = events('domain', {
  createRequested: requested(
    { name: z.string(), parent: z.string().optional() },
    { parent: z.object({ state: z.string() }).nullable() },
  ),
})
export type DomainEvent = EventOf<typeof domainEvents>
type Create = EventNamed<typeof domainEvents, 'createRequested'>

export const ROOT_DOMAIN = 'root'

export const domainRequirements = {
  /** Only the root stands alone. */
  parentKnown: ({ event }: { event: Create }) =>
    event.data.name === ROOT_DOMAIN ? event.data.parent === undefined : event.facts.parent?.state === 'active',
}

export const domain = setup({
  types: { context: {} as DomainContext, events: {} as DomainEvent, tags: {} as StateTag },
  actions: { ...wants, created: assign(({ event }) => ({ name: event.data.name, parent: event.data.parent })) },
  guards: { requires: requires(domainRequirements) },
}).createMachine({
  id: 'domain',
  context: unborn,
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: { 'domain.createRequested': { guard: needs('parentKnown'), target: 'active', actions: 'created' } },
    },
    active: { tags: 'settled' },
  },
})
