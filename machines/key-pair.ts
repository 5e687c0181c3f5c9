/**
 * A key pair: the public half of a key that opens instances, under a name. Its private half is made and kept by others.
 * A name is taken once among the key pairs of an account in a region, and free again when the key is deleted.
 * (spec: ec2 11.)
 */
import { assign, setup } from 'xstate'
import { z } from 'zod'
import { type EventNamed, type EventOf, events, needs, requested, requires, type StateTag, wants } from './grammar.ts'
import { type Tags, tagChanges, tagChoices, tagEvents, taggable, tagRequirements, tags } from './tags.ts'

export interface KeyPairContext {
  readonly name: string
  readonly publicKey: string
  readonly fingerprint: string
  readonly type: 'rsa' | 'ed25519'
  readonly tags?: Tags
}
const unborn: KeyPairContext = { name: '', publicKey: '', fingerprint: '', type: 'rsa' }

export const keyPairEvents = events('key-pair', {
  importRequested: requested(
    {
      name: z.string(),
      publicKey: z.string(),
      fingerprint: z.string(),
      type: z.enum(['rsa', 'ed25519']),
      tags: tags.optional(),
    },
    { account: z.object({ state: z.string() }).nullable(), holder: z.object({ id: z.string() }).nullable() },
  ),
  /** Carries the name, which is free again. */
  deleteRequested: requested({ name: z.string() }),
  ...tagEvents,
})
export type KeyPairEvent = EventOf<typeof keyPairEvents>
type Import = EventNamed<typeof keyPairEvents, 'importRequested'>

export const keyPairRequirements = {
  accountOpen: ({ event }: { event: Import }) => (event.facts.account?.state ?? 'open') === 'open',
  nameFree: ({ event }: { event: Import }) => (event.facts.holder ?? null) === null,
  ...tagRequirements,
}

type Now = { context: KeyPairContext; event: KeyPairEvent }
const remember = (change: (now: Now) => Partial<KeyPairContext>) =>
  assign<KeyPairContext, KeyPairEvent, undefined, KeyPairEvent, never>(change)

export const keyPair = setup({
  types: { context: {} as KeyPairContext, events: {} as KeyPairEvent, tags: {} as StateTag },
  actions: {
    ...wants,
    imported: assign(({ event }) => ({ ...(event as Import).data })),
    tagged: remember(tagChanges.tagged),
    untagged: remember(tagChanges.untagged),
  },
  guards: { requires: requires(keyPairRequirements), ...tagChoices },
}).createMachine({
  id: 'key-pair',
  context: unborn,
  initial: 'absent',
  states: {
    absent: {
      tags: 'settled',
      on: {
        'key-pair.importRequested': {
          guard: needs('accountOpen', 'nameFree', 'tagsFew'),
          target: 'available',
          actions: 'imported',
        },
      },
    },
    available: { tags: 'settled', on: { 'key-pair.deleteRequested': 'deleted', ...taggable('key-pair') } },
    deleted: { tags: ['settled', 'terminal'], on: { 'key-pair.deleteRequested': {} } },
  },
})
