/** A kind before and after the shape of its data, and its rules, changed. */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import {
  command,
  type EventSpec,
  events,
  type Json,
  kind,
  needs,
  requested,
  requires,
  wants,
} from '../../machines/grammar.ts'
import { projection } from '../../projections/contract.ts'

interface Note {
  readonly text: string
  readonly language: string
}
interface Parts {
  readonly rules: number
  readonly wrote: EventSpec<'requested'>
  readonly complete: (text: string) => Json
  /** The text, as today's data has it. */
  readonly textIn: (data: never) => string
}

const noteOf = ({ rules, wrote, complete, textIn }: Parts) => {
  const alphabet = events('note', { writeRequested: wrote, readRequested: requested() })
  const requirements = {
    english: ({ context }: { context: Note }) => context.language === 'en',
    telling: ({ event }: { event: object }) => textIn((event as { data: never }).data) !== '',
  }
  const machine = setup({
    types: { context: {} as Note, tags: {} as 'settled' },
    guards: { requires: requires(requirements) },
    actions: {
      ...wants,
      wrote: assign(({ event }) => (event as unknown as { data: object }).data),
      same: assign(({ context }) => ({ ...context })),
    },
  }).createMachine({
    id: 'note',
    context: { text: '', language: '' },
    initial: 'absent',
    states: {
      absent: { tags: 'settled', on: { 'note.writeRequested': { target: 'written', actions: 'wrote' } } },
      written: {
        tags: 'settled',
        on: {
          'note.readRequested': { guard: needs('english'), actions: 'same' },
          'note.writeRequested': { guard: needs('telling'), actions: 'wrote' },
        },
      },
    },
  })
  return kind({
    name: 'note',
    idPrefix: 'note',
    rules,
    machine,
    events: alphabet as never,
    requirements,
    refusals: {
      english: { code: 'foreign', sentence: 'It is not in English.' },
      telling: { code: 'empty', sentence: 'It says nothing.' },
    },
    commands: {
      write: command({
        event: 'writeRequested',
        summary: 'Write a note',
        who: 'owner',
        creates: true,
        input: { text: z.string() },
        complete: ({ input }) => complete(input.text),
      }),
      rewrite: command({
        event: 'writeRequested',
        summary: 'Write something else on it',
        who: 'owner',
        input: { text: z.string() },
        complete: ({ input }) => complete(input.text),
      }),
      read: command({ event: 'readRequested', summary: 'Read it', who: 'owner' }),
    },
  })
}

/** As first released: notes were one text. */
export const firstNote = noteOf({
  rules: 1,
  wrote: requested({ words: z.string() }) as never,
  complete: words => ({ words }),
  textIn: ({ words }: { words: string }) => words,
})
/** Then the text was renamed, and a release later notes got a language. */
export const thirdNote = noteOf({
  rules: 2,
  wrote: requested(
    { text: z.string(), language: z.string() },
    {},
    {
      schema: 3,
      upcasts: {
        1: data => ({ text: (data as { words: string }).words }),
        2: data => ({ ...(data as object), language: 'en' }),
      },
    },
  ) as never,
  complete: text => ({ text, language: 'de' }),
  textIn: ({ text }: { text: string }) => text,
})

interface Page {
  readonly id: string
  readonly text: string
  readonly language: string
}
/** Written for today's shape only. */
export const pages = projection({
  name: 'pages',
  version: 1,
  key: 'id',
  columns: { id: 'text', text: 'text', language: 'text' },
  keys: event => (event.type === 'note.writeRequested' ? [event.resource] : []),
  fold: (_: Page | undefined, event, id) => ({ ...(event.data as unknown as Omit<Page, 'id'>), id }),
})
