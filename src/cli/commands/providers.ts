import type { Command } from 'commander'
import { usage } from '../failure.ts'
import { answered, offered, print } from '../output.ts'
import { onTarget, type TargetOptions, targetOptions } from '../targets/open.ts'

interface Options extends TargetOptions {
  readonly image?: string
}

/** `stemma providers [name]`. */
export function providersCommand(program: Command): void {
  targetOptions(program.command('providers'))
    .description('Shows what each provider can do, or everything that one declares.')
    .argument('[name]')
    .option('--image <id>', 'what is left of it for instances of this image; asks the provider')
    .action(async (name: string | undefined, options: Options) => {
      const { image, json } = options
      if (name === undefined) {
        if (image !== undefined) throw usage('Name the provider that is to be asked about the image.', '--image')
        return print(await onTarget(options, target => target.providers()), json, answered)
      }
      print(await onTarget(options, target => target.provider(name, image)), json, offered)
    })
}
