import type { Command } from 'commander'
import { kindOf } from '../kind-of.ts'
import { judged, print } from '../output.ts'
import { onTarget, type TargetOptions, targetOptions } from '../targets/open.ts'

/** `stemma actions <id>`. */
export function actionsCommand(program: Command): void {
  targetOptions(program.command('actions'))
    .description('Shows what would be accepted now, and for the rest why not.')
    .argument('<id>')
    .action(async (id: string, options: TargetOptions) => {
      kindOf(id)
      print(await onTarget(options, target => target.actions(id)), options.json, judged)
    })
}
