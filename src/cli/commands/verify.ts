/** `stemma verify`: recorded histories run again, under today's rules or under others before they are in use. */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { Presets, SingleBar } from 'cli-progress'
import { type Command, InvalidArgumentError } from 'commander'
import { sqlite } from '../../index.ts'
import { Failure } from '../failure.ts'
import { print } from '../output.ts'
import { DATA_DEFAULT } from '../targets/open.ts'
import { verifyInThreads } from '../verify/threads.ts'
import { verdictText } from '../verify/verdict-text.ts'

interface Options {
  readonly data: string
  readonly kinds?: string
  readonly kind?: string
  readonly account?: string
  readonly from?: number
  readonly to?: number
  readonly threads: number
  readonly json?: boolean
}

/** Exit code where histories come out otherwise. */
const DIVERGED = 1
/** A shorter log is done before further threads have loaded the rules and read their way to what falls to them. */
const SHORT = 500_000

const whole = (text: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It is a whole number, at least 1.')
  return value
}

/** Reads the file beside whoever holds it. Errors are thrown to the program; histories that differ set exit code 1. */
export function verifyCommand(program: Command): void {
  program
    .command('verify')
    .description("Runs recorded histories again, under today's rules or a candidate's, and tells where they differ.")
    .option('--data <file>', 'the data file', DATA_DEFAULT)
    .option('--kinds <module>', 'rules to try: a module that exports kinds')
    .option('--kind <name>', 'resources of this kind only')
    .option('--account <name>', 'of this account only')
    .option('--from <position>', 'judge events from here on', whole)
    .option('--to <position>', 'and up to here', whole)
    .option('--threads <count>', 'how many', whole, Math.min(8, availableParallelism()))
    .option('--json', 'print one JSON object, and no progress')
    .action(run)
}

async function run({ threads, json, kinds: candidate, ...asked }: Options): Promise<void> {
  const data = resolve(asked.data)
  if (!existsSync(data)) throw new Failure({ code: 'usage', message: `There is no ${data}.`, field: '--data' })
  const last = await lastOf(data)
  const parts = last < SHORT ? 1 : threads
  const isWatched = process.stderr.isTTY && !json
  const format = '{bar} {percentage} % | event {value} of {total} | {duration_formatted}'
  const bar = isWatched ? new SingleBar({ format, hideCursor: true }, Presets.shades_classic) : undefined
  bar?.start(Math.min(last, asked.to ?? last), 0)
  try {
    const verdict = await verifyInThreads({ ...asked, data, candidate }, parts, last, position => bar?.update(position))
    bar?.stop()
    print(verdict, json, verdictText)
    if (verdict.diverged > 0) process.exitCode = DIVERGED
  } finally {
    bar?.stop()
  }
}

async function lastOf(data: string): Promise<number> {
  const store = sqlite({ path: data, readOnly: true })
  const { position } = await store.open([])
  await store.close()
  return position
}
