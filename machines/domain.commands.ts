import { z } from 'zod'
import { command, named } from './grammar.ts'
import { limitChanges } from './limits.ts'

export const domainCommands = {
  create: command({
    event: 'createRequested',
    summary: 'Creates a domain under a parent; the one named root comes first and has none.',
    who: 'operator',
    creates: true,
    namedBy: 'name',
    input: { name: z.string().regex(/^[\w.-]{1,64}$/), parent: z.string().optional() },
    needs: { parent: named('domain', 'parent', { optional: true }) },
  }),
  limit: command({
    event: 'limitRequested',
    summary: 'Sets the most that all accounts in the domain and below may have together.',
    who: 'operator',
    input: { limits: limitChanges },
  }),
}
