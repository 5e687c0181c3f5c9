import type { Command } from 'commander'
import { idMeant } from '../../doors/native/index.ts'
import { type Kind, kinds } from '../../index.ts'
import { usage } from '../failure.ts'
import { inputOf } from '../words.ts'
import { type GiveOptions, give, giveOptions } from './give.ts'

/** `stemma do <kind> <command> [id] [key=value|json...]`: any command of the catalogue. */
export function doCommand(program: Command): void {
  giveOptions(program.command('do'))
    .description('Gives any command of any kind.')
    .argument('<kind>')
    .argument('<command>')
    .argument('[words...]', 'the id, unless the command creates; then the input, as key=value or JSON')
    .addHelpText('after', () => `\n${catalogue()}`)
    .action((kind: string, command: string, words: string[], options: GiveOptions) => {
      const { creates } = known(kind, command)
      if (creates) return give(options, { kind, command, input: inputOf(kind, command, words) })
      const [id, ...rest] = words
      if (id === undefined || id.startsWith('{') || id.includes('='))
        throw usage(`${kind} ${command} takes the id of the ${kind} first.`, 'id')
      return give(options, { kind, command, id: idMeant(kindNamed(kind), id), input: inputOf(kind, command, rest) })
    })
}

const all: readonly Kind[] = Object.values(kinds)

function kindNamed(name: string): Kind {
  const kind = all.find(each => each.name === name)
  if (kind) return kind
  throw usage(`There is no kind '${name}'; known: ${all.map(each => each.name).join(', ')}.`, 'kind')
}

function known(kindName: string, name: string): { creates: boolean } {
  const { commands } = kindNamed(kindName)
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command) return command
  throw usage(`${kindName} has no command '${name}'; known: ${Object.keys(commands).join(', ')}.`, 'command')
}

function catalogue(): string {
  const lines = all.flatMap(kind =>
    Object.entries(kind.commands).map(([name, { summary }]) => `  ${`${kind.name} ${name}`.padEnd(22)} ${summary}`),
  )
  return ['Commands:', ...lines].join('\n')
}
