/** A kind whose making claims a unit of its account's ration, and the view that counts them. */
import { setup } from 'xstate'
import { z } from 'zod'
import {
  claim,
  command,
  type EventOf,
  events,
  kind,
  needs,
  requested,
  requires,
  wants,
} from '../../machines/grammar.ts'
import { projection } from '../../projections/contract.ts'

/** Bulbs that one account may have. */
export const RATION = 5

const alphabet = events('bulb', {
  takeRequested: requested({}, { ration: z.object({ bulbs: z.int() }).nullable() }),
  returnRequested: requested(),
})
type Take = { facts: { ration: { bulbs: number } | null } }

const requirements = {
  left: ({ event }: { event: Take }) => (event.facts.ration?.bulbs ?? 0) < RATION,
}
const machine = setup({
  types: { events: {} as EventOf<typeof alphabet>, tags: {} as 'settled' | 'terminal' },
  guards: { requires: requires(requirements) },
  actions: { ...wants },
}).createMachine({
  id: 'bulb',
  context: {},
  initial: 'absent',
  states: {
    absent: { tags: 'settled', on: { 'bulb.takeRequested': { guard: needs('left'), target: 'taken' } } },
    taken: { tags: 'settled', on: { 'bulb.returnRequested': 'returned' } },
    returned: { tags: ['settled', 'terminal'], on: { 'bulb.returnRequested': {} } },
  },
})

export const bulb = kind({
  name: 'bulb',
  idPrefix: 'bulb',
  rules: 1,
  machine,
  events: alphabet,
  requirements,
  refusals: { left: { code: 'rationUsedUp', sentence: `An account has at most ${RATION} bulbs.` } },
  commands: {
    take: command({
      event: 'takeRequested',
      summary: 'Take a bulb',
      who: 'owner',
      creates: true,
      needs: { ration: claim('ration') },
    }),
    return: command({ event: 'returnRequested', summary: 'Return a bulb', who: 'owner' }),
  },
})

export interface RationRow {
  readonly account: string
  readonly bulbs: number
}
/** Bulbs out by account; an account that has returned them all has no row. */
export const ration = projection({
  name: 'ration',
  version: 1,
  key: 'account',
  columns: { account: 'text', bulbs: 'integer' },
  consistency: 'claimed',
  keys: event => (event.kind === 'bulb' ? [event.account] : []),
  fold: (row: RationRow | undefined, event, account) => {
    const bulbs = (row?.bulbs ?? 0) + (event.type === 'bulb.takeRequested' ? 1 : -1)
    return bulbs === 0 ? undefined : { account, bulbs }
  },
})
