import { createEngine, type Driver, type Outcome, Refused, sqlite } from 'stemma'
import { capabilities } from 'stemma/drivers'
import {
  command,
  type EventOf,
  events,
  kind,
  needs,
  rejection,
  reported,
  requested,
  requires,
  wants,
} from 'stemma/grammar'
import { projection } from 'stemma/projections'
import { assign, setup } from 'xstate'
import { z } from 'zod'

interface Door {
  readonly locked: boolean
}
const alphabet = events('door', {
  hangRequested: requested({ locked: z.boolean() }),
  openRequested: requested(),
  opened: reported({ angle: z.number() }),
  openFailed: reported(rejection),
})
const requirements = { unlocked: ({ context }: { context: Door }) => !context.locked }
const machine = setup({
  types: { context: {} as Door, events: {} as EventOf<typeof alphabet>, tags: {} as 'settled' | 'working' },
  guards: { requires: requires(requirements) },
  actions: { ...wants, hang: assign(({ event }) => (event.type === 'door.hangRequested' ? event.data : {})) },
}).createMachine({
  id: 'door',
  context: { locked: false },
  initial: 'absent',
  states: {
    absent: { tags: 'settled', on: { 'door.hangRequested': { target: 'shut', actions: 'hang' } } },
    shut: { tags: 'settled', on: { 'door.openRequested': { guard: needs('unlocked'), target: 'opening' } } },
    opening: {
      tags: 'working',
      entry: {
        type: 'ask',
        params: {
          verb: 'instanceEnsure',
          provider: 'house',
          args: {},
          answers: { done: 'door.opened', rejected: 'door.openFailed' },
        },
      },
      on: { 'door.opened': 'open', 'door.openFailed': 'shut' },
    },
    open: { tags: 'settled' },
  },
})
const door = kind({
  name: 'door',
  idPrefix: 'door',
  rules: 1,
  machine,
  events: alphabet,
  requirements,
  refusals: { unlocked: { code: 'locked', sentence: 'It is locked; use the key.' } },
  commands: {
    hang: command({
      event: 'hangRequested',
      summary: 'Hangs a door',
      who: 'owner',
      creates: true,
      input: { locked: z.boolean() },
    }),
    open: command({ event: 'openRequested', summary: 'Opens it', who: 'owner' }),
  },
})

const openings = projection({
  name: 'openings',
  version: 1,
  key: 'id',
  columns: { id: 'text', opened: 'integer' },
  keys: event => (event.type === 'door.opened' ? [event.resource] : []),
  fold: (row: { id: string; opened: number } | undefined, event) => ({
    id: event.resource,
    opened: (row?.opened ?? 0) + 1,
  }),
})

const outcome = async (): Promise<Outcome> => ({ kind: 'done', already: false, facts: { angle: 90 } })
const house: Driver = {
  describe: () => capabilities({ stop: 'none', start: 'none', stateAfterCreate: 'running', idempotency: { by: 'id' } }),
  probe: async () => ({ usable: true, facts: {}, problems: [] }),
  instanceEnsure: outcome,
  instanceDestroy: outcome,
  poll: outcome,
  observe: async (of, id) => ({ kind: of, id, exists: 'yes', facts: {}, observedAt: 0 }),
  list: async () => ({ items: [] }),
  capacity: async () => ({}),
}

const engine = await createEngine({
  kinds: { door },
  projections: { openings },
  store: sqlite(':memory:'),
  drivers: { house },
})
const me = engine.as({ account: 'me', actor: 'me' })
const { id } = await me.door.hang({ locked: false })
await me.door.open(id)
console.log(await me.settled(id))
const row = await engine.views.openings.get(id)
console.log(JSON.stringify({ ...row, id: `${row?.id.slice(0, 5)}…` }))
const { id: shut } = await me.door.hang({ locked: true })
await me.door.open(shut).catch((error: unknown) => console.log(error instanceof Refused ? error.code : error))
await engine.close()
