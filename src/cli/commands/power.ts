import type { Command } from 'commander'
import { type GiveOptions, give, giveOptions } from './give.ts'

const verbs = {
  stop: 'Stops an instance; its volumes stay.',
  start: 'Starts a stopped instance, or resumes a suspended one.',
  suspend: 'Suspends the guest of a running instance, where its provider can.',
  resume: 'Lets the guest of a suspended instance go on.',
  reboot: 'Restarts the guest of a running instance.',
  terminate: 'Ends an instance for good.',
}

/** `stemma stop | start | suspend | resume | reboot | terminate <id>`. */
export function powerCommands(program: Command): void {
  for (const [verb, description] of Object.entries(verbs)) {
    const command = giveOptions(program.command(verb)).description(description).argument('<id>', 'the instance')
    if (verb === 'stop') command.option('--force', 'power off without asking the guest')
    command.action((id: string, { force, ...options }: GiveOptions & { force?: boolean }) =>
      give(options, { kind: 'instance', command: verb, id, input: force ? { force } : {} }),
    )
  }
}
