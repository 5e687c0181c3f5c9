import type { Command } from 'commander'
import { kindOf } from '../kind-of.ts'
import { print } from '../output.ts'
import { whyText } from '../stories/why-text.ts'
import { onTarget, readOptions, type TargetOptions } from '../targets/open.ts'

/** `stemma why <id>`. */
export function whyCommand(program: Command): void {
  readOptions(program.command('why'))
    .description('Tells why a resource is in its state, what it waits for, and what would be accepted now.')
    .argument('<id>')
    .action(async (id: string, options: TargetOptions) => {
      kindOf(id)
      print(await onTarget(options, target => target.why(id)), options.json, whyText)
    })
}
