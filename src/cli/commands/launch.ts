import type { Command } from 'commander'
import { usage } from '../failure.ts'
import type { Target } from '../target.ts'
import { inputOf } from '../words.ts'
import { type GiveOptions, give, giveOptions } from './give.ts'

interface Options extends GiveOptions {
  readonly image?: string
  readonly rootVolume?: string
  readonly type: string
}

/** `stemma launch`: without an image, or a volume to launch on, the newest image of the account. */
export function launchCommand(program: Command): void {
  giveOptions(program.command('launch'))
    .description('Launches an instance.')
    .argument('[input...]', 'more of the input, as key=value or JSON, e.g. name=web mode=stateful')
    .option(
      '--image <id>',
      'what it starts from; default: the newest image of the account, or what the volume was made from',
    )
    .option('--root-volume <id>', 'a volume to launch it on, which stays when the instance ends')
    .option('--type <offering>', 'its size', 'small')
    .action((words: string[], options: Options) =>
      give(options, async target => {
        const { image, rootVolume, type } = options
        const input = { image, rootVolume, type, ...inputOf('instance', 'launch', words) }
        const isGiven = input.image !== undefined || input.rootVolume !== undefined
        if (!isGiven) input.image = await newestImage(target)
        return { kind: 'instance', command: 'launch', input }
      }),
    )
}

async function newestImage(target: Target): Promise<string> {
  const [newest] = await target.list('image', { where: { state: 'available' }, sort: '-id', limit: 1 })
  if (newest) return String(newest.id)
  throw usage('The account has no image; name one with --image.', '--image')
}
