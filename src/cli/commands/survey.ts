import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import type { Cleaned, Finding, SurveyReport } from '../../index.ts'
import { Failure, printFailure } from '../failure.ts'
import { cleaned, surveyed } from '../output.ts'
import type { Target } from '../target.ts'
import { onTarget, type TargetOptions, targetOptions } from '../targets/open.ts'

interface SurveyOptions extends TargetOptions {
  readonly provider?: string
  readonly clean?: boolean
  readonly yes?: boolean
}

/** Something does not agree, or could not be looked at, and nobody has mended it. */
const FOUND = 3

const help = `
orphan: it is there and marked as ours, and here is nothing that should; ghost: the other way round; drift: both, but
different; foreign: not ours, and never touched. Only orphans can be cleaned. It takes the token of an operator: the
first in the file of tokens, unless --account names another.

Exit status: 0 everything agrees, or was cleaned; ${FOUND} something was found and is still so, or a provider could not be
looked at; 1 refused or failed; 2 the command was written wrongly.`

/** `stemma survey`: what providers have, against what is known; after asking, orphans are cleaned away. */
export function surveyCommand(program: Command): void {
  targetOptions(program.command('survey'))
    .description('Compares what providers have with what is known, and cleans orphans away when told to.')
    .option('--provider <name>', 'one provider; default: all')
    .option('--clean', 'remove orphans, after asking')
    .option('--yes', 'do not ask')
    .addHelpText('after', help)
    .action(async (options: SurveyOptions) => {
      process.exitCode = await onTarget({ ...options, authority: 'operator' }, target => survey(target, options))
    })
}

async function survey(target: Target, { provider, clean, yes, json }: SurveyOptions): Promise<number> {
  const report = await target.survey(provider)
  // One document on the output, whatever becomes of it: with --clean it is printed with what was cleaned.
  if (!json) process.stdout.write(`${surveyed(report)}\n`)
  const orphans = clean ? orphansOf(report) : []
  const results = orphans.length > 0 && (await isWanted(orphans, yes)) ? await cleanAll(target, orphans, json) : []
  if (json) process.stdout.write(`${JSON.stringify(clean ? { ...report, cleaned: results } : report, undefined, 2)}\n`)
  else if (results.length > 0) process.stdout.write(`${cleaned(results)}\n`)
  const isWhole = report.providers.every(({ reachable }) => reachable)
  return isWhole && report.found === results.length ? 0 : FOUND
}

/** Instances first: a disk that one of them has goes after it. */
function orphansOf({ providers }: SurveyReport): readonly Finding[] {
  const all = providers.flatMap(({ kinds }) => kinds.flatMap(({ orphan }) => orphan.listed))
  return all.sort((a, b) => Number(b.kind === 'instance') - Number(a.kind === 'instance'))
}

/** Throws Failure (usage) where nobody can be asked. */
async function isWanted(orphans: readonly Finding[], yes = false): Promise<boolean> {
  if (yes) return true
  if (!process.stdin.isTTY) {
    const message = 'Nobody can be asked here whether to remove what was found; say --yes, or ask at a terminal.'
    throw new Failure({ code: 'usage', message, field: '--yes' })
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`Remove ${orphans.length} orphans for good? (yes/no) `)
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}

/** One that is refused is told, and the others go on. */
async function cleanAll(target: Target, orphans: readonly Finding[], json = false): Promise<Cleaned[]> {
  const results: Cleaned[] = []
  for (const { provider, kind, id } of orphans) {
    try {
      results.push(await target.clean({ provider, kind, id }))
    } catch (error) {
      printFailure(error, json)
    }
  }
  return results
}
