/** `stemma diagram <kind>`: the chart of a kind, from its rules; with a history drawn on it. */
import type { Command } from 'commander'
import { type Kind, kinds, mermaid, momentIn, visitsOf } from '../../index.ts'
import { systemClock } from '../../system/clock.ts'
import { usage } from '../failure.ts'
import { kindOf } from '../kind-of.ts'
import { onTarget, readOptions, type TargetOptions } from '../targets/open.ts'

export function diagramCommand(program: Command): void {
  readOptions(program.command('diagram'))
    .description('Prints the chart of a kind as a Mermaid state diagram, or the way of one resource through it.')
    .argument('<kind or id>', 'such as instance, or the id of one, whose states are marked with visits and times')
    .action(async (what: string, options: TargetOptions) => {
      process.stdout.write(`${await drawn(what, options)}\n`)
    })
}

async function drawn(what: string, options: TargetOptions): Promise<string> {
  const all: readonly Kind[] = Object.values(kinds)
  const named = all.find(({ name }) => name === what)
  if (named) return mermaid(named)
  if (!/[-/]/.test(what))
    throw usage(`There is no kind '${what}'; there are ${all.map(({ name }) => name).join(', ')}.`)
  const kind = kindOf(what)
  const steps = await onTarget(options, target => target.steps(what))
  const events = steps.map(({ event }) => event)
  const until = untilOf(options.at) ?? events.at(-1)!.at
  return mermaid(kind, visitsOf(events, until))
}

/** Until when it has been where it is: now, or the time that is looked at. Of a position no time is given. */
function untilOf(moment: string | undefined): number | undefined {
  const now = systemClock().now()
  if (moment === undefined) return now
  const then = momentIn(moment)
  if (typeof then === 'object') return undefined
  return Math.min(now, typeof then === 'number' ? then : Date.parse(then))
}
