import type { Command } from 'commander'
import { usage } from '../failure.ts'

/** Commands that read the past as they read the present: those with the options of one that reads. */
export const readersOf = ({ commands }: Command): string[] =>
  commands.filter(({ options }) => options.some(({ long }) => long === '--at')).map(each => each.name())

/**
 * `stemma at <moment> -- <command...>`: what a command would have answered then.
 * @param program has all other commands already
 * @param again a program like this one, to which the command is given
 */
export function atCommand(program: Command, again: () => Command): void {
  const readers = readersOf(program)
  program
    .command('at')
    .description('Runs a command that reads on the cloud as it was: stemma at 2026-11-01T10:00:00Z -- list instance')
    .argument('<moment>', 'a time with its zone, or the position of an event')
    .argument('<command...>', readers.join(', '))
    .action(async (moment: string, [name, ...words]: string[]) => {
      if (!readers.includes(name!))
        throw usage(`'${name}' does not read the past; ${readers.join(', ')} do.`, 'command')
      await again().parseAsync([name!, `--at=${moment}`, ...words], { from: 'user' })
    })
}
