/** `stemma diagram <kind>`: the chart of a kind, from its rules; with a history drawn on it. */
import { type Command, Option } from 'commander'
import { definition, graph, type Kind, kinds, mermaid, momentIn, type Way, wayOf } from '../../index.ts'
import { systemClock } from '../../system/clock.ts'
import { usage } from '../failure.ts'
import { kindOf } from '../kind-of.ts'
import { onTarget, readOptions, type TargetOptions } from '../targets/open.ts'

interface Options extends TargetOptions {
  readonly format: 'mermaid' | 'svg' | 'json'
  readonly history?: string
}

export function diagramCommand(program: Command): void {
  readOptions(program.command('diagram'))
    .description('Prints the chart of a kind, or the way of one resource through it.')
    .argument('<kind or id>', 'such as instance, or the id of one, as with --history')
    .option('--history <id>', 'mark where this resource was, how often and how long, and the ways it took')
    .addOption(
      new Option('--format <format>', 'a Mermaid state diagram, an image, or the definition for editors of XState')
        .choices(['mermaid', 'svg', 'json'])
        .default('mermaid'),
    )
    .action(async (what: string, options: Options) => {
      process.stdout.write(`${(await drawn(what, options)).trimEnd()}\n`)
    })
}

async function drawn(what: string, options: Options): Promise<string> {
  const all: readonly Kind[] = Object.values(kinds)
  const named = all.find(({ name }) => name === what)
  if (!named && !/[-/]/.test(what))
    throw usage(`There is no kind '${what}'; there are ${all.map(({ name }) => name).join(', ')}.`)
  const id = options.history ?? (named ? undefined : what)
  const kind = named ?? kindOf(what)
  if (id !== undefined && kindOf(id) !== kind) throw usage(`${id} is no ${kind.name}.`, '--history')
  if (options.format === 'json') {
    if (id === undefined) return JSON.stringify(definition(kind), undefined, 2)
    throw usage('A definition has no place for a history; draw it as mermaid or svg.', '--format')
  }
  const way = id === undefined ? undefined : await wayThrough(id, options)
  if (options.format === 'mermaid') return mermaid(kind, way)
  const { svg } = await import('../diagram/svg.ts')
  return svg(graph(kind, way))
}

async function wayThrough(id: string, options: Options): Promise<Way> {
  const steps = await onTarget(options, target => target.steps(id))
  const events = steps.map(({ event }) => event)
  const last = events.at(-1)!.at
  return wayOf(events, options.still ? last : (untilOf(options.at) ?? last))
}

/** Until when it has been where it is: now, or the time that is looked at. Of a position no time is given. */
function untilOf(moment: string | undefined): number | undefined {
  const now = systemClock().now()
  if (moment === undefined) return now
  const then = momentIn(moment)
  if (typeof then === 'object') return undefined
  return Math.min(now, typeof then === 'number' ? then : Date.parse(then))
}
