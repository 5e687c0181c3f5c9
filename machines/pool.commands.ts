/** What an operator may ask of a pool. */
import { z } from 'zod'
import { claim, command, completed, provider } from './grammar.ts'
import { type PoolContext, poolChanges, poolShape } from './pool.ts'
import { tagCommands, tags } from './tags.ts'

export const poolCommands = {
  define: command({
    event: 'defineRequested',
    summary: 'Defines storage of a provider in one of its zones, on which volumes are placed from now on.',
    who: 'operator',
    creates: true,
    namedBy: 'name',
    input: {
      name: z.string().regex(/^[\w.-]{1,64}$/),
      /** Default: the first provider of the region. */
      provider: z.string().optional(),
      /** Default: the provider's first. */
      zone: z.string().optional(),
      ...poolShape,
      tags: tags.optional(),
    },
    needs: { provider: provider('provider') },
    complete: ({ input, facts: { provider } }) => {
      const { zones } = provider.capabilities
      const { zone = zones[0] } = input
      const data = { ...input, zone, provider: provider.name }
      return completed(data, { zoneOffered: zones.includes(zone) ? undefined : { zone, zones } })
    },
  }),
  modify: command({
    event: 'modifyRequested',
    summary: 'Changes its size, factor, thresholds or types of volumes; one that is smaller lets nothing be added.',
    who: 'operator',
    input: poolChanges,
  }),
  enable: command({ event: 'enableRequested', summary: 'Lets new volumes be placed on it again.', who: 'operator' }),
  disable: command({
    event: 'disableRequested',
    summary: 'Places no new volumes on it; those it has stay, and may grow.',
    who: 'operator',
  }),
  retire: command({
    event: 'retireRequested',
    summary: 'Takes a pool out of use that has nothing on it.',
    who: 'operator',
    needs: { placed: claim('pools', 'id') },
    complete: ({ context }: { context: PoolContext }) => ({ provider: context.provider }),
  }),
  ...tagCommands,
}
