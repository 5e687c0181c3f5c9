/** Chooses the target of a command: a server, if one holds the data, else the file itself. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { readOwner } from '../../index.ts'
import { chosenAccess } from '../access.ts'
import { Failure, usage } from '../failure.ts'
import type { Target } from '../target.ts'

/** Options of every command that works on a target. */
export interface TargetOptions {
  readonly data: string
  readonly tokens?: string
  readonly account?: string
  readonly url?: string
  readonly json?: boolean
  /** Look at the file without waking anything in it. */
  readonly still?: boolean
  /** Read as it was then: a time, or a position. */
  readonly at?: string
  /** The least that the access must have, where none is named by its account. */
  readonly authority?: 'operator'
}

export const DATA_DEFAULT = '.stemma/cloud.db'

export const targetOptions = (command: Command): Command =>
  command
    .option('--data <file>', 'the data file', DATA_DEFAULT)
    .option('--tokens <file>', 'access tokens; default: <data>.tokens.json')
    .option('--account <name>', 'whose token to use; default: the first in the file')
    .option('--url <url>', 'a server to use whatever holds the file; its token comes from STEMMA_TOKEN')
    .option('--still', 'only look: no provider is called, no timer fires, and now is the time of the last event')
    .option('--json', 'print JSON')

/** Of commands that read, and so also the past: `stemma at <moment> -- …` gives it. */
export const readOptions = (command: Command): Command =>
  targetOptions(command).addOption(new Option('--at <moment>', 'as it was then').hideHelp())

/** Opens the target, runs, and closes it. */
export async function onTarget<T>(options: TargetOptions, run: (target: Target) => Promise<T>): Promise<T> {
  const target = await openTarget(options)
  try {
    return await run(target)
  } finally {
    await target.close()
  }
}

async function openTarget(options: TargetOptions): Promise<Target> {
  const { remote } = await import('./remote.ts')
  if (options.still && options.url !== undefined) throw usage('A server is not still; give a data file.', '--still')
  const { STEMMA_TOKEN: given } = process.env
  if (options.url !== undefined) {
    if (given) return remote(options.url, given, options.at)
    throw usage('Put the access token of the server into the variable STEMMA_TOKEN.', '--url')
  }
  const data = resolve(options.data)
  const owner = readOwner(data)
  if (owner && options.still)
    throw usage(`${data} is in use by process ${owner.pid}; look at a backup of it.`, '--still')
  if (owner?.url) return remote(owner.url, given ?? (await chosenAccess(options, data)).token, options.at)
  if (owner) {
    const message = `${data} is held by process ${owner.pid}, which serves nobody; end it and try again.`
    throw new Failure({ code: 'alreadyOpen', message })
  }
  const { local } = await import('./local.ts')
  return local(data, await chosenAccess(options, data), options.at, options.still)
}
