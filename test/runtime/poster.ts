/** A kind with a command for each authority, shown to nobody, to some, or to everybody. */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import {
  command,
  type EventNamed,
  type EventOf,
  events,
  kind,
  requested,
  resource,
  wants,
} from '../../machines/grammar.ts'

const shownTo = z.union([z.enum(['private', 'public']), z.array(z.string())])
const alphabet = events('poster', {
  printRequested: requested({ shownTo }),
  foldRequested: requested(),
  stampRequested: requested(),
  auditRequested: requested(),
  yellowRequested: requested(),
  copyRequested: requested({ of: z.string() }, { of: z.object({ state: z.string() }) }),
})
type PosterEvent = EventOf<typeof alphabet>
interface Poster {
  readonly shownTo: 'private' | 'public' | readonly string[]
}

const machine = setup({
  types: { context: {} as Poster, events: {} as PosterEvent, tags: {} as 'settled' },
  actions: {
    ...wants,
    printed: assign(({ event }) => (event as EventNamed<typeof alphabet, 'printRequested'>).data),
    same: assign(({ context }) => ({ ...context })),
  },
}).createMachine({
  id: 'poster',
  context: { shownTo: 'private' },
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: { 'poster.printRequested': { target: 'hanging', actions: 'printed' }, 'poster.copyRequested': 'hanging' },
    },
    hanging: {
      tags: 'settled',
      on: {
        'poster.foldRequested': { actions: 'same' },
        'poster.stampRequested': { actions: 'same' },
        'poster.auditRequested': { actions: 'same' },
        'poster.yellowRequested': { actions: 'same' },
      },
    },
  },
})

export const poster = kind({
  name: 'poster',
  idPrefix: 'poster',
  rules: 1,
  machine,
  events: alphabet,
  visibility: ({ shownTo }: Poster) => shownTo,
  commands: {
    print: command({
      event: 'printRequested',
      summary: 'Print one',
      who: 'owner',
      creates: true,
      input: { shownTo: shownTo.default('private') },
    }),
    copy: command({
      event: 'copyRequested',
      summary: 'Copy one',
      who: 'owner',
      creates: true,
      input: { of: z.string() },
      needs: { of: resource('poster', 'of') },
    }),
    fold: command({ event: 'foldRequested', summary: 'Fold it', who: 'owner' }),
    stamp: command({ event: 'stampRequested', summary: 'Stamp it', who: 'domainAdmin' }),
    audit: command({ event: 'auditRequested', summary: 'Audit it', who: 'operator' }),
    yellow: command({ event: 'yellowRequested', summary: 'Let it yellow', who: 'engine' }),
  },
})
