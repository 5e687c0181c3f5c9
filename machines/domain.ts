/**
 * A domain: a branch of the tree in which accounts live. An administrator of a domain may act for every account in it
 * and below it, so the tree itself is a matter of record, like any resource. The root has no parent; all others name
 * one that exists when they are made, and keep it. (design: contract point 10.)
 */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import { type EventNamed, type EventOf, events, needs, requested, requires, type StateTag, wants } from './grammar.ts'
import { type Limits, laidOver, limitChanges, sameLimits } from './limits.ts'

export interface DomainContext {
  readonly name: string
  /** Name of the domain above; absent for the root. */
  readonly parent?: string
  /** The most that all accounts in it and below may have together. */
  readonly limits?: Limits
}
const unborn: DomainContext = { name: '' }

export const domainEvents = events('domain', {
  createRequested: requested(
    { name: z.string(), parent: z.string().optional() },
    { parent: z.object({ state: z.string() }).nullable() },
  ),
  limitRequested: requested({ limits: limitChanges }),
})
export type DomainEvent = EventOf<typeof domainEvents>
type Create = EventNamed<typeof domainEvents, 'createRequested'>
type Limit = EventNamed<typeof domainEvents, 'limitRequested'>

export const ROOT_DOMAIN = 'root'

export const domainRequirements = {
  /** Only the root stands alone. */
  parentKnown: ({ event }: { event: Create }) =>
    event.data.name === ROOT_DOMAIN ? event.data.parent === undefined : event.facts.parent?.state === 'active',
  /** The root has no sum: it would be written with everything anybody does. */
  notRoot: ({ context }: { context: DomainContext }) => context.name !== ROOT_DOMAIN,
}

export const domain = setup({
  types: { context: {} as DomainContext, events: {} as DomainEvent, tags: {} as StateTag },
  actions: {
    ...wants,
    created: assign(({ event }) => {
      const { name, parent } = (event as Create).data
      return { name, parent }
    }),
    limited: assign(({ context, event }) => ({ limits: laidOver(context.limits, (event as Limit).data.limits) })),
  },
  guards: { requires: requires(domainRequirements), sameLimits },
}).createMachine({
  id: 'domain',
  context: unborn,
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: { 'domain.createRequested': { guard: needs('parentKnown'), target: 'active', actions: 'created' } },
    },
    active: {
      tags: 'settled',
      on: { 'domain.limitRequested': [{ guard: 'sameLimits' }, { guard: needs('notRoot'), actions: 'limited' }] },
    },
  },
})
