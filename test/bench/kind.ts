/** The kind and view of the benchmarks: one event a command, and a row of each sort that a control plane would write. */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import {
  command,
  type EventNamed,
  type EventOf,
  events,
  kind,
  needs,
  requested,
  requires,
  wants,
} from '../../machines/grammar.ts'
import { projection } from '../../projections/contract.ts'

export interface Server {
  readonly name: string
  readonly size: string
  readonly zone: string
  readonly protected: boolean
  readonly note: string
}
const alphabet = events('server', {
  makeRequested: requested({ name: z.string(), size: z.string(), zone: z.string() }),
  protectRequested: requested({ protected: z.boolean(), note: z.string() }),
})
type Named<K extends string> = EventNamed<typeof alphabet, K>

const requirements = { made: ({ context }: { context: Server }) => context.name !== '' }
const initial: Server = { name: '', size: '', zone: '', protected: false, note: '' }

export const server = kind({
  name: 'server',
  idPrefix: 's',
  rules: 1,
  events: alphabet,
  requirements,
  refusals: { made: { code: 'notMade', sentence: 'It was never made.' } },
  machine: setup({
    types: { context: {} as Server, events: {} as EventOf<typeof alphabet>, tags: {} as 'settled' },
    guards: { requires: requires(requirements) },
    actions: {
      ...wants,
      make: assign(({ event }) => (event as Named<'makeRequested'>).data),
      protect: assign(({ event }) => (event as Named<'protectRequested'>).data),
    },
  }).createMachine({
    id: 'server',
    context: initial,
    initial: 'absent',
    states: {
      absent: { tags: 'settled', on: { 'server.makeRequested': { target: 'running', actions: 'make' } } },
      running: { tags: 'settled', on: { 'server.protectRequested': { guard: needs('made'), actions: 'protect' } } },
    },
  }),
  commands: {
    make: command({
      event: 'makeRequested',
      summary: 'Make a server',
      who: 'owner',
      creates: true,
      input: { name: z.string(), size: z.string(), zone: z.string() },
    }),
    protect: command({
      event: 'protectRequested',
      summary: 'Protect a server',
      who: 'owner',
      input: { protected: z.boolean(), note: z.string() },
    }),
  },
})

export interface ServerRow {
  readonly id: string
  readonly account: string
  readonly state: string
  readonly version: number
  readonly position: number
  readonly createdAt: number
  readonly updatedAt: number
  readonly attributes: Record<string, unknown>
}
export const inventory = projection({
  name: 'inventory',
  version: 1,
  key: 'id',
  columns: {
    id: 'text',
    account: 'text',
    state: 'text',
    version: 'integer',
    position: 'integer',
    createdAt: 'integer',
    updatedAt: 'integer',
    attributes: 'json',
  },
  indexes: [['account', 'id']],
  keys: event => [event.resource],
  fold: (row: ServerRow | undefined, event): ServerRow => ({
    id: event.resource,
    account: event.account,
    state: event.state,
    version: event.version,
    position: event.position,
    createdAt: row?.createdAt ?? event.at,
    updatedAt: event.at,
    attributes: { ...row?.attributes, ...(event.data as object) },
  }),
})

/** As `stemma verify --kinds` takes them. */
export const kinds = { server }
