/** Giving a command and printing what became of it: what all commands that change something share. */
import type { Command } from 'commander'
import type { CommandInput } from '../../index.ts'
import { outcome, print } from '../output.ts'
import type { Target } from '../target.ts'
import { onTarget, type TargetOptions, targetOptions } from '../targets/open.ts'

export interface GiveOptions extends TargetOptions {
  readonly wait: boolean
  readonly dryRun?: boolean
}

export const giveOptions = (command: Command): Command =>
  targetOptions(command)
    .option('--no-wait', 'do not wait until the resource has settled')
    .option('--dry-run', 'decide, check, and write nothing')

/** @param command the command, or what makes it when it first has to look something up */
export async function give(
  options: GiveOptions,
  command: CommandInput | ((target: Target) => Promise<CommandInput>),
): Promise<void> {
  const { wait, dryRun = false, json } = options
  const result = await onTarget(options, async target =>
    target.submit(typeof command === 'function' ? await command(target) : command, { wait, dryRun }),
  )
  print(result, json, outcome)
}
