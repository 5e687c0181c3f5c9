/** `stemma prune`: what is over for long leaves the data file, for an archive that the tools still read. */
import { existsSync } from 'node:fs'
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { kinds } from '../../../machines/index.ts'
import { type PruneDone, type PrunePlan, planPrune } from '../../index.ts'
import { systemClock } from '../../system/clock.ts'
import { sha256 as hash } from '../../system/hash.ts'
import { checkedFile, onFile } from '../check/checked-file.ts'
import { reportText } from '../check/report-text.ts'
import { Failure, usage } from '../failure.ts'
import { checkFrom, signerFrom } from '../keys.ts'
import { DATA_DEFAULT } from '../targets/open.ts'

interface Options {
  readonly data: string
  readonly olderThan: number
  readonly archive?: string
  readonly key?: string
  readonly dryRun?: boolean
}

const DAY_MS = 86_400_000
const units: Readonly<Record<string, number>> = { d: DAY_MS, h: 3_600_000, min: 60_000, s: 1_000 }

function ageOf(text: string): number {
  const [, count, unit] = /^(\d{1,6})(d|h|min|s)$/.exec(text) ?? []
  if (unit === undefined) throw new InvalidArgumentError('It is an age such as 90d, 12h, 30min or 10s.')
  return Number(count) * units[unit]!
}

export function pruneCommand(program: Command): void {
  program
    .command('prune')
    .description('Moves the histories of what is over and forgotten, and nobody refers to, into an archive.')
    .option('--data <file>', 'the data file, which nobody may use meanwhile', DATA_DEFAULT)
    .addOption(
      new Option('--older-than <age>', 'ended at least so long ago').argParser(ageOf).default(90 * DAY_MS, '90d'),
    )
    .option('--archive <file>', 'where to, and where it is looked for; default: beside the data file')
    .option('--key <file>', 'sign what stays with this private key (Ed25519, PEM)')
    .option('--dry-run', 'say what would go')
    .action(async (options: Options) => {
      process.stdout.write(`${await pruned(options)}\n`)
    })
}

async function pruned({ data, olderThan, archive: given, key, dryRun }: Options): Promise<string> {
  const path = resolve(data)
  if (!existsSync(path)) throw usage(`There is no ${path}.`, '--data')
  const sign = key === undefined ? undefined : signerFrom(key)
  const isSigned = key === undefined ? undefined : checkFrom(key)
  const checked = await checkedFile({ path, readOnly: false })
  if (!checked.isSound)
    throw new Failure({ code: 'unsound', message: `${path} is not sound, and stays as it is.\n${reportText(checked)}` })
  // What is in an archive already is none of its business.
  return onFile({ path, readOnly: false, archives: false }, async (store, opened) => {
    const plan = await planPrune(store, opened, { kinds, hash, before: systemClock().now() - olderThan })
    if (plan.streams.length === 0) return `Nothing may go. ${keptText(plan)}`
    if (dryRun) return `${count(plan)} would go. ${keptText(plan)}`
    // As it was given: what is relative is found again if both are moved together.
    const archive = given === undefined || isAbsolute(given) ? given : relative(dirname(path), resolve(given))
    const done = store.prune({ streams: plan.streams, archive, sign })
    const damages = await store.pruneDamages!(isSigned)
    if (damages.length > 0) throw new Failure({ code: 'unsound', message: JSON.stringify(damages) })
    return doneText(plan, done)
  })
}

const count = ({ streams, events }: PrunePlan) => `${events} events of ${streams.length} resources`

const reasons: Readonly<Record<keyof PrunePlan['kept'], string>> = {
  young: 'ended too lately',
  unforgotten: 'are still listed',
  open: 'have an open ask or an armed timer',
  referred: 'are referred to',
  newest: 'has the newest event',
  unreadable: 'cannot be read',
}

function keptText({ kept }: PrunePlan): string {
  const said = Object.entries(kept).filter(([, many]) => many > 0)
  if (said.length === 0) return 'Nothing else has ended.'
  return `Of what has ended, ${said.map(([why, many]) => `${many} ${reasons[why as keyof typeof kept]}`).join(', ')}.`
}

function doneText(plan: PrunePlan, { number, archive, position, signature, seal }: PruneDone): string {
  return [
    `${count(plan)} are in ${archive}. ${keptText(plan)}`,
    `Prune ${number}: what folds go on from stands in the data file as of #${position}, ${
      signature === undefined ? `sealed (${seal}) and not signed` : `signed (${signature})`
    }.`,
    'While the archive is there, or beside the data file under its name, it is read with it.',
    'The file keeps its size and uses the room again; `stemma backup` makes a small copy.',
  ].join('\n')
}
