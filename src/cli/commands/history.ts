import { type Command, InvalidArgumentError } from 'commander'
import { kindOf } from '../kind-of.ts'
import { print, told } from '../output.ts'
import { onTarget, readOptions, type TargetOptions } from '../targets/open.ts'

function versionOf(text: string): number {
  const version = Number(text)
  if (Number.isSafeInteger(version) && version >= 1) return version
  throw new InvalidArgumentError('It is a version, at least 1.')
}

/** `stemma history <id>`: every event of the resource, in order. */
export function historyCommand(program: Command): void {
  readOptions(program.command('history'))
    .description('Shows what happened to a resource, event by event.')
    .argument('<id>')
    .option('--from <version>', 'version to begin at', versionOf, 1)
    .action(async (id: string, options: TargetOptions & { from: number }) => {
      kindOf(id)
      print(await onTarget(options, target => target.history(id, options.from)), options.json, told)
    })
}
