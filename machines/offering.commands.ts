import { z } from 'zod'
import { command } from './grammar.ts'
import { tagCommands, tags } from './tags.ts'

export const offeringCommands = {
  define: command({
    event: 'defineRequested',
    summary: 'Defines a size of instance under a name.',
    who: 'operator',
    creates: true,
    namedBy: 'name',
    input: {
      name: z.string().regex(/^[\w.-]{1,64}$/),
      vcpus: z.int().positive(),
      memoryBytes: z.int().positive(),
      tags: tags.optional(),
      /** What a door wants to find with it again. */
      annotations: z.record(z.string().min(1).max(128), z.string().max(1024)).optional(),
    },
  }),
  retire: command({
    event: 'retireRequested',
    summary: 'Takes the offering out of use; instances launched with it keep their size.',
    who: 'operator',
  }),
  ...tagCommands,
}
