/** A kind that tells and proposes to whatever it is linked to: rows, rings, strangers. */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import {
  command,
  type EventNamed,
  type EventOf,
  elapsed,
  events,
  kind,
  needs,
  proposed,
  requested,
  requires,
  type Tell,
  told,
  wants,
} from '../../machines/grammar.ts'

const links = z.array(z.string())
const alphabet = events('domino', {
  standRequested: requested({ next: links, isPublic: z.boolean() }),
  linkRequested: requested({ next: links }),
  glueRequested: requested(),
  /** Falls, and what it is linked to falls with it. */
  pushRequested: requested(),
  /** Leans, if everything down the row agrees to. */
  nudgeRequested: requested(),
  /** Tells something that is no told event: a bug in the rules. */
  misruleRequested: requested(),
  fell: told({ from: z.string() }),
  leant: proposed({ from: z.string() }),
  gustDue: elapsed(),
  sighDue: elapsed(),
})
type DominoEvent = EventOf<typeof alphabet>
interface Domino {
  readonly next: readonly string[]
  readonly isGlued: boolean
  readonly isPublic: boolean
  readonly leans: number
}
type Asked = { context: Domino; event: DominoEvent }

const fall = ({ context, event }: Asked): Tell[] =>
  context.next.map(each => ({ resource: each, event: 'domino.fell', data: { from: event.resource } }))
const lean = ({ context, event }: Asked): Tell[] =>
  context.next.map(each => ({ resource: each, event: 'domino.leant', data: { from: event.resource } }))
const misrule = ({ event }: Asked): Tell => ({ resource: event.resource, event: 'domino.gustDue', data: {} })

const requirements = { loose: ({ context }: { context: Domino }) => !context.isGlued }
const machine = setup({
  types: { context: {} as Domino, events: {} as DominoEvent, tags: {} as 'settled' },
  guards: { requires: requires(requirements) },
  actions: {
    ...wants,
    stood: assign(({ event }) => (event as EventNamed<typeof alphabet, 'standRequested'>).data),
    linked: assign(({ event }) => ({ next: (event as EventNamed<typeof alphabet, 'linkRequested'>).data.next })),
    glued: assign({ isGlued: true }),
    leaned: assign(({ context }) => ({ leans: context.leans + 1 })),
  },
}).createMachine({
  id: 'domino',
  context: { next: [], isGlued: false, isPublic: false, leans: 0 },
  initial: 'absent',
  states: {
    absent: { tags: 'settled', on: { 'domino.standRequested': { target: 'standing', actions: 'stood' } } },
    standing: {
      tags: 'settled',
      entry: [
        { type: 'arm', params: { event: 'domino.gustDue', afterMs: 86_400_000 } },
        { type: 'arm', params: { event: 'domino.sighDue', afterMs: 90_000_000 } },
      ],
      on: {
        'domino.linkRequested': { actions: 'linked' },
        'domino.glueRequested': { actions: 'glued' },
        'domino.pushRequested': { guard: needs('loose'), target: 'fallen', actions: { type: 'tell', params: fall } },
        'domino.nudgeRequested': { guard: needs('loose'), actions: ['leaned', { type: 'tell', params: lean }] },
        'domino.misruleRequested': { actions: { type: 'tell', params: misrule } },
        'domino.fell': { target: 'fallen', actions: { type: 'tell', params: fall } },
        'domino.leant': { guard: needs('loose'), actions: ['leaned', { type: 'tell', params: lean }] },
        'domino.gustDue': { target: 'fallen', actions: { type: 'tell', params: fall } },
        'domino.sighDue': { actions: { type: 'tell', params: lean } },
      },
    },
    fallen: {
      tags: 'settled',
      on: {
        'domino.linkRequested': { actions: 'linked' },
        'domino.pushRequested': {},
        'domino.fell': { actions: { type: 'tell', params: fall } },
      },
    },
  },
})

export const domino = kind({
  name: 'domino',
  idPrefix: 'domino',
  rules: 1,
  machine,
  events: alphabet,
  requirements,
  refusals: { loose: { code: 'glued', sentence: ({ resource }) => `The domino '${resource}' is glued.` } },
  visibility: (context: Domino) => (context.isPublic ? 'public' : 'private'),
  commands: {
    stand: command({
      event: 'standRequested',
      summary: 'Stand one up',
      who: 'owner',
      creates: true,
      input: { next: links.default([]), isPublic: z.boolean().default(false) },
    }),
    link: command({ event: 'linkRequested', summary: 'Link it', who: 'owner', input: { next: links } }),
    glue: command({ event: 'glueRequested', summary: 'Glue it', who: 'owner' }),
    push: command({ event: 'pushRequested', summary: 'Push it', who: 'owner' }),
    nudge: command({ event: 'nudgeRequested', summary: 'Nudge it', who: 'owner' }),
    misrule: command({ event: 'misruleRequested', summary: 'Break the rules', who: 'owner' }),
  },
})
