import { z } from 'zod'
import { command, named } from './grammar.ts'

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
}
