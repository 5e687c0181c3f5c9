/** Verification on two cores against one, as people run it: whole processes over one log. */
import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface CoresFigures {
  readonly events: number
  readonly oneSeconds: number
  readonly twoSeconds: number
  /** What two processes that share nothing reach at once, each on a core of its own: more than that there is not. */
  readonly limit: number
}

const main = join(import.meta.dirname, '../../src/cli/main.ts')
const run = promisify(execFile)
const hasTaskset = spawnSync('taskset', ['--version']).status === 0

/** Runs `stemma verify` on these cores; without taskset (util-linux), wherever there is room. */
async function verified(data: string, cores: string, threads: number, more: readonly string[]) {
  const words = [process.execPath, main, 'verify', '--data', data, '--threads', String(threads), '--json', ...more]
  const [file, ...args] = hasTaskset ? ['taskset', '-c', cores, ...words] : words
  const begun = process.hrtime.bigint()
  const { stdout } = await run(file!, args, { maxBuffer: 2 ** 26 })
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9
  return { seconds, events: (JSON.parse(stdout) as { events: number }).events }
}
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!

/**
 * @param data a log of half a million events or more: a shorter one is done by one thread
 * @param kinds a module with the kinds that recorded it, if they are not those of stemma
 */
export async function benchCores(data: string, kinds?: string, turns = 3): Promise<CoresFigures> {
  const more = kinds === undefined ? [] : ['--kinds', kinds]
  const times = { one: [] as number[], two: [] as number[], limit: [] as number[] }
  let events = 0
  for (let turn = 0; turn < turns; turn += 1) {
    const one = await verified(data, '0', 1, more)
    const two = await verified(data, '0,1', 2, more)
    const both = await Promise.all(['0', '1'].map(core => verified(data, core, 1, more)))
    times.one.push(one.seconds)
    times.two.push(two.seconds)
    times.limit.push((2 * one.seconds) / Math.max(...both.map(({ seconds }) => seconds)))
    events = one.events
  }
  return { events, oneSeconds: median(times.one), twoSeconds: median(times.two), limit: median(times.limit) }
}
