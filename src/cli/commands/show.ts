import type { Command } from 'commander'
import { kindOf } from '../kind-of.ts'
import { print, shown } from '../output.ts'
import { onTarget, readOptions, type TargetOptions } from '../targets/open.ts'

/** `stemma show <id>`. */
export function showCommand(program: Command): void {
  readOptions(program.command('show'))
    .description('Shows one resource.')
    .argument('<id>')
    .action(async (id: string, options: TargetOptions) => {
      kindOf(id)
      print(await onTarget(options, target => target.get(id)), options.json, shown)
    })
}
