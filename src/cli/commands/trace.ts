/** `stemma trace azure <folder> --data FILE`: real workloads through the whole engine, and their figures. */
import { setFlagsFromString } from 'node:v8'
import { type Command, InvalidArgumentError } from 'commander'
import { azureTrace } from '../trace/azure.ts'
import { progressBar } from '../trace/progress-bar.ts'
import { printed } from '../trace/report.ts'

interface Options {
  readonly data: string
  readonly limit?: number
  readonly json?: boolean
}

/** Exit codes: figures differ, and what a shell expects of a program stopped by Ctrl-C. */
const DIFFERENT = 1
const INTERRUPTED = 130

const binsOf = (text: string): number => {
  const bins = Number(text)
  if (!Number.isSafeInteger(bins) || bins < 1) throw new InvalidArgumentError('It is a number of bins, at least 1.')
  return bins
}

/** Adds `trace` with its recordings. Errors of the run are thrown to the program; figures that differ set exit code 1. */
export function traceCommand(program: Command): void {
  const trace = program.command('trace').description('Runs a recorded workload through the engine.')
  trace
    .command('azure')
    .description('Runs the Azure VM trace on virtual time, and compares figures of its events with those of the files.')
    .argument('<folder>', 'arrivals.txt, durations.txt, interval_map.txt and flav_map.txt')
    .requiredOption('--data <file>', 'where the events go; a run that was interrupted resumes from it')
    .option('--limit <bins>', 'only the first bins of the trace', binsOf)
    .option('--json', 'print one JSON object, and no progress')
    .action((folder: string, options: Options) => azure(folder, options))
}

async function azure(folder: string, { data, limit, json = false }: Options): Promise<void> {
  // Left alone, the heap grows to several times what is alive in it before it is collected: past the 1 GiB that a whole
  // trace is allowed. Half as much again costs little time.
  setFlagsFromString('--heap-growing-percent=50')
  const interruption = new AbortController()
  // A second Ctrl-C ends the process where it stands; the next run resumes from there, too.
  const interrupt = () => interruption.abort()
  process.once('SIGINT', interrupt)
  const bar = progressBar(process.stderr.isTTY && !json)
  try {
    const { signal } = interruption
    const report = await azureTrace({ folder, data, limit, signal, onProgress: progress => bar.update(progress) })
    bar.stop()
    if (report === undefined) {
      process.stderr.write('Interrupted. Run the same command again to resume.\n')
      process.exitCode = INTERRUPTED
      return
    }
    process.stdout.write(`${json ? JSON.stringify(report, undefined, 2) : printed(report)}\n`)
    if (!report.isEqual) process.exitCode = DIFFERENT
  } finally {
    bar.stop()
    process.off('SIGINT', interrupt)
  }
}
