import type { Command } from 'commander'
import type { LimitsAnswer } from '../../doors/native/index.ts'
import { print } from '../output.ts'
import { styled, table } from '../tables.ts'
import { onTarget, readOptions, type TargetOptions } from '../targets/open.ts'

/** `stemma limits [holder]`: what accounts and domains have, and the most they may have. */
export function limitsCommand(program: Command): void {
  readOptions(program.command('limits'))
    .description('Shows what an account or domain has, and its limits; an operator sees all of them.')
    .argument('[holder]', 'such as account/acme or domain/lab')
    .action(async (holder: string | undefined, options: TargetOptions) => {
      print(await onTarget(options, target => target.limits({ holder })), options.json, listed)
    })
}

function listed({ items, next }: LimitsAnswer): string {
  const rows = items.flatMap(({ key, used, limits = {} }) =>
    [...new Set([...Object.keys(used), ...Object.keys(limits)])]
      .sort()
      .map(name => [key, name, marked(used[name] ?? 0, limits[name]), limits[name] ?? 'none']),
  )
  if (rows.length === 0) return styled('dim', 'Nothing is there, and nothing is limited.')
  const lines = table(['holder', 'of', 'used', 'limit'], rows)
  return next === null ? lines : `${lines}\n${styled('dim', 'There are more; name a holder.')}`
}

/** What has reached its limit is seen. */
const marked = (used: number, limit: number | undefined): string =>
  limit !== undefined && used >= limit ? styled('red', String(used)) : String(used)
