/** `stemma rebuild`: views filled anew from the log, by the server that holds it or on the file. */
import type { Command } from 'commander'
import { print } from '../output.ts'
import { onTarget, type TargetOptions, targetOptions } from '../targets/open.ts'

const help = `
Each event is read once for all of the views. Who reads meanwhile, and who writes, sees the old ones until the new ones
are whole and take their place. It takes the token of an operator: the first in the file of tokens, unless --account
names another.`

export function rebuildCommand(program: Command): void {
  targetOptions(program.command('rebuild'))
    .description('Fills views anew from the first event, while others go on reading them.')
    .argument('[views...]', 'such as inventory or usage; default: all')
    .addHelpText('after', help)
    .action(async (views: string[], options: TargetOptions) => {
      const begun = performance.now()
      const events = await onTarget({ ...options, authority: 'operator' }, target => target.rebuild(views))
      const seconds = (performance.now() - begun) / 1_000
      print({ views: views.length > 0 ? views : 'all', events, seconds }, options.json, text)
    })
}

const text = ({ views, events, seconds }: { views: readonly string[] | 'all'; events: number; seconds: number }) =>
  `${views === 'all' ? 'All views' : views.join(', ')} filled anew from ${events.toLocaleString('en')} events in ${seconds.toFixed(1)} s.`
