import { z } from 'zod'
import { command, named } from './grammar.ts'
import { limitChanges } from './limits.ts'

export const accountCommands = {
  open: command({
    event: 'openRequested',
    summary: 'Opens an account in a domain.',
    who: 'operator',
    creates: true,
    namedBy: 'name',
    input: { name: z.string().regex(/^[\w.@-]{1,64}$/), domain: z.string().default('root') },
    needs: { domain: named('domain', 'domain') },
  }),
  limit: command({
    event: 'limitRequested',
    summary: 'Sets the most the account may have; a limit below what it has lets nothing be added.',
    who: 'operator',
    input: { limits: limitChanges },
  }),
  suspend: command({
    event: 'suspendRequested',
    summary: 'Refuses everything new in the account until it is resumed.',
    who: 'operator',
  }),
  resume: command({ event: 'resumeRequested', summary: 'Ends a suspension.', who: 'operator' }),
  close: command({
    event: 'closeRequested',
    summary: 'Closes the account for good; what it still owns stays.',
    who: 'operator',
  }),
}
