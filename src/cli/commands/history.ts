import { setTimeout } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { kindOf } from '../kind-of.ts'
import { print } from '../output.ts'
import { storyText } from '../stories/story-text.ts'
import { onTarget, readOptions, type TargetOptions } from '../targets/open.ts'

/** Between two looks of `--follow`. */
const FOLLOW_MS = 500

interface Options extends TargetOptions {
  readonly from: number
  readonly follow?: boolean
}

function versionOf(text: string): number {
  const version = Number(text)
  if (Number.isSafeInteger(version) && version >= 1) return version
  throw new InvalidArgumentError('It is a version, at least 1.')
}

/** `stemma history <id>`: what happened to a resource, what was refused, and what came of every ask. */
export function historyCommand(program: Command): void {
  readOptions(program.command('history'))
    .description('Tells what happened to a resource: who asked what, what was refused, and what came of it.')
    .argument('<id>')
    .option('--from <version>', 'version to begin at', versionOf, 1)
    .option('--follow', 'go on as it happens, until interrupted; with --json a line for each entry')
    .action(async (id: string, options: Options) => {
      kindOf(id)
      if (options.follow) return follow(id, options)
      print(await onTarget(options, target => target.story(id, options.from)), options.json, storyText)
    })
}

async function follow(id: string, options: Options): Promise<void> {
  const end = new AbortController()
  process.once('SIGINT', () => end.abort())
  await onTarget(options, async target => {
    const shown = new Set<string>()
    for (let from = options.from; !end.signal.aborted; ) {
      // Its last version is asked for again: what was refused since then stands beside it.
      const all = await target.story(id, from)
      const entries = all.filter(each => !shown.has(placeOf(each)))
      if (entries.length) {
        const text = options.json ? entries.map(each => JSON.stringify(each)).join('\n') : storyText(entries)
        process.stdout.write(`${text}\n`)
      }
      for (const each of entries) shown.add(placeOf(each))
      from = Math.max(from, ...all.map(({ version }) => version))
      await setTimeout(FOLLOW_MS, undefined, { signal: end.signal }).catch(() => {})
    }
  })
}

const placeOf = (entry: { entry: string; position: number; at: number; command?: string }) =>
  [entry.entry, entry.position, entry.entry === 'event' ? '' : entry.at, entry.command].join(' ')
