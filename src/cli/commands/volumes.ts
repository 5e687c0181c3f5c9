import type { Command } from 'commander'
import { type GiveOptions, give, giveOptions } from './give.ts'

/** `stemma attach <volume> <instance> <device>` and `stemma detach <volume>`. */
export function volumeCommands(program: Command): void {
  giveOptions(program.command('attach'))
    .description('Attaches a volume to an instance.')
    .argument('<volume>')
    .argument('<instance>')
    .argument('<device>', 'such as /dev/sdf')
    .action((id: string, instance: string, device: string, options: GiveOptions) =>
      give(options, { kind: 'volume', command: 'attach', id, input: { instance, device } }),
    )
  giveOptions(program.command('detach'))
    .description('Takes a volume off its instance.')
    .argument('<volume>')
    .option('--force', 'do not wait for the guest to let go')
    .action((id: string, { force, ...options }: GiveOptions & { force?: boolean }) =>
      give(options, { kind: 'volume', command: 'detach', id, input: force ? { force } : {} }),
    )
}
