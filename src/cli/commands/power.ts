import type { Command } from 'commander'
import { type GiveOptions, give, giveOptions } from './give.ts'

type PowerOptions = GiveOptions & { readonly force?: boolean; readonly expunge?: boolean }

const verbs = {
  stop: 'Stops an instance; its volumes stay.',
  start: 'Starts a stopped instance, or resumes a suspended one.',
  suspend: 'Suspends the guest of a running instance, where its provider can.',
  resume: 'Lets the guest of a suspended instance go on.',
  reboot: 'Restarts the guest of a running instance.',
  terminate: 'Ends an instance for good: at once, or when it can be recovered no longer.',
  recover: 'Undoes the termination of an instance that is kept for that; it is stopped.',
}

/** `stemma stop | start | suspend | resume | reboot | terminate | recover <id>`. */
export function powerCommands(program: Command): void {
  for (const [verb, description] of Object.entries(verbs)) {
    const command = giveOptions(program.command(verb)).description(description).argument('<id>', 'the instance')
    if (verb === 'stop') command.option('--force', 'power off without asking the guest')
    if (verb === 'terminate') command.option('--expunge', 'at once, also where it may be recovered')
    command.action((id: string, { force, expunge, ...options }: PowerOptions) =>
      give(options, {
        kind: 'instance',
        command: verb,
        id,
        input: { ...(force && { force }), ...(expunge && { expunge }) },
      }),
    )
  }
}
