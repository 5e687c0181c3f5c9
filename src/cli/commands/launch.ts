import type { Command } from 'commander'
import { usage } from '../failure.ts'
import type { Target } from '../target.ts'
import { inputOf } from '../words.ts'
import { type GiveOptions, give, giveOptions } from './give.ts'

interface Options extends GiveOptions {
  readonly image?: string
  readonly type: string
}

/** `stemma launch`: without an image, the newest of the account. */
export function launchCommand(program: Command): void {
  giveOptions(program.command('launch'))
    .description('Launches an instance.')
    .argument('[input...]', 'more of the input, as key=value or JSON, e.g. name=web mode=stateful')
    .option('--image <id>', 'what it starts from; default: the newest image of the account')
    .option('--type <offering>', 'its size', 'small')
    .action((words: string[], options: Options) =>
      give(options, async target => {
        const { image = await newestImage(target), type } = options
        return { kind: 'instance', command: 'launch', input: { image, type, ...inputOf('instance', 'launch', words) } }
      }),
    )
}

async function newestImage(target: Target): Promise<string> {
  const [newest] = await target.list('image', { where: { state: 'available' }, sort: '-id', limit: 1 })
  if (newest) return String(newest.id)
  throw usage('The account has no image; name one with --image.', '--image')
}
