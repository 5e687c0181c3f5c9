/** What callers may ask of a key pair. */
import { z } from 'zod'
import { claim, command, owningAccount } from './grammar.ts'
import { tagCommands, tags } from './tags.ts'

export const keyPairCommands = {
  import: command({
    event: 'importRequested',
    summary: 'Keeps a public key under a name; the private one never comes here.',
    who: 'owner',
    creates: true,
    input: {
      name: z.string().min(1).max(255),
      /** One line, as in `authorized_keys`. */
      publicKey: z.string().min(1).max(16_384),
      fingerprint: z.string().min(1).max(128),
      type: z.enum(['rsa', 'ed25519']),
      tags: tags.optional(),
    },
    needs: {
      account: owningAccount(),
      holder: claim('names', ['account', 'region', { text: 'key-pair' }, { path: 'name' }]),
    },
  }),
  delete: command({
    event: 'deleteRequested',
    summary: 'Forgets the key; instances launched with it keep it.',
    who: 'owner',
    complete: ({ context }) => ({ name: context.name }),
  }),
  ...tagCommands,
}
