/** What callers may ask of a snapshot. */
import { z } from 'zod'
import { command, owningAccount, provider, resource } from './grammar.ts'
import { profile } from './profiles.ts'
import { tagCommands, tags } from './tags.ts'

const described = {
  description: z.string().max(255).optional(),
  tags: tags.optional(),
}

export const snapshotCommands = {
  create: command({
    event: 'createRequested',
    summary: 'Keeps what a volume holds now; the volume may be used, changed and deleted meanwhile.',
    who: 'owner',
    creates: true,
    input: { volume: z.string(), ...described, profile: profile.optional() },
    needs: { account: owningAccount(), volume: resource('volume', 'volume') },
    complete: ({ input, facts: { volume } }) => {
      const { sizeBytes, provider, encrypted, kmsKey, boots, keepsSnapshots, zone, pool } = volume
      const primary = keepsSnapshots ? { zone, pool } : undefined
      return { ...input, sizeBytes, provider, encrypted, kmsKey, boots, primary }
    },
  }),
  copy: command({
    event: 'copyRequested',
    summary: 'Copies a completed snapshot, also one of another region, into the region of the caller.',
    who: 'owner',
    creates: true,
    input: {
      snapshot: z.string(),
      ...described,
      /** A copy may be encrypted where the original is not, never the other way round. */
      encrypted: z.boolean().optional(),
      kmsKey: z.string().optional(),
      provider: z.string().optional(),
    },
    needs: {
      account: owningAccount(),
      snapshot: resource('snapshot', 'snapshot', { anyRegion: true }),
      provider: provider('provider'),
    },
    complete: ({ input: { provider: _, ...asked }, facts: { snapshot } }) => {
      const { volume, sizeBytes, provider, encrypted, kmsKey, boots } = snapshot
      return { kmsKey, ...asked, volume, sizeBytes, provider, boots, encrypted: encrypted || asked.encrypted }
    },
  }),
  delete: command({
    event: 'deleteRequested',
    summary: 'Deletes a snapshot that no image uses; one that is still being made, as soon as it is.',
    who: 'owner',
  }),
  abandonCleanup: command({
    event: 'abandonCleanupRequested',
    summary: 'Gives up a snapshot whose deletion does not succeed: it ends here, and is recorded as an orphan.',
    who: 'operator',
  }),
  ...tagCommands,
}
