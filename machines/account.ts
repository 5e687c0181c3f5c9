/**
 * An account: who owns resources. While it is suspended or closed nothing new is made in it; what exists stays as it
 * is, may still be stopped and deleted, and is counted until it is gone. An account nobody opened may be used too: an
 * embedder with tenants of its own need not mirror them here. (design: contract point 10.)
 */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import { type EventNamed, type EventOf, events, needs, requested, requires, type StateTag, wants } from './grammar.ts'
import { type Limits, laidOver, limitChanges, sameLimits } from './limits.ts'

export interface AccountContext {
  readonly name: string
  /** Name of the domain it belongs to. */
  readonly domain: string
  /** The most it may have. */
  readonly limits?: Limits
}
const unborn: AccountContext = { name: '', domain: '' }

export const accountEvents = events('account', {
  openRequested: requested({ name: z.string(), domain: z.string() }, { domain: z.object({ state: z.string() }) }),
  limitRequested: requested({ limits: limitChanges }),
  suspendRequested: requested(),
  resumeRequested: requested(),
  closeRequested: requested(),
})
export type AccountEvent = EventOf<typeof accountEvents>
type Open = EventNamed<typeof accountEvents, 'openRequested'>
type Limit = EventNamed<typeof accountEvents, 'limitRequested'>

export const accountRequirements = {
  domainActive: ({ event }: { event: Open }) => event.facts.domain?.state === 'active',
}

const limiting = [{ guard: 'sameLimits' }, { actions: 'limited' }] as const

export const account = setup({
  types: { context: {} as AccountContext, events: {} as AccountEvent, tags: {} as StateTag },
  actions: {
    ...wants,
    opened: assign(({ event }) => ({ ...(event as Open).data })),
    limited: assign(({ context, event }) => ({ limits: laidOver(context.limits, (event as Limit).data.limits) })),
  },
  guards: { requires: requires(accountRequirements), sameLimits },
}).createMachine({
  id: 'account',
  context: unborn,
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: { 'account.openRequested': { guard: needs('domainActive'), target: 'open', actions: 'opened' } },
    },
    open: {
      tags: 'settled',
      on: {
        'account.limitRequested': limiting,
        'account.suspendRequested': 'suspended',
        'account.resumeRequested': {},
        'account.closeRequested': 'closed',
      },
    },
    suspended: {
      tags: 'settled',
      on: {
        'account.limitRequested': limiting,
        'account.suspendRequested': {},
        'account.resumeRequested': 'open',
        'account.closeRequested': 'closed',
      },
    },
    closed: { tags: ['settled', 'terminal'], on: { 'account.closeRequested': {} } },
  },
})
