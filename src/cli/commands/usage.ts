import { type Command, InvalidArgumentError } from 'commander'
import type { UsageAnswer } from '../../doors/native/index.ts'
import { usage as wrong } from '../failure.ts'
import { styled, table } from '../tables.ts'
import type { UsageQuery } from '../target.ts'
import { onTarget, readOptions, type TargetOptions } from '../targets/open.ts'

interface Options extends TargetOptions {
  readonly month?: string
  readonly from?: number
  readonly to?: number
  readonly of?: string
  readonly csv?: boolean
  readonly lines?: boolean
}

function timeOf(text: string): number {
  const time = Date.parse(text)
  if (Number.isSafeInteger(time) && time >= 0) return time
  throw new InvalidArgumentError('It is a time such as 2026-11-01 or 2026-11-01T10:00:00Z.')
}

/** `stemma usage`: what an account used in a month, or from one time to another. */
export function usageCommand(program: Command): void {
  readOptions(program.command('usage'))
    .description('Shows what was used in a period: a statement, or with --csv or --lines every record.')
    .option('--month <month>', 'YYYY-MM, in UTC; default: this month')
    .option('--from <time>', 'begin of the period, itself included', timeOf)
    .option('--to <time>', 'end of the period, itself not included', timeOf)
    .option('--of <account>', "whose usage; an operator's: default all")
    .option('--csv', 'print every record as CSV')
    .option('--lines', 'print every record as a line of JSON')
    .action(async (options: Options) => {
      const { csv, lines, json } = options
      const answer = await onTarget(options, target => target.usage({ ...queryOf(options), records: csv || lines }))
      const text = json
        ? JSON.stringify(answer, undefined, 2)
        : csv
          ? csvOf(answer)
          : lines
            ? linesOf(answer)
            : statementOf(answer)
      // No record is no line.
      if (text) process.stdout.write(`${text}\n`)
    })
}

function queryOf({ month, from, to, of }: Options): UsageQuery {
  if (month !== undefined && (from ?? to) !== undefined) throw wrong('Give --month, or --from and --to.', '--month')
  if (from === undefined && to === undefined)
    return { month: month ?? new Date().toISOString().slice(0, 7), account: of }
  if (from === undefined || to === undefined)
    throw wrong('A period has a begin and an end: give --from and --to.', from === undefined ? '--from' : '--to')
  return { from, to, account: of }
}

function statementOf({ statement, fromMs, toMs, asOfMs }: UsageAnswer): string {
  const end = new Date(Math.min(toMs, asOfMs)).toISOString()
  const heading = styled('dim', `From ${new Date(fromMs).toISOString()} to ${end}.`)
  if (statement.length === 0) return `${heading}\n${styled('dim', 'Nothing was used.')}`
  const rows = statement.map(each => [
    each.account,
    each.series,
    each.sort,
    each.resources,
    each.hours,
    each.vcpuHours,
    each.gibHours,
  ])
  return `${heading}\n${table(['account', 'series', 'sort', 'resources', 'hours', 'vCPU hours', 'GiB hours'], rows)}`
}

const columns = [
  'account',
  'series',
  'resource',
  'region',
  'provider',
  'zone',
  'offering',
  'vcpus',
  'memoryBytes',
  'sizeBytes',
  'volumeType',
  'instance',
  'fromMs',
  'toMs',
  'durationMs',
  'vcpuMs',
  'byteMs',
  'hours',
  'vcpuHours',
  'gibHours',
] as const

const linesOf = ({ records = [] }: UsageAnswer): string => records.map(each => JSON.stringify(each)).join('\n')
const csvOf = ({ records = [] }: UsageAnswer): string =>
  [columns, ...records.map(each => columns.map(column => each[column]))]
    .map(cells => cells.map(quoted).join(','))
    .join('\r\n')

/** As RFC 4180 has it. */
function quoted(value: unknown): string {
  const text = value === undefined || value === null ? '' : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
