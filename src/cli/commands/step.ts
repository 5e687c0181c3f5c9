import { emitKeypressEvents } from 'node:readline'
import type { Command } from 'commander'
import type { ToldStep } from '../../index.ts'
import { kindOf } from '../kind-of.ts'
import { print } from '../output.ts'
import { stepText } from '../stories/step-text.ts'
import { onTarget, readOptions, type TargetOptions } from '../targets/open.ts'

/** `stemma step <id>`: forward and backward through a history in a terminal; all of it otherwise. */
export function stepCommand(program: Command): void {
  readOptions(program.command('step'))
    .description('Goes through the history of a resource, with what each event changed.')
    .argument('<id>')
    .option('--all', 'print every step, also in a terminal')
    .action(async (id: string, options: TargetOptions & { all?: boolean }) => {
      kindOf(id)
      const steps = await onTarget(options, target => target.steps(id))
      const isWatched = process.stdin.isTTY && process.stdout.isTTY && !options.json && !options.all
      if (isWatched) return walk(steps)
      print(steps, options.json, each => each.map(step => stepText(step, steps.length)).join('\n'))
    })
}

const HELP = 'n, space, →: next   p, ←: back   g: first   G: last   q: end'

/** Reads keys until somebody has seen enough. */
function walk(steps: readonly ToldStep[]): Promise<void> {
  const { stdin, stdout } = process
  let place = 0
  const show = () => stdout.write(`${stepText(steps[place]!, steps.length)}\n${HELP}\n`)
  const moves: Record<string, () => number> = {
    ...{
      n: () => place + 1,
      space: () => place + 1,
      right: () => place + 1,
      down: () => place + 1,
      return: () => place + 1,
    },
    ...{ p: () => place - 1, left: () => place - 1, up: () => place - 1, backspace: () => place - 1 },
    ...{ g: () => 0, G: () => steps.length - 1 },
  }
  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  show()
  return new Promise(resolve => {
    const end = () => {
      stdin.off('keypress', heard).off('end', end)
      stdin.setRawMode(false)
      stdin.pause()
      resolve()
    }
    const heard = (_: string, key: { name?: string; ctrl?: boolean; shift?: boolean }) => {
      const name = key.name === 'g' && key.shift ? 'G' : (key.name ?? '')
      if (name === 'q' || name === 'escape' || (key.ctrl && name === 'c')) return end()
      const next = moves[name]?.()
      if (next === undefined || next < 0 || next >= steps.length) return
      place = next
      show()
    }
    stdin.on('keypress', heard)
    // A terminal that is gone has no more keys.
    stdin.once('end', end)
  })
}
