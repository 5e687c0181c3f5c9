import { type Command, InvalidArgumentError } from 'commander'
import { usage } from '../failure.ts'
import { listed, print } from '../output.ts'
import { onTarget, readOptions, type TargetOptions } from '../targets/open.ts'

interface Options extends TargetOptions {
  readonly sort?: string
  readonly limit: number
}

const LIMIT_MAX = 1_000
function limitOf(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit
  throw new InvalidArgumentError(`It is a whole number from 1 to ${LIMIT_MAX}.`)
}

/** `stemma list <kind> [column=value...]`. */
export function listCommand(program: Command): void {
  readOptions(program.command('list'))
    .description('Lists the resources of a kind.')
    .argument('<kind>', 'such as instance, volume, image, offering')
    .argument('[filter...]', 'column=value, e.g. state=running')
    .option('--sort <columns>', 'separated by commas; - before one for descending')
    .option('--limit <count>', 'how many at most', limitOf, 100)
    .action(async (kind: string, filters: string[], options: Options) => {
      const { sort, limit, json } = options
      const where = Object.fromEntries(filters.map(filter))
      print(await onTarget(options, target => target.list(kind, { where, sort, limit })), json, listed)
    })
}

function filter(word: string): [string, string] {
  const end = word.indexOf('=')
  if (end < 1) throw usage(`'${word}' is no filter; write column=value.`, 'filter')
  return [word.slice(0, end), word.slice(end + 1)]
}
